"""Errors in the terms of Python: arguments are called as a function's caller wrote them."""

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from bench.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")

ARGUMENTS = {
    "SUITE": "suite",
    "DATASET": "dataset",
    "--gin_bindings": "bindings",
    "--gin_file": "files",
    "--leaderboards": "pages",
}
"""What the command line calls otherwise; other options have the names of arguments."""

WORDS = re.compile(r"ganbench [a-z][^;:]*|(?<![\w-])--[a-z_]+|\b(?:SUITE|DATASET)\b")
"""What may name an option: a command that a sentence proposes is left as it is."""


def in_python(function: Callable[P, R]) -> Callable[P, R]:
    """A function whose ``UsageError`` names arguments where the command would name options."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except UsageError as error:
            error.args = (WORDS.sub(_argument, str(error)),)
            raise

    return called


def require(value: object, kind: type, name: str, remedy: str) -> None:
    """Checks that an argument is what others are easily taken for.

    Raises:
        UsageError: it is of another type.
    """
    if not isinstance(value, kind):
        raise UsageError(f"{name} is of type {type(value).__name__}: it must be {remedy}")


def _argument(match: re.Match[str]) -> str:
    word = match[0]
    return ARGUMENTS.get(word, word.removeprefix("--"))
