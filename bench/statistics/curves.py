"""What the curve of one run's scores comes to: NaN is an evaluation without a score."""

import numpy as np

from bench.statistics.intervals import Floats


def best(scores: Floats, better: str) -> float:
    """The best known score, the lowest where "lower" is ``better``; NaN where none is known."""
    known = scores[~np.isnan(scores)]
    if not len(known):
        return np.nan
    return float(known.min() if better == "lower" else known.max())


def tail_mean(scores: Floats) -> float:
    """The mean over the last tenth of the evaluations, at least one; NaN where one is not known."""
    return float(scores[-max(1, len(scores) // 10) :].mean()) if len(scores) else np.nan


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
