"""What a leaderboard keeps of a record: all that its page needs, and neither losses nor samples."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.identity import Identity, canonical
from bench.labels import Cell
from bench.missing import Numbers, column
from bench.runs import records
from bench.runs.provenance import parts
from bench.runs.records import Expectation, Record, Samples, Status
from bench.theory.trajectory import Trajectory

Floats = NDArray[np.float64]

AXES = ("step", "d_gradients", "seconds")
"""What a curve can be drawn against: generator steps, batches through D, seconds of training.

Batches are of the size that the conditions have, whatever a record's own method brings.
"""

COSTS = ("g_steps", "d_gradients", "seconds", "peak_memory_bytes", "images_per_second")

ORIGINS = (  # what a score may depend on; never a host's name
    "ganbench",
    "commit",
    "python",
    "torch",
    "torchvision",
    "torch-fidelity",
    "device",
    "cpu",
    "threads",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One run, in about a kilobyte: a hundred thousand of them fit into memory.

    Attributes:
        path: the record's file; None where it was never in one.
        digest: SHA-256 of the file, which tells two records of one run apart.
        load: gives the content of the file.
        identity: what was run, by content.
        protocol, floors, origin: as canonical JSON, each distinct text held once.
        headline: the name of the metric that ``evaluations`` ends with.
        evaluations: the rows of ``AXES`` and last the headline score, shape (4, E), NaN where
            a row lacks one.
        metrics: the names of its protocol's metrics, sorted.
        last: the last value of each of them, shape (M,).
        cost: the values of ``COSTS``, shape (5,), NaN where unknown.
        trajectory: through the plane that theory speaks of; None for other data.

    The others are the record's own.
    """

    path: Path | None
    digest: str
    load: Callable[[], bytes]
    id: str
    suite: str
    overrides: tuple[str, ...]
    dataset: str
    architecture: str
    method: str
    control_of: str | None
    setting: str
    remedies: tuple[str, ...]
    seed: int
    identity: Identity
    search: bool
    status: Status
    reason: str | None
    step: int
    finished: datetime
    protocol: str
    floors: str
    origin: str
    headline: str
    evaluations: Floats
    metrics: tuple[str, ...]
    last: Floats
    cost: Floats
    expectation: Expectation | None
    trajectory: Trajectory | None

    @property
    def run(self) -> tuple[str, int]:
        """What tells the run from any other: its key and seed."""
        return self.identity.key, self.seed

    @property
    def mark(self) -> str:
        """Twelve digits that tell its record from any other."""
        return self.digest[:12]

    @property
    def cell(self) -> Cell:
        """Where it is in its suite."""
        return self.method, self.setting

    @property
    def place(self) -> tuple[str, str, int]:
        """Where it stands on a page: a method, a setting and a seed."""
        return self.method, self.setting, self.seed

    @property
    def age(self) -> tuple[datetime, str]:
        """Orders by the end of the run, and by content where that is the same."""
        return self.finished, self.digest

    @property
    def scores(self) -> Floats:
        """The headline score at each evaluation, shape (E,)."""
        return self.evaluations[-1]

    def samples(self) -> Samples | None:
        """What the run drew, read anew: it is too large to keep."""
        return records.samples(self.load())

    def along(self, axis: str) -> Floats:
        """Where on one of ``AXES`` each evaluation stands, shape (E,)."""
        return self.evaluations[AXES.index(axis)]

    def spent(self, axis: str) -> float:
        """How far the run went on one of ``AXES``, NaN where that is unknown."""
        if axis == "step":
            return float(self.step)
        return float(self.cost[COSTS.index(axis)])


def read_entry(path: Path) -> Entry:
    """Reads and checks a record's file.

    Raises:
        UsageError: names the file and what is wrong with it.
    """
    data = records.load(path)
    record = records.parse(data, path)
    return _entry(record, data, path, partial(records.load, path))


def entry_of(record: Record) -> Entry:
    """The entry of a record in memory."""
    data = records.encode(record)
    return _entry(record, data, None, lambda: data)


def _entry(record: Record, data: bytes, path: Path | None, load: Callable[[], bytes]) -> Entry:
    protocol = record.get("protocol")
    names = list(records.metrics(protocol)) if protocol else []
    headline = str(protocol["headline"]) if protocol else ""
    identity = records.identity(record)
    rows = records.in_common_batches(record["scores"], identity)
    cost = records.in_common_batches([record.get("cost") or {}], identity)
    control_of = record.get("control_of")
    return Entry(
        path=path,
        digest=hashlib.sha256(data).hexdigest(),
        load=load,
        id=record["id"],
        suite=intern(record["suite"]),
        overrides=tuple(record["overrides"]),
        dataset=intern(record["dataset"]),
        architecture=intern(record["architecture"]),
        method=intern(record["method"]),
        control_of=None if control_of is None else intern(control_of),
        setting=intern(record["setting"]),
        remedies=tuple(record["remedies"]),
        seed=record["seed"],
        identity=identity,
        search=record.get("search", False),
        status=record["status"],
        reason=record["reason"] and intern(record["reason"]),
        step=record["step"],
        finished=records.finished_at(record),
        protocol=intern(canonical(protocol)),
        floors=intern(canonical(record.get("floors"))),
        origin=intern(canonical(_origin(record["provenance"]))),
        headline=intern(headline),
        evaluations=_table(rows, (*AXES, headline)),
        metrics=_held(*names),
        last=_table(rows[-1:], names).T.reshape(-1) if rows else np.full(len(names), np.nan),
        cost=_table(cost, COSTS).reshape(-1),
        expectation=record.get("oracle"),
        trajectory=_trajectory(rows, record["diagnostics"]),
    )


def under(entry: Entry, headline: str) -> Entry:
    """The same run with its curve under another metric, read anew."""
    rows = records.in_common_batches(json.loads(entry.load())["scores"], entry.identity)
    return replace(entry, headline=headline, evaluations=_table(rows, (*AXES, headline)))


def _origin(provenance: dict[str, Any]) -> dict[str, Any]:
    """The values of ``ORIGINS``; one that was another in a shorter run has both, first to last."""
    found = {}
    for key in ORIGINS:
        said = [part[key] for part in parts(provenance)[::-1] if key in part]
        alike = all(value == said[0] for value in said)
        found[key] = next(iter(said), None) if alike else ", then ".join(map(str, said))
    return found


@cache
def _held(*names: str) -> tuple[str, ...]:
    """The names as a tuple, held once however many entries have it."""
    return names


def _table(rows: list[Numbers], names: tuple[str, ...] | list[str]) -> Floats:
    """Some columns of a record's rows, shape (names, rows), NaN where a row lacks one."""
    columns = [column(rows, name) for name in names]
    return np.array(columns, dtype=np.float64).reshape(len(names), len(rows))


def _trajectory(scores: list[Numbers], diagnostics: list[Numbers]) -> Trajectory | None:
    located = all("location" in row for row in scores)
    probed = all("gradient_l1" in row for row in diagnostics)
    if scores and located and probed and len(scores) == len(diagnostics):
        return Trajectory.of(scores, diagnostics)
    return None


def unpacked(text: str) -> Any:
    """What a canonical text stands for."""
    return json.loads(text)
