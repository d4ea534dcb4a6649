"""What a worker does, on whatever engine: one run, which is its own for as long as it lives."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from bench.callbacks.base import Callback
from bench.callbacks.choose import make
from bench.config.modules import importable
from bench.config.run import Run
from bench.errors import UsageError
from bench.runs import records
from bench.runs.folder import LOG, done
from bench.runs.lock import claimed
from bench.runs.progress import Pulse
from bench.runs.records import RECORD, Record
from bench.threads import one_thread
from bench.training.execute import execute

PATIENCE = 1.0
"""Seconds to ask for a run that another seems to have."""

log = logging.getLogger(__name__)


def work(run: Run, out: Path, callbacks: Sequence[str] = ()) -> None:
    """Executes a run that has no result yet and that no one else is at; else does nothing.

    Its output goes to the run's log, and so does whatever it raises. What comes of it stands in
    its folder, and only there.

    Args:
        run: what to do.
        out: the runs folder.
        callbacks: the names of those that listen.

    Raises:
        OSError: where nothing can be written to the run's folder.
    """
    folder = run.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    with _output_to(folder / LOG):
        try:
            torch.set_num_threads(1)
            _attempt(run, out, make(callbacks))
        except BaseException:  # an exit that a plug-in asks for, too
            log.exception("the attempt ended, and no record could be written")
            raise


def settle(run: Run, out: Path, callbacks: Sequence[Callback] = ()) -> Record:
    """Executes a run that has no result yet in the caller's own process, in one thread.

    Args:
        run: what to do.
        out: the runs folder.
        callbacks: that listen.

    Returns:
        Its record, of now or of before.

    Raises:
        UsageError: another process is at it.
    """
    folder = run.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    with one_thread():
        ours = _attempt(run, out, callbacks)
    if not ours:
        raise UsageError(f"{folder}: another process is at this run; wait for it, or end it")
    return records.read(folder / RECORD)


def _attempt(run: Run, out: Path, callbacks: Sequence[Callback]) -> bool:
    """Executes a run unless it has a result, if no one else is at it; else gives False."""
    importable(run.homes)
    folder = run.folder(out)
    with claimed(folder, PATIENCE) as ours:
        if ours and not done(run, out):
            (folder / RECORD).unlink(missing_ok=True)  # of an attempt that failed
            execute(run, out, Pulse(folder), callbacks)
        return ours


@contextmanager
def _output_to(path: Path) -> Iterator[None]:
    """Sends all that this process prints or logs, native code included, to the end of a file."""
    streams = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.flush()
    before = [os.dup(descriptor) for descriptor in (1, 2)]
    with path.open("a", buffering=1, encoding="utf-8") as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
        handler = logging.StreamHandler(output)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        try:
            yield
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
            for stream in streams:
                stream.flush()
            for descriptor, original in zip((1, 2), before, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
