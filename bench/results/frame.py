"""Records as a table of numbers: one row a run."""

import json
from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd

from bench.results.board import Board
from bench.results.entry import COSTS, Entry, unpacked
from bench.runs.records import SCORED, Status, metrics
from bench.statistics import best, curve_mean, tail_mean
from bench.wording import UNSCORED


def frame(board: Board) -> pd.DataFrame:
    """One row a run, sorted by method, setting and seed.

    Columns, with scores under the headline metric and NaN for what a run does not have:
        suite, id, dataset, architecture, overrides (a JSON list), control_of
        key: of the run; conditions, own: digests of what it shares with its rivals, and of its
            method; record: a digest of the record itself
        method, setting, seed, status, reason, machine (what seconds may be compared within)
        scored: whether it has a score to count by: it completed or collapsed, and its last is known
        failure: "collapsed", or why it has no score: "diverged", "failed", "no score"; else None
        first, last, best: the score at the first and last evaluation, and the best at any
        first_step: generator steps before the first evaluation
        gap: how much worse the last is than the best, >= 0
        tail: the mean over the last tenth of the evaluations (at least one)
        area: the geometric mean of the score over training, from the area under the log curve
        g_steps, d_gradients, seconds, peak_memory_bytes, images_per_second: of the whole run,
            D's gradients in batches of the conditions' size
        score_NAME: the last value of each metric
    """
    better = board.metrics[board.headline]["better"] if board.headline else "lower"
    rows = [_row(record, better, list(board.metrics)) for record in board.records]
    return pd.DataFrame(rows).sort_values(["method", "setting", "seed"], ignore_index=True)


def frame_of(entries: Iterable[Entry]) -> pd.DataFrame:
    """One row a run of whatever suites, each under its own headline metric.

    Columns are those of ``frame``, and ``headline``: the metric's name, None where a run failed
    before it was known. They are sorted by suite, method, setting and seed.
    """
    rows = [
        _row(entry, _better(entry), list(entry.metrics)) | {"headline": entry.headline or None}
        for entry in entries
    ]
    order = ["suite", "method", "setting", "seed"]
    return pd.DataFrame(rows).sort_values(order, ignore_index=True)


def csv(runs: pd.DataFrame) -> bytes:
    """A frame as CSV; each number is written so that it reads back equal."""
    return runs.to_csv(index=False, lineterminator="\n").encode()


def failure(status: Status, scored: bool) -> str | None:
    """What went wrong with a run, in a word: a collapsed one is marked though it has a score."""
    if status != "completed":
        return status
    return None if scored else UNSCORED


def _row(record: Entry, better: str, metrics: list[str]) -> dict[str, object]:
    scores = record.scores
    last = float(scores[-1]) if len(scores) else np.nan
    extreme = best(scores, better)
    scored = record.status in SCORED and not np.isnan(last)
    lasts = dict(zip(record.metrics, record.last.tolist(), strict=True))
    return {
        "suite": record.suite,
        "id": record.id,
        "key": record.identity.key,
        "conditions": record.identity.shared,
        "own": record.identity.own,
        "record": record.mark,
        "dataset": record.dataset,
        "architecture": record.architecture,
        "overrides": json.dumps(record.overrides),
        "control_of": record.control_of,
        "method": record.method,
        "setting": record.setting,
        "seed": record.seed,
        "status": record.status,
        "reason": record.reason,
        "machine": _machine(record.origin),
        "scored": scored,
        "failure": failure(record.status, scored),
        "first": float(scores[0]) if len(scores) else np.nan,
        "first_step": float(record.along("step")[0]) if len(scores) else np.nan,
        "last": last,
        "best": extreme,
        "gap": abs(last - extreme),
        "tail": tail_mean(scores),
        "area": curve_mean(record.along("step"), scores),
        **dict(zip(COSTS, record.cost.tolist(), strict=True)),
    } | {f"score_{name}": lasts.get(name, np.nan) for name in metrics}


def _better(entry: Entry) -> str:
    """Which way a run's own headline metric is better."""
    known = metrics(unpacked(entry.protocol) or {"metrics": {}})
    return known[entry.headline]["better"] if entry.headline else "lower"


@cache
def _machine(origin: str) -> str:
    return "; ".join(str(unpacked(origin).get(key)) for key in ("device", "cpu", "threads"))
