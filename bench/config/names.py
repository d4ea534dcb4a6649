"""Where the gin files are, and what names they give to methods, settings and suites."""

from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from bench.errors import UsageError, nearest

KINDS = ("methods", "architectures", "datasets", "settings", "suites", "search")
ENTRY_POINTS = "ganbench.methods"

_PACKAGE = Path(__file__).parents[1]
_INSTALLED = _PACKAGE / "gin_files"
ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "gin"
"""The folder of gin files: inside bench in a wheel, beside it in a checkout."""


def base() -> Path:
    """The gin file that every run starts from."""
    return ROOT / "base.gin"


def available(kind: str) -> dict[str, Path]:
    """Every name of one of ``KINDS`` and its gin file, sorted by name."""
    found = {path.stem: path for path in (ROOT / kind).glob("*.gin")}
    if kind == "methods":
        found |= _installed_methods()
    return dict(sorted(found.items()))


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
    if not path.is_file():
        raise UsageError(f"{where}: there is no file {str(path)!r}")
    return path.resolve()


def description(path: Path) -> str:
    """The first comment line of a gin file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            return line.lstrip("# ").strip()
    return ""


def _installed_methods() -> dict[str, Path]:
    """Methods of other packages: an entry point names a module, with NAME.gin in its folder."""
    found = {}
    for point in entry_points(group=ENTRY_POINTS):
        spec = find_spec(point.module)
        if spec is not None and spec.origin is not None:
            found[point.name] = Path(spec.origin).with_name(f"{point.name}.gin")
    return found
