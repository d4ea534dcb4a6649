"""What is wrong with a plug-in, in a line."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import torch

from bench.config.facts import first_line
from bench.config.run import Run
from bench.conformance.kinds import Kind
from bench.conformance.requirements import Check, NotConforming

_TORCH = str(Path(torch.__file__).parent)


def faults(kind: Kind, run: Run) -> Iterator[tuple[str, str | None]]:
    """Makes each check of a kind: its name in words, and what is wrong, or None."""
    for check in kind.checks:
        yield check.__name__.replace("_", " "), _fault(check, run)


def _fault(check: Check, run: Run) -> str | None:
    """What is wrong, or None; an error is given with the last line outside torch."""
    try:
        check(run)
    except NotConforming as fault:
        return "; ".join([str(fault), *_notes(fault)])
    except Exception as error:
        frames = [
            f"{frame.filename}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
            if not frame.filename.startswith(_TORCH)
        ]
        said = "; ".join([f"{type(error).__name__}: {first_line(error)}", *_notes(error)])
        return f"{said} ({frames[-1]})"
    return None


def _notes(error: Exception) -> list[str]:
    return getattr(error, "__notes__", [])
