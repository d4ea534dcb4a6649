"""Callbacks by name: ours, and those that other packages offer."""

import logging
import traceback
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from bench.callbacks.base import Callback
from bench.callbacks.guard import undisturbed
from bench.errors import UsageError, nearest

GROUP = "ganbench.callbacks"
"""The entry point group: a callback's name = MODULE:FACTORY, which is called without arguments."""

OURS = (
    EntryPoint("csv", "bench.callbacks.csv:Csv", GROUP),
    EntryPoint("tensorboard", "bench.callbacks.tensorboard:TensorBoard", GROUP),
)
"""In the form of the others, and not found by them, so that a checkout has them too."""

log = logging.getLogger(__name__)


def available() -> dict[str, EntryPoint]:
    """Every name and what it stands for, sorted; a name of ours stays ours."""
    found = {point.name: point for point in (*entry_points(group=GROUP), *OURS)}
    return dict(sorted(found.items()))


def require(names: Sequence[str]) -> None:
    """Checks that every callback is known, and can be imported here.

    Raises:
        UsageError: names the first that cannot be had, and the nearest name or why.
    """
    for name in names:
        _factory(name)


def make(names: Sequence[str]) -> list[Callback]:
    """Makes callbacks for one run; one that cannot be made is left out, with a word in the log."""
    made = []
    for name in names:
        with undisturbed():
            try:
                made.append(_factory(name)())
            except (Exception, SystemExit):  # anybody's code; a run does not depend on it
                log.warning("goes on without the callback %s: %s", name, traceback.format_exc())
    return made


def _factory(name: str) -> Any:
    points = available()
    if name not in points:
        raise UsageError(f"--callbacks {name}: there is no such one; {nearest(name, points)}")
    try:
        return points[name].load()
    except UsageError:
        raise
    except Exception as error:  # a module runs code, which may do anything
        reason = traceback.format_exception_only(error)[-1].strip()
        raise UsageError(
            f"--callbacks {name}: {points[name].value} cannot be imported: {reason}"
        ) from error
