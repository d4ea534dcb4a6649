"""The folder of a run: its files' names, whether it holds a result, and what a failure leaves."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import torch

from bench.config.run import Run
from bench.errors import UsageError
from bench.runs import records
from bench.runs.provenance import provenance
from bench.runs.records import RECORD, Record

CONFIG = "config.gin"
OPERATIVE = "operative.gin"
CHECKPOINT = "checkpoint.safetensors"
LOG = "log.txt"


def owner(key: str, seed: int) -> str:
    """Whose a checkpoint is: the run's of this key and seed."""
    return f"{key} {seed}"


def failed(run: Run, reason: str) -> Record:
    """The record of a run that has no result."""
    now = records.now()
    return records.check(
        {
            "schema": records.SCHEMA,
            **run.description(),
            "status": "failed",
            "reason": reason,
            "step": 0,
            "scores": [],
            "diagnostics": [],
            "losses": [],
            "provenance": provenance(torch.device("cpu")) | {"started": now, "finished": now},
        }
    )


def note(folder: Path, line: str) -> None:
    """Adds a line to the log of the run in ``folder``, for a worker that cannot; if it can be."""
    with suppress(OSError), (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {line}\n")


def done(run: Run, out: Path) -> bool:
    """Whether a run has a result in its folder: any record of it but that of a failure.

    Raises:
        UsageError: where what lies there is no record, or that of another run.
    """
    path = run.folder(out) / RECORD
    if not path.exists():
        return False
    key, status = records.ending(path)
    if key != run.key:
        raise UsageError(f"{path} is the record of another run; move it elsewhere")
    return status != "failed"
