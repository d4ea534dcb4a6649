"""A table of a README as rows that can be sorted and filtered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup

from bench.report.html.keys import aligned, keys

Names = Mapping[str, Mapping[str, int]]
"""What rows may be about: ``method`` or ``setting`` -> name -> its position in the filter."""

ABOUT = {"method": "method", "first": "method", "second": "method", "setting": "setting"}
"""The heading of a column -> what its cells name."""


@dataclass(frozen=True)
class Heading:
    """The head of a column.

    Attributes:
        text: its name.
        numeric: whether the column sorts by numbers.
        aligned: whether its cells are numbers and nothing else.
    """

    text: str
    numeric: bool
    aligned: bool


@dataclass(frozen=True)
class Cell:
    """A cell: what it shows, and the number it sorts by, if any."""

    html: Markup
    key: float | None


@dataclass(frozen=True)
class Row:
    """A row.

    Attributes:
        about: kind -> positions of what the row is about. Nothing filters a row that is about
            nothing, such as that of real data.
    """

    cells: list[Cell]
    about: dict[str, list[int]]


@dataclass(frozen=True)
class Table:
    """A table; ``pairs`` is one of names and values, which has no head and is not sorted."""

    kind: ClassVar = "table"
    label: str
    pairs: bool
    head: list[Heading]
    rows: list[Row]


def table_of(
    node: SyntaxTreeNode, label: str, names: Names, html: Callable[[SyntaxTreeNode], Markup]
) -> Table:
    """Reads a table.

    Args:
        node: the table, as markdown-it parsed it.
        label: what a screen reader calls it.
        names: what its rows may be about.
        html: renders the content of a cell.
    """
    cells = [list(row.children) for part in node.children for row in part.children]
    heads, *texts = ([_text(cell) for cell in row] for row in cells)
    columns = [[row[at] for row in texts] for at in range(len(heads))]
    sorts = [keys(column) for column in columns]
    return Table(
        label=label,
        pairs=not heads[0],
        head=[
            Heading(text, sort is not None, aligned(column))
            for text, sort, column in zip(heads, sorts, columns, strict=True)
        ],
        rows=[
            Row(
                [
                    Cell(html(cell.children[0]), sort[at] if sort else None)
                    for cell, sort in zip(row, sorts, strict=True)
                ],
                _about(heads, words, names),
            )
            for at, (row, words) in enumerate(zip(cells[1:], texts, strict=True))
        ],
    )


def _about(heads: list[str], words: list[str], names: Names) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for head, word in zip(heads, words, strict=True):
        kind = ABOUT.get(head)
        if kind and word in names[kind]:
            found.setdefault(kind, []).append(names[kind][word])
    return found


def _text(cell: SyntaxTreeNode) -> str:
    return "".join(leaf.content for leaf in cell.walk() if not leaf.children)
