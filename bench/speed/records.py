"""How long it takes to decide what is left, and to report, as the number of records grows."""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

import msgspec

from bench.identity import Identity
from bench.runs import records

METHODS, SETTINGS, SEEDS = 20, 10, 10
EVALUATIONS = 10
METRICS = ("fid", "is", "kid", "kl", "precision", "recall")
FINISHED = "2026-01-02T03:04:05+00:00"


@dataclass(frozen=True)
class Cost:
    """What one command cost on a folder of records.

    Attributes:
        seconds: of its process on a CPU, so that other work on the machine counts little.
        megabytes: of memory at its peak.
    """

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Measurement:
    """What each job costs with so many records.

    Attributes:
        count: how many there are.
        boards: in how many leaderboards.
        kilobytes: of one record, on average.
        decide: reading how each run ended, as ``ganbench run`` does to find what is left.
        first: ``ganbench report`` into an empty folder.
        again: the same with nothing new.
        one: adding one run to its leaderboard, as ``ganbench run`` does at its end.
    """

    count: int
    boards: int
    kilobytes: float
    decide: Cost
    first: Cost
    again: Cost
    one: Cost


def measure(count: int, listen: Callable[[str], None]) -> Measurement:
    """Makes so many records in a temporary folder, and times each job in a process of its own.

    Args:
        count: how many records.
        listen: told what is done next.
    """
    with tempfile.TemporaryDirectory(prefix="ganbench-speed-") as place:
        runs, boards = Path(place, "runs"), Path(place, "leaderboards")
        listen(f"{count:,} records: writing them")
        size = sum(write_records(runs, count))
        listen(f"{count:,} records: measuring")
        report = ("-m", "ganbench", "report", "--runs", str(runs), "--out", str(boards))
        return Measurement(
            count=count,
            decide=_python("-c", DECIDE, str(runs)),
            first=_python(*report),
            again=_python(*report),
            one=_python("-c", ADD, str(next(_files(runs))), str(boards)),
            boards=len(list(boards.glob("*/README.md"))),
            kilobytes=size / count / 1000,
        )


DECIDE = """
import sys
from pathlib import Path
import ganbench
from bench.runs import records
print(sum(records.ending(path)[1] != "failed" for path in records.find(Path(sys.argv[1]))))
"""

ADD = """
import sys
from pathlib import Path
import ganbench
from bench.report.build import update
update([Path(sys.argv[1])], Path(sys.argv[2]))
"""


LAUNCH = """
import json, os, subprocess, sys
process = subprocess.Popen([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([process.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
"""Starts a process from a small one: Linux counts the memory of the parent as the child's."""


def write_records(folder: Path, count: int) -> Iterator[int]:
    """Writes made-up records of several suites, in folders as runs have them; gives their sizes."""
    places = product(range(count), range(METHODS), range(SETTINGS), range(SEEDS))
    for one in islice(places, count):
        made = _record(*one)
        path = folder / made["id"] / "record.json"
        path.parent.mkdir(parents=True)
        yield path.write_bytes(msgspec.json.encode(made))


def _files(folder: Path) -> Iterator[Path]:
    return (Path(place, "record.json") for place, _, names in os.walk(folder) if names)


def _python(*arguments: str) -> Cost:
    """Runs Python and waits for it.

    Raises:
        CalledProcessError: where it fails.
    """
    command = [sys.executable, "-c", LAUNCH, *arguments]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    code, seconds, most = json.loads(told)
    if code:
        raise subprocess.CalledProcessError(code, arguments)
    return Cost(seconds, most / (1e6 if sys.platform == "darwin" else 1e3))  # bytes or kilobytes


def _record(suite: int, method: int, setting: int, seed: int) -> dict[str, Any]:
    """A record of about a real one's size, with scores that differ between methods and seeds."""
    rng = random.Random(f"{suite} {method} {setting} {seed}")
    failed = rng.random() < 0.05
    level = (10 + method) * (1 + setting / 5) * rng.lognormvariate(0, 0.2)
    steps = [100 * (i + 1) for i in range(EVALUATIONS)]
    name = {
        "suite": f"suite_{suite}",
        "method": f"method_{method}" if method else "vanilla",
        "setting": f"setting_{setting}",
    }
    protocol = {
        "headline": "fid",
        "metrics": {metric: {"label": metric, "better": "lower"} for metric in METRICS},
        "samples": 2000,
        "steps": steps[-1],
    }
    decided = {"Experiment.latent_dim": str(setting)}
    conditions = {f"Experiment.parameter_{i}": str(i) for i in range(25)} | decided
    identity = Identity.of(conditions, decided, {"Experiment.method": f"@{name['method']}()"})
    return {
        **name,
        "schema": records.SCHEMA,
        "id": "/".join([*name.values(), f"seed-{seed}-{identity.key[:12]}"]),
        "overrides": [],
        "dataset": "digits",
        "architecture": "dcgan",
        "remedies": [],
        "seed": seed,
        "key": identity.key,
        "conditions": dict(identity.conditions),
        "setting_bindings": dict(identity.setting),
        "method_bindings": dict(identity.method),
        "status": "collapsed" if failed else "completed",
        "reason": "its samples cover too few modes" if failed else None,
        "step": steps[-1],
        "protocol": protocol,
        "floors": dict.fromkeys(METRICS, 1.0),
        "scores": [
            {"step": step, "d_gradients": (3 + method % 3) * step, "seconds": step / 50}
            | {metric: level * (1 + 500 / step) * rng.random() for metric in METRICS}
            for step in steps
        ],
        "diagnostics": [
            {"step": step} | {f"diagnostic_{i}": rng.random() for i in range(7)} for step in steps
        ],
        "losses": [
            {"step": step / 2} | {f"loss_{i}": rng.random() for i in range(8)}
            for step in range(100, 2001, 100)
        ],
        "cost": {
            "g_steps": steps[-1],
            "d_gradients": (3 + method % 3) * steps[-1],
            "seconds": 20 * rng.lognormvariate(0, 0.1),
            "peak_memory_bytes": 5e8,
            "images_per_second": 3000.0,
        },
        "samples": {
            "kind": "points",
            "values": [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(20)],
        },
        "provenance": {"finished": FINISHED, "device": "cpu", "cpu": "x86_64", "threads": 1},
    }
