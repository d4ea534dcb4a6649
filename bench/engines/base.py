"""What every engine does with runs, and whom it tells."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bench.config.run import Run
from bench.records import Record
from bench.training.trainer import Progress


class Listener(Protocol):
    """Whom an engine tells what happens; a screen, say."""

    def started(self, run: Run) -> None:
        """A run begins."""

    def progressed(self, run: Run, progress: Progress) -> None:
        """A run read its losses."""

    def finished(self, run: Run, record: Record) -> None:
        """A run left its record."""


class Engine(Protocol):
    """Executes runs, each in its folder under ``out``, where each leaves a record."""

    def execute(self, runs: Sequence[Run], out: Path, listener: Listener) -> None:
        """Executes all runs; one that fails does not stop the others."""
