"""The head of a leaderboard for the terminal."""

from rich.table import Table
from rich.text import Text

from bench.report import tables
from bench.report.selection import Board
from bench.report.tables import Results


def headline(board: Board) -> Table:
    """The same rows as the page's first table, with what they support below."""
    results = Results(board)
    data = tables.headline(results)
    verdict = "" if results.distinguished else " No significant difference."
    table = Table(
        title=Text(board.label),
        caption=Text(f"{tables.standing(results)}{verdict} {tables.power(results.pairwise)}"),
    )
    for index, name in enumerate(data.columns):
        table.add_column(Text(name), justify="right" if index else "left")
    for row in data.itertuples(index=False):
        table.add_row(*map(Text, row))
    return table
