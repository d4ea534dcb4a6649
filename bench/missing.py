"""Numbers that are not there: None in a file, where every number is finite, NaN in an array."""

from collections.abc import Iterable, Mapping
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

Numbers = dict[str, int | float | None]
"""The numbers of one evaluation, or of one reading of the losses, by name, as a file has them."""


def known(value: float) -> float | None:
    """The number as Python's own, None where it is not finite."""
    return float(value) if isfinite(value) else None


def or_nan(value: float | None) -> float:
    """The number, NaN where there is none."""
    return nan if value is None else value


def without_nan(numbers: Mapping[str, float]) -> Numbers:
    """Numbers as a file has them."""
    return {name: value if isfinite(value) else None for name, value in numbers.items()}


def with_nan(numbers: Numbers) -> dict[str, float]:
    """Numbers of a file to compute with."""
    return {name: or_nan(value) for name, value in numbers.items()}


def column(rows: Iterable[Numbers], name: str) -> NDArray[np.float64]:
    """One number of each row of a file, shape (rows,), NaN where a row lacks it."""
    return np.array([or_nan(row.get(name)) for row in rows], dtype=np.float64)
