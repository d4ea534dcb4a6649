"""Records as a table of numbers: one row a run."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.records import Record, Row
from bench.report.selection import Board

Floats = NDArray[np.float64]


def frame(board: Board) -> pd.DataFrame:
    """One row a run, sorted by method, setting and seed.

    Columns, with scores under the headline metric and NaN for what a run does not have:
        method, setting, seed, status, machine (what seconds may be compared within)
        finished: whether its scores may be averaged: it completed, with a last score
        failure: why not, or None
        last, best: the score at the last evaluation, and the best at any
        gap: how much worse the last is than the best, >= 0
        tail: the mean over the last tenth of the evaluations (at least one)
        area: the geometric mean of the score over training, from the area under the log curve
        g_steps, d_gradients, seconds, peak_memory_bytes, images_per_second: of the whole run
        score_NAME: the last value of each metric
    """
    better = board.metrics[board.headline]["better"] if board.headline else "lower"
    rows = [_row(record, board.headline, better, list(board.metrics)) for record in board.records]
    return pd.DataFrame(rows).sort_values(["method", "setting", "seed"], ignore_index=True)


def values(rows: Sequence[Row], name: str) -> Floats:
    """One column of a record's rows, NaN where a row lacks it."""
    return np.array([_number(row.get(name)) for row in rows], dtype=np.float64)


def curve_mean(steps: Floats, scores: Floats) -> float:
    """The geometric mean of a curve over its steps, in the unit of the score.

    It is the area under the logarithm of the score (trapezoids), divided by the width, and
    turned back by exp. NaN unless two scores or more are known and all are positive.
    """
    known = ~np.isnan(scores)
    x, y = steps[known], scores[known]
    if len(x) < 2 or (y <= 0).any() or x[-1] <= x[0]:
        return np.nan
    return float(np.exp(np.trapezoid(np.log(y), x) / (x[-1] - x[0])))


def _row(record: Record, headline: str, better: str, metrics: list[str]) -> dict[str, object]:
    rows, cost = record["scores"], record.get("cost") or {}
    scores = values(rows, headline)
    last = _last(scores)
    known = scores[~np.isnan(scores)]
    best = float(known.min() if better == "lower" else known.max()) if len(known) else np.nan
    tail = scores[-max(1, len(scores) // 10) :]
    finished = record["status"] == "completed" and not np.isnan(last)
    unscored = "no score" if record["status"] == "completed" else record["status"]
    provenance = record["provenance"]
    return {
        "method": record["method"],
        "setting": record["setting"],
        "seed": record["seed"],
        "status": record["status"],
        "machine": "; ".join(str(provenance.get(key)) for key in ("device", "cpu", "threads")),
        "finished": finished,
        "failure": None if finished else unscored,
        "last": last,
        "best": best,
        "gap": abs(last - best),
        "tail": float(tail.mean()) if len(tail) else np.nan,
        "area": curve_mean(values(rows, "step"), scores),
        "g_steps": _number(cost.get("g_steps")),
        "d_gradients": _number(cost.get("d_gradients")),
        "seconds": _number(cost.get("seconds")),
        "peak_memory_bytes": _number(cost.get("peak_memory_bytes")),
        "images_per_second": _number(cost.get("images_per_second")),
    } | {f"score_{name}": _last(values(rows, name)) for name in metrics}


def _last(scores: Floats) -> float:
    return float(scores[-1]) if len(scores) else np.nan


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
