"""The head of a leaderboard for the terminal."""

import pandas as pd
from rich.table import Table
from rich.text import Text

from bench.report import oracles, sentences, tables
from bench.results.board import Board
from bench.results.results import BASELINE, Results

LEFT_TO_THE_PAGE = [f"beats {BASELINE}", f"vs {BASELINE}"]
"""Columns that would not fit 80 characters."""


def headline(board: Board) -> Table:
    """The rows of the page's first table, its main columns, and what they support below."""
    if oracles.has_oracle(board):
        return _theory(board)
    results = Results(board)
    data = tables.headline(results).drop(columns=LEFT_TO_THE_PAGE, errors="ignore")
    told = [sentences.standing, sentences.leading, sentences.beside_baseline]
    return _table(
        data.rename(columns={f"{results.label}, IQM": "IQM"}),
        title=f"{board.label}: {results.label}",
        caption=" ".join(filter(None, (sentence(results) for sentence in told))),
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
