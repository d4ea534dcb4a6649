"""Which records stand on which page: one page a suite, one protocol a page, one run a cell."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.records import Metric, Record, canonical, finished_at, metrics


@dataclass(frozen=True)
class Board:
    """One leaderboard's records, each list sorted by id.

    Attributes:
        label: the name of its folder.
        records: one a (method, setting, seed), all of one protocol.
        superseded: same protocol, but a newer run of the same cell exists.
        foreign: of another protocol, which no table may mix in.
    """

    label: str
    records: list[Record]
    superseded: list[Record]
    foreign: list[Record]

    @property
    def suite(self) -> str:
        """The suite that all records ran in."""
        return self.records[0]["suite"]

    @property
    def overrides(self) -> list[str]:
        """The bindings from the command line that all records ran with."""
        return self.records[0]["overrides"]

    @property
    def protocol(self) -> dict[str, Any] | None:
        """What all scores on the page depend on; None where every run failed before that."""
        return next(filter(None, (record.get("protocol") for record in self.records)), None)

    @property
    def metrics(self) -> dict[str, Metric]:
        """The metrics of the protocol, sorted by name."""
        return metrics(self.protocol) if self.protocol else {}

    @property
    def headline(self) -> str:
        """The name of the metric that methods are compared on."""
        return str(self.protocol["headline"]) if self.protocol else ""

    @property
    def floors(self) -> dict[str, float]:
        """Each score on real data, as the newest run that has it measured it."""
        found: dict[str, float] = {}
        for record in sorted(self.records, key=_age):
            floors = record.get("floors") or {}
            found |= {name: value for name, value in floors.items() if value is not None}
        return found

    @property
    def everything(self) -> list[Record]:
        """All records of the label: what the page can be rebuilt from."""
        return sorted([*self.records, *self.superseded, *self.foreign], key=lambda r: r["id"])


def boards(records: Iterable[Record]) -> list[Board]:
    """Sorts records into leaderboards, in the order of their labels.

    Of several files with one id the newest counts. The newest protocol is the page's; a run that
    failed before its protocol was known belongs to whichever that is.
    """
    unique = _newest(records, lambda record: record["id"])
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in unique:
        groups[label_of(record)].append(record)
    return [_board(label, groups[label]) for label in sorted(groups)]


def label_of(record: Record) -> str:
    """The suite's name, and a digest of the overrides where there are any; safe as a folder."""
    name = slug(record["suite"])
    overrides = record["overrides"]
    return f"{name}-{_digest(canonical(overrides))}" if overrides else name


def slug(name: str) -> str:
    """``name`` as a file name: the same where it is safe, else cleaned and made unique."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")
    return name if name and clean == name else f"{clean}-{_digest(name)}"


def methods_of(records: Iterable[Record]) -> list[str]:
    """The methods, sorted, vanilla first: every other one is read against it."""
    return sorted({record["method"] for record in records}, key=lambda m: (m != "vanilla", m))


def settings_of(records: Iterable[Record]) -> list[str]:
    """The settings, sorted."""
    return sorted({record["setting"] for record in records})


def _board(label: str, records: list[Record]) -> Board:
    known = [record for record in records if record.get("protocol") is not None]
    page = canonical(max(known, key=_age).get("protocol")) if known else canonical(None)
    same: list[Record] = []
    foreign: list[Record] = []
    for record in records:
        protocol = record.get("protocol")
        (same if protocol is None or canonical(protocol) == page else foreign).append(record)
    shown = _newest(same, lambda record: (record["method"], record["setting"], record["seed"]))
    chosen = {record["id"] for record in shown}
    return Board(label, shown, [record for record in same if record["id"] not in chosen], foreign)


def _newest(records: Iterable[Record], key: Callable[[Record], Hashable]) -> list[Record]:
    """The newest record of each key, sorted by id."""
    latest = {key(record): record for record in sorted(records, key=_age)}
    return sorted(latest.values(), key=lambda record: record["id"])


def _age(record: Record) -> tuple[datetime, str]:
    """Orders by the end of the run, and by content where that is the same."""
    return finished_at(record), canonical(record)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
