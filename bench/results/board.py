"""Which records stand on which page: one page a suite, equal conditions in each of its settings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bench.config.trees import FOLDER
from bench.identity import Identity, canonical
from bench.labels import Cell, board_of
from bench.results.entry import Entry, entry_of, under, unpacked
from bench.results.kept import read_kept
from bench.runs.records import Metric, Record, metrics

NONE = canonical(None)
AGAIN = "the same run was made again"
GONE = "the suite as it is now has no such run"


@dataclass(frozen=True)
class LeftOut:
    """A record that stands on no row, and why: what it has otherwise than those that do."""

    entry: Entry
    why: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """One leaderboard's records, each list sorted by id.

    Attributes:
        label: the name of its folder.
        records: one a (method, setting, seed); in a setting all of equal conditions, in a method
            and setting all of one run but for the seed.
        left_out: records of the same suite that are other runs.
        suite_file: the suite as a gin file, where it is not one of ganbench's own.
        users_files: gin files of the user's own that the suite names, by their paths beside it.
        runs: the way from the page's folder to that of its runs, where it lies below them.
    """

    label: str
    records: list[Entry]
    left_out: list[LeftOut]
    suite_file: bytes | None = None
    users_files: Mapping[str, bytes] = field(default_factory=dict)
    runs: str | None = None

    @property
    def suite(self) -> str:
        """The suite that all records ran in."""
        return self.records[0].suite

    @property
    def reference(self) -> str:
        """The suite as a command in the page's folder names it: by name, or as the file there."""
        return self.suite if self.suite_file is None else f"{self.suite}.gin"

    @property
    def overrides(self) -> list[str]:
        """The bindings from the command line that all records ran with."""
        return list(self.records[0].overrides)

    @cached_property
    def protocol(self) -> dict[str, Any] | None:
        """The newest record's; None where every run failed before it was known."""
        known = [record for record in self.records if record.protocol != NONE]
        return unpacked(max(known, key=lambda r: r.age).protocol) if known else None

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """Every metric that a record has, sorted by name, as the newest one calls it."""
        found: dict[str, Metric] = {}
        for text in dict.fromkeys(r.protocol for r in sorted(self.records, key=lambda r: r.age)):
            found |= metrics(unpacked(text)) if text != NONE else {}
        return dict(sorted(found.items()))

    @property
    def missing(self) -> list[Entry]:
        """What was left out and has no other run in its place, though the suite still has it."""
        there = {entry.place for entry in self.records}
        left_out = [one.entry for one in self.left_out if one.why != (GONE,)]
        return [entry for entry in left_out if entry.place not in there]

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
    def cells(self) -> dict[Cell, list[Entry]]:
        """The runs of each method and setting, by seed."""
        found: dict[Cell, list[Entry]] = defaultdict(list)
        for record in sorted(self.records, key=lambda record: record.seed):
            found[record.cell].append(record)
        return dict(found)


def boards(records: Iterable[Record]) -> list[Board]:
    """Sorts records into leaderboards: see ``sort``."""
    return sort(map(entry_of, records))


def sort(entries: Iterable[Entry]) -> list[Board]:
    """Sorts runs into leaderboards, in the order of their labels.

    Where records of a suite differ in their conditions, the newest one's are the page's. Runs of a
    search are left out: they have pages of their own.
    """
    groups: dict[str, list[Entry]] = defaultdict(list)
    for one in (e for e in entries if not e.search):
        groups[label_of(one)].append(one)
    return [
        replace(choose(name, groups[name]), **_kept(name, groups[name])) for name in sorted(groups)
    ]


def label_of(one: Entry) -> str:
    """The name of the folder that a run's record belongs to."""
    return board_of(one.suite, one.overrides, one.search)


def choose(
    name: str,
    entries: Iterable[Entry],
    wanted: Mapping[Cell, Identity | None] | None = None,
) -> Board:
    """Chooses the records of one page.

    In each setting all rows have the same conditions; what settings do not decide is the same in
    all of them, and a method's own is the same wherever it ran. Of several records of one run the
    newest stands there, and one with a result before a failure.

    Args:
        name: of its folder.
        entries: all that there are.
        wanted: what each cell is to be, None for none; cells that are not there, and all without
            it, are what the newest record is that goes with the others.
    """
    gone = {cell for cell, identity in (wanted or {}).items() if identity is None}
    everything = sorted(entries, key=lambda entry: entry.age, reverse=True)
    newest = [entry for entry in everything if entry.cell not in gone]
    chosen = _Chosen({cell: one for cell, one in (wanted or {}).items() if one is not None})
    for entry in newest:
        chosen.consider(entry)
    shown: dict[tuple[str, str, int], Entry] = {}
    left_out = [LeftOut(entry, (GONE,)) for entry in everything if entry.cell in gone]
    for entry in sorted(newest, key=lambda entry: entry.status == "failed"):
        target = chosen.target(entry)
        if target.key != entry.identity.key:
            left_out.append(LeftOut(entry, tuple(target.differences(entry.identity))))
        elif entry.place in shown:
            if shown[entry.place].digest != entry.digest:
                left_out.append(LeftOut(entry, (AGAIN,)))
        else:
            shown[entry.place] = entry
    headline = next((entry.headline for entry in shown.values() if entry.headline), "")
    records = [e if e.headline in ("", headline) else under(e, headline) for e in shown.values()]
    return Board(
        name,
        sorted(records, key=lambda entry: entry.id),
        sorted(left_out, key=lambda one: (one.entry.id, one.entry.digest)),
    )


def _kept(name: str, entries: Iterable[Entry]) -> dict[str, Any]:
    """What lies in the folder of a suite's records beside them, as attributes of its board."""
    for entry in entries:
        for folder in entry.path.parents if entry.path else ():
            file = folder / f"{entry.suite}.gin"
            if folder.name == name and (file.is_file() or (folder / FOLDER).is_dir()):
                suite = file.read_bytes() if file.is_file() else None
                return {"suite_file": suite, "users_files": read_kept(folder)}
    return {}


class _Chosen:
    """What each cell of a page is, settled by one record after another, the newest first."""

    def __init__(self, cells: dict[Cell, Identity]) -> None:
        self._cells = cells
        self._settings = {setting: identity for (_, setting), identity in cells.items()}

    def consider(self, entry: Entry) -> None:
        """Takes a record's cell for what it is, if nothing that is settled speaks against it."""
        identity, cell = entry.identity, entry.cell
        if cell in self._cells or self.target(entry).key != identity.key:
            return
        self._cells[cell] = identity
        self._settings.setdefault(entry.setting, identity)

    def target(self, entry: Entry) -> Identity:
        """What a record's cell is, or would have to be."""
        mine, cell = entry.identity, entry.cell
        if cell in self._cells:
            return self._cells[cell]
        if entry.setting in self._settings:
            mine = replace(mine, conditions=self._settings[entry.setting].conditions)
        else:
            for settled in self._settings.values():
                mine = settled.elsewhere(mine, "conditions")
        for (method, _), settled in self._cells.items():
            if method == entry.method:
                mine = settled.elsewhere(mine, "method")
        return mine
