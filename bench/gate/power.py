"""How much worse a method must get before the gate is likely to notice."""

from functools import cache

import numpy as np
import pandas as pd

from bench.gate.compare import SCORES, TOGETHER, Verdict
from bench.gate.pairs import Losses, losses
from bench.gate.side import PLACE
from bench.statistics import detectable_effect

POWER = 0.8


def noticed(verdict: Verdict, column: str) -> tuple[dict[str, float], Losses]:
    """The least loss in a score that is found in each method with a chance of ``POWER``.

    Assumes that a run made again differs from the baseline's as two seeds of its setting do, by
    normal deviations. Runs of the same seed differ less as long as training has not forgotten its
    start, so that the gate notices more than this.

    Args:
        verdict: the gate's.
        column: one of ``SCORES``.

    Returns:
        By method, and for ``TOGETHER``, in the unit of the losses that are returned too; NaN where
        no setting has two seeds with a score, or the pairs are too few for any loss to be found.
    """
    lost = losses(verdict.pairs, column, verdict.metric["better"])
    table = verdict.pairs[PLACE].assign(before=lost.before)
    spreads = {name: _spread(runs) for name, runs in table.groupby("method")}
    sizes = table.groupby("method").size().to_dict()
    if len(sizes) > 1:
        middle = table.groupby(PLACE[1:])["before"].median().reset_index()
        spreads[TOGETHER], sizes[TOGETHER] = _spread(middle), len(middle)
    level = _level(verdict)
    margin = lost.margin(verdict.strictness.tolerance)
    least = {
        str(name): margin + _effect(sizes[name], level) * np.sqrt(2) * spread
        for name, spread in spreads.items()
    }
    return least, lost


def pairs_needed(verdict: Verdict) -> int:
    """The fewest pairs in which a method's loss can be told from chance."""
    return int(np.ceil(-np.log2(_level(verdict))))


def flips(verdict: Verdict) -> int:
    """How many of a method's runs must newly collapse or diverge, none recovering, to be found."""
    return int(np.ceil(-np.log2(verdict.strictness.level("status"))))


def _level(verdict: Verdict) -> float:
    """The p that the first score to be found worse must reach."""
    methods = len(verdict.methods)
    tests = len(SCORES) * (methods + (methods > 1))
    return verdict.strictness.level("score") / tests


def _spread(runs: pd.DataFrame) -> float:
    """The standard deviation between seeds, pooled over settings."""
    scored = runs[np.isfinite(runs["before"])]
    return float(np.sqrt(scored.groupby("setting")["before"].var().mean()))


@cache
def _effect(pairs: int, level: float) -> float:
    return detectable_effect(pairs, POWER, level, "greater", draws=2000)
