"""Trees of gin files: ganbench's own, those of installed packages, and those of a user."""

import traceback
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

KINDS = {
    "methods": "method",
    "architectures": "architecture",
    "datasets": "dataset",
    "judges": "judge",
    "settings": "setting",
    "suites": "suite",
    "scales": "scale",
    "search": "search space",
}
"""The folders of a tree, and what one gin file of each is called."""

PLUGINS = {
    "method": "methods",
    "architecture": "architectures",
    "dataset": "datasets",
    "score": "judges",
}
"""What a command calls each kind of plug-in, and the folder of a tree for its gin files."""

FOLDER = "gin"
"""What a tree's folder is called, in a package or beside a suite."""

BASE = "base.gin"
"""A file that only ganbench's own tree has."""

GROUP = "ganbench.trees"
"""The entry point group: any name = a package, with a tree in its folder."""

FORMER = "ganbench.methods"
"""The entry point group of methods alone, which is no longer read."""

_PACKAGE = Path(__file__).parents[1]
_INSTALLED = _PACKAGE / "gin_files"
ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / FOLDER
"""Ganbench's own tree: inside bench in a wheel, beside it in a checkout."""


@dataclass(frozen=True)
class Tree:
    """A folder that has a folder for some of ``KINDS``, each with gin files.

    Attributes:
        folder: of the tree.
        origin: whose it is: ganbench's, a package's by its name, or a user's by the folder.
        users: whether it is a user's, so that it is nowhere else to be had.
    """

    folder: Path
    origin: str
    users: bool = False

    def holds(self, path: Path) -> bool:
        """Whether a file is in it."""
        return path.is_relative_to(self.folder)


class _Unusable(Exception):
    """What an entry point lacks."""


def own() -> Tree:
    """Ganbench's own tree."""
    return Tree(ROOT.resolve(), "ganbench")


def base() -> Path:
    """The gin file that every run starts from."""
    return ROOT / BASE


def installed() -> tuple[list[Tree], list[str]]:
    """The trees of installed packages, by their entry points; one that is broken hides no other.

    Returns:
        The trees, in the order of the packages' names, and a sentence on each entry point that
        gives none.
    """
    trees, faults = [], []
    for point in sorted(entry_points(group=GROUP), key=_package):
        try:
            trees.append(Tree(_folder(point).resolve(), _package(point)))
        except _Unusable as reason:
            faults.append(f"the package {_package(point)} offers gin files, but {reason}")
    faults += [
        f"the package {_package(point)} offers the method {point.name!r} by the entry point group "
        f"{FORMER}, which is no longer read: it must put the gin file into {FOLDER}/methods in "
        f"the folder of its module, and name the module in the group {GROUP}"
        for point in sorted(entry_points(group=FORMER), key=_package)
    ]
    return trees, faults


def _package(point: EntryPoint) -> str:
    return "of unknown name" if point.dist is None else point.dist.name


def _folder(point: EntryPoint) -> Path:
    module = point.value.partition(":")[0].strip()
    try:
        spec = find_spec(module)
    except Exception as error:  # finding a submodule runs its package, which may do anything
        reason = traceback.format_exception_only(error)[-1].strip()
        raise _Unusable(f"its module {module} cannot be found ({reason})") from error
    if spec is None:
        raise _Unusable(f"its module {module} cannot be found")
    if spec.submodule_search_locations is None:  # beside it there may be anybody's folder
        raise _Unusable(f"its module {module} is a single file, and must be a package's folder")
    folders = [Path(place) for place in spec.submodule_search_locations]
    for folder in folders:
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    raise _Unusable(f"there is no folder {FOLDER} in {', '.join(map(str, folders))}, its module")
