"""What a page is made of: blocks of typed values, which ``markdown`` and ``html`` render."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from bench.missing import known
from bench.wording import NOTHING, averaged, number

Kind = Literal["method", "setting"]


@dataclass(frozen=True)
class Field:
    """A field of a table.

    Attributes:
        text: what it shows, plain.
        key: the number that it sorts by; None where it has none, which sorts last.
        alone: whether the text is that number and nothing else.
        link: where the text leads.
    """

    text: str
    key: float | None = None
    alone: bool = False
    link: str | None = None


EMPTY = Field(NOTHING)
"""Stands where a row has no field of a column."""


def valued(value: float, text: Callable[[float], str] = number) -> Field:
    """A number as one of the functions of ``bench.wording`` writes it."""
    return Field(text(value), known(value), alone=True)


def estimated(estimate: tuple[float, float, float], unscored: int, of: int) -> Field:
    """An average with its interval, and how many runs have no score: see ``averaged``."""
    value, low, _ = estimate
    return Field(averaged(estimate, unscored, of), known(value), low != low and not unscored)


def counted(count: int, of: int) -> Field:
    """How many of how many, which sorts as a share."""
    return Field(f"{count} of {of}", count / of if of else None)


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        fields: by the name of their column.
        about: the methods and settings that it tells of. Nothing filters a row that is about
            nothing, such as that of real data.
    """

    fields: Mapping[str, Field]
    about: Mapping[Kind, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A column of a table, a field a row."""

    name: str
    fields: Sequence[Field]

    @property
    def numeric(self) -> bool:
        """Whether it sorts by numbers."""
        return any(one.key is not None for one in self.fields)

    @property
    def aligned(self) -> bool:
        """Whether its numbers stand alone, so that they can be set digit below digit."""
        return self.numeric and all(one.alone or one.key is None for one in self.fields)


@dataclass(frozen=True)
class Table:
    """Rows of fields; the columns are those that some row has, in the order of their appearance.

    Attributes:
        rest: where Markdown aligns all columns but the first, which is to the left.
    """

    rows: Sequence[Row]
    rest: Literal["left", "right"] = "right"

    @cached_property
    def columns(self) -> list[Column]:
        """The columns, each as long as the table."""
        names = dict.fromkeys(name for row in self.rows for name in row.fields)
        return [Column(name, [row.fields.get(name, EMPTY) for row in self.rows]) for name in names]

    def picked(self, names: Mapping[str, str]) -> "Table":
        """Some of the columns, in this order: their name here, and their name there."""
        return Table(
            [
                Row({new: row.fields[old] for old, new in names.items()}, row.about)
                for row in self.rows
            ],
            self.rest,
        )


@dataclass(frozen=True)
class Pairs:
    """Names and what they stand for, which nobody sorts."""

    values: Mapping[str, str]


@dataclass(frozen=True)
class Heading:
    """A heading in plain text: the page's own (1), a section's (2), or one within it (3)."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """A paragraph in inline Markdown; names in it are escaped already."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list; its items are as a paragraph's text."""

    items: Sequence[str]


@dataclass(frozen=True)
class Code:
    """Lines to copy."""

    lines: Sequence[str]
    language: str = ""

    @property
    def text(self) -> str:
        """The lines, none of which can become two."""
        return "\n".join(" ".join(line.splitlines()) for line in self.lines)


@dataclass(frozen=True)
class Figure:
    """A picture that lies beside the page.

    Attributes:
        name: of its file.
        alt: what it shows, to who does not see it.
        caption: as a paragraph's text.
    """

    name: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Folded:
    """Blocks that show on a click; the title is plain text."""

    title: str
    blocks: "Sequence[Block]"


Block = Heading | Paragraph | Bullets | Code | Figure | Pairs | Table | Folded


def pictures(captions: Mapping[str, str], available: Collection[str]) -> list[Block]:
    """Of these pictures and their captions, the ones that there are."""
    return [Figure(name, text, text) for name, text in captions.items() if name in available]


def paragraphs(*texts: str) -> list[Block]:
    """A paragraph for each text that is not empty."""
    return [Paragraph(text) for text in texts if text]


def filled(table: Table) -> list[Block]:
    """The table, if it has rows."""
    return [table] if table.rows else []
