"""Where the gin files are, and what names they give to methods, settings and suites."""

import logging
from functools import cache
from pathlib import Path

from bench.config.installed import Installed, installed_methods
from bench.errors import UsageError, nearest
from bench.texts import read_text

KINDS = (
    "methods",
    "architectures",
    "datasets",
    "judges",
    "settings",
    "suites",
    "scales",
    "search",
)

log = logging.getLogger(__name__)

_PACKAGE = Path(__file__).parents[1]
_INSTALLED = _PACKAGE / "gin_files"
ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "gin"
"""The folder of gin files: inside bench in a wheel, beside it in a checkout."""


def base() -> Path:
    """The gin file that every run starts from."""
    return ROOT / "base.gin"


def available(kind: str) -> dict[str, Path]:
    """Every name of one of ``KINDS`` and its gin file, sorted by name."""
    found = _own(kind)
    if kind == "methods":
        found |= installed().methods
    return dict(sorted(found.items()))


def installed() -> Installed:
    """The methods of other packages, and what is wrong with those that cannot be offered."""
    return installed_methods(_own("methods"))


def find(kind: str, name: str, where: str) -> Path:
    """The gin file of ``name``.

    Args:
        kind: one of ``KINDS``.
        name: as listed by ``available``.
        where: the file and line, or the option, that asked for it.

    Raises:
        UsageError: if there is none; it gives the nearest name.
    """
    files = available(kind)
    ignored = installed().ignored.get(name, []) if kind == "methods" else []
    if name not in files and ignored:
        raise UsageError(f"{where}: {'; '.join(ignored)}")
    for sentence in ignored:
        _warn_once(f"{sentence}; {files[name]} is used")
    if name not in files:
        raise UsageError(f"{where}: no {kind[:-1]} named {name!r}; {nearest(name, files)}")
    return files[name]


def find_suite(suite: str) -> Path:
    """The gin file of a suite, given by name or as a path.

    Raises:
        UsageError: if there is none.
    """
    if suite.endswith(".gin") or "/" in suite:
        return existing(Path(suite), "SUITE")
    return find("suites", suite, "SUITE")


def existing(path: Path, where: str) -> Path:
    """The absolute path of a gin file that the user named.

    Raises:
        UsageError: if there is no such file.
    """
    try:
        path.stat()
    except (OSError, ValueError) as error:  # the latter of a path that no file can have
        raise UsageError(f"{where}: there is no file {str(path)!r}") from error
    if path.is_dir():
        raise UsageError(f"{where}: {str(path)!r} is a folder: name a gin file in it")
    return path.resolve()


def description(path: Path) -> str:
    """The first comment line of a gin file."""
    for line in read_text(path).splitlines():
        if line.startswith("#"):
            return line.lstrip("# ").strip()
    return ""


def _own(kind: str) -> dict[str, Path]:
    return {path.stem: path for path in (ROOT / kind).glob("*.gin")}


@cache
def _warn_once(sentence: str) -> None:
    log.warning(sentence)
