"""Blocks as Markdown, and text as Markdown: names come from files and must not turn into markup."""

import re
from collections.abc import Sequence

from tabulate import tabulate

from bench.report.document import (
    Block,
    Bullets,
    Code,
    Field,
    Figure,
    Folded,
    Heading,
    Pairs,
    Paragraph,
    Table,
)


def escape(text: object) -> str:
    r"""``text`` on one line, such that Markdown and HTML show it as it is.

    Underscores inside a word are left alone: GitHub does not read them as emphasis.
    """
    line = " ".join(str(text).split()).replace("&", "&amp;")
    line = line.replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|~]|(?<!\w)_|_(?!\w))", r"\\\1", line)


def to_markdown(blocks: Sequence[Block]) -> str:
    """The text of a file."""
    return f"{_joined(blocks)}\n"


def _joined(blocks: Sequence[Block]) -> str:
    return "\n\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {escape(text)}"
        case Paragraph(text):
            return text
        case Bullets(items):
            return "\n".join(f"- {item}" for item in items)
        case Code():
            return _fenced(block)
        case Figure(name, alt, caption):
            return f"![{alt}]({name})\n\n{caption}"
        case Pairs(values):
            rows = [[escape(name), escape(value)] for name, value in values.items()]
            return _pipes(["", "value"], rows, "right")
        case Table(rest=rest):
            fields = zip(*(map(_field, column.fields) for column in block.columns), strict=True)
            return _pipes([escape(column.name) for column in block.columns], list(fields), rest)
        case Folded(title, inside):
            summary = f"<summary>{escape(title)}</summary>"
            return f"<details>\n{summary}\n\n{_joined(inside)}\n\n</details>"


def _fenced(code: Code) -> str:
    """The fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", code.text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{code.language}\n{code.text}\n{fence}"


def _field(field: Field) -> str:
    text = escape(field.text)
    return text if field.link is None else f"[{text}]({field.link})"


def _pipes(names: Sequence[str], rows: Sequence[Sequence[str]], rest: str) -> str:
    """A pipe table; the first column to the left."""
    align = ("left", *[rest] * (len(names) - 1))
    return tabulate(rows, names, "pipe", disable_numparse=True, colalign=align)
