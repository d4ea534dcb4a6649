"""Shows how long work on a data set goes on: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.waiting import CONSOLE, live, say

Report = Callable[[int], None]

PLAIN_INTERVAL = 10.0
"""Seconds between two plain lines."""


@contextmanager
def reporting(what: str, done: int, total: int | None) -> Iterator[Report]:
    """Gives a function that is told of every few pictures more.

    Writes to standard error, since it may happen within any command.

    Args:
        what: goes on.
        done: pictures, when it starts.
        total: pictures, when it ends; None where nobody knows.
    """
    if not live():
        yield _plain(what, done, total)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeRemainingColumn(), console=CONSOLE, transient=True) as bars:
        task = bars.add_task(what, total=total, completed=done)
        yield lambda more: bars.advance(task, more)


def _plain(what: str, done: int, total: int | None) -> Report:
    def line(suffix: str) -> None:
        say(CONSOLE, f"{what}{suffix}")

    count, next_line = done, time.monotonic() + PLAIN_INTERVAL
    line("" if total is None else f" {total - done:,} pictures")

    def report(more: int) -> None:
        nonlocal count, next_line
        count += more
        if time.monotonic() >= next_line:
            next_line = time.monotonic() + PLAIN_INTERVAL
            line(f" {count:,}/{total:,}")

    return report
