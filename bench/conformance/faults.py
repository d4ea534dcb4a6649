"""What is wrong with a plug-in, in a line."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import torch

from bench.config.facts import first_line
from bench.config.run import Run
from bench.conformance.kinds import Kind
from bench.conformance.requirements import Check, NotConforming
from bench.conformance.toys import Tell
from bench.errors import UsageError

_TORCH = str(Path(torch.__file__).parent)


Subject = Run | str
"""The run that a plug-in is tried in, or what is wrong where it breaks before."""


def subject(kind: Kind, name: str, tell: Tell) -> Subject:
    """Looks for what a plug-in can be tried on.

    Args:
        kind: of the plug-in.
        name: of its gin file.
        tell: is told what it is tried on, and what it refuses.

    Raises:
        UsageError: there is none of that name, its gin file is wrong, or it refuses all.
    """
    try:
        return kind.subject(name, tell)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:  # of a stranger's code
        return _said(error)


def faults(kind: Kind, tried: Subject) -> Iterator[tuple[str, str | None]]:
    """Makes each check of a kind: its name in words, and what is wrong, or None."""
    if isinstance(tried, str):
        yield "can be tried", tried
        return
    for check in kind.checks:
        yield check.__name__.replace("_", " "), _fault(check, tried)


def _fault(check: Check, run: Run) -> str | None:
    try:
        check(run)
    except (Exception, SystemExit) as error:  # of a stranger's code
        return _said(error)
    return None


def _said(error: BaseException) -> str:
    """An error in a line, with the last line of code outside torch that it came from."""
    notes = getattr(error, "__notes__", [])
    if isinstance(error, NotConforming):
        return "; ".join([str(error), *notes])
    frames = [
        f"{frame.filename}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_TORCH)
    ]
    said = "; ".join([f"{type(error).__name__}: {first_line(error)}", *notes])
    return f"{said} ({frames[-1]})"
