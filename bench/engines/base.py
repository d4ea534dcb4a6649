"""What an engine is, and whom the driver tells what happens."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from bench.config.run import Run
from bench.runs.progress import Progress
from bench.runs.records import Record


class Job(Protocol):
    """One attempt at a run, waiting or under way somewhere."""

    def ended(self) -> str | None:
        """None while it waits or works, then how its worker ended: "" where all went well."""


JobT = TypeVar("JobT", bound=Job)


class Engine(Protocol[JobT]):
    """Places to execute ``bench.engines.worker.work``, on this machine or on many.

    Attributes:
        slots: jobs that it takes at a time. An engine with a queue of its own takes any number.
        starter: what a run waits for until it begins, in words.
    """

    slots: float
    starter: str

    def start(self, runs: Sequence[Run], out: Path) -> list[JobT]:
        """Begins, or queues, one attempt at each run; ``out`` is a folder that all places see."""

    def wait(self, jobs: Collection[JobT], seconds: float) -> None:
        """Returns when one of the jobs has ended, or after so many seconds."""

    def stop(self, jobs: Collection[JobT]) -> None:
        """Ends jobs at once, and returns when they are over."""

    def close(self) -> None:
        """Gives back what the engine holds."""


class Listener(Protocol):
    """Whom the driver tells what happens to runs; a screen, say."""

    def started(self, run: Run) -> None:
        """A worker has begun, or begun again."""

    def begun(self, run: Run, word: str) -> None:
        """There is a word on where a run that has started begins: at a shorter one's end, say."""

    def progressed(self, run: Run, progress: Progress) -> None:
        """A run under way has news."""

    def elsewhere(self, run: Run) -> None:
        """Another command is at this run; its result will be waited for."""

    def retrying(self, run: Run, reason: str) -> None:
        """An attempt failed, and another will be made."""

    def stopped(self, run: Run) -> None:
        """A run was ended because its result is no longer wanted."""

    def finished(self, run: Run, record: Record) -> None:
        """A run has left its record, or has failed for good."""
