"""Whether two records are of one result: equal to the bit, within noise, different, unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from bench.missing import Numbers
from bench.runs.records import Record, identity, metrics

LEVEL = 0.01
"""How rarely the runs of two seeds of one cell are called different, if scores are normal."""

LEAST_SEEDS = 5
"""Seeds of a cell, the record's own among them, from which its noise can be told."""

Answer = Literal["equal", "within noise", "different", "cannot tell"]

RESULT = ("status", "reason", "step", "floors", "scores", "diagnostics", "losses", "samples")
"""What a run that is repeated must give again, to the bit where nothing else differs."""

TIMES = ("seconds",)
UNRELATED = ("started", "finished")


@dataclass(frozen=True)
class Repetition:
    """What the repetition of a run came to.

    Attributes:
        answer: in a word.
        reasons: what it rests on, a sentence each.
        places: where the two first differ, by part of the record.
        causes: what differs in the software and the machine.
    """

    answer: Answer
    reasons: list[str]
    places: list[str]
    causes: list[str]


def compare(first: Record, again: Record, others: Sequence[float]) -> Repetition:
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
        return Repetition("different", foreign, places, causes)
    if not places:
        rows = len(first["scores"])
        reasons = [f"all {rows} rows of scores, and all else that a run gives, are the same"]
        return Repetition("equal", reasons, [], causes)
    answer, reason = _closeness(first, again, others)
    return Repetition(answer, [reason], places, causes)


def _closeness(first: Record, again: Record, others: Sequence[float]) -> tuple[Answer, str]:
    """Whether the two end alike, and what that was judged by."""
    if first["status"] != again["status"]:
        return "different", f"it {first['status']} there, and {again['status']} here"
    there, here = last_headline(first), last_headline(again)
    if there is None or here is None:
        if there is None and here is None:
            return "cannot tell", f"it {first['status']} both there and here, without a last score"
        return "different", f"the last score is {there} there, and {here} here"
    label = metrics(first["protocol"] or {})[_headline(first)]["label"]
    apart = abs(here - there)
    seen = f"the last {label} is {there:.6g} there and {here:.6g} here, {apart:.3g} apart"
    seeds = 1 + len(others)
    if seeds < LEAST_SEEDS:
        return "cannot tell", (
            f"{seen}; how far apart two seeds of this cell are by chance takes {LEAST_SEEDS} seeds "
            f"to tell, and {seeds} {'is' if seeds == 1 else 'are'} there"
        )
    allowed = _noise(others)
    return "within noise" if apart <= allowed else "different", (
        f"{seen}; {allowed:.3g} would be noise: so far apart are two seeds of this cell once in "
        f"{1 / LEVEL:.0f} times, by the {len(others)} others that are there"
    )


def _noise(others: Sequence[float]) -> float:
    """How far apart two seeds of a cell are by chance, once in 1 / ``LEVEL`` times.

    The record's own score is not among those that tell: were it false, it would widen what it is
    held against.
    """
    factor = float(stats.t.ppf(1 - LEVEL / 2, len(others) - 1)) * np.sqrt(2)
    return factor * float(np.std(others, ddof=1))


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


def _first_row(part: str, there: list[Numbers], here: list[Numbers]) -> str | None:
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
