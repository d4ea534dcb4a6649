"""Says what is waited for where that takes longer than a moment."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from filelock import FileLock
from rich.console import Console
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

CONSOLE = Console(stderr=True)
"""Of all that may be said within any command; what the command itself has to say is not for it."""

GLANCE = 0.3
"""Seconds before a terminal shows a spinner."""

MOMENT = 1.0
"""Seconds before a line is written where there is no terminal."""


def live() -> bool:
    """Whether lines may move: on a terminal, while no other bars have it."""
    return CONSOLE.is_terminal and not isinstance(sys.stderr, FileProxy)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Says what goes on in the block, if it goes on for long: a spinner, or a line.

    Args:
        what: such as "reading data".
    """
    # What is printed meanwhile may go elsewhere than to the terminal, and must not be taken there.
    spinner = Live(
        Spinner("dots", Text(what)), console=CONSOLE, transient=True, redirect_stdout=False
    )
    timer = Timer(GLANCE, spinner.start) if live() else Timer(MOMENT, say, [CONSOLE, what])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        spinner.stop()


@contextmanager
def silent() -> Iterator[None]:
    """Says nothing in the block, however long anything goes on."""
    before, CONSOLE.quiet = CONSOLE.quiet, True
    try:
        yield
    finally:
        CONSOLE.quiet = before


@contextmanager
def alone(lock: FileLock, others: str) -> Iterator[None]:
    """Holds a lock during the block, and says whom it waits for if others have it.

    Args:
        lock: to be taken.
        others: who may have it, such as "another command that writes pages".
    """
    with waiting(f"waiting for {others}"):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def say(console: Console, line: str) -> None:
    """Prints a line as it is: no markup, no colours, and no break where it is long."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
