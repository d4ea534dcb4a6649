"""Plug-ins of one's own, held to what each of their kind must do."""

from collections.abc import Callable
from functools import cache, wraps

from bench.config.run import Run
from bench.conformance.kinds import KINDS
from bench.conformance.requirements import Check
from bench.errors import UsageError, nearest


def conformance(kind: str) -> list[Callable[[str], None]]:
    """What ``ganbench conform`` holds a kind of plug-in to, for a test of one's own.

    Args:
        kind: "method", "architecture", "dataset" or "score".

    Returns:
        Functions that are given a plug-in's name and raise where it does not conform. Gin files
        and modules are looked for as by commands: in the working directory, too.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no kind of plug-in {kind!r}; {nearest(kind, KINDS)}")

    @cache
    def subject(name: str) -> Run:
        return KINDS[kind].subject(name, lambda said: None)

    def named(check: Check) -> Callable[[str], None]:
        @wraps(check)
        def check_it(name: str) -> None:
            check(subject(name))

        return check_it

    return [named(check) for check in KINDS[kind].checks]
