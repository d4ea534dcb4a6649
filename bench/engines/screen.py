"""Shows how runs go: live bars on a terminal, plain lines elsewhere."""

import time
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from bench.config.run import Run
from bench.engines.base import Listener
from bench.runs.progress import Progress
from bench.runs.records import Record

PLAIN_INTERVAL = 10.0
"""Seconds between two plain lines about one run."""

ELSEWHERE = "under way elsewhere; waiting for its result"
STOPPED = "stopped, its result is no longer wanted"


class Screen(Listener, Protocol):
    """A listener that holds the screen while runs go on."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


def screen(console: Console, runs: int) -> Screen:
    """The listener that fits the console."""
    return LiveScreen(console, runs) if console.is_terminal else PlainScreen(console, runs)


class LiveScreen:
    """A bar for all runs, and one for each run under way with its loss, speed and time left."""

    def __init__(self, console: Console, runs: int) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}"),
            console=console,
            refresh_per_second=4,
        )
        self._all = self._bars.add_task("[bold]all runs", total=runs, detail="")
        self._tasks: dict[str, TaskID] = {}
        self._clocks: dict[str, _Clock] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.stop()

    def started(self, run: Run) -> None:
        """Adds the run's bar."""
        self._tasks[run.id] = self._bars.add_task(run.label, total=None, detail="starting")
        self._clocks[run.id] = _Clock()

    def begun(self, run: Run, word: str) -> None:
        """Says where the run begins; its bar stays."""
        self._bars.console.print(f"{run.label}: {word}", markup=False, highlight=False)

    def elsewhere(self, run: Run) -> None:
        """Says that another command is at the run."""
        self._line(run, ELSEWHERE)

    def retrying(self, run: Run, reason: str) -> None:
        """Says why an attempt failed."""
        self._line(run, f"trying again: {reason}")

    def stopped(self, run: Run) -> None:
        """Counts the run as settled."""
        self._line(run, STOPPED)
        self._bars.advance(self._all)

    def progressed(self, run: Run, progress: Progress) -> None:
        """Moves the run's bar."""
        detail = _detail(progress, self._clocks[run.id])
        self._bars.update(
            self._tasks[run.id], completed=progress.step, total=progress.steps, detail=detail
        )

    def finished(self, run: Run, record: Record) -> None:
        """Replaces the run's bar by a line."""
        self._line(run, _outcome(record))
        self._bars.advance(self._all)

    def _line(self, run: Run, text: str) -> None:
        """A line in place of the run's bar, if it has one."""
        if run.id in self._tasks:
            self._bars.remove_task(self._tasks.pop(run.id))
        self._bars.console.print(f"{run.label}: {text}", markup=False, highlight=False)


class PlainScreen:
    """A line when a run starts, one every few seconds while it goes on, and one when it ends."""

    def __init__(self, console: Console, runs: int) -> None:
        self._console, self._runs, self._done = console, runs, 0
        self._clocks: dict[str, _Clock] = {}
        self._next: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def started(self, run: Run) -> None:
        """Says that the run starts."""
        self._clocks[run.id] = _Clock()
        self._next[run.id] = time.monotonic() + PLAIN_INTERVAL
        self._print(f"{run.label}: starting")

    def begun(self, run: Run, word: str) -> None:
        """Says where the run begins."""
        self._print(f"{run.label}: {word}")

    def elsewhere(self, run: Run) -> None:
        """Says that another command is at the run."""
        self._print(f"{run.label}: {ELSEWHERE}")

    def retrying(self, run: Run, reason: str) -> None:
        """Says why an attempt failed."""
        self._print(f"{run.label}: trying again: {reason}")

    def stopped(self, run: Run) -> None:
        """Counts the run as settled."""
        self._done += 1
        self._print(f"[{self._done}/{self._runs}] {run.label}: {STOPPED}")

    def progressed(self, run: Run, progress: Progress) -> None:
        """Says how far the run is, if it has been silent for a while."""
        detail = _detail(progress, self._clocks[run.id])
        if time.monotonic() >= self._next[run.id]:
            self._next[run.id] = time.monotonic() + PLAIN_INTERVAL
            self._print(f"{run.label}: step {progress.step}/{progress.steps}, {detail}")

    def finished(self, run: Run, record: Record) -> None:
        """Says how the run ended."""
        self._done += 1
        self._print(f"[{self._done}/{self._runs}] {run.label}: {_outcome(record)}")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Clock:
    """Tells the time left from the pace since the first news, so that a resumed run fits too."""

    def __init__(self) -> None:
        self._time = time.monotonic()
        self._step = 0

    def left(self, progress: Progress) -> str:
        if not self._step:
            self._time, self._step = time.monotonic(), progress.step
            return ""
        done = max(1, progress.step - self._step)
        seconds = (time.monotonic() - self._time) / done * (progress.steps - progress.step)
        return f"{seconds // 60:.0f}:{seconds % 60:02.0f} left"


def _detail(progress: Progress, clock: _Clock) -> str:
    loss = "" if progress.loss is None else f"loss {progress.loss:.3f}"
    pace = progress.images_per_second
    speed = "" if pace is None else f"{pace:,.0f} images/s"
    parts = (loss, speed, clock.left(progress))
    return ", ".join(part for part in parts if part)


def _outcome(record: Record) -> str:
    """One line on how a run ended: its status, its last score, its cost."""
    parts: list[str] = [record["status"]]
    protocol, cost = record.get("protocol"), record.get("cost")
    if protocol and record["scores"]:
        headline = protocol["headline"]
        value = record["scores"][-1].get(headline)
        if value is not None:
            parts.append(f"{protocol['metrics'][headline]['label']} {value:.3g}")
    if cost and cost.get("seconds") is not None:
        parts.append(f"{cost['seconds']:.1f} s of training")
    if record["reason"]:
        parts.append(record["reason"])
    return ", ".join(parts)
