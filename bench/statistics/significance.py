"""Tests between methods, what they can detect, and the correction for testing often."""

from math import comb
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from bench.statistics.intervals import Floats

Alternative = Literal["two-sided", "greater", "less"]


def signed_rank_test(
    differences: ArrayLike, alternative: Alternative = "two-sided"
) -> tuple[float, float]:
    """An exact paired test: Wilcoxon's signed ranks under all 2^n sign flips.

    Assumes that pairs are independent and that, were there no difference, either sign of each
    would be equally likely. Ties share their mean rank and zeros are left out, so the p is exact
    with both; an infinite difference ranks above every finite one. The distribution over the 2^n
    patterns is built one pair at a time, hence at any ``n`` without sampling.

    Args:
        differences: shape (n,), first minus second of each pair; infinities allowed, NaN not.
        alternative: what to look for: that the first is "greater", that it is "less", or either.

    Returns:
        The effect in [-1, 1], positive where the first is larger (the matched-pairs rank-biserial
        correlation: ranks won minus ranks lost, over all ranks), and p, the share of sign
        patterns at least as extreme as the one seen. (0, 1) without any difference.

    Raises:
        ValueError: a difference is NaN.
    """
    data = np.asarray(differences, dtype=np.float64)
    if np.isnan(data).any():
        raise ValueError("a difference is NaN: leave out pairs of which one does not exist")
    data = data[data != 0]
    doubled = np.rint(2 * stats.rankdata(np.abs(data))).astype(np.int64)  # mean ranks are halves
    total, won = int(doubled.sum()), int(doubled[data > 0].sum())
    p = _p_of_each_sum(doubled, alternative)[won]
    return (2 * won - total) / max(total, 1), float(p)


def _p_of_each_sum(ranks: NDArray[np.int64], alternative: Alternative) -> Floats:
    """The p of each sum that the ranks with a positive sign can have: shape (sum of ranks + 1,)."""
    total = int(ranks.sum())
    probability = np.zeros(total + 1)
    probability[0] = 1.0
    for rank in ranks:
        flipped = np.zeros_like(probability)
        flipped[rank:] = probability[: total + 1 - rank]
        probability = (probability + flipped) / 2
    at_most = probability.cumsum()
    at_least = at_most[::-1]  # the distribution is symmetric
    p = {
        "greater": at_least,
        "less": at_most,
        "two-sided": 2 * np.minimum(at_least, at_most),
    }
    return np.minimum(p[alternative], 1.0)


def smallest_p(pairs: int, alternative: Alternative = "two-sided") -> float:
    """The smallest p that a paired sign-flip test of ``pairs`` pairs can return."""
    sides = 2 if alternative == "two-sided" else 1
    return min(1.0, sides * 2.0**-pairs)


def smallest_p_unpaired(first: int, second: int, alternative: Alternative = "two-sided") -> float:
    """The smallest p that a permutation test of two unpaired samples of these sizes can return."""
    sides = 2 if alternative == "two-sided" else 1
    return min(1.0, sides / comb(first + second, first))


def signed_rank_power(
    effect: float,
    pairs: int,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    draws: int = 10_000,
    seed: int = 0,
) -> float:
    """The chance that ``signed_rank_test`` finds an effect, by simulation.

    Assumes independent, normally distributed differences. The standard error is at most
    ``0.5 / sqrt(draws)``.

    Args:
        effect: mean of the differences over their standard deviation.
        pairs: how many differences there are.
        alpha: p at or below it counts as found.
        alternative: as in ``signed_rank_test``.
        draws: simulated experiments.
        seed: of the simulation; the same seed gives the same result.
    """
    noise = np.random.default_rng(seed).standard_normal((draws, pairs))
    found = _p_of_each_sum(np.arange(1, pairs + 1), alternative) <= alpha
    return _share_found(noise + effect, found)


def _share_found(differences: Floats, found: NDArray[np.bool_]) -> float:
    """How many rows of (draws, pairs) have a sum of ranks with a positive sign that is found."""
    ranks = np.argsort(np.argsort(np.abs(differences), axis=1), axis=1) + 1  # normal: no ties
    return float(np.mean(found[np.sum(ranks, axis=1, where=differences > 0)]))


def detectable_effect(
    pairs: int,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Literal["two-sided", "greater"] = "two-sided",
    draws: int = 10_000,
    seed: int = 0,
) -> float:
    """The least effect that ``signed_rank_test`` finds with this power: see ``signed_rank_power``.

    Returns:
        In standard deviations of the differences; NaN where ``pairs`` are too few for any p to
        reach ``alpha``.
    """
    if smallest_p(pairs, alternative) > alpha:
        return np.nan

    noise = np.random.default_rng(seed).standard_normal((draws, pairs))
    found = _p_of_each_sum(np.arange(1, pairs + 1), alternative) <= alpha

    def surplus(effect: float) -> float:
        return _share_found(noise + effect, found) - power

    most = 4 / np.sqrt(pairs)
    while surplus(most) < 0:
        most *= 2
    return float(optimize.brentq(surplus, 0.0, most, xtol=1e-3)) if surplus(0.0) < 0 else 0.0


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
