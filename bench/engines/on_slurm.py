"""Runs as job arrays of SLURM, which submitit writes, submits and requeues."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

from bench.config.run import Run
from bench.engines.base import Engine
from bench.engines.choose import Where
from bench.engines.worker import work
from bench.errors import UsageError, nearest
from ganbench.pinned import call

try:
    import submitit
    from submitit.helpers import Checkpointable
except ImportError as error:
    raise UsageError("--engine slurm needs submitit: pip install 'ganbench[slurm]'") from error

FOLDER = ".slurm"
"""Where in the runs folder submitit keeps its files; they go when all jobs have ended well."""

MINUTES = 60
"""Of a job, unless told otherwise; a run that takes longer is requeued, and goes on."""

REQUEUES = 1000
"""How often a job may run out of its time; one without news is the driver's to end."""

LISTS = ("setup", "teardown", "srun_args")
"""Parameters that take a list, and can hence be given more than once."""

ARRAY = 1000
"""Jobs in an array: as many as SLURM allows, unless its MaxArraySize was set."""

PATIENCE = 60.0
"""Seconds within which jobs that were cancelled are over; SLURM kills them after 30."""


def make(where: Where, out: Path) -> Engine:
    """The engine that the command line asks for.

    Raises:
        UsageError: where SLURM is not installed, or a parameter is none of its.
    """
    cluster, parameters = _asked(where)
    parent = out.absolute() / FOLDER
    parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=time.strftime("%Y-%m-%d-%H%M%S-"), dir=parent))
    try:
        executor = _executor(folder, cluster, parameters, where.jobs)
    except UsageError:
        _remove(folder)
        raise
    return SlurmEngine(executor, folder, QUEUES[cluster](where.jobs), where.callbacks)


def places(where: Where) -> float:
    """See ``bench.engines.choose.places``."""
    cluster, _ = _asked(where)
    return where.jobs or QUEUES[cluster](None).slots


def _asked(where: Where) -> tuple[str, dict[str, Any]]:
    """The cluster and the parameters of its jobs, checked by name."""
    if where.runs_per_gpu != 1:
        raise UsageError(
            f"--runs_per_gpu {where.runs_per_gpu}: it is SLURM that divides its GPUs; "
            "ask it for a part of one, such as --slurm gres=shard:1"
        )
    parameters = _parameters(where.slurm)
    cluster = str(parameters.pop("cluster", "slurm"))
    if cluster not in QUEUES:
        raise UsageError(f"--slurm cluster={cluster}: {nearest(cluster, QUEUES)}")
    return cluster, parameters


