"""The JSON that a run leaves behind: its shape, how it is written, and how it is checked when read.

Everything a leaderboard says is a function of records, so a record that is read has been checked.
"""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, TypedDict, TypeVar

import msgspec

from bench.errors import UsageError, nearest
from bench.files import write_whole
from bench.identity import Identity
from bench.missing import Numbers

SCHEMA = 2

RECORD = "record.json"
"""The record in a run's folder."""

Status = Literal["completed", "diverged", "collapsed", "failed"]

SCORED: tuple[Status, ...] = ("completed", "collapsed")
"""A run with one of these reached its last step, so that its last score is measured and counts."""

Pair = Annotated[list[float], msgspec.Meta(min_length=2, max_length=2)]
T = TypeVar("T")


class Metric(TypedDict):
    """How one score is called in a table, and which way is better."""

    label: str
    better: Literal["lower", "higher"]


class Samples(TypedDict):
    """What a run drew: a grid of images, as PNG in base64, or points in the plane, shape (N, 2)."""

    kind: Literal["images", "points"]
    png: NotRequired[str]
    values: NotRequired[list[Pair]]


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
    eigenvalues: list[Pair]
    predicted: float
    tolerance: float
    observed: float | None
    agrees: bool


class Record(TypedDict):
    """One run. Numbers are finite; what could not be computed is None.

    Attributes:
        id: labels, seed and how ``key`` begins.
        dataset, architecture: what its data and networks are called.
        control_of: the method that this one is a control of, where its gin file says so.
        overrides: bindings given on the command line; they make a leaderboard of their own.
        remedies: settings the suite applied because the method refuses to work without them.
        key: what tells the run from any other but for its seed: see ``bench.identity``.
        conditions: what it shares with its rivals, by parameter.
        setting_bindings: the parameters that its setting decides, and how.
        method_bindings: what its method and remedies have otherwise than the conditions.
        search: whether it ran to choose hyper-parameters; leaderboards leave it out.
        step: the last finished generator step.
        protocol: the data, the judge and what its scores are called; None only where a run failed
            before it was known. Holds at least ``headline`` and ``metrics`` (a ``Metric`` each).
        floors: the same scores, computed on real data.
        scores: one row an evaluation: ``step``, ``d_gradients`` (batches differentiated through
            D so far, of the run's own size), ``seconds`` and each metric.
        diagnostics: one row an evaluation, of D's outputs and input gradients.
        losses: one row a logging interval.
        cost: ``g_steps``, ``d_gradients``, ``seconds`` (of training: the process's own on the CPU,
            the wall's on a GPU), ``peak_memory_bytes`` and ``images_per_second`` of the whole
            run; None only where a run failed early.
        oracle: theory's word on the run, where the suite names a theory of its method.
        provenance: what it ran on; ``finished`` is an ISO 8601 time, in UTC unless it says else.
    """

    schema: Literal[2]
    id: str
    suite: str
    overrides: list[str]
    dataset: str
    architecture: str
    method: str
    control_of: NotRequired[str | None]
    setting: str
    remedies: list[str]
    seed: int
    key: str
    conditions: dict[str, str]
    setting_bindings: dict[str, str]
    method_bindings: dict[str, str]
    search: NotRequired[bool]
    status: Status
    reason: str | None
    step: int
    protocol: NotRequired[dict[str, Any] | None]
    floors: NotRequired[Numbers | None]
    scores: list[Numbers]
    diagnostics: list[Numbers]
    losses: list[Numbers]
    cost: NotRequired[Numbers | None]
    samples: NotRequired[Samples | None]
    oracle: NotRequired[Expectation]
    provenance: dict[str, Any]


class _Ending(msgspec.Struct):
    key: str
    status: Status


class _Schema(msgspec.Struct):
    schema: int


class _Samples(msgspec.Struct):
    samples: Samples | None = None


_RECORD = msgspec.json.Decoder(Record)
_ENDING = msgspec.json.Decoder(_Ending)
_SAMPLES = msgspec.json.Decoder(_Samples)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def encode(record: Record) -> bytes:
    """The text of a record's file.

    Each key has a line of its own: hundreds of records are committed, and are to be read as diffs.

    Raises:
        ValueError: where a number is NaN or infinite.
    """
    lines = (
        f"{json.dumps(key)}: {json.dumps(value, sort_keys=True, allow_nan=False)}"
        for key, value in sorted(record.items())
    )
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def write(path: Path, record: Record) -> None:
    """Writes a record so that a reader sees all of it or none, whenever the writer is killed.

    Raises:
        ValueError: where a number is NaN or infinite.
    """
    write_whole(path, encode(record), durable=True)


