"""Runs as processes of this machine, one thread each and side by side."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from types import ModuleType

import torch
from tqdm import tqdm

from bench.config.run import Run
from bench.engines.base import Engine
from bench.engines.choose import Where
from bench.engines.worker import work
from ganbench.pinned import call

LIVE = "bench.engines.local:live"
"""What a process calls; see ``ganbench.pinned.call``."""

SAFE_PATH = "PYTHONSAFEPATH"
"""Python's own variable: where it is set, the working directory is not on the path."""

GRACE = 5.0
"""Seconds that a process is given to end before it is killed."""


def make(where: Where, out: Path) -> Engine:
    """See ``bench.engines.choose.make``."""
    return LocalEngine(where.jobs, where.runs_per_gpu, where.callbacks)


def places(where: Where) -> float:
    """See ``bench.engines.choose.places``."""
    return _slots(where.jobs, where.runs_per_gpu, _gpus())


class LocalJob:
    """A process at its run."""

    def __init__(self, process: ForkServerProcess, slot: int) -> None:
        self.process, self.slot = process, slot

    def ended(self) -> str | None:
        """See ``Job``."""
        code = self.process.exitcode
        if code is None or code == 0:
            return None if code is None else ""
        if code == os.EX_IOERR:
            return "it could not write to its folder"
        if code > 0:
            return f"its process ended with exit code {code}"
        name = signal.Signals(-code).name
        hint = " (the machine may be out of memory)" if name == "SIGKILL" else ""
        return f"its process was killed by {name}{hint}"


class LocalEngine:
    """Executes each run in a process of its own, so that a run that dies takes no other along.

    Processes are forked from a server that has imported torch, and all that the runs' configs
    import, once. Each is given one thread: on shared cores several threads a run wait for each
    other. They end when the command that started them does, however it ends.

    Args:
        jobs: runs at a time; by default one a processor, or as many a GPU as asked for.
        runs_per_gpu: runs side by side on one GPU.
        callbacks: the names of those that listen.
    """

    starter = "a process to start"

    def __init__(
        self, jobs: int | None = None, runs_per_gpu: int = 1, callbacks: Sequence[str] = ()
    ) -> None:
        self._gpus = _gpus()
        self.slots: float = _slots(jobs, runs_per_gpu, self._gpus)
        self._callbacks = callbacks
        self._taken: set[int] = set()
        self._context: ForkServerContext | None = None

    def start(self, runs: Sequence[Run], out: Path) -> list[LocalJob]:
        """See ``Engine``."""
        self._context = self._context or forking(runs)
        return [self._start(self._context, run, out) for run in runs]

    def _start(self, context: ForkServerContext, run: Run, out: Path) -> LocalJob:
        slot = next(slot for slot in range(len(self._taken) + 1) if slot not in self._taken)
        self._taken.add(slot)
        gpu = slot % self._gpus if self._gpus else None
        arguments = (LIVE, run, out, self._callbacks, gpu)
        process = context.Process(target=call, args=arguments, daemon=True)
        with _no_script():
            process.start()
        return LocalJob(process, slot)

    def wait(self, jobs: Collection[LocalJob], seconds: float) -> None:
        """See ``Engine``."""
        if jobs:
            wait([job.process.sentinel for job in jobs], seconds)
        else:
            time.sleep(seconds)
        self._taken -= {job.slot for job in jobs if job.ended() is not None}

    def stop(self, jobs: Collection[LocalJob]) -> None:
        """See ``Engine``."""
        for job in jobs:
            job.process.terminate()
        for job in jobs:
            job.process.join(GRACE)
            job.process.kill()
            job.process.join()
        self._taken -= {job.slot for job in jobs}

    def close(self) -> None:
        """See ``Engine``; the driver has stopped all jobs, and nothing else is held."""


def forking(runs: Iterable[Run]) -> ForkServerContext:
    """Makes processes that begin with torch, and all that the runs' configs import, in place."""
    os.environ["OMP_NUM_THREADS"] = "1"  # read by the server when it imports torch
    context = multiprocessing.get_context("forkserver")
    modules = {module for run in runs for module in run.modules}
    context.set_forkserver_preload(["ganbench", "bench.engines.worker", *sorted(modules)])
    with _pythons_own_modules():
        ensure_running()
    return context


@contextmanager
def _pythons_own_modules() -> Iterator[None]:
    """Lets a server start where a user has a random.py, say, among his files.

    It looks for modules in the working directory before all others. Where one there has the name
    of one of Python's it must not, and imports what is the user's own once a run.
    """
    here = Path.cwd()
    files = {path.stem for path in here.glob("*.py")}
    packages = {path.parent.name for path in here.glob("*/__init__.py")}
    if not sys.stdlib_module_names & (files | packages):
        yield
        return
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


def _slots(jobs: int | None, runs_per_gpu: int, gpus: int) -> int:
    return jobs or gpus * runs_per_gpu or _processors()


def _gpus() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


@contextmanager
def _no_script() -> Iterator[None]:
    """Keeps multiprocessing from running the caller's script again in the process that it starts.

    A run needs nothing of it, and a script may well ask for runs without asking whether it is
    the main module.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def live(run: Run, out: Path, callbacks: Sequence[str], gpu: int | None) -> None:
    """A process's life: it works, and ends with its parent, who alone hears Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    tqdm.set_lock(threading.RLock())  # of its own it has a semaphore, which the killed leave behind
    if gpu is not None:
        torch.cuda.set_device(gpu)
    try:
        work(run, out, callbacks)
    except OSError:  # the log says more, if there was room for it
        sys.exit(os.EX_IOERR)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # at any instant: files are written whole or not at all
