"""Which records stand on which page: one page a suite, one protocol a page, one run a cell."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bench.records import Metric, Record, canonical, metrics
from bench.report.entry import Entry, entry_of, unpacked

NONE = canonical(None)


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
    records: list[Entry]
    superseded: list[Entry]
    foreign: list[Entry]

    @property
    def suite(self) -> str:
        """The suite that all records ran in."""
        return self.records[0].suite

    @property
    def overrides(self) -> list[str]:
        """The bindings from the command line that all records ran with."""
        return list(self.records[0].overrides)

    @cached_property
    def protocol(self) -> dict[str, Any] | None:
        """What all scores on the page depend on; None where every run failed before that."""
        return unpacked(next((r.protocol for r in self.records if r.protocol != NONE), NONE))

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """The metrics of the protocol, sorted by name."""
        return metrics(self.protocol) if self.protocol else {}

    @property
    def headline(self) -> str:
        """The name of the metric that methods are compared on."""
        return str(self.protocol["headline"]) if self.protocol else ""

    @cached_property
    def floors(self) -> dict[str, float]:
        """Each score on real data, as the newest run that has it measured it."""
        newest = {record.floors: record.age for record in sorted(self.records, key=lambda r: r.age)}
        found: dict[str, float] = {}
        for text in sorted(newest, key=lambda text: newest[text]):
            floors = unpacked(text) or {}
            found |= {name: value for name, value in floors.items() if value is not None}
        return found

    @cached_property
    def methods(self) -> list[str]:
        """The methods, sorted, vanilla first: every other one is read against it."""
        return sorted({r.method for r in self.records}, key=lambda m: (m != "vanilla", m))

    @cached_property
    def settings(self) -> list[str]:
        """The settings, sorted."""
        return sorted({record.setting for record in self.records})

    @cached_property
    def cells(self) -> dict[tuple[str, str], list[Entry]]:
        """The runs of each method and setting, by seed."""
        found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for record in sorted(self.records, key=lambda record: record.seed):
            found[record.method, record.setting].append(record)
        return dict(found)

    @property
    def everything(self) -> list[Entry]:
        """All records of the label: what the page can be rebuilt from."""
        return sorted([*self.records, *self.superseded, *self.foreign], key=lambda r: r.id)


def boards(records: Iterable[Record]) -> list[Board]:
    """Sorts records into leaderboards: see ``sort``."""
    return sort(map(entry_of, records))


def sort(entries: Iterable[Entry]) -> list[Board]:
    """Sorts runs into leaderboards, in the order of their labels.

    Of several files with one id the newest counts. The newest protocol is the page's; a run that
    failed before its protocol was known belongs to whichever that is. Runs of a search are left
    out: they have pages of their own.
    """
    groups: dict[str, list[Entry]] = defaultdict(list)
    for one in (e for e in entries if not e.search):
        groups[label_of(one)].append(one)
    return [_board(label, _newest(groups[label], lambda e: e.id)) for label in sorted(groups)]


def label_of(one: Entry) -> str:
    """The suite's name, and a digest of the overrides where there are any; safe as a folder."""
    name = slug(one.suite)
    return f"{name}-{_digest(canonical(one.overrides))}" if one.overrides else name


def slug(name: str) -> str:
    """``name`` as a file name: the same where it is safe, else cleaned and made unique."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")
    return name if name and clean == name else f"{clean}-{_digest(name)}"


def file_name(id: str) -> str:
    """The name of a record's file in its leaderboard."""
    return f"{slug(id.replace('/', '.'))}.json"


def _board(label: str, records: list[Entry]) -> Board:
    known = [record for record in records if record.protocol != NONE]
    page = max(known, key=lambda record: record.age).protocol if known else NONE
    same: list[Entry] = []
    foreign: list[Entry] = []
    for record in records:
        (same if record.protocol in (NONE, page) else foreign).append(record)
    shown = _newest(same, lambda record: (record.method, record.setting, record.seed))
    chosen = {record.id for record in shown}
    return Board(label, shown, [record for record in same if record.id not in chosen], foreign)


def _newest(records: Iterable[Entry], key: Callable[[Entry], Hashable]) -> list[Entry]:
    """The newest record of each key, sorted by id."""
    latest = {key(record): record for record in sorted(records, key=lambda r: r.age)}
    return sorted(latest.values(), key=lambda record: record.id)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