def find(folder: Path) -> list[Path]:
    """Every ``RECORD``, and every JSON file in a folder called ``records``, below."""
    found = []
    for place, _, names in os.walk(folder.resolve()):
        kept = Path(place).name == "records"
        chosen = [n for n in names if n == RECORD or (kept and n.endswith(".json"))]
        found += [Path(place, name) for name in chosen if not name.startswith(".")]
    return sorted(found)


def read(path: Path) -> Record:
    """Reads and checks one record.

    Raises:
        UsageError: names the file and what is wrong with it.
    """
    return parse(load(path), path)


def ending(path: Path) -> tuple[str, Status]:
    """The key of a run and how it ended, without reading the rest of its record.

    Raises:
        UsageError: names the file and what is wrong with it.
    """
    found = _decode(_ENDING, load(path), path)
    return found.key, found.status


def samples(data: bytes) -> Samples | None:
    """What a run drew, of the content of its record's file, which has been checked before."""
    return _SAMPLES.decode(data).samples


def read_all(folder: Path) -> list[Record]:
    """Reads all records that ``find`` finds below a folder.

    Returns:
        The records, sorted by id.

    Raises:
        UsageError: where one of them is not a valid record.
    """
    return sorted(map(read, find(folder)), key=lambda record: record["id"])


def load(path: Path) -> bytes:
    """A file's content.

    Raises:
        UsageError: names the file, where it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def parse(data: bytes, path: Path) -> Record:
    """Checks the content of a record's file; ``path`` is for messages.

    Raises:
        UsageError: names the file and what is wrong with it.
    """
    record = _decode(_RECORD, data, path)
    try:
        _check_keys(_KEYS.decode(data))
        _check_values(record)
    except ValueError as error:
        raise UsageError(f"{path} is not a valid record: {error}.") from error
    return record


def check(value: object) -> Record:
    """Returns ``value`` as a record.

    Raises:
        ValueError: says what keeps it from being one.
    """
    record = msgspec.convert(value, Record)
    if isinstance(value, dict):
        _check_keys(value)
    _check_values(record)
    return record


def now() -> str:
    """The present time as a record has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


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
    """The metrics of a protocol, sorted by name: a record's own order is lost on writing.

    Raises:
        ValueError: where one lacks its label or its direction.
    """
    try:
        known = msgspec.convert(protocol.get("metrics"), dict[str, Metric])
    except msgspec.ValidationError as error:
        raise ValueError(f"protocol.metrics: {error}") from error
    return dict(sorted(known.items()))


def identity(record: Record) -> Identity:
    """What the run of a record is, by content."""
    return Identity.of(record["conditions"], record["setting_bindings"], record["method_bindings"])


def in_common_batches(rows: Iterable[Numbers], identity: Identity) -> list[Numbers]:
    """Rows with what went through D counted in batches of the size that the run's rivals have.

    Args:
        rows: of a record, of scores or of costs, whose batches are of the run's own size.
        identity: of the run.
    """
    return [
        row | {"d_gradients": count * identity.batch}
        if identity.batch != 1 and (count := row.get("d_gradients")) is not None
        else row
        for row in rows
    ]


def _decode(decoder: msgspec.json.Decoder[T], data: bytes, path: Path) -> T:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} is not a valid record: {_older(data) or error}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a record: {error}.") from error


def _older(data: bytes) -> str | None:
    """What to say of a record that a version with another schema wrote."""
    try:
        schema = msgspec.json.decode(data, type=_Schema).schema
    except msgspec.ValidationError:
        return None
    if schema == SCHEMA:
        return None
    return f"its schema is {schema}, and this version of ganbench has {SCHEMA}; run it again"


def _check_keys(keys: dict[str, Any]) -> None:
    for key in keys.keys() - Record.__annotations__.keys():
        raise ValueError(f"it has a key {key!r}; {nearest(key, Record.__annotations__)}")


def _check_values(record: Record) -> None:
    for key, name in sorted(record.items(), key=lambda item: item[0] == "id"):  # made of others
        if isinstance(name, str) and key != "reason" and not name.isprintable():
            raise ValueError(f"{key} holds a character that cannot be printed")
    finished_at(record)
    if record["key"] != identity(record).key:
        raise ValueError("key is not that of its conditions and method_bindings")
    protocol, cost = record.get("protocol"), record.get("cost")
    if record["status"] != "failed" and (protocol is None or cost is None):
        raise ValueError(f"a run that {record['status']} has a protocol and a cost")
    if protocol is not None and protocol.get("headline") not in metrics(protocol):
        raise ValueError("protocol.headline is none of protocol.metrics")
    for row in record["scores"]:
        if row.get("step") is None:
            raise ValueError("a row of scores has no step")
    drawn = record.get("samples")
    if drawn and {"images": "png", "points": "values"}[drawn["kind"]] not in drawn:
        raise ValueError(f"samples of the kind {drawn['kind']} are not there")
