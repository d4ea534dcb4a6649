"""The section on what others report: their numbers, and which of their differences we see too."""

from statistics import fmean

import pandas as pd

from bench.report.document import (
    EMPTY,
    Block,
    Field,
    Folded,
    Heading,
    Kind,
    Paragraph,
    Row,
    Table,
    valued,
)
from bench.report.markdown import escape
from bench.report.tables import median_run, won_lost
from bench.results import published
from bench.results.published import QUOTED
from bench.results.replication import Replication, replications
from bench.results.results import BASELINE, Results
from bench.wording import probability


def section(results: Results) -> list[Block]:
    """The published numbers on the board's data set; nothing where none are kept."""
    board = results.board
    quoted = published.numbers(board.records[0].dataset)
    if quoted.empty:
        return []
    caution = (
        "Quoted from their sources. Networks, training and data differ from ours as well as the "
        "protocol named, so they are not ranked with the rows above."
    )
    if board.headline:
        caution += f" Ours are {escape(results.label)} on {escape(board.records[0].dataset)}."
    return [
        Heading("Reported elsewhere"),
        Paragraph(caution),
        *_replicated(results),
        Folded("All numbers", [numbers(quoted, results)]),
    ]


def numbers(rows: pd.DataFrame, results: Results) -> Table:
    """One row a method, setting and source, one column a metric; no column without an entry.

    Args:
        rows: what ``published.numbers`` returns, not empty.
        results: of the page, whose methods and settings some rows are about.
    """
    metrics, used = rows["metric"].unique(), [name for name in QUOTED if any(rows[name])]
    ours: dict[Kind, list[str]] = {"method": results.methods, "setting": results.settings}
    made = []
    for _, group in rows.groupby(QUOTED, sort=False):
        first, *_ = quoted = group.to_dict("records")
        values = {one["metric"]: _value(one["value"], one["plus_minus"]) for one in quoted}
        measured = {metric: values.get(metric, Field("")) for metric in metrics}
        texts = {name: Field(first[name]) for name in used}
        before = {name: texts[name] for name in used if name in QUOTED[:3]}
        about = {kind: [first[kind]] for kind, names in ours.items() if first[kind] in names}
        made.append(Row(before | measured | texts, about))
    return Table(made)


def replicated(results: Results, found: list[Replication]) -> Table:
    """One row a replication: what is reported, and the medians over our runs beside it."""
    score = results.board.headline.upper()
    rows = [
        Row(
            {
                "method": Field(results.name(one.method)),
                "setting": Field(one.settings[0] if len(one.settings) == 1 else "all of these"),
                f"reported {score}": _each(one, 0),
                f"{BASELINE}'s": _each(one, 1),
                results.label: _median(results, one, one.method),
                f"{BASELINE}'s here": _median(results, one, BASELINE),
                "won-lost": won_lost(one.found),
                "p (Holm)": valued(one.found.adjusted, probability),
                "result": Field(one.result),
            },
            {"method": [one.method], "setting": one.settings},
        )
        for one in found
    ]
    return Table(rows)


def _replicated(results: Results) -> list[Block]:
    found = replications(results)
    if not found:
        return []
    text = (
        f"What is reported of a method and {BASELINE} under a setting, beside what our runs of "
        "that setting show; *p* is corrected for all rows. Scores of different protocols do not "
        "compare: what can be compared is which of the two is better."
    )
    return [Paragraph(text), replicated(results, found)]


def _value(value: str, spread: str) -> Field:
    return Field(f"{value} ± {spread}" if spread else value, float(value), not spread)


def _each(one: Replication, which: int) -> Field:
    if len(one.settings) > 1:
        return EMPTY
    values = [pair[which] for pair in one.reported]
    return Field("; ".join(f"{value:.2f}" for value in values), fmean(values), len(values) == 1)


def _median(results: Results, one: Replication, method: str) -> Field:
    runs = results.of(method)
    return median_run(results, runs[runs["setting"].isin(one.settings)], "last")
