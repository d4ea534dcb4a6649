"""Whether two records are of the same result: equal to the bit, within noise, or different."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from bench.records import Record, Row, identity, metrics

LEVEL = 0.01
"""How rarely the runs of two seeds of one cell are called different, if scores are normal."""

LEAST_SEEDS = 3

TOLERANCE = 0.02
"""How far apart, as a share, two scores may be where no other seed tells the noise.

It is half of the smallest coefficient of variation between seeds, 4.3%, that any cell of the
committed leaderboards has: two seeds are all but never as close, a run and its repetition on
another machine may not be.
"""

Verdict = Literal["equal", "within noise", "different"]

RESULT = ("status", "reason", "step", "floors", "scores", "diagnostics", "losses", "samples")
"""What a run that is repeated must give again, to the bit where nothing else differs."""

TIMES = ("seconds",)
UNRELATED = ("started", "finished")


@dataclass(frozen=True)
class Comparison:
    """What the repetition of a run came to.

    Attributes:
        verdict: in a word.
        reasons: what it rests on, a sentence each.
        places: where the two first differ, by part of the record.
        causes: what differs in the software and the machine.
    """

    verdict: Verdict
    reasons: list[str]
    places: list[str]
    causes: list[str]


def compare(first: Record, again: Record, others: Sequence[float]) -> Comparison:
    """Compares a record with the repetition of its run.

    Args:
        first: the record.
        again: that of the repetition.
        others: the last headline scores of the same cell's other seeds, which tell the noise.
    """
    places = [place for part in RESULT if (place := _first_difference(part, first, again))]
    causes = _causes(first, again)
    foreign = _foreign(first, again)
    if foreign:
        return Comparison("different", foreign, places, causes)
    if not places:
        rows = len(first["scores"])
        reasons = [f"all {rows} rows of scores, and all else that a run gives, are the same"]
        return Comparison("equal", reasons, [], causes)
    close, reason = _closeness(first, again, others)
    return Comparison("within noise" if close else "different", [reason], places, causes)


def _closeness(first: Record, again: Record, others: Sequence[float]) -> tuple[bool, str]:
    """Whether the two end alike, and what that was judged by."""
    if first["status"] != again["status"]:
        return False, f"it {first['status']} there, and {again['status']} here"
    there, here = last_headline(first), last_headline(again)
    if there is None or here is None:
        if there is None and here is None:
            return True, f"it {first['status']} both there and here, without a last score"
        return False, f"the last score is {there} there, and {here} here"
    allowed, judged = _noise(there, here, others)
    label = metrics(first["protocol"] or {})[_headline(first)]["label"]
    apart = abs(here - there)
    return apart <= allowed, (
        f"the last {label} is {there:.6g} there and {here:.6g} here, {apart:.3g} apart; "
        f"{allowed:.3g} would be noise: {judged}"
    )


def _noise(there: float, here: float, others: Sequence[float]) -> tuple[float, str]:
    """How far apart two scores may be by chance, and why."""
    seeds = [there, *others]
    if len(seeds) < LEAST_SEEDS:
        share = f"{TOLERANCE:.0%} of the score, since no other seeds of this cell are beside it"
        return TOLERANCE * max(abs(there), abs(here)), share
    spread = float(np.std(seeds, ddof=1))
    factor = float(stats.t.ppf(1 - LEVEL / 2, len(seeds) - 1)) * np.sqrt(2)
    return factor * spread, (
        f"so far apart are two seeds of this cell once in {1 / LEVEL:.0f} times, by the "
        f"{len(seeds)} that are there"
    )


def last_headline(record: Record) -> float | None:
    """The headline score of the last evaluation."""
    return record["scores"][-1].get(_headline(record)) if record["scores"] else None


def _headline(record: Record) -> str:
    return str((record.get("protocol") or {}).get("headline"))


def _foreign(first: Record, again: Record) -> list[str]:
    """What makes scores incomparable."""
    if again["status"] == "failed":
        return [f"it {first['status']} there, and failed here: {again['reason']}"]
    return [
        f"{line}, so that scores cannot be compared"
        for line in identity(again).differences(identity(first))
    ]


def _first_difference(part: str, first: Record, again: Record) -> str | None:
    """Where a part of two records first differs, in words; None where it does not."""
    there, here = first.get(part), again.get(part)
    if isinstance(there, list) and isinstance(here, list):
        return _first_row(part, there, here)
    if there == here:
        return None
    if part == "samples":
        return "samples: they are not the same"
    if isinstance(there, dict) and isinstance(here, dict):
        return next(iter(_columns(part, there, here)), None)
    return f"{part}: {there!r} there, {here!r} here"


def _first_row(part: str, there: list[Row], here: list[Row]) -> str | None:
    for one, other in zip(there, here, strict=False):
        if one.get("step") != other.get("step"):
            return f"{part}: a row of step {one.get('step')} there, of {other.get('step')} here"
        differing = _columns(f"{part}, step {one.get('step')}", one, other)
        if differing:
            more = f", and {len(differing) - 1} more in this row" if len(differing) > 1 else ""
            return differing[0] + more
    if len(there) != len(here):
        return f"{part}: {len(there)} rows there, {len(here)} here"
    return None


def _columns(where: str, one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The numbers that both have and that differ, the time they took apart.

    A later version may log more than an earlier one did; what only one has is no difference.
    """
    common = sorted((one.keys() & other.keys()) - set(TIMES))
    return [
        f"{where}: {name} is {one[name]!r} there, {other[name]!r} here"
        for name in common
        if one[name] != other[name]
    ]


def _causes(first: Record, again: Record) -> list[str]:
    there, here = first["provenance"], again["provenance"]
    return [
        f"{key}: {there.get(key, 'not recorded')} there, {here.get(key, 'not recorded')} here"
        for key in sorted((there.keys() | here.keys()) - set(UNRELATED))
        if there.get(key) != here.get(key)
    ]
