"""The JSON that a run leaves behind: its shape, how it is written, and how it is checked when read.

Everything a leaderboard says is a function of records, so a record that is read has been checked.
"""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict, cast

from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

from bench.errors import UsageError

SCHEMA = 1

Row = dict[str, float | None]


class Metric(TypedDict):
    """How one score is called in a table, and which way is better."""

    label: str
    better: Literal["lower", "higher"]


class Images(TypedDict):
    """A grid of samples: a PNG in base64."""

    kind: Literal["images"]
    png: str


class Points(TypedDict):
    """Samples in the plane, shape (N, 2)."""

    kind: Literal["points"]
    values: list[list[float]]


class Expectation(TypedDict):
    """What theory expects of a run, and what was observed.

    Attributes:
        updates: "alternating" or "simultaneous".
        verdict: what becomes of the run, in a word.
        quantity: the number that tells, in words; ``formula`` says how theory computes it.
        eigenvalues: of the continuous system, each as [real, imaginary]; none where it has none.
        predicted: the number, by theory.
        tolerance: how far from it the observed number may be.
        observed: the number, measured on the run; None where it could not be.
        agrees: whether the two agree.
    """

    updates: Literal["alternating", "simultaneous"]
    verdict: str
    quantity: str
    formula: str
    eigenvalues: list[list[float]]
    predicted: float
    tolerance: float
    observed: float | None
    agrees: bool


class Record(TypedDict):
    """One run. Numbers are finite; what could not be computed is None.

    Attributes:
        overrides: bindings given on the command line; they make a leaderboard of their own.
        remedies: settings the suite applied because the method refuses to work without them.
        step: the last finished generator step.
        protocol: all that a score depends on; None only where a run failed before it was known.
            Holds at least ``headline`` and ``metrics`` (a ``Metric`` for each name).
        floors: the same scores, computed on real data.
        scores: one row an evaluation: ``step``, ``d_gradients`` (batches differentiated through
            D so far), ``seconds`` and each metric.
        diagnostics: one row an evaluation, of D's outputs and input gradients.
        losses: one row a logging interval.
        cost: ``g_steps``, ``d_gradients``, ``seconds`` (of training: the process's own on the CPU,
            the wall's on a GPU), ``peak_memory_bytes`` and ``images_per_second`` of the whole
            run; None only where a run failed early.
        oracle: theory's word on the run, where the suite names a theory of its method.
        provenance: what it ran on; ``finished`` is an ISO 8601 time, in UTC unless it says else.
    """

    schema: Literal[1]
    id: str
    suite: str
    overrides: list[str]
    dataset: str
    architecture: str
    method: str
    setting: str
    remedies: list[str]
    seed: int
    config_digest: str
    status: Literal["completed", "diverged", "collapsed", "failed"]
    reason: str | None
    step: int
    protocol: NotRequired[dict[str, Any] | None]
    floors: NotRequired[Row | None]
    scores: list[Row]
    diagnostics: list[Row]
    losses: list[Row]
    cost: NotRequired[Row | None]
    samples: NotRequired[Images | Points | None]
    oracle: NotRequired[Expectation]
    provenance: dict[str, Any]


def write(path: Path, record: Record) -> None:
    """Writes a record so that a reader sees all of it or none, whenever the writer is killed.

    Each key has a line of its own: hundreds of records are committed, and are to be read as diffs.

    Raises:
        ValueError: where a number is NaN or infinite.
    """
    lines = (
        f"{json.dumps(key)}: {json.dumps(value, sort_keys=True, allow_nan=False)}"
        for key, value in sorted(record.items())
    )
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp's 0600 would stay with a committed file
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(path: Path) -> Record:
    """Reads and checks one record.

    Raises:
        UsageError: names the file and what is wrong with it.
    """
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"{path} is not a record: {error}.") from error
    try:
        return check(loaded)
    except ValueError as error:
        raise UsageError(f"{path} is not a valid record: {error}.") from error


def read_all(folder: Path) -> list[Record]:
    """Reads every ``record.json``, and every JSON file in a folder called ``records``, below.

    Returns:
        The records, sorted by id.

    Raises:
        UsageError: where one of them is not a valid record.
    """
    files = (
        file
        for file in folder.resolve().rglob("*.json")
        if file.name == "record.json" or file.parent.name == "records"
    )
    return sorted(map(read, sorted(files)), key=lambda record: record["id"])


def check(value: object) -> Record:
    """Returns ``value`` as a record.

    Raises:
        ValueError: says what keeps it from being one.
    """
    try:
        record = check_type(
            value, Record, collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS
        )
    except TypeCheckError as error:
        raise ValueError(" ".join(str(error).split())) from error
    for key, name in record.items():
        if isinstance(name, str) and key != "reason" and not name.isprintable():
            raise ValueError(f"{key} holds a character that cannot be printed")
    finished_at(record)
    protocol, cost = record.get("protocol"), record.get("cost")
    if record["status"] != "failed" and (protocol is None or cost is None):
        raise ValueError(f"a run that {record['status']} has a protocol and a cost")
    if protocol is not None:
        _check_metrics(protocol)
    for row in record["scores"]:
        if row.get("step") is None:
            raise ValueError("a row of scores has no step")
    return record


def finished_at(record: Record) -> datetime:
    """When the run ended.

    Raises:
        ValueError: where the record does not say so in ISO 8601.
    """
    finished = record["provenance"].get("finished")
    if not isinstance(finished, str):
        raise ValueError("provenance.finished is not a time")
    time = datetime.fromisoformat(finished)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def metrics(protocol: dict[str, Any]) -> dict[str, Metric]:
    """The metrics of a protocol, sorted by name: a record's own order is lost on writing."""
    return dict(sorted(cast(dict[str, Metric], protocol["metrics"]).items()))


def canonical(value: object) -> str:
    """The one JSON text of a value, to compare or to hash."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _check_metrics(protocol: dict[str, Any]) -> None:
    try:
        known = check_type(protocol.get("metrics"), dict[str, Metric])
    except TypeCheckError as error:
        raise ValueError(f"protocol.metrics: {' '.join(str(error).split())}") from error
    if protocol.get("headline") not in known:
        raise ValueError("protocol.headline is none of protocol.metrics")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it holds {name}, where a number is finite or null")
