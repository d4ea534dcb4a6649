"""How a column of text sorts: cells as people read them, back to numbers."""

import re
from collections.abc import Sequence

NUMBER = r"[<>]?\s*([+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)"
LEADING = re.compile(NUMBER)
SHARE = re.compile(r"(\d+)(?:/| of )(\d+)(?:$|:| \[)")
NONE = "—|no score|failed|diverged|collapsed"
MISSING = re.compile(rf"|(?:{NONE})(?: \(.*\))?")
ALONE = re.compile(rf"|{NONE}|{NUMBER}[%x]?")


def keys(column: Sequence[str]) -> list[float | None] | None:
    """What a column of numbers sorts by.

    A cell counts as its leading number: ``1,234``, ``1-22`` (1), ``79%``, ``1.22x``,
    ``0.16 [0.11, 0.21] (1 of 4 have none)``; ``3/10 [7-65%]`` and ``9 of 10`` count as shares.

    Returns:
        A number for each cell, None where it has none to show, which sorts last. None in place
        of the list where the column is not one of numbers.
    """
    present = [cell for cell in column if not MISSING.fullmatch(cell)]
    if not present or any(_key(cell) is None for cell in present):
        return None
    return [None if MISSING.fullmatch(cell) else _key(cell) for cell in column]


def aligned(column: Sequence[str]) -> bool:
    """Whether all cells are numbers and nothing else, to be set digit below digit."""
    return all(ALONE.fullmatch(cell) for cell in column)


def _key(cell: str) -> float | None:
    if share := SHARE.match(cell):
        part, whole = map(int, share.groups())
        return part / whole if whole else None
    leading = LEADING.match(cell)
    return float(leading[1].replace(",", "")) if leading else None
