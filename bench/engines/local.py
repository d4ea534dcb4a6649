"""Runs as processes of this machine, one thread each and side by side."""

import logging
import multiprocessing
import os
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import torch

from bench import records
from bench.config.run import Run
from bench.engines.base import Listener
from bench.training.execute import RECORD, execute, failed
from bench.training.trainer import Progress

LOG = "log.txt"


def default_jobs() -> int:
    """As many runs at a time as there are GPUs, or processors this process may use."""
    if torch.cuda.is_available():
        return torch.cuda.device_count()
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalEngine:
    """Executes each run in a process of its own, so that a run that dies takes no other along.

    Processes are forked from a server that has imported torch, and all that the runs' configs
    import, once. Each is given one thread: on shared cores several threads a run wait for each
    other.

    Args:
        jobs: runs at a time; by default one a GPU, or one a processor where there is none.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self.jobs = jobs or default_jobs()

    def execute(self, runs: Sequence[Run], out: Path, listener: Listener) -> None:
        """Executes all runs, and stops the ones under way if it is itself interrupted."""
        os.environ["OMP_NUM_THREADS"] = "1"  # read by the server when it imports torch
        context = multiprocessing.get_context("forkserver")
        modules = {module for run in runs for module in run.modules}
        context.set_forkserver_preload(["bench.training.execute", *sorted(modules)])
        waiting = list(reversed(runs))
        active: dict[Connection, tuple[Run, ForkServerProcess]] = {}
        try:
            while waiting or active:
                while waiting and len(active) < self.jobs:
                    run = waiting.pop()
                    receiver, sender = context.Pipe(duplex=False)
                    slot = _free_slot({process.name for _, process in active.values()}, self.jobs)
                    process = context.Process(
                        target=_work, args=(run, out, int(slot), sender), name=slot, daemon=True
                    )
                    process.start()
                    sender.close()
                    active[receiver] = (run, process)
                    listener.started(run)
                ready = wait(list(active))
                for receiver in [receiver for receiver in active if receiver in ready]:
                    run, process = active[receiver]
                    try:
                        listener.progressed(run, receiver.recv())
                    except EOFError:
                        del active[receiver]
                        process.join()
                        listener.finished(run, _result(run, out, process.exitcode))
        finally:
            for _, process in active.values():
                process.terminate()
            for _, process in active.values():
                process.join()


def _free_slot(taken: set[str], jobs: int) -> str:
    return next(str(slot) for slot in range(jobs) if str(slot) not in taken)


def _work(run: Run, out: Path, slot: int, sender: Connection) -> None:
    """A worker's life: one run, its output in the run's log."""
    folder = run.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    output = (folder / LOG).open("a", buffering=1, encoding="utf-8")
    os.dup2(output.fileno(), sys.stdout.fileno())
    os.dup2(output.fileno(), sys.stderr.fileno())
    logging.basicConfig(stream=output, level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    if torch.cuda.is_available():
        torch.cuda.set_device(slot % torch.cuda.device_count())

    def tell(progress: Progress) -> None:
        sender.send(progress)

    execute(run, out, tell)
    sender.close()


def _result(run: Run, out: Path, exitcode: int | None) -> records.Record:
    """The record a worker left, or one that says how it died."""
    path = run.folder(out) / RECORD
    if exitcode == 0 and path.exists():
        return records.read(path)
    record = failed(run, f"the worker died with exit code {exitcode}")
    records.write(path, record)
    return record
