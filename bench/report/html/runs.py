"""The runs of a leaderboard as columns that a script can sort without knowing what they mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from bench.results.results import Results
from bench.wording import number

COSTS = {
    "g_steps": "G steps",
    "d_gradients": "D gradients",
    "seconds": "seconds",
    "images_per_second": "images/s",
    "peak_memory_bytes": "peak MB",
}
UNITS = {"peak_memory_bytes": 1e6}


class Column(TypedDict):
    """One column of the table of runs.

    Attributes:
        name: what filters know it by.
        label: its heading.
        numeric: whether its fields are numbers.
        words: the different fields as text, in the order in which they sort.
        codes: for each run the position of its field in ``words``, -1 where it has none.
    """

    name: str
    label: str
    numeric: bool
    words: list[str]
    codes: list[int]


@dataclass(frozen=True)
class Runs:
    """The table of runs, a block of the page."""

    columns: list[Column]


def columns(results: Results) -> list[Column]:
    """The columns of the table of runs: what was run, what came of it, what it cost.

    Order and text of each field are settled here, so that the page computes with no number.
    """
    runs, metrics = results.runs, results.board.metrics
    headline = results.board.headline
    scores = {"last": f"{results.label}, last", "best": "best", "gap": "gap"}
    others = {f"score_{name}": metrics[name]["label"] for name in metrics if name != headline}
    return [
        _named("method", list(runs["method"]), results.methods),
        _named("setting", list(runs["setting"]), results.settings),
        _counted("seed", list(map(int, runs["seed"]))),
        _named("status", list(runs["status"]), statuses(results)),
        *(
            _measured(name, label, runs[name].to_numpy(float) / UNITS.get(name, 1))
            for name, label in (scores | others | COSTS).items()
        ),
    ]


def statuses(results: Results) -> list[str]:
    """How the runs ended, sorted."""
    return sorted(results.runs["status"].unique())


def _named(name: str, fields: Sequence[str], words: list[str]) -> Column:
    place = {word: code for code, word in enumerate(words)}
    return Column(
        name=name, label=name, numeric=False, words=words, codes=[place[field] for field in fields]
    )


def _counted(name: str, fields: Sequence[int]) -> Column:
    words = sorted(set(fields))
    place = {word: code for code, word in enumerate(words)}
    return Column(
        name=name,
        label=name,
        numeric=True,
        words=list(map(str, words)),
        codes=[place[field] for field in fields],
    )


def _measured(name: str, label: str, fields: np.ndarray) -> Column:
    known = np.isfinite(fields)
    codes = np.full(len(fields), -1)
    different, codes[known] = np.unique(fields[known], return_inverse=True)
    return Column(
        name=name,
        label=label,
        numeric=True,
        words=[number(float(value)) for value in different],
        codes=codes.tolist(),
    )