def _parameters(words: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE, checked by name."""
    valid = {*submitit.SlurmExecutor._valid_parameters(), "cluster"}
    parameters: dict[str, Any] = {}
    for word in words:
        key, _, value = word.partition("=")
        if not key or not value:
            raise UsageError(f"--slurm {word}: it must be KEY=VALUE, such as partition=gpu")
        if key not in valid:
            raise UsageError(
                f"--slurm {word}: there is no parameter {key!r}; {nearest(key, valid)}"
            )
        if key in LISTS:
            parameters.setdefault(key, []).append(value)
        else:
            parameters[key] = int(value) if value.isdecimal() else {"true": True}.get(value, value)
    return parameters


def _executor(
    folder: Path, cluster: str, parameters: dict[str, Any], jobs: int | None
) -> submitit.AutoExecutor:
    minutes = parameters.pop("time", MINUTES)
    if not isinstance(minutes, int):
        raise UsageError(f"--slurm time={minutes}: it must be a whole number of minutes")
    mine = {"job_name": "ganbench", "cpus_per_task": 1} | (
        {"array_parallelism": jobs} if jobs else {}
    )
    try:
        requeues = {f"{cluster}_max_num_timeout": REQUEUES}
        executor = submitit.AutoExecutor(folder, cluster=cluster, **requeues)
        executor.update_parameters(
            timeout_min=minutes,
            **{f"slurm_{key}": value for key, value in (mine | parameters).items()},
        )
    except (AssertionError, RuntimeError, TypeError, ValueError) as error:
        raise UsageError(f"--engine slurm: {str(error).splitlines()[0]}") from error
    return executor


class Queue(Protocol):
    """What submitit hides of a cluster, or asks it for too often or too seldom.

    Attributes:
        slots: jobs that it takes at a time.
        interval: seconds between two looks at it, which others share.
        lag: seconds until all machines see what a job has written at its end.
    """

    slots: float
    interval: float
    lag: float

    def present(self, jobs: Collection[submitit.Job[None]]) -> set[str] | None:
        """The ids of jobs that wait or run, those of others maybe among them; None: not known."""

    def cancel(self, jobs: Collection[submitit.Job[None]]) -> None:
        """Ends jobs, and does not wait for it."""


class SlurmQueue:
    """A cluster's queue, for whose accounting data base, if it has any, there is no need."""

    interval, lag = 10.0, 30.0

    def __init__(self, jobs: int | None) -> None:
        self.slots = float("inf")  # an array has its own limit

    def present(self, jobs: Collection[submitit.Job[None]]) -> set[str] | None:
        """See ``Queue``."""
        command = ["squeue", "--me", "--noheader", "--array", "--format=%i"]
        answer = subprocess.run(command, capture_output=True, text=True)
        return None if answer.returncode else set(answer.stdout.split())

    def cancel(self, jobs: Collection[submitit.Job[None]]) -> None:
        """See ``Queue``."""
        # SIGINT ends a worker at once. Of scancel's own SIGTERM submitit only takes note, so that
        # SLURM would wait for half a minute and then kill. What waits must go first, or it starts.
        for which in (["--state=PENDING"], ["--state=RUNNING", "--signal=INT"], []):
            command = ["scancel", "--quiet", *which, *(job.job_id for job in jobs)]
            subprocess.run(command, capture_output=True)


class LocalQueue:
    """Submitit's processes on this machine, to try things out where there is no SLURM."""

    interval, lag = 0.0, 0.0

    def __init__(self, jobs: int | None) -> None:
        self.slots: float = jobs or os.cpu_count() or 1

    def present(self, jobs: Collection[submitit.Job[None]]) -> set[str] | None:
        """See ``Queue``."""
        return {job.job_id for job in jobs if not job.done()}

    def cancel(self, jobs: Collection[submitit.Job[None]]) -> None:
        """See ``Queue``."""
        for job in jobs:
            job.cancel(check=False)


QUEUES: dict[str, type[SlurmQueue] | type[LocalQueue]] = {
    "slurm": SlurmQueue,
    "local": LocalQueue,
}


class Worker(Checkpointable):
    """Does a run, and can be requeued: the run then goes on from its checkpoint.

    Submitit does so when SLURM warns that a job's time is over, or that another job goes first.
    """

    def __call__(self, run: Run, out: Path, callbacks: Sequence[str]) -> None:
        """See ``work``."""
        work(run, out, callbacks)

    def __reduce__(self) -> tuple[Any, ...]:
        """It is made anew where it is unpickled, by what imports ganbench first."""
        return call, ("bench.engines.on_slurm:Worker",)


class SlurmJob:
    """A job of SLURM's, waiting or under way."""

    def __init__(self, submitted: submitit.Job[None]) -> None:
        self.submitted = submitted
        self.missed: float | None = None  # since when it is neither in the queue nor has a result
        self.outcome: str | None = None

    def ended(self) -> str | None:
        """See ``Job``."""
        return self.outcome


class SlurmEngine:
    """Hands runs to SLURM as arrays of jobs, and sees from files what becomes of them.

    Args:
        executor: with its parameters.
        folder: in which the executor and its jobs write; of this engine alone.
        queue: of the cluster.
        callbacks: the names of those that listen.
    """

    starter = "SLURM to start a job"

    def __init__(
        self,
        executor: submitit.AutoExecutor,
        folder: Path,
        queue: Queue,
        callbacks: Sequence[str],
    ) -> None:
        self.slots = queue.slots
        self._executor, self._folder, self._queue = executor, folder, queue
        self._callbacks = callbacks
        self._looked = 0.0
        self._well = True

    def start(self, runs: Sequence[Run], out: Path) -> list[SlurmJob]:
        """See ``Engine``.

        Raises:
            UsageError: where SLURM refuses the jobs.
        """
        submitted: list[submitit.Job[None]] = []
        try:
            for first in range(0, len(runs), ARRAY):
                some = runs[first : first + ARRAY]
                alike = ([one] * len(some) for one in (out.absolute(), self._callbacks))
                submitted += self._executor.map_array(Worker(), some, *alike)
        except (RuntimeError, subprocess.SubprocessError) as error:
            self._queue.cancel(submitted)
            raise UsageError(f"--engine slurm: {_last_line(str(error))}") from error
        return [SlurmJob(one) for one in submitted]

    def wait(self, jobs: Collection[SlurmJob], seconds: float) -> None:
        """See ``Engine``."""
        time.sleep(seconds)
        files = set(os.listdir(self._folder))
        missing = []
        for job in jobs:
            if job.submitted.paths.result_pickle.name in files:
                job.outcome = _outcome(job.submitted)
            elif job.outcome is None:
                missing.append(job)
        if missing and time.monotonic() - self._looked >= self._queue.interval:
            self._look_for(missing)
            self._looked = time.monotonic()
        self._well &= not any(job.outcome for job in jobs)

    def _look_for(self, jobs: Collection[SlurmJob]) -> None:
        """Finds those that have left the queue, and no result."""
        present = self._queue.present([job.submitted for job in jobs])
        if present is None:
            return
        now = time.monotonic()
        for job in jobs:
            if job.submitted.job_id in present:
                job.missed = None  # if it was missed, it has been requeued
            elif job.missed is None:
                job.missed = now
            if job.missed is not None and now - job.missed >= self._queue.lag:
                job.outcome = f"its job ended early: {_last_words(job.submitted)}"

    def stop(self, jobs: Collection[SlurmJob]) -> None:
        """See ``Engine``."""
        submitted = [job.submitted for job in jobs]
        if not submitted:
            return
        self._queue.cancel(submitted)
        ids, latest = {job.job_id for job in submitted}, time.monotonic() + PATIENCE
        while ids & (self._queue.present(submitted) or set()) and time.monotonic() < latest:
            time.sleep(0.5)

    def close(self) -> None:
        """See ``Engine``."""
        if self._well:
            _remove(self._folder)


def _remove(folder: Path) -> None:
    """Removes an engine's folder, and the one around it where it was the last."""
    shutil.rmtree(folder, ignore_errors=True)
    if not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def _outcome(job: submitit.Job[None]) -> str:
    """How a job with a result ended."""
    return "" if job.exception() is None else _last_words(job)


def _last_words(job: submitit.Job[None]) -> str:
    """The last line that a job has printed of its trouble, and where the others are."""
    lines = [line for line in (job.stderr() or "").splitlines() if line.strip()]
    own = [line for line in lines if not line.startswith("srun:")] or lines
    if not own:
        return f"it left no word in {job.paths.stderr}; do its machines share that folder?"
    return f"{own[-1].strip()}; {job.paths.stderr}"


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1]
