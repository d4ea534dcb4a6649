"""What the curve of one run's scores comes to: NaN is an evaluation without a score."""

import numpy as np
from numpy.typing import ArrayLike


def best(scores: ArrayLike, better: str) -> float:
    """The best known score, the lowest where "lower" is ``better``; NaN where none is known."""
    data = np.asarray(scores, dtype=np.float64)
    known = data[~np.isnan(data)]
    pick = {"lower": np.min, "higher": np.max}[better]
    return float(pick(known)) if len(known) else np.nan


def tail_mean(scores: ArrayLike) -> float:
    """The mean over the last tenth of the evaluations, at least one; NaN where one is not known."""
    data = np.asarray(scores, dtype=np.float64)
    return float(data[-max(1, len(data) // 10) :].mean()) if len(data) else np.nan


def curve_mean(steps: ArrayLike, scores: ArrayLike) -> float:
    """The geometric mean of a curve over its steps, in the unit of the score.

    It is the area under the logarithm of the score (trapezoids), divided by the width, and
    turned back by exp. NaN unless two scores or more are known and all are positive.
    """
    places, values = np.asarray(steps), np.asarray(scores, dtype=np.float64)
    known = ~np.isnan(values)
    x, y = places[known], values[known]
    if len(x) < 2 or (y <= 0).any() or x[-1] <= x[0]:
        return np.nan
    return float(np.exp(np.trapezoid(np.log(y), x) / (x[-1] - x[0])))
