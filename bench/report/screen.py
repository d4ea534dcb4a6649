"""The head of a leaderboard for the terminal."""

from rich.table import Table
from rich.text import Text

from bench.report import document, recipes, sentences, tables, theory
from bench.results.board import Board
from bench.results.results import BASELINE, Results

LEFT_TO_THE_PAGE = [f"beats {BASELINE}", f"vs {BASELINE}"]
"""Columns that would not fit 80 characters."""

THEORY = ("method", "theory", "quantity", "predicted", "observed", "agrees")
"""The columns that do."""


def headline(board: Board) -> Table:
    """The rows of the page's first table, its main columns, and what they support below."""
    if theory.has_theory(board):
        return _theory(board)
    results = Results(board)
    table = tables.headline(results)
    shown = [one.name for one in table.columns if one.name not in LEFT_TO_THE_PAGE]
    short = dict(zip(shown, shown, strict=True)) | {f"{results.label}, IQM": "IQM"}
    told = [sentences.standing, sentences.leading, sentences.beside_baseline]
    return to_terminal(
        table.picked(short),
        title=f"{board.label}: {results.label}",
        caption=" ".join(filter(None, [*(one(results) for one in told), recipes.sentence(board)])),
    )


def _theory(board: Board) -> Table:
    told = theory.table(board).picked({name: name for name in THEORY})
    return to_terminal(told, f"{board.label}: theory and observation", theory.summary(board))


def to_terminal(
    table: document.Table, title: str | None = None, caption: str | None = None
) -> Table:
    """The same table for the terminal: the first column to the left, the others to the right."""
    made = Table(title=title and Text(title), caption=caption and Text(caption))
    for index, column in enumerate(table.columns):
        made.add_column(Text(column.name), justify="right" if index else "left")
    for row in zip(*(column.fields for column in table.columns), strict=True):
        made.add_row(*(Text(field.text) for field in row))
    return made
