"""Shows how runs go: live bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from bench.config.run import Run
from bench.engines.base import Listener
from bench.engines.whole import ALL, Rest, Whole
from bench.runs.progress import Progress
from bench.runs.records import Record
from bench.waiting import say, waiting
from bench.wording import clock

PLAIN_INTERVAL = 10.0
"""Seconds between two plain lines about one run."""

ELSEWHERE = "under way elsewhere; waiting for its result"
STOPPED = "stopped, its result is no longer wanted"

BAR, COUNT, GAPS = 8, 13, 3
"""Characters of a run's bar, of its steps, and of the gaps."""

NAME = 0.6
"""Of the rest, the share of a run's name; the others are for its news."""

SHORTEST, LONGEST, WORDS = 4, 24, 70
"""Characters of the bar of all runs, and of all that stands beside it."""


class Screen(Listener, Protocol):
    """A listener that holds the screen for as long as a command has runs."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def expect(self, runs: Sequence[Run], starter: str, rest: Rest = ALL) -> None:
        """These runs come next.

        Args:
            runs: none of them begun.
            starter: what they wait for until the first begins.
            rest: what they are part of.
        """

    def say(self, line: str) -> None:
        """Prints a line as it is."""


def screen(console: Console) -> Screen:
    """The screen that fits the console."""
    return LiveScreen(console) if console.is_terminal else PlainScreen(console)


class LiveScreen:
    """A bar for all runs, and one for each run under way with its loss, speed and time left.

    The two have columns of their own, so that a run's long name takes no room from the whole.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._whole = Whole()
        self._total = Bars(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=min(LONGEST, max(SHORTEST, console.width - WORDS))),
            MofNCompleteColumn(),
            _WholeColumn(self._whole),
            console=console,
        )
        self._all = self._total.add_task(ALL.title, total=None)
        room = max(2 * BAR, console.width - BAR - COUNT - GAPS)
        name = round(NAME * room)
        self._bars = Bars(
            _shortened("description", name),
            BarColumn(bar_width=BAR),
            MofNCompleteColumn(),
            _shortened("fields[detail]", room - name),
            console=console,
        )
        self._live = Live(Group(self._total, self._bars), console=console)
        self._tasks: dict[str, TaskID] = {}
        self._clocks: dict[str, _Clock] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def expect(self, runs: Sequence[Run], starter: str, rest: Rest = ALL) -> None:
        """Shows the bar of all runs, from now on."""
        self._whole.expect(runs, starter, rest)
        self._count()
        self._live.start()

    def say(self, line: str) -> None:
        """Prints a line above the bars."""
        say(self._console, line)

    def started(self, run: Run) -> None:
        """Adds the run's bar."""
        self._whole.started(run)
        self._tasks[run.id] = self._bars.add_task(run.label, total=None, detail="starting")
        self._clocks[run.id] = _Clock()

    def begun(self, run: Run, word: str) -> None:
        """Says where the run begins; its bar stays."""
        self.say(f"{run.label}: {word}")

    def elsewhere(self, run: Run) -> None:
        """Says that another command is at the run."""
        self._whole.given_away(run)
        self._line(run, ELSEWHERE)

    def retrying(self, run: Run, reason: str) -> None:
        """Says why an attempt failed."""
        self._whole.interrupted(run)
        self._line(run, f"trying again: {reason}")

    def stopped(self, run: Run) -> None:
        """Counts the run as settled."""
        self._settled(run, STOPPED)

    def progressed(self, run: Run, progress: Progress) -> None:
        """Moves the run's bar."""
        self._whole.progressed(run, progress)
        detail = _detail(progress, self._clocks[run.id])
        self._bars.update(
            self._tasks[run.id], completed=progress.step, total=progress.steps, detail=detail
        )

    def finished(self, run: Run, record: Record) -> None:
        """Replaces the run's bar by a line."""
        self._settled(run, _outcome(record))

    def _settled(self, run: Run, text: str) -> None:
        self._whole.settled(run)
        self._count()
        self._line(run, text)

    def _count(self) -> None:
        whole = self._whole
        self._total.update(
            self._all, description=whole.title, completed=whole.over, total=whole.total
        )

    def _line(self, run: Run, text: str) -> None:
        """A line in place of the run's bar, if it has one."""
        if run.id in self._tasks:
            self._bars.remove_task(self._tasks.pop(run.id))
        self.say(f"{run.label}: {text}")


class PlainScreen:
    """A line when a run starts, one every few seconds while it goes on, and one when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._whole = Whole()
        self._waiting = ExitStack()
        self._clocks: dict[str, _Clock] = {}
        self._next: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._waiting.close()

    def expect(self, runs: Sequence[Run], starter: str, rest: Rest = ALL) -> None:
        """Says what the runs wait for, if it takes long."""
        self._whole.expect(runs, starter, rest)
        self._waiting.enter_context(waiting(f"{rest.title}: {self._whole.text}"))

    def say(self, line: str) -> None:
        """Prints a line."""
        say(self._console, line)

    def started(self, run: Run) -> None:
        """Says that the run starts."""
        self._waiting.close()
        self._whole.started(run)
        self._clocks[run.id] = _Clock()
        self._next[run.id] = time.monotonic() + PLAIN_INTERVAL
        self.say(f"{run.label}: starting")

    def begun(self, run: Run, word: str) -> None:
        """Says where the run begins."""
        self.say(f"{run.label}: {word}")

    def elsewhere(self, run: Run) -> None:
        """Says that another command is at the run."""
        self._whole.given_away(run)
        self.say(f"{run.label}: {ELSEWHERE}")

    def retrying(self, run: Run, reason: str) -> None:
        """Says why an attempt failed."""
        self._whole.interrupted(run)
        self.say(f"{run.label}: trying again: {reason}")

    def stopped(self, run: Run) -> None:
        """Counts the run as settled."""
        self._settled(run, STOPPED)

    def progressed(self, run: Run, progress: Progress) -> None:
        """Says how far the run is, if it has been silent for a while."""
        self._whole.progressed(run, progress)
        detail = _detail(progress, self._clocks[run.id])
        if time.monotonic() >= self._next[run.id]:
            self._next[run.id] = time.monotonic() + PLAIN_INTERVAL
            self.say(f"{run.label}: step {progress.step}/{progress.steps}, {detail}")

    def finished(self, run: Run, record: Record) -> None:
        """Says how the run ended, and how far all runs are."""
        self._settled(run, _outcome(record))

    def _settled(self, run: Run, text: str) -> None:
        whole = self._whole
        whole.settled(run)
        self.say(f"[{whole.over}/{whole.total}] {run.label}: {text}; {whole.text}")


class _WholeColumn(ProgressColumn):
    """The time of all runs, told anew whenever the screen is drawn."""

    def __init__(self, whole: Whole) -> None:
        super().__init__()
        self._whole = whole

    def render(self, task: Task) -> Text:
        return Text(self._whole.text, no_wrap=True)


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
        return f"{clock(seconds)} left"


def _shortened(field: str, most: int) -> TextColumn:
    """A column that loses the end of its text where there is no room for it."""
    column = Column(no_wrap=True, overflow="ellipsis", max_width=most)
    return TextColumn(f"{{task.{field}}}", markup=False, table_column=column)


def _detail(progress: Progress, own: _Clock) -> str:
    """What is most worth knowing first: of a narrow screen the end is cut off."""
    loss = "" if progress.loss is None else f"loss {progress.loss:.3f}"
    pace = progress.images_per_second
    speed = "" if pace is None else f"{pace:,.0f} images/s"
    parts = (own.left(progress), loss, speed)
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
