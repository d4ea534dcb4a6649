"""A leaderboard's README as the sections of a web page, each a list of blocks."""

import base64
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup

from bench.report.html.grid import Names, Table, table_of
from bench.report.html.runs import Runs

PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")  # HTML shows as text
FOLD = re.compile(r"<details>\n<summary>(.*)</summary>")
UNFOLD = "</details>"
MEDIA = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class Prose:
    """A paragraph, a list or a small heading."""

    kind: ClassVar = "prose"
    html: Markup


@dataclass(frozen=True)
class Code:
    """Lines to copy."""

    kind: ClassVar = "code"
    text: str


@dataclass(frozen=True)
class Picture:
    """A picture, with all its bytes in ``source``, a data URI."""

    kind: ClassVar = "picture"
    name: str
    source: str
    alt: str
    caption: Markup


@dataclass(frozen=True)
class Fold:
    """Blocks that show on a click."""

    kind: ClassVar = "fold"
    title: str
    blocks: "list[Block]" = field(default_factory=list)


Block = Prose | Code | Picture | Table | Fold | Runs


@dataclass(frozen=True)
class Section:
    """A part of the page; the one above the first heading has no title."""

    title: str
    blocks: list[Block] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def read(readme: str, names: Names, pictures: Mapping[str, bytes]) -> tuple[str, list[Section]]:
    """The title of a README, and its sections.

    Args:
        readme: Markdown, as ``bench.report.page`` writes it. The paragraph below a picture is
            its caption. HTML is text, except what ``markdown.folded`` writes.
        names: what the rows of its tables may be about.
        pictures: file name -> content of each picture in it.
    """
    title, sections = "", [Section("")]
    unclosed: list[Section | Fold] = [sections[0]]
    tables = Counter[str]()
    nodes = iter(SyntaxTreeNode(PARSER.parse(readme)).children)
    for node in nodes:
        text = _text(node)
        if node.tag == "h1":
            title = text
        elif node.tag == "h2":
            sections.append(Section(text))
            unclosed = [sections[-1]]
        elif found := FOLD.fullmatch(text):
            fold = Fold(found[1])
            unclosed[-1].blocks.append(fold)
            unclosed.append(fold)
        elif text == UNFOLD:
            unclosed.pop()
        elif node.type == "table":
            label = unclosed[-1].title
            tables[label] += 1
            label = f"{label}, table {tables[label]}"
            unclosed[-1].blocks.append(table_of(node, label, names, _html))
        elif node.type == "fence":
            unclosed[-1].blocks.append(Code(node.content))
        elif image := _image(node):
            unclosed[-1].blocks.append(_picture(image, nodes, pictures))
        else:
            unclosed[-1].blocks.append(Prose(_html(node)))
    return title, sections


def _picture(
    image: SyntaxTreeNode, following: Iterator[SyntaxTreeNode], pictures: Mapping[str, bytes]
) -> Picture:
    name = str(image.attrs["src"])
    data = base64.b64encode(pictures[name]).decode()
    return Picture(
        name=name,
        source=f"data:{MEDIA[PurePath(name).suffix]};base64,{data}",
        alt=image.content,
        caption=_html(next(following).children[0]),
    )


def _image(node: SyntaxTreeNode) -> SyntaxTreeNode | None:
    """The image that is all of a paragraph."""
    inline = node.children[0].children if node.type == "paragraph" else []
    return inline[0] if len(inline) == 1 and inline[0].type == "image" else None


def _text(node: SyntaxTreeNode) -> str:
    """What a heading or paragraph says, without its markup; nothing of other nodes."""
    if node.type not in ("heading", "paragraph"):
        return ""
    breaks = {"softbreak": "\n", "hardbreak": "\n"}
    return "".join(breaks.get(leaf.type, leaf.content) for leaf in node.walk() if not leaf.children)


def _html(node: SyntaxTreeNode) -> Markup:
    """The HTML of a node; its text is escaped."""
    return Markup(PARSER.renderer.render(node.to_tokens(), PARSER.options, {}))
