"""The head of a leaderboard for the terminal."""

import pandas as pd
from rich.table import Table
from rich.text import Text

from bench.report import oracles, tables
from bench.report.selection import Board
from bench.report.tables import Results

LEFT_TO_THE_PAGE = ("wins", "vs ", "gap", "images/s", "peak MB")
"""Columns that would not fit 80 characters."""


def headline(board: Board) -> Table:
    """The rows of the page's first table, its main columns, and what they support below."""
    if oracles.has_oracle(board):
        return _theory(board)
    results = Results(board)
    data = tables.headline(results)
    data = data[[name for name in data.columns if not name.startswith(LEFT_TO_THE_PAGE)]]
    short = {f"{results.label}, last": "last", "D gradients / G step": "D grads"}
    data = data.rename(columns=short)
    verdict = "" if results.distinguished else " No significant difference between any two."
    return _table(
        data,
        title=f"{board.label}: {results.label}",
        caption=f"{tables.standing(results)}{verdict} {tables.beside_baseline(results)}",
    )


def _theory(board: Board) -> Table:
    data = oracles.table(board)[["method", "theory", "quantity", "predicted", "observed", "agrees"]]
    return _table(data, f"{board.label}: theory and observation", oracles.summary(board))


def _table(data: pd.DataFrame, title: str, caption: str) -> Table:
    table = Table(title=Text(title), caption=Text(caption))
    for index, name in enumerate(data.columns):
        table.add_column(Text(name), justify="right" if index else "left")
    for row in data.itertuples(index=False):
        table.add_row(*map(Text, row))
    return table
