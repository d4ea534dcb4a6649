"""What a run is, told by content: its conditions, its method, its seed; names are labels only.

*Conditions* are all that a run shares with its rivals: the data by checksum, what scores them, the
networks, optimizers and budget, in the suite's setting. The *method* is what its own gin file and
its remedies change of these. Two runs are the same where conditions, method and seed are; two rows
may stand in one setting of a leaderboard where their conditions are. Whatever asks whether a run
is done, may resume, or belongs on a page, asks here.

Versions of libraries, the commit, the machine and its device are provenance: they may move a score
in its last digits, and make no other run.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

Items = tuple[tuple[str, str], ...]
"""Parameters and their values as text, sorted."""

DEFAULT = "default"
"""Stands for the value of a parameter that is no longer bound; no value's text reads like this."""

SCORING = {
    "data": ("checksum", "shape", "training_samples"),
    "judge": ("sha256", "algorithm"),
    "": ("samples", "reference_samples"),
}
"""The parts of a protocol that make scores incomparable, beside the parameters that gin binds.

Names, labels, floors and which other metrics there are do not: a metric may be added or renamed.
"""

BATCH = "Experiment.batch_size"

OWN = ("method", "generator", "discriminator")
"""What of ``Experiment`` a row may have otherwise and be no more than a method."""

SHARED = ("Experiment.steps", "Experiment.evaluations", "Experiment.batch_norm")
"""What a method may not have otherwise than its rivals, beside data and judge: the budget, and how
samples are taken. Else their scores would not compare."""


@dataclass(frozen=True)
class Identity:
    """A run but for its seed.

    Attributes:
        conditions: what it shares with its rivals in its setting.
        setting: which parameters the setting decides, and how.
        method: what the method and its remedies have otherwise than the conditions.
    """

    conditions: Items
    setting: Items
    method: Items

    @classmethod
    def of(
        cls,
        conditions: Mapping[str, str],
        setting: Mapping[str, str],
        method: Mapping[str, str],
    ) -> "Identity":
        """The identity that these make, held once however many runs have it."""
        return _held(*(tuple(sorted(part.items())) for part in (conditions, setting, method)))

    @cached_property
    def key(self) -> str:
        """SHA-256 of conditions and method, in hex."""
        return _digest([self.conditions, self.method])

    @cached_property
    def shared(self) -> str:
        """Twelve digits of the conditions' SHA-256: what rows of a setting must have in common."""
        return _digest(self.conditions)[:12]

    @cached_property
    def own(self) -> str:
        """Twelve digits of the method's SHA-256."""
        return _digest(self.method)[:12]

    @cached_property
    def batch(self) -> float:
        """A batch of its own, in batches of the size that its rivals have; mostly 1."""
        theirs = dict(self.conditions).get(BATCH, "1")
        mine = dict(self.method).get(BATCH, theirs)
        counted = all(text.isdecimal() and int(text) for text in (mine, theirs))
        return int(mine) / int(theirs) if counted else 1.0

    @cached_property
    def brings(self) -> tuple[str, ...]:
        """What of ``Experiment`` it has otherwise than its rivals, beside a method: optimizers."""
        return tuple(sorted({_part(key) for key, _ in self.method} - {*OWN}))

    @property
    def said(self) -> dict[str, str]:
        """All that the run says: the conditions, with the method's own words in their place."""
        whole = dict(self.conditions) | dict(self.method)
        return {key: text for key, text in whole.items() if text != DEFAULT}

    def agrees(self, other: "Identity") -> bool:
        """Whether the conditions of two cells differ in nothing but what their settings decide."""
        return self.elsewhere(other, "conditions").conditions == other.conditions

    def same_method(self, other: "Identity") -> bool:
        """Whether two cells have one method, but for what their settings decide."""
        return self.elsewhere(other, "method").method == other.method

    def elsewhere(self, other: "Identity", part: str) -> "Identity":
        """``other`` as it would have to be to agree with this in a part.

        Args:
            other: a cell in another setting.
            part: "conditions" or "method".
        """
        free = dict(self.setting).keys() | dict(other.setting).keys()
        mine, theirs = dict(getattr(self, part)), dict(getattr(other, part))
        kept = {key: text for key, text in mine.items() if key not in free}
        kept |= {key: text for key, text in theirs.items() if key in free}
        return replace(other, **{part: tuple(sorted(kept.items()))})

    def differences(self, other: "Identity") -> list[str]:
        """What ``other`` has otherwise, a line each: the parameter, its value there, and here."""
        both = apart(self.said, other.said)
        return [f"{key}: {its}, here {mine}" for key, (mine, its) in both.items()]


def apart(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The parameters that two have otherwise, sorted: the value of the first, and of the second."""
    pairs = {
        key: (first.get(key, DEFAULT), second.get(key, DEFAULT))
        for key in sorted(first.keys() | second.keys())
    }
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The parameters that are otherwise ``after``, those that are no longer bound included."""
    return {key: text for key, (_, text) in apart(before, after).items()}


def scoring(protocol: Mapping[str, Any]) -> dict[str, str]:
    """What of a protocol makes scores incomparable, as conditions: see ``SCORING``."""
    found = {}
    for part, names in SCORING.items():
        values = protocol.get(part, {}) if part else protocol
        for name in names:
            value = values.get(name)
            text = value if isinstance(value, str) else json.dumps(value)
            found[f"{part}.{name}" if part else f"judge.{name}"] = text
    return found


def canonical(value: object) -> str:
    """The one JSON text of a value, to compare or to hash."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _part(key: str) -> str:
    """The parameter of ``Experiment`` that an entry is, or is below."""
    return key.removeprefix("Experiment.").partition("/")[0].partition("[")[0]


@cache
def _held(conditions: Items, setting: Items, method: Items) -> Identity:
    return Identity(conditions, setting, method)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()
