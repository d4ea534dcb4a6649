"""Text as Markdown: names come from files and must not turn into markup."""

import re

import pandas as pd


def escape(text: object) -> str:
    r"""``text`` on one line, such that Markdown and HTML show it as it is.

    Underscores inside a word are left alone: GitHub does not read them as emphasis.
    """
    line = " ".join(str(text).split()).replace("&", "&amp;")
    line = line.replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|~]|(?<!\w)_|_(?!\w))", r"\\\1", line)


def table(data: pd.DataFrame) -> str:
    """A pipe table; the first column to the left, the others to the right."""
    escaped = data.map(escape).rename(columns=escape)
    return escaped.to_markdown(
        index=False,
        disable_numparse=True,
        colalign=("left", *["right"] * (len(data.columns) - 1)),
    )


def code(lines: list[str], language: str = "") -> str:
    """A fenced block; the fence is longer than any run of backticks inside."""
    text = "\n".join(" ".join(line.splitlines()) for line in lines)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def bullets(items: list[str]) -> str:
    """A list; the items are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def document(*parts: str) -> str:
    """The parts that are not empty, one after the other."""
    return "\n\n".join(part for part in parts if part) + "\n"


def folded(title: str, body: str) -> str:
    """A section that opens on a click; the title is plain text."""
    return f"<details>\n<summary>{escape(title)}</summary>\n\n{body}\n\n</details>"
