"""What a suite's runs came to, as a table: from records, or from a leaderboard's records.csv."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pandas as pd

from bench.config.run import Run
from bench.errors import UsageError, nearest
from bench.labels import label
from bench.results.board import Board, sort
from bench.results.entry import Entry, read_entry
from bench.results.frame import frame
from bench.runs import records
from bench.runs.records import RECORD, Metric
from bench.texts import read_text

PLACE = ["method", "setting", "seed"]
"""What makes a pair of runs: all three equal."""

NUMBERS = [
    "first",
    "first_step",
    "last",
    "area",
    "g_steps",
    "d_gradients",
    "seconds",
    "peak_memory_bytes",
]
CONTENT = ["conditions", "own", "record"]
COLUMNS = ["suite", "overrides", *PLACE, *CONTENT, "status", "machine", *NUMBERS]
"""What is read of ``bench.results.frame.frame``."""

STATUSES = ("completed", "collapsed", "diverged", "failed")
"""From the best to the worst."""


@dataclass(frozen=True)
class Side:
    """One run a method, setting and seed, all of one suite.

    Attributes:
        origin: where they were read, for messages.
        runs: ``COLUMNS`` of ``frame``.
        metric: of the scores; None where it was not read, or nothing was scored.
    """

    origin: str
    runs: pd.DataFrame
    metric: Metric | None = None


def read_baseline(path: Path, suite: str) -> Side:
    """Reads what to compare a suite's runs with.

    Args:
        path: a leaderboard's records.csv, one record, or a folder with records below it.
        suite: the suite's name. Runs with overrides from the command line do not belong to it.

    Raises:
        UsageError: where there is no such file, it is no table of runs, or has none of the suite.
    """
    if not path.exists():
        raise UsageError(f"--baseline {path}: there is no such file or folder")
    if path.suffix == ".csv":
        return Side(str(path), _of_suite(_read_csv(path), suite, path))
    files = records.find(path) if path.is_dir() else [path]
    found = sort(map(read_entry, files))
    if not found:
        raise UsageError(f"--baseline {path}: there are no records in this folder")
    boards = pd.concat([frame(board) for board in found], ignore_index=True)
    return Side(str(path), _of_suite(boards[COLUMNS], suite, path))


def of_records(files: Iterable[Path], suite: str, origin: Path) -> Side:
    """Reads the records of a suite's runs, one file a run."""
    entries: list[Entry] = sorted(map(read_entry, files), key=lambda one: one.id)
    board = Board(label(suite), entries, [])
    return Side(str(origin), frame(board)[COLUMNS], board.metrics.get(board.headline))


def planned(runs: Iterable[Run], out: Path) -> Side:
    """What is known of runs before they are made: ``PLACE`` and ``CONTENT``."""
    rows = [
        {
            "method": run.method,
            "setting": run.setting,
            "seed": run.seed,
            "conditions": run.known.shared,
            "own": run.known.own,
            "record": read_entry(path).mark
            if (path := run.folder(out) / RECORD).exists()
            else None,
        }
        for run in runs
    ]
    return Side(str(out), pd.DataFrame(rows))


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(StringIO(read_text(path)), dtype="str")
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"--baseline {path}: this is no table of runs: {reason}") from error
    for name in COLUMNS:
        if name not in table.columns:
            raise UsageError(
                f"--baseline {path}: it has no column {name!r}; "
                "a baseline is the records.csv of a leaderboard"
            )
    table = table[COLUMNS]
    for status in table["status"].fillna("").unique():
        if status not in STATUSES:
            raise UsageError(f"--baseline {path}: status {status!r}; {nearest(status, STATUSES)}")
    types = dict.fromkeys(NUMBERS, "float64") | {"seed": "int64"}
    try:
        return table.astype(types)
    except ValueError as error:
        raise UsageError(f"--baseline {path}: where a number should be: {error}") from error


def _of_suite(runs: pd.DataFrame, suite: str, path: Path) -> pd.DataFrame:
    mine = runs[(runs["suite"] == suite) & (runs["overrides"] == "[]")]
    if mine.empty:
        suites = ", ".join(sorted(set(runs["suite"].astype(str)))) or "no suite"
        plain = "" if suite not in set(runs["suite"]) else ", all with overrides"
        raise UsageError(
            f"--baseline {path}: it holds runs of {suites}{plain}, and none of {suite} as its "
            f"gin file has it; choose a baseline of {suite}"
        )
    doubled = mine[mine.duplicated(PLACE)]
    if len(doubled):
        method, setting, seed = doubled.iloc[0][PLACE]
        raise UsageError(
            f"--baseline {path}: it holds {method} under {setting} at seed {seed} more than once"
        )
    return mine.reset_index(drop=True)
