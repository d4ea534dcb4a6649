"""Where a leaderboard's numbers come from, and the commands that give them again."""

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from bench.labels import file_name
from bench.report import commands
from bench.report.document import Block, Code, Folded, Heading, Pairs, Paragraph
from bench.report.protocol import flatten
from bench.results.board import Board
from bench.results.entry import ORIGINS, unpacked
from bench.results.results import Results
from bench.wording import NOTHING


def sections(results: Results) -> list[Block]:
    """What the runs ran on and with, and how to run them again."""
    return [
        Heading("Provenance"),
        Pairs(_origins(results.board)),
        Heading("Reproduce"),
        *_reproduce(results),
        Paragraph(
            "This page and its figures are generated from `records/`; edit neither by hand. "
            "[records.csv](records.csv) has one row a run."
        ),
    ]


def _origins(board: Board) -> dict[str, str]:
    """What the runs ran on and with, each value that occurs."""
    seen = [unpacked(text) for text in {record.origin for record in board.records}]
    found = {key: joined(one[key] for one in seen) for key in ORIGINS}
    judged = flatten(board.protocol or {})
    keys = {record.identity.key for record in board.records}
    times = [record.finished for record in board.records]
    return found | {
        "judge": judged.get("judge.sha256", NOTHING),
        "data": judged.get("data.checksum", NOTHING),
        "configurations": f"{len(keys)}, each run's key in records.csv",
        "seeds": _ranges({record.seed for record in board.records}),
        "finished": f"{min(times).date()} to {max(times).date()}",
    }


def _reproduce(results: Results) -> list[Block]:
    """The commands that run the suite again, one of its rows, or a single run."""
    board = results.board
    seeds = {"seeds": sorted(map(int, results.runs["seed"].unique()))}
    start = commands.run(board.reference, board.overrides, seeds)
    rows = [
        commands.run(board.reference, board.overrides, seeds | {"methods": [method]})
        for method in results.methods
    ]
    suite = [] if board.suite_file is None else ["--suite", board.reference]
    record = f"records/{file_name(board.records[0].id)}"
    one = shlex.join(["ganbench", "reproduce", record, *suite])
    return [
        Paragraph("From this folder:"),
        Code([start], "sh"),
        Paragraph("One run, and whether it comes out the same:"),
        Code([one], "sh"),
        Folded("One row", [Code(rows, "sh")]),
    ]


def overridden(overrides: Sequence[str]) -> list[Block]:
    """The bindings that all runs had beside the suite's; none where there are none."""
    if not overrides:
        return []
    return [Paragraph("Run with these changes to the suite:"), Code(overrides)]


def joined(values: Iterable[Any]) -> str:
    """The different values that are there, as one text."""
    return ", ".join(sorted({str(value) for value in values if value is not None})) or NOTHING


def _ranges(seeds: set[int]) -> str:
    """``0-9, 12``."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], seed]
        else:
            parts.append([seed])
    return ", ".join("-".join(map(str, part)) for part in parts)
