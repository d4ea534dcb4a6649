"""What checks are written in: something is so, or is the same, or the plug-in does not conform."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bench.config.facts import first_line
from bench.config.run import Run

Check = Callable[[Run], None]
"""Looks at one thing in a toy run of a plug-in, and raises where it is not as it must be."""


class NotConforming(AssertionError):
    """A plug-in breaks what its kind promises; the message says how."""


def require(condition: bool, otherwise: str) -> None:
    """Sees to it that something is so.

    Raises:
        NotConforming: it is otherwise.
    """
    if not condition:
        raise NotConforming(otherwise)


def require_same(first: Any, second: Any, otherwise: str, path: str = "") -> None:
    """Compares nested dicts, lists, tensors and numbers bit for bit.

    Raises:
        NotConforming: names the first place that differs.
    """
    if isinstance(first, dict):
        require(first.keys() == second.keys(), f"{otherwise}: {path} has other keys")
        for key in first:
            require_same(first[key], second[key], otherwise, f"{path}/{key}")
    elif isinstance(first, list | tuple):
        require(len(first) == len(second), f"{otherwise}: {path} has another length")
        for i, (one, other) in enumerate(zip(first, second, strict=True)):
            require_same(one, other, otherwise, f"{path}/{i}")
    elif isinstance(first, Tensor):
        where = f"{otherwise}: {path}" if path else otherwise
        require(torch.equal(first, second), where)
    else:
        same = first == second or (first != first and second != second)  # as nan alone is
        require(same, f"{otherwise}: {path} is {first!r} and {second!r}")


def require_refusal(error: Exception, named: str, what: str) -> None:
    """Sees to it that a refusal is one: a ``ValueError`` that says what it cannot work with.

    Args:
        error: that was raised.
        named: what its first line must name.
        what: was asked for, for the message.

    Raises:
        NotConforming: it is a mishap, or leaves the reader to guess.
    """
    said = f"{type(error).__name__}: {first_line(error)}"
    require(
        isinstance(error, ValueError) and named in first_line(error),
        f"{what} raises {said}: refuse it by a ValueError that names {named} and says what would "
        "do",
    )
