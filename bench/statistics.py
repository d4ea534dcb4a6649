"""What a few runs allow one to claim: intervals, paired tests and corrections, as pure functions.

All arrays are one-dimensional; a value has the unit of the score it came from.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """The mean of ``n`` values and Student's t interval of it.

    Assumes independent values from about a normal distribution. That is what makes it usable
    at three seeds, where a percentile bootstrap's 95% interval covers the mean 74% of the time.

    Args:
        values: shape (n,), finite, n >= 1.
        confidence: the share of intervals that shall hold the true mean.

    Returns:
        Mean, lower and upper bound; the bounds are NaN for a single value.
    """
    data = np.asarray(values, dtype=np.float64)
    mean = float(data.mean())
    if len(data) < 2:
        return mean, np.nan, np.nan
    error = data.std(ddof=1) / np.sqrt(len(data))
    margin = float(stats.t.ppf((1 + confidence) / 2, len(data) - 1) * error)
    return mean, mean - margin, mean + margin


def proportion_interval(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's interval of a proportion, never shorter than it promises.

    Assumes ``n`` independent trials with one probability. Source: Clopper and Pearson 1934,
    Biometrika 26(4).

    Returns:
        Lower and upper bound, in [0, 1].

    Raises:
        ValueError: unless 0 <= count <= n and n >= 1.
    """
    interval = stats.binomtest(count, n).proportion_ci(confidence, method="exact")
    return float(interval.low), float(interval.high)


def signed_rank_test(differences: ArrayLike) -> tuple[float, float]:
    """An exact two-sided paired test: Wilcoxon's signed ranks under all 2^n sign flips.

    Assumes that pairs are independent and that, were there no difference, either sign of each
    would be equally likely. Ties share their mean rank and zeros are left out, so the p is exact
    with both; an infinite difference ranks above every finite one. The distribution over the 2^n
    patterns is built one pair at a time, hence at any ``n`` without sampling.

    Args:
        differences: shape (n,), first minus second of each pair; infinities allowed, NaN not.

    Returns:
        The effect in [-1, 1], positive where the first is larger (the matched-pairs rank-biserial
        correlation: ranks won minus ranks lost, over all ranks), and p, the share of sign
        patterns at least as extreme as the one seen. (0, 1) without any difference.
    """
    data = np.asarray(differences, dtype=np.float64)
    data = data[data != 0]
    doubled = np.rint(2 * stats.rankdata(np.abs(data))).astype(np.int64)  # mean ranks are halves
    total = int(doubled.sum())
    probability = np.zeros(total + 1)  # of each sum of the ranks with a positive sign
    probability[0] = 1.0
    for rank in doubled:
        flipped = np.zeros_like(probability)
        flipped[rank:] = probability[: total + 1 - rank]
        probability = (probability + flipped) / 2
    distance = np.abs(2 * np.arange(total + 1) - total)
    seen = 2 * int(doubled[data > 0].sum()) - total
    p = min(1.0, float(probability[distance >= abs(seen)].sum()))
    return seen / max(total, 1), p


def smallest_p(pairs: int) -> float:
    """The smallest two-sided p that a paired sign-flip test of ``pairs`` pairs can return."""
    return min(1.0, 2.0 ** (1 - pairs))


def holm(p_values: ArrayLike) -> Floats:
    """Holm's adjusted p-values, in the order given, for any dependence between the tests.

    Rejecting where the result is at most alpha keeps the chance of any false rejection in the
    family at alpha. Source: Holm 1979, Scandinavian Journal of Statistics 6(2).
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
