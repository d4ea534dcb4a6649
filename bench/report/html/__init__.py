"""A leaderboard as one web page: it sorts, filters and works offline; all it needs is in it."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import PurePath

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from bench.report.document import Block, Heading
from bench.report.html.runs import Runs, columns, statuses
from bench.results.results import Results

PROTOCOL = "Protocol"
"""The section that the table of runs stands above."""

PARSER = MarkdownIt("commonmark", {"html": False})
MEDIA = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class Section:
    """A part of the page; the one above the first heading has no title."""

    title: str
    blocks: list[Block | Runs] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def index_html(results: Results, page: Sequence[Block], pictures: Mapping[str, bytes]) -> str:
    """The page of one leaderboard: what its README says, and a table of its runs.

    The blocks are the README's own, so that the two cannot differ. Filters hide rows and compute
    nothing: every statistic is the README's. A content security policy names the page's scripts
    and style by their hashes and lets it load nothing else.

    Args:
        results: the records of the leaderboard.
        page: the blocks of its README, as ``bench.report.page`` makes them.
        pictures: file name -> content of the SVGs and PNGs that the page shows.
    """
    title, sections = _sections(page)
    titles = [section.title for section in sections]
    place = titles.index(PROTOCOL) if PROTOCOL in titles else len(titles)
    sections.insert(place, Section("Runs", [Runs(columns(results))]))
    choices = {
        "method": results.methods,
        "setting": results.settings,
        "status": statuses(results),
    }
    style, theme, script = map(_text, ("page.css", "theme.js", "page.js"))
    policy = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": _allowed(style),
        "script-src": f"{_allowed(theme)} {_allowed(script)}",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=title,
            sections=sections,
            choices=choices,
            places={kind: {name: at for at, name in enumerate(n)} for kind, n in choices.items()},
            pictures={name: _source(name, data) for name, data in pictures.items()},
            policy="; ".join(f"{name} {value}" for name, value in policy.items()),
            style=style,
            theme=theme,
            script=script,
        )
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(__name__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"inline": _inline, "kind": lambda block: type(block).__name__}
    return made


def _sections(page: Sequence[Block]) -> tuple[str, list[Section]]:
    """The title of a page, and its parts."""
    title, sections = "", [Section("")]
    for block in page:
        match block:
            case Heading(text, 1):
                title = text
            case Heading(text, 2):
                sections.append(Section(text))
            case _:
                sections[-1].blocks.append(block)
    return title, sections


def _inline(text: str) -> Markup:
    """Inline Markdown as HTML; HTML in it is text."""
    return Markup(PARSER.renderInline(text))


def _source(name: str, data: bytes) -> str:
    """A picture with all its bytes, as a data URI."""
    return f"data:{MEDIA[PurePath(name).suffix]};base64,{base64.b64encode(data).decode()}"


def _text(name: str) -> str:
    """A file of the page, as its element will contain it."""
    file = resources.files(__name__) / "templates" / name
    return "\n" + file.read_text(encoding="utf-8")


def _allowed(content: str) -> str:
    """The source expression by which a policy allows an inline script or style."""
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"
