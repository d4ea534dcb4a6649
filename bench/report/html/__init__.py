"""A leaderboard as one web page: it sorts, filters and works offline; all it needs is in it."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from bench.report.html.document import Section, read
from bench.report.html.grid import Names
from bench.report.html.runs import Runs, columns, statuses
from bench.results.results import Results

PROTOCOL = "Protocol"
"""The section that the table of runs stands above."""


def index_html(results: Results, readme: str, pictures: Mapping[str, bytes]) -> str:
    """The page of one leaderboard: what its README says, and a table of its runs.

    The text is the README's own, so that the two cannot differ. Filters hide rows and compute
    nothing: every statistic is the README's. A content security policy names the page's scripts
    and style by their hashes and lets it load nothing else.

    Args:
        results: the records of the leaderboard.
        readme: the leaderboard's README in Markdown, as ``bench.report.page`` writes it.
        pictures: file name -> content of the SVGs and PNGs that the README shows.
    """
    title, sections = read(readme, _names(results), pictures)
    titles = [section.title for section in sections]
    place = titles.index(PROTOCOL) if PROTOCOL in titles else len(titles)
    sections.insert(place, Section("Runs", [Runs(columns(results))]))
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
            choices={
                "method": results.methods,
                "setting": results.settings,
                "status": statuses(results),
            },
            policy="; ".join(f"{name} {value}" for name, value in policy.items()),
            style=style,
            theme=theme,
            script=script,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(__name__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _names(results: Results) -> Names:
    """Every way that a table may write the name of a method or setting."""
    spellings = (str, results.marked, results.name)
    methods = {
        " ".join(spell(method).split()): place  # Markdown leaves one space of several
        for place, method in enumerate(results.methods)
        for spell in spellings
    }
    settings = {" ".join(name.split()): place for place, name in enumerate(results.settings)}
    return {"method": methods, "setting": settings}


def _text(name: str) -> str:
    """A file of the page, as its element will contain it."""
    file = resources.files(__name__) / "templates" / name
    return "\n" + file.read_text(encoding="utf-8")


def _allowed(content: str) -> str:
    """The source expression by which a policy allows an inline script or style."""
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"
