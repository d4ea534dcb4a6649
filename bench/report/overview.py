"""The page above all leaderboards: one row each, from a summary that each one keeps."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from bench.errors import UsageError
from bench.report import theory
from bench.report.document import (
    EMPTY,
    Block,
    Field,
    Heading,
    Paragraph,
    Row,
    Table,
    filled,
    valued,
)
from bench.results.results import Results
from bench.runs.records import load

SUMMARY = "summary.json"


class Summary(msgspec.Struct, frozen=True):
    """One leaderboard's row.

    Attributes:
        label: the name of its folder.
        datasets: the data sets of its runs.
        metric: the headline metric, with an arrow to where it is better.
        methods, settings, runs: how many there are.
        seeds: the smallest number of seeds in any cell.
        finding: which methods lead, or how many runs do what theory says; what a search chose.
        web: the name of the page that sorts and filters, if there is one.
    """

    label: str
    datasets: list[str]
    metric: str
    methods: int
    settings: int
    seeds: int
    runs: int
    finding: str
    web: str | None


def summary(results: Results, web: str) -> Summary:
    """The row of one leaderboard whose web page is called ``web``."""
    board = results.board
    if theory.has_theory(board):
        finding = theory.summary(board).rstrip(".")
    else:
        finding = ", ".join(results.leaders) if results.distinguished else "none told apart"
    return Summary(
        label=board.label,
        datasets=sorted({record.dataset for record in board.records}),
        metric=results.label,
        methods=len(results.methods),
        settings=len(results.settings),
        seeds=results.seeds,
        runs=len(board.records),
        finding=finding,
        web=web,
    )


def packed(row: Summary) -> bytes:
    """The content of a summary's file."""
    return msgspec.json.format(msgspec.json.encode(row), indent=2) + b"\n"


def read_summary(path: Path) -> Summary:
    """Reads the summary that a leaderboard keeps.

    Raises:
        UsageError: names the file, and how to have it written anew.
    """
    try:
        return msgspec.json.decode(load(path), type=Summary)
    except ValueError as error:
        raise UsageError(
            f"{path} is not a leaderboard's summary: {error}; delete it, and it is written anew."
        ) from error


def overview(summaries: Iterable[Summary]) -> list[Block]:
    """The page above all leaderboards, sorted by their names."""
    rows = [_row(one) for one in sorted(summaries, key=lambda one: one.label)]
    text = (
        "One row a leaderboard or search. *Leading* are the methods that no other is "
        "significantly better than, where any two can be told apart at all, or what a search "
        "chose; *seeds* is the smallest number in any cell, and of a search the number of those "
        "that had no part in the choice. Generated from what lies below; edit nothing by hand."
    )
    table = Table(rows, rest="left")
    return [Heading("Leaderboards", 1), Paragraph(text), *filled(table)]


def _row(one: Summary) -> Row:
    web = Field("open", link=f"{one.label}/{one.web}") if one.web else EMPTY
    return Row(
        {
            "leaderboard": Field(one.label, link=f"{one.label}/README.md"),
            "to sort and filter": web,
            "dataset": Field(", ".join(one.datasets)),
            "metric": Field(one.metric),
            "methods": valued(one.methods, str),
            "settings": valued(one.settings, str),
            "seeds": valued(one.seeds, str),
            "runs": valued(one.runs, "{:,}".format),
            "leading": Field(one.finding),
        }
    )
