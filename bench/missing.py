"""Numbers that are not there: None in a file, where every number is finite, NaN in an array."""

from collections.abc import Iterable, Mapping
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

Row = Mapping[str, float | None]


def known(value: float) -> float | None:
    """The number as Python's own, None where it is not finite."""
    return float(value) if isfinite(value) else None


def or_nan(value: float | None) -> float:
    """The number, NaN where there is none."""
    return nan if value is None else value


def without_nan(row: Mapping[str, float]) -> dict[str, float | None]:
    """A row as a file has it."""
    return {name: value if isfinite(value) else None for name, value in row.items()}


def with_nan(row: Row) -> dict[str, float]:
    """A row of a file to compute with."""
    return {name: or_nan(value) for name, value in row.items()}


def column(rows: Iterable[Row], name: str) -> NDArray[np.float64]:
    """One column of a file's rows, shape (rows,), NaN where a row lacks it."""
    return np.array([or_nan(row.get(name)) for row in rows], dtype=np.float64)
