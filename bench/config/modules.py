"""Python modules of a user's own: found in the folders that hold the gin files that import them."""

import filecmp
import importlib
import sys
import traceback
from collections.abc import Iterable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from bench.config.bound import unlocked
from bench.errors import UsageError
from ganbench.pinned import PINNED

_sources: dict[str, bytes] = {}
"""By its path, what each module of a user's own said when it was first asked for."""


def importable(homes: Iterable[str]) -> None:
    """Lets this process find modules in some folders too, after all others."""
    new = [home for home in homes if home not in sys.path]
    sys.path += new
    if new:
        importlib.invalidate_caches()


def bring(module: str, homes: Iterable[str], where: str) -> None:
    """Imports a module, which may be in one of some folders.

    Args:
        module: its dotted name.
        homes: the folders.
        where: the file and line that import it.

    Raises:
        UsageError: it cannot be imported, or it is hidden by another of its name.
    """
    top = module.partition(".")[0]
    beside = {home: spec for home in homes if (spec := _in(home, top)) is not None}
    importable(beside)
    try:
        with unlocked():
            importlib.import_module(module)
    except ImportError as error:
        raise UsageError(f"{where}: cannot import {module}: {error}{_remedy(error)}") from error
    except (Exception, SystemExit) as error:  # a module runs code, which may do anything
        reason = traceback.format_exception_only(error)[-1].strip()
        raise UsageError(f"{where}: cannot import {module}: {reason}") from error
    for spec in beside.values():
        if top not in PINNED:  # which have modules in several folders
            _require_same(top, spec, where)
            _require_unchanged(spec, where)


def require_not_ours(module: str, homes: Iterable[str], where: str) -> None:
    """Sees to it that a user's own gin file gets no module of ours in place of one of his.

    Args:
        module: the dotted name of one that has been imported.
        homes: the folders in which his are.
        where: the file and line that import it.

    Raises:
        UsageError: he has one of the name, and it says another thing than ours.
    """
    top, *_ = parts = module.split(".")
    for home in homes if top in PINNED else ():
        spec = _in(str(Path(home, *parts[:-1])), module)
        if spec is not None:
            _require_same(module, spec, where)


def _in(folder: str, module: str) -> ModuleSpec | None:
    """The module of a name, or of the end of one, in a folder."""
    importlib.invalidate_caches()  # it may have been written a moment ago
    return PathFinder.find_spec(module, [folder])


def _remedy(error: ImportError) -> str:
    if not isinstance(error, ModuleNotFoundError):
        return ""
    return (
        "; a module of your own lies beside the suite's file, beside the folder gin, or in a "
        "folder on PYTHONPATH"
    )


def _require_same(module: str, spec: ModuleSpec, where: str) -> None:
    """Sees to it that what was imported is what lies beside the suite, or the same to the byte.

    Raises:
        UsageError: another module of the name comes first.
    """
    found = getattr(sys.modules[module], "__file__", None)
    if spec.origin is None or found is None:  # a mere folder, of which there may be several
        return
    if not filecmp.cmp(found, spec.origin, shallow=False):
        raise UsageError(
            f"{where}: two modules are named {module!r}: {found}, which is found first, and "
            f"{spec.origin}; rename one"
        )


def _require_unchanged(spec: ModuleSpec, where: str) -> None:
    """Sees to it that a module is still what this process has imported.

    Raises:
        UsageError: it has been edited since.
    """
    if spec.origin is None:
        return
    source = Path(spec.origin).read_bytes()
    if _sources.setdefault(spec.origin, source) != source:
        raise UsageError(
            f"{where}: {spec.origin} has changed since this process imported it, and Python keeps "
            "what it imported: start anew"
        )
