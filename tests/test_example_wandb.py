"""The example for Weights & Biases: what W&B has, offline, is what the record says."""

import json
import struct
import tomllib
from collections import defaultdict
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from toy_runs import ignore, plan_of

from bench.callbacks.choose import GROUP
from bench.training.execute import execute

EXAMPLE = Path(__file__).parents[1] / "examples" / "wandb"
KINDS = ("losses", "scores", "diagnostics")


@pytest.fixture
def factory(monkeypatch):
    """What the example's own entry point stands for."""
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.syspath_prepend(EXAMPLE)
    offered = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]
    (entry,) = offered[GROUP].items()
    assert entry[0] == "wandb"
    return EntryPoint(*entry, GROUP).load()


BLOCK, HEADER, MAGIC = 32768, 7, 7
"""Bytes of a block of W&B's file, of the header of a record in it, and of the file's own."""

WHOLE, LAST = 1, 4
"""Kinds of records that end a message; those between begin it or go on with it."""


def payloads(data):
    """The messages in a file of W&B's: LevelDB's log format."""
    at, message = MAGIC, b""
    while at + HEADER <= len(data):
        if BLOCK - at % BLOCK < HEADER:  # padding
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        message += data[at + HEADER : at + HEADER + length]
        at += HEADER + length
        if kind in (WHOLE, LAST):
            yield message
            message = b""


def logged(folder):
    """Each value by its name and step, from the file that W&B would upload."""
    messages = import_module("wandb.proto.wandb_internal_pb2")
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    found = defaultdict(dict)
    for payload in payloads(path.read_bytes()):
        record = messages.Record()
        record.ParseFromString(payload)
        for item in record.history.item:
            name = item.key or item.nested_key[0]
            found[name][record.history.step.num] = json.loads(item.value_json)
    return found


def test_what_is_logged_offline_is_the_record(toy_suite, tmp_path, factory):
    run = plan_of(toy_suite)
    record = execute(run, tmp_path, ignore, [factory()])
    found = logged(run.folder(tmp_path))
    for kind in KINDS:
        for row in record[kind]:
            for name, value in row.items():
                if name != "step" and value is not None:
                    assert found[f"{kind}/{name}"][row["step"]] == value
