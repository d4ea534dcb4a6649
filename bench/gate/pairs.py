"""Runs beside the baseline's runs of the same place, and how much worse each of them is."""

from dataclasses import dataclass
from math import log

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.errors import UsageError
from bench.gate.side import PLACE, STATUSES, Side
from bench.runs.records import SCORED

Floats = NDArray[np.float64]

BEFORE = "_before"
"""Ends the name of a column of the baseline."""

REFERENCE = "vanilla"
"""Seconds and memory are compared as ratios to this method's at the same setting and seed."""


def pair(current: Side, baseline: Side) -> pd.DataFrame:
    """One row a ``PLACE`` that both have, sorted; the baseline's columns end in ``BEFORE``.

    Of the current runs ``CONTENT`` is enough, before they are made.

    Raises:
        UsageError: where a setting has other conditions in the two, or no ``PLACE`` is in common.
    """
    pairs = current.runs.merge(baseline.runs, on=PLACE, suffixes=("", BEFORE))
    if pairs.empty:
        raise UsageError(
            f"--baseline {baseline.origin}: no method, setting and seed of it are among these runs"
        )
    other = sorted(set(pairs.loc[pairs["conditions"] != pairs[f"conditions{BEFORE}"], "setting"]))
    if other:
        raise UsageError(
            f"--baseline {baseline.origin}: its conditions are not those of these runs in "
            f"{', '.join(other)}: the data, the judge, the networks, the optimizers or the budget "
            "differ; make a baseline of the suite as it is now"
        )
    return pairs.sort_values(PLACE, ignore_index=True)


def require_others(pairs: pd.DataFrame, current: Side, baseline: Side) -> None:
    """Sees to it that no run is compared with itself.

    Raises:
        UsageError: a run of the baseline is the very one that lies in the runs folder.
    """
    same = int((pairs["record"] == pairs[f"record{BEFORE}"]).sum())
    if same:
        raise UsageError(
            f"--baseline {baseline.origin}: {same} of {len(pairs)} of its runs are the very runs "
            f"in {current.origin}, and would be compared with themselves; name another runs folder "
            "with --runs, so that they are made anew"
        )


@dataclass(frozen=True)
class Losses:
    """How much worse each pair's score got.

    Attributes:
        values: one a pair, positive where it got worse: the logarithm of the ratio, or the
            difference; infinite where only one of the two has a score, NaN where neither has.
        before: the baseline's badness, in the same unit: less is better; infinite without a score.
        relative: whether the values are logarithms of ratios: they are if all scores are positive.
        better: which way the score itself is better, "lower" or "higher".
    """

    values: Floats
    before: Floats
    relative: bool
    better: str

    def margin(self, tolerance: float) -> float:
        """The loss that a relative tolerance allows, in the unit of ``values``."""
        if self.relative:
            return float(np.log1p(tolerance))
        scored = np.abs(self.before[np.isfinite(self.before)])
        return tolerance * float(np.median(scored)) if len(scored) else 0.0

    def text(self, value: float) -> str:
        """What a loss is to the score itself, such as "24% higher", to be read."""
        if not np.isfinite(value):
            return "no score any more" if value > 0 else "a score again"
        change = value if self.better == "lower" else -value
        return f"{self.apart(change)} {'higher' if change >= 0 else 'lower'}"

    def apart(self, value: float) -> str:
        """How far a loss takes the score, either way."""
        return f"{abs(np.expm1(value)):.1%}" if self.relative else f"{abs(value):.3g}"


def losses(pairs: pd.DataFrame, column: str, better: str) -> Losses:
    """The losses of pairs in one column of scores; ``better`` is "lower" or "higher"."""
    now, before = (pairs[f"{column}{which}"].to_numpy(np.float64) for which in ("", BEFORE))
    scores = np.stack([now, before])
    unscored = np.stack([_unscored(pairs, which) for which in ("", BEFORE)])
    scores[unscored] = np.nan
    relative = bool((scores[~np.isnan(scores)] > 0).all())
    signed = (np.log(scores) if relative else scores) * (1 if better == "lower" else -1)
    badness = np.where(unscored, np.inf, signed)
    with np.errstate(invalid="ignore"):  # neither has a score: inf - inf
        return Losses(badness[0] - badness[1], badness[1], relative, better)


def falls(pairs: pd.DataFrame) -> Floats:
    """By how many places of ``STATUSES`` each run ended worse; a diverged and a failed one tie."""
    place = {status: min(at, 2) for at, status in enumerate(STATUSES)}
    now, before = (pairs[f"status{which}"].map(place) for which in ("", BEFORE))
    return np.asarray(now - before, dtype=np.float64)


def growths(pairs: pd.DataFrame, cost: str) -> Floats:
    """Log ratios of a cost's growth, itself a ratio to the reference's.

    NaN where one of the four runs did not reach its end, or two of them ran on different machines.
    """
    here = pairs["machine"] == pairs[f"machine{BEFORE}"]
    both = ended(pairs, "") & ended(pairs, BEFORE)
    ratio = (pairs[cost] / pairs[f"{cost}{BEFORE}"]).where(here & both)
    table = pairs.assign(growth=ratio.where(ratio > 0).map(log, na_action="ignore"))
    own = table.loc[table["method"] == REFERENCE, ["setting", "seed", "growth"]]
    wide = table.merge(own, how="left", on=["setting", "seed"], suffixes=("", "_reference"))
    return (wide["growth"] - wide["growth_reference"]).to_numpy(dtype=np.float64)


def ended(pairs: pd.DataFrame, which: str) -> pd.Series:
    """Whether each run, or with ``BEFORE`` its pair in the baseline, reached its last step."""
    return pairs[f"status{which}"].isin(SCORED)


def _unscored(pairs: pd.DataFrame, which: str) -> NDArray[np.bool_]:
    return (~ended(pairs, which) | pairs[f"last{which}"].isna()).to_numpy(dtype=np.bool_)
