"""Runs as Ray tasks of a cluster, or of a Ray on this machine alone."""

import os
import platform
import secrets
import socket
import time
import traceback
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bench.config.run import Run
from bench.engines.base import Engine
from bench.engines.choose import Where
from bench.engines.worker import work
from bench.errors import UsageError
from bench.runs.lock import held
from bench.runs.provenance import provenance
from ganbench.pinned import call

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

GRACE = 30.0
"""Seconds within which jobs that were cancelled let go of their runs."""

CONNECT = 10.0
"""Seconds within which a cluster answers."""

ATTEMPT, FIT = "bench.engines.on_ray:attempt", "bench.engines.on_ray:require_fit"
"""What a worker calls; see ``ganbench.pinned.call``."""

SOFTWARE = ("ganbench", "commit", "python", "torch", "torchvision", "torch-fidelity", "numpy")
"""What has to be the same on every machine, for results to be those of one experiment."""


def make(where: Where, out: Path) -> Engine:
    """The engine that the command line asks for.

    Raises:
        UsageError: where Ray is not installed, the cluster does not answer, or one of its machines
            has other software or does not see the runs folder.
    """
    ray = _ray(where)
    _require_answer(_address(where))
    try:
        ray.init(**_connection(where), log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise UsageError(f"--engine ray: {_reason(error)}") from error
    engine = RayEngine(ray, where.jobs or float("inf"), where.runs_per_gpu, where.callbacks)
    try:
        engine.inspect(out)
    except BaseException:
        engine.close()
        raise
    return engine


def places(where: Where) -> float:
    """See ``bench.engines.choose.places``."""
    _ray(where)
    address = _address(where)
    _require_answer(address)
    return where.jobs or (os.cpu_count() or 1 if address == "local" else float("inf"))


def _ray(where: Where) -> Any:
    """The package, told to stay within this machine where no cluster is named."""
    if _address(where) == "local":
        # Ray's only switch that makes all its servers listen at 127.0.0.1, and not to the world.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        import ray
    except ImportError as error:
        raise UsageError("--engine ray needs Ray: pip install 'ganbench[ray]'") from error
    return ray


def _address(where: Where) -> str:
    return where.address or os.environ.get("RAY_ADDRESS") or "local"


def _require_answer(address: str) -> None:
    """Knocks at HOST:PORT, since Ray itself would knock for minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        return  # "local", say
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT).close()
    except OSError as error:
        raise UsageError(f"--address {address}: no Ray cluster answers there: {error}") from error


def _connection(where: Where) -> dict[str, Any]:
    address = _address(where)
    if address != "local":
        return {"address": address}
    return {
        "address": address,
        "num_cpus": where.jobs,
        "include_dashboard": False,
        "object_store_memory": 100 * 2**20,  # bytes; no object is ever stored
    }


class RayJob:
    """A run in Ray's queue, or under way."""

    def __init__(self, reference: Any, folder: Path) -> None:
        self.reference, self.folder = reference, folder
        self.outcome: str | None = None

    def ended(self) -> str | None:
        """See ``Job``."""
        return self.outcome


class RayEngine:
    """Leaves it to Ray where and when a run executes: on one CPU, or on a GPU's share.

    Each run has a process of its own. What Ray would repeat by itself, the driver repeats, which
    counts attempts alike on every engine: of a task that is out of memory Ray would never tire.

    Args:
        ray: the package, connected.
        slots: jobs that it takes at a time; Ray has a queue.
        runs_per_gpu: runs side by side on one GPU, where the cluster has any.
        callbacks: the names of those that listen.
    """

    starter = "Ray to start a run"

    def __init__(self, ray: Any, slots: float, runs_per_gpu: int, callbacks: Sequence[str]) -> None:
        self._ray, self.slots, self._callbacks = ray, slots, callbacks
        gpus = ray.cluster_resources().get("GPU", 0)
        self._attempt = ray.remote(
            num_cpus=1, num_gpus=1 / runs_per_gpu if gpus else 0, max_calls=1, max_retries=0
        )(call)
        self._token: Path | None = None

    def inspect(self, out: Path) -> None:
        """Asks every machine with work to give whether it can do our runs.

        Raises:
            UsageError: names the machine, and what is wrong there.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._token = out.absolute() / f".ganbench-{secrets.token_hex(8)}"
        self._token.touch()
        look = self._ray.remote(num_cpus=0, max_retries=0)(call)
        looks = [
            look.options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            ).remote(FIT, self._token, software())
            for node in self._ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU")
        ]
        try:
            self._ray.get(looks)
        except self._ray.exceptions.RayError as error:
            raise UsageError(f"--engine ray: {getattr(error, 'cause', _reason(error))}") from error

    def start(self, runs: Sequence[Run], out: Path) -> list[RayJob]:
        """See ``Engine``."""
        queue = partial(self._attempt.remote, ATTEMPT, token=self._token, expected=software())
        place = out.absolute()
        return [RayJob(queue(run, place, self._callbacks), run.folder(out)) for run in runs]

    def wait(self, jobs: Collection[RayJob], seconds: float) -> None:
        """See ``Engine``."""
        if not jobs:
            time.sleep(seconds)
            return
        waiting = {job.reference: job for job in jobs if job.outcome is None}
        references = list(waiting)
        if self._ray.wait(references, timeout=seconds)[0]:
            over, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
            for reference in over:
                waiting[reference].outcome = self._outcome(reference)

    def _outcome(self, reference: Any) -> str:
        try:
            self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            return _reason(error)
        return ""

    def stop(self, jobs: Collection[RayJob]) -> None:
        """See ``Engine``."""
        for job in jobs:
            self._ray.cancel(job.reference, force=True)
        latest = time.monotonic() + GRACE
        while any(held(job.folder) for job in jobs) and time.monotonic() < latest:
            time.sleep(0.1)

    def close(self) -> None:
        """See ``Engine``."""
        self._ray.shutdown()
        if self._token:
            self._token.unlink(missing_ok=True)


def software() -> dict[str, Any]:
    """The versions here that decide a result."""
    versions = provenance(torch.device("cpu"))
    return {name: versions[name] for name in SOFTWARE}


def require_fit(token: Path, expected: dict[str, Any]) -> None:
    """Checks that this machine can do the driver's runs.

    Raises:
        UsageError: where it does not see the token that the driver has left in the runs folder,
            or has other software.
    """
    here, place = software(), platform.node()
    if not token.exists():
        raise UsageError(
            f"{place} does not see the runs folder {token.parent}; give an --out that all "
            "machines share, under the same path"
        )
    for name, version in expected.items():
        if here[name] != version:
            raise UsageError(
                f"{place} has {name} {here[name]}, but the command was given with {version}; "
                "install the same on all machines"
            )


def attempt(
    run: Run, out: Path, callbacks: Sequence[str], *, token: Path, expected: dict[str, Any]
) -> None:
    """What a Ray worker does; its machine may have joined after the others were asked."""
    require_fit(token, expected)
    work(run, out, callbacks)


def _reason(error: Exception) -> str:
    """One line: the exception that a Ray task ended with, or the first of Ray's explanation."""
    cause = getattr(error, "cause", None)
    if cause is not None:
        return traceback.format_exception_only(cause)[-1].strip()
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
