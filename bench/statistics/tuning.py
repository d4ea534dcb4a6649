"""What k trials of a search are worth: the expected and the median best among k.

Trials are taken as independent draws from one space. A failed trial is NaN or infinite.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from bench.statistics.intervals import Floats

Better = Literal["lower", "higher"]


def expected_best(
    scores: ArrayLike, better: Better = "lower", failure: float | None = None
) -> Floats:
    """The expected best of k trials drawn from the n seen, for k = 1 to n.

    Drawn without replacement, which makes the estimate unbiased (a U-statistic: Tang et al. 2020,
    "Showing Your Work Doesn't Always Work", ACL). Drawing with replacement, as Dodge et al. 2019
    ("Show Your Work", EMNLP) do, makes it look worse than it is. The curve is that of Lucic et
    al. 2018 ("Are GANs Created Equal?", NeurIPS).

    Args:
        scores: shape (n,).
        better: which scores are better, "lower" or "higher".
        failure: the finite score that a failed trial counts as; the worst seen if None, which
            is the most lenient.

    Returns:
        Shape (n,); the last is the best seen. NaN without a finished trial and ``failure``.
    """
    return _sign(better) * (_weights(len(np.asarray(scores))) @ _badness(scores, better, failure))


def expected_best_interval(
    scores: ArrayLike,
    better: Better = "lower",
    failure: float | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Floats, Floats]:
    """Bounds of ``expected_best``: Student's t times the bootstrap's standard error at either side.

    Percentiles of the bootstrap are no use here, since a resample seldom holds the best trial:
    at k = n their 95% interval covers the truth half of the time. These cover it, at 95%, 86 to
    96% of the time up to k = n / 3 (84 to 90% for k = 1 of a lognormal distribution) and 81 to
    94% at n / 2, simulated at n = 10, 20 and 50. ``median_best`` keeps its promise at any k.

    Args:
        scores: shape (n,).
        better: which scores are better, "lower" or "higher".
        failure: as in ``expected_best``.
        confidence: for one k, the share of intervals that shall hold the true value.
        resamples: how often n - 1 trials are drawn again, which makes the error unbiased.
        seed: of the generator that draws.

    Returns:
        Lower and upper bounds, each of shape (n,); NaN beyond k = n / 2.
    """
    badness = _badness(scores, better, failure)
    n = len(badness)
    margin = np.full(n, np.nan)
    if n > 1:
        drawn = np.random.default_rng(seed).integers(0, n, size=(resamples, n - 1))
        curves = np.sort(badness[drawn], axis=1) @ _weights(n - 1)[: n // 2].T
        margin[: n // 2] = stats.t.ppf((1 + confidence) / 2, n - 1) * curves.std(axis=0)
    curve = expected_best(scores, better, failure)
    return curve - margin, curve + margin


def median_best(
    scores: ArrayLike, better: Better = "lower", confidence: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """The median best of k trials and an interval that assumes nothing of the distribution.

    Failures need no score: they rank last, and a median that falls on them is infinite. The best
    of k is below the distribution's quantile at ``1 - 0.5 ** (1 / k)`` half of the time, so the
    bounds are those of a quantile by order statistics (David and Nagaraja 2003, "Order
    Statistics", section 7.1; for tuning: Lourie et al. 2024, "Show Your Work with Confidence").

    Args:
        scores: shape (n,).
        better: which scores are better, "lower" or "higher".
        confidence: for one k, the share of intervals that holds the true median at the least.

    Returns:
        Medians, lower and upper bounds, each of shape (n,), for k = 1 to n. A bound is NaN where
        n trials cannot give one: at 95%, that is the better side wherever k > n / 5.3.
    """
    ordered = _badness(scores, better, failure=_sign(better) * np.inf)
    n = len(ordered)
    median = ordered[(_weights(n).cumsum(axis=1) < 0.5 - 1e-12).sum(axis=1)]
    level = 1 - 0.5 ** (1 / np.arange(1, n + 1))
    tail = (1 - confidence) / 2
    places = [stats.binom.ppf(tail, n, level), stats.binom.isf(tail, n, level) + 1]
    bounded = np.concatenate([[np.nan], ordered, [np.nan]])  # the i-th best stands at i
    best, worst = (bounded[place.astype(np.int64)] for place in places)
    low, high = (best, worst) if better == "lower" else (-worst, -best)
    return _sign(better) * median, low, high


def _sign(better: Better) -> int:
    return {"lower": 1, "higher": -1}[better]


def _badness(scores: ArrayLike, better: Better, failure: float | None) -> Floats:
    """Ascending, less is better, with failures as told."""
    data = _sign(better) * np.asarray(scores, dtype=np.float64)
    finished = np.isfinite(data)
    if failure is not None:
        worst = _sign(better) * failure
    else:
        worst = data[finished].max() if finished.any() else np.nan
    return np.sort(np.where(finished, data, worst))


def _weights(n: int) -> Floats:
    """Row k - 1, column i - 1: the chance that the best of k out of n is the i-th best.

    That is C(n - i, k - 1) / C(n, k), built along i since the factors themselves overflow.
    """
    k, i = np.arange(1, n + 1)[:, None], np.arange(1, n)
    steps = np.clip(n - i - k + 1, 0, None) / (n - i)
    return np.asarray(np.cumprod(np.hstack([k / max(n, 1), steps]), axis=1)[:, :n])
