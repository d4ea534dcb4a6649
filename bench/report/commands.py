"""The commands that pages and messages tell a reader to type."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.identity import canonical


def gin_options(bindings: Iterable[str]) -> list[str]:
    """The arguments of a command that bind these."""
    return [part for binding in bindings for part in ("--gin_bindings", binding)]


def run(
    suite: str,
    overrides: Sequence[str] = (),
    chosen: Mapping[str, Any] | None = None,
    out: str | None = None,
) -> str:
    """The command that runs a suite, or some of it.

    Args:
        suite: its name, or its file.
        overrides: bindings that override the suite's.
        chosen: parameters of ``Suite``, such as its methods, and what they are to be.
        out: the runs folder, where it is not the usual one.
    """
    bindings = [*overrides, *(f"Suite.{k} = {canonical(v)}" for k, v in (chosen or {}).items())]
    where = [] if out is None else ["--out", out]
    return shlex.join(["ganbench", "run", suite, *gin_options(bindings), *where])
