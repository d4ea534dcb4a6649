import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from records_factory import PROTOCOL, record, ring

from bench.errors import UsageError
from bench.runs import records
from bench.speed.records import SEEDS, write_records


def save(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def test_a_record_survives_writing_and_reading(tmp_path: Path) -> None:
    path, original = tmp_path / "deep" / "record.json", record()
    records.write(path, original)
    assert records.read(path) == original
    assert [file.name for file in path.parent.iterdir()] == ["record.json"]


def test_writing_what_was_read_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    records.write(first, record(last=1 / 3))
    records.write(second, records.read(first))
    assert first.read_bytes() == second.read_bytes()


def test_a_number_that_is_not_finite_leaves_the_old_record_alone(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    records.write(path, record())
    with pytest.raises(ValueError, match="Out of range float"):
        records.write(path, record(floors={"fid": float("nan")}))
    assert records.read(path) == record()


def test_a_write_cut_short_leaves_the_old_record_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.json"
    records.write(path, record())

    def killed(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        records.write(path, record(seed=1))
    assert records.read(path) == record()
    assert list(tmp_path.iterdir()) == [path]


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in record().items() if name != key}


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ([], "Expected `object`, got `array`"),
        (without("seed"), "seed"),
        (record(schema=1), "its schema is 1, and this version of ganbench has 2"),
        (without("seed") | {"seed": "0"}, "seed"),
        (record("van\nilla"), "printed"),
        (record(status="fine"), "status"),
        (record(overrides=["a", 1]), "overrides"),
        (record(scores=[{"step": 1, "fid": 1.0}, {"step": 2, "fid": "x"}]), r"scores\[1\]"),
        (record(scores=[{"fid": 1.0}]), "no step"),
        (record(protocol=None), "protocol"),
        (record(cost=None), "cost"),
        (record(protocol=PROTOCOL | {"headline": "is"}), "headline"),
        (record(protocol=PROTOCOL | {"metrics": {"fid": {"label": "FID"}}}), "better"),
        (record(provenance={}), "finished"),
        (record(finished="yesterday"), "yesterday"),
        (record(surprise=1), "surprise"),
        (record(stat="completed"), "did you mean 'status'"),
        (record(samples={"kind": "sounds"}), "sounds"),
        (record(samples={"kind": "points", "png": ""}), "samples of the kind points"),
        (record(samples={"kind": "points", "values": [[1.0, 2.0], [1.0]]}), r"values\[1\]"),
        (record(scores=[{"step": True}]), "bool"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, value: object, wrong: str) -> None:
    path = save(tmp_path / "record.json", value)
    with pytest.raises(UsageError, match=wrong) as caught:
        records.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"schema": 2',
        b'{"seed": NaN}',
        b"\xef\xbb\xbf{}",
        b'{"id": "\xff"}',
        b'{"a":' + b"[" * 10**5,
    ],
)
def test_a_file_that_is_not_json_is_named(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(text)
    with pytest.raises(UsageError, match="not a record"):
        records.read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.json cannot be read"):
        records.read(tmp_path / "none.json")


def test_a_failed_run_needs_neither_protocol_nor_cost(tmp_path: Path) -> None:
    early = record(status="failed", end=0)
    for key in ("protocol", "cost", "samples", "floors"):
        del early[key]  # type: ignore[misc]
    assert records.read(save(tmp_path / "record.json", early)) == early


def test_numbers_stay_what_they_were(tmp_path: Path) -> None:
    kept = record(scores=[{"step": 3, "fid": 3.0}])
    (row,) = records.read(save(tmp_path / "record.json", kept))["scores"]
    assert [type(value) for value in row.values()] == [int, float]


@pytest.mark.parametrize("status", ["completed", "diverged", "collapsed", "failed"])
def test_what_was_run_and_how_it_ended_are_read_alone(tmp_path: Path, status: str) -> None:
    path, made = tmp_path / "record.json", record(status=status)
    records.write(path, made)
    assert records.ending(path) == (made["key"], status)


def test_a_key_that_is_not_that_of_what_was_run_is_refused(tmp_path: Path) -> None:
    made = record()
    made["conditions"]["Experiment.steps"] = "601"
    path = save(tmp_path / "record.json", made)
    with pytest.raises(UsageError, match="key is not that of its conditions"):
        records.read(path)


@pytest.mark.parametrize("text", ["", "{}", '{"key": "0", "status": "fine"}'])
def test_an_ending_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=re.escape(str(path))):
        records.ending(path)


def test_samples_are_read_alone() -> None:
    drawn = record(samples=ring(0))
    assert records.samples(records.encode(drawn)) == drawn["samples"]
    del drawn["samples"]
    assert records.samples(records.encode(drawn)) is None


def test_records_are_found_in_runs_and_in_leaderboards(tmp_path: Path) -> None:
    made = [record(seed=seed) for seed in range(3)]
    save(tmp_path / "z" / "seed-0" / "record.json", made[0])
    save(tmp_path / "y" / "seed-2" / "record.json", made[2])
    save(tmp_path / "board" / "records" / "any.json", made[1])
    save(tmp_path / "board" / "other.json", {"not": "a record"})
    assert records.read_all(tmp_path) == made


def test_a_folder_of_records_can_be_read_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "records" / "a.json", record())
    monkeypatch.chdir(tmp_path / "records")
    assert records.read_all(Path()) == [record()]


def test_made_up_records_are_records_of_as_many_cells(tmp_path: Path) -> None:
    count = 2 * SEEDS + 1
    sizes = list(write_records(tmp_path, count))
    found = records.read_all(tmp_path)
    assert len({(one["method"], one["setting"], one["seed"]) for one in found}) == count
    assert sum(sizes) == sum(path.stat().st_size for path in records.find(tmp_path))


def test_times_compare_across_offsets() -> None:
    naive = records.finished_at(record(finished="2026-01-01T12:00:00"))
    assert naive == records.finished_at(record(finished="2026-01-01T12:00:00Z"))
    assert naive > records.finished_at(record(finished="2026-01-01T13:00:00+02:00"))
