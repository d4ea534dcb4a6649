"""Plug-ins of one's own, held to what each of their kind must do."""

from collections.abc import Callable
from functools import cache, wraps

from bench.config.catalogue import Catalogue
from bench.config.run import Run
from bench.conformance.faults import faults, subject
from bench.conformance.kinds import KINDS, Kind, kind_of
from bench.conformance.requirements import Check
from bench.errors import UsageError, nearest
from bench.threads import one_thread
from ganbench.terms import in_python


@in_python
def conform(name: str, kind: str | None = None) -> dict[str, str]:
    """Holds a method, an architecture, a data set or a score to what each of its kind must do.

    Args:
        name: of its gin file (see ``ganbench list``).
        kind: "method", "architecture", "dataset" or "score"; where its gin file is, if not said.

    Returns:
        By check, "ok" or what is wrong, in a line.

    Raises:
        UsageError: there is none of that name, or its gin file is wrong.
    """
    chosen = kind_of(name, Catalogue.of()) if kind is None else _kind(kind)
    with one_thread():
        tried = subject(chosen, name, lambda line: None)
        return {check: fault or "ok" for check, fault in faults(chosen, tried)}


@in_python
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
    chosen = _kind(kind)

    @cache
    def run_of(name: str) -> Run:
        return chosen.subject(name, lambda said: None)

    def named(check: Check) -> Callable[[str], None]:
        @wraps(check)
        def check_it(name: str) -> None:
            check(run_of(name))

        return check_it

    return [named(check) for check in chosen.checks]


def _kind(word: str) -> Kind:
    if word not in KINDS:
        raise UsageError(f"there is no kind of plug-in {word!r}; {nearest(word, KINDS)}")
    return KINDS[word]
