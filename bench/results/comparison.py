"""Which methods can be told apart: paired by setting and seed, ranked last without a score."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from bench.statistics import holm, signed_rank_test, smallest_p

ALPHA = 0.05
SCREENING_SEEDS = 5
POOLED_SETTINGS = 6
SINGLE_SETTING_SEEDS = 10


@dataclass(frozen=True)
class Comparison:
    """One method against another.

    Attributes:
        pairs: settings and seeds that both ran with.
        wins: pairs in which the first was better; any score beats none.
        losses: pairs in which the second was better.
        effect: in [-1, 1], positive where the first is better: pairs won minus pairs lost, each
            weighted by the rank of its difference.
        p: exact two-sided p of this comparison alone.
        adjusted: p after Holm's correction over its family.
    """

    first: str
    second: str
    pairs: int
    wins: int
    losses: int
    effect: float
    p: float
    adjusted: float

    @property
    def significant(self) -> bool:
        """Whether the two can be told apart."""
        return self.adjusted <= ALPHA

    @property
    def better(self) -> str:
        """The one the test favours; only to be called better where that is significant."""
        return self.first if self.effect > 0 else self.second

    @property
    def result(self) -> Literal["better", "worse", "not told apart"]:
        """What the first is in the test's eyes, beside the second."""
        if not self.significant:
            return "not told apart"
        return "better" if self.better == self.first else "worse"


def logarithmic(runs: pd.DataFrame) -> bool:
    """Whether scores are compared by their logarithms: where all of them are positive."""
    return bool((runs.loc[runs["scored"], "last"] > 0).all())


def badness(runs: pd.DataFrame, better: str) -> pd.DataFrame:
    """The last scores as a matrix in which less is better, one row a (setting, seed).

    Scores enter as logarithms where all are positive, so that a difference is a ratio; a run
    without a score is worse than any other (infinity), and one that does not exist is NaN.

    Args:
        runs: one row a run, as ``frame`` makes it.
        better: "lower" or "higher".

    Returns:
        Shape (settings and seeds, methods), methods as columns.
    """
    scored = runs["scored"]
    score = runs["last"].where(scored)
    if logarithmic(runs):
        score = np.log(score)
    signed = score if better == "lower" else -score
    return (
        runs.assign(badness=signed.where(scored, np.inf))
        .pivot(index=["setting", "seed"], columns="method", values="badness")
        .sort_index()
    )


def compare(matrix: pd.DataFrame, couples: Iterable[tuple[str, str]]) -> list[Comparison]:
    """Tests each couple of methods; the couples are one family for Holm's correction.

    Args:
        matrix: what ``badness`` returns.
        couples: names of columns; those without a common setting and seed are left out.
    """
    found = [paired_test(matrix, *couple) for couple in couples]
    return corrected([comparison for comparison in found if comparison.pairs])


def paired_test(matrix: pd.DataFrame, first: str, second: str) -> Comparison:
    """Tests one couple of methods, a family of its own.

    Args:
        matrix: what ``badness`` returns, or some of its rows.
        first: the name of a column.
        second: the name of another.
    """
    both = matrix[[first, second]].dropna().to_numpy(dtype=np.float64)
    a, b = both[:, 0], both[:, 1]
    with np.errstate(invalid="ignore"):  # neither has a score: inf - inf
        advantage = np.where(a == b, 0.0, b - a)
    effect, p = signed_rank_test(advantage)
    return Comparison(
        first,
        second,
        pairs=len(both),
        wins=int((advantage > 0).sum()),
        losses=int((advantage < 0).sum()),
        effect=effect,
        p=p,
        adjusted=p,
    )


def corrected(family: Sequence[Comparison]) -> list[Comparison]:
    """The same comparisons with p after Holm's correction over all of them."""
    adjusted = holm([one.p for one in family])
    return [replace(one, adjusted=float(p)) for one, p in zip(family, adjusted, strict=True)]


def smallest(family: Sequence[Comparison]) -> tuple[float, float]:
    """The smallest p that a test of a family could have returned, before and after Holm."""
    least = smallest_p(max(one.pairs for one in family))
    return least, min(1.0, len(family) * least)


def all_couples(methods: Sequence[str]) -> list[tuple[str, str]]:
    """Every couple of different methods, once."""
    return list(combinations(methods, 2))


def against(baseline: str, methods: Sequence[str]) -> list[tuple[str, str]]:
    """Each other method against the baseline; none where the baseline is not among them."""
    others = [(method, baseline) for method in methods if method != baseline]
    return others if baseline in methods else []


def win_rates(comparisons: Iterable[Comparison], methods: Sequence[str]) -> dict[str, float]:
    """The share of paired runs against all others that each method won, a tie counting half.

    NaN for a method without a pair.
    """
    won, played = dict.fromkeys(methods, 0.0), dict.fromkeys(methods, 0)
    for one in comparisons:
        ties = one.pairs - one.wins - one.losses
        won[one.first] += one.wins + ties / 2
        won[one.second] += one.losses + ties / 2
        played[one.first] += one.pairs
        played[one.second] += one.pairs
    return {m: won[m] / played[m] if played[m] else float("nan") for m in methods}


def rank_ranges(
    comparisons: Iterable[Comparison], methods: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """The ranks each method may hold: only a significant difference excludes one.

    From 1 plus the number of methods significantly better, to the number of methods that are
    not significantly worse. Where nothing is significant every range is (1, number of methods).
    """
    above, below = dict.fromkeys(methods, 0), dict.fromkeys(methods, 0)
    for one in comparisons:
        if one.significant:
            loser = one.second if one.better == one.first else one.first
            above[loser] += 1
            below[one.better] += 1
    return {method: (1 + above[method], len(methods) - below[method]) for method in methods}
