"""What k trials of a search are worth: the median best among k.

Trials are taken as independent draws from one space.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from bench.statistics.intervals import Floats

Better = Literal["lower", "higher"]


def median_best(
    scores: ArrayLike, better: Better = "lower", confidence: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """The median best of k trials and an interval that assumes nothing of the distribution.

    A trial without a score, NaN or infinite, ranks last: a median that falls on one is infinite,
    and nothing is put in its place. The best of k is below the distribution's quantile at
    ``1 - 0.5 ** (1 / k)`` half of the time, so the bounds are those of a quantile by order
    statistics (David and Nagaraja 2003, "Order Statistics", section 7.1; for tuning: Lourie et
    al. 2024, "Show Your Work with Confidence").

    Args:
        scores: shape (n,).
        better: which scores are better, "lower" or "higher".
        confidence: for one k, the share of intervals that holds the true median at the least.

    Returns:
        Medians, lower and upper bounds, each of shape (n,), for k = 1 to n. A bound is NaN where
        n trials cannot give one: at 95%, that is the better side wherever k > n / 5.3.
    """
    sign = {"lower": 1, "higher": -1}[better]
    badness = sign * np.asarray(scores, dtype=np.float64)
    ordered = np.sort(np.where(np.isfinite(badness), badness, np.inf))
    n = len(ordered)
    median = ordered[(_weights(n).cumsum(axis=1) < 0.5 - 1e-12).sum(axis=1)]
    level = 1 - 0.5 ** (1 / np.arange(1, n + 1))
    tail = (1 - confidence) / 2
    places = [stats.binom.ppf(tail, n, level), stats.binom.isf(tail, n, level) + 1]
    bounded = np.concatenate([[np.nan], ordered, [np.nan]])  # the i-th best stands at i
    best, worst = (bounded[place.astype(np.int64)] for place in places)
    low, high = (best, worst) if better == "lower" else (-worst, -best)
    return sign * median, low, high


def _weights(n: int) -> Floats:
    """Row k - 1, column i - 1: the chance that the best of k out of n is the i-th best.

    That is C(n - i, k - 1) / C(n, k), built along i since the factors themselves overflow.
    """
    k, i = np.arange(1, n + 1)[:, None], np.arange(1, n)
    steps = np.clip(n - i - k + 1, 0, None) / (n - i)
    return np.asarray(np.cumprod(np.hstack([k / max(n, 1), steps]), axis=1)[:, :n])
