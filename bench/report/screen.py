"""The head of a leaderboard for the terminal."""

from rich.table import Table
from rich.text import Text

from bench.report import tables
from bench.report.selection import Board
from bench.report.tables import Results

LEFT_TO_THE_PAGE = ("wins", "vs ", "gap", "images/s", "peak MB")
"""Columns that would not fit 80 characters."""


def headline(board: Board) -> Table:
    """The rows of the page's first table, its main columns, and what they support below."""
    results = Results(board)
    data = tables.headline(results)
    data = data[[name for name in data.columns if not name.startswith(LEFT_TO_THE_PAGE)]]
    short = {f"{results.label}, last": "last", "D gradients / G step": "D grads"}
    data = data.rename(columns=short)
    verdict = "" if results.distinguished else " No significant difference."
    table = Table(
        title=Text(f"{board.label}: {results.label}"),
        caption=Text(f"{tables.standing(results)}{verdict} {tables.power(results.pairwise)}"),
    )
    for index, name in enumerate(data.columns):
        table.add_column(Text(name), justify="right" if index else "left")
    for row in data.itertuples(index=False):
        table.add_row(*map(Text, row))
    return table
