"""Brings runs to their results, on any engine, together with whoever else is at the same folder.

What a folder holds is the only truth: who works on a run (a lock), how far it is (progress.json),
and what came of it (record.json). Hence any number of drivers divide the work between them.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.config.run import Run
from bench.engines.base import Engine, Job, Listener
from bench.errors import Unwritable
from bench.runs import records
from bench.runs.folder import done, failed, note
from bench.runs.lock import held
from bench.runs.progress import Ear, Progress
from bench.runs.records import RECORD

POLL = 0.3
"""Seconds between two looks at the runs under way."""

PATIENCE = 2.0
"""Seconds between two looks at the runs that others are at."""


@dataclass(frozen=True)
class Limits:
    """How much trouble a run may make.

    Attributes:
        retries: attempts after the first; each goes on from the last checkpoint.
        silence: seconds without news after which a run counts as hung, and is killed.
    """

    retries: int = 1
    silence: float = 3600.0


def always(run: Run, progress: Progress) -> bool:
    """Wants every run to its end."""
    return True


def drive(
    engine: Engine[Any],
    runs: Sequence[Run],
    out: Path,
    listener: Listener,
    limits: Limits | None = None,
    keep: Callable[[Run, Progress], bool] = always,
) -> None:
    """Returns when every run has a record, its own or one that says how it failed.

    Args:
        engine: finds the places; it is closed at the end.
        runs: what to do. Those that have a result meanwhile are not done again.
        out: the runs folder, which all machines of the engine see under this path.
        listener: told of all that happens, from this thread.
        limits: how much trouble a run may make.
        keep: asked at news of a run whether its result is still wanted. A run that is not is
            ended; it leaves its checkpoint, and no record.

    Raises:
        Unwritable: when not even a failure can be recorded.
    """
    driver = _Driver(engine, out, listener, limits or Limits(), keep, deque(runs))
    try:
        driver.run()
    finally:
        engine.stop([attempt.job for attempt in driver.active])
        engine.close()


@dataclass
class _Attempt:
    run: Run
    job: Job
    ear: Ear
    heard: float | None = None  # when it last gave a sign of life


@dataclass
class _Driver:
    engine: Engine[Any]
    out: Path
    listener: Listener
    limits: Limits
    keep: Callable[[Run, Progress], bool]
    waiting: deque[Run]
    active: list[_Attempt] = field(default_factory=list)
    others: list[Run] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    looked: float = 0.0

    def run(self) -> None:
        while self.waiting or self.active or self.others:
            self._start()
            self.engine.wait([attempt.job for attempt in self.active], POLL)
            for attempt in list(self.active):
                self._look(attempt)
            if time.monotonic() - self.looked > PATIENCE:
                self._look_at_others()

    def _start(self) -> None:
        """Begins as many runs as there are places for, none that another is at."""
        batch: list[Run] = []
        while self.waiting and len(self.active) + len(batch) < self.engine.slots:
            run = self.waiting.popleft()
            if held(run.folder(self.out)):
                self._leave_to_others(run)
            else:
                batch.append(run)
        ears = [Ear(run.folder(self.out)) for run in batch]
        jobs = self.engine.start(batch, self.out) if batch else []
        self.active += map(_Attempt, batch, jobs, ears)

    def _look(self, attempt: _Attempt) -> None:
        """Passes on an attempt's news, and settles it where it is over."""
        ended = attempt.job.ended()  # before its news, of which there may be more until it ends
        progress = attempt.ear.listen()
        if progress is not None:
            self._pass_on(attempt, progress)
            if ended is None and not self.keep(attempt.run, progress):
                self._stop(attempt)
                self.listener.stopped(attempt.run)
                return
        if ended is not None:
            self.active.remove(attempt)
            self._settle(attempt, ended)
        elif self._silent(attempt):
            self._stop(attempt)
            self._fail(attempt.run, f"no sign of life for {self.limits.silence:g} s: it was killed")

    def _pass_on(self, attempt: _Attempt, progress: Progress) -> None:
        if attempt.heard is None:
            self.listener.started(attempt.run)
            if progress.word:
                self.listener.begun(attempt.run, progress.word)
        attempt.heard = time.monotonic()
        self.listener.progressed(attempt.run, progress)

    def _silent(self, attempt: _Attempt) -> bool:
        """Whether a worker hangs; a run without one was requeued, and waits for a place."""
        heard, folder = attempt.heard, attempt.run.folder(self.out)
        if heard is None or time.monotonic() - heard <= self.limits.silence:
            return False
        return held(folder) or (folder / RECORD).exists()

    def _stop(self, attempt: _Attempt) -> None:
        self.engine.stop([attempt.job])
        self.active.remove(attempt)

    def _settle(self, attempt: _Attempt, ended: str) -> None:
        """Decides what an attempt that is over has come to."""
        run, folder = attempt.run, attempt.run.folder(self.out)
        if held(folder):
            self._leave_to_others(run)
        elif done(run, self.out):
            self.listener.finished(run, records.read(folder / RECORD))
        elif (folder / RECORD).exists():
            self._fail(run, str(records.read(folder / RECORD)["reason"]))
        else:
            self._fail(run, ended or "its worker left no record")

    def _fail(self, run: Run, reason: str) -> None:
        """Tries a run again, or records that it failed; its log says why in any case."""
        record, path = failed(run, reason), run.folder(self.out) / RECORD
        if not path.exists():  # its worker has not said it
            note(path.parent, f"this attempt failed: {reason}")
        self.failures[run.id] += 1
        if self.failures[run.id] <= self.limits.retries:
            self.listener.retrying(run, reason)
            self.waiting.append(run)
            return
        try:
            if not path.exists():
                records.write(path, record)
        except OSError as error:
            raise Unwritable(f"{path} cannot be written: {error.strerror}") from error
        self.listener.finished(run, record)

    def _leave_to_others(self, run: Run) -> None:
        self.others.append(run)
        self.listener.elsewhere(run)

    def _look_at_others(self) -> None:
        """Collects what others have done, and takes over what they have left."""
        self.looked = time.monotonic()
        for run in list(self.others):
            folder = run.folder(self.out)
            if held(folder):
                continue
            self.others.remove(run)
            if (folder / RECORD).exists():
                self.listener.finished(run, records.read(folder / RECORD))
            else:
                self.waiting.append(run)
