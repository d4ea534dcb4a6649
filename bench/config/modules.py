"""Python modules of a user's own: found in the folders that hold the gin files that import them."""

import importlib
import sys
import traceback
from collections.abc import Iterable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from bench.config.bound import unlocked
from bench.errors import UsageError
from ganbench.pinned import PINNED


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
    except Exception as error:  # a module runs code, which may do anything
        reason = traceback.format_exception_only(error)[-1].strip()
        raise UsageError(f"{where}: cannot import {module}: {reason}") from error
    for spec in beside.values():
        if top not in PINNED:  # which have modules in several folders
            _require_same(top, spec, where)


def _in(home: str, top: str) -> ModuleSpec | None:
    """The module of a name in a folder."""
    importlib.invalidate_caches()  # it may have been written a moment ago
    return PathFinder.find_spec(top, [home])


def _remedy(error: ImportError) -> str:
    if not isinstance(error, ModuleNotFoundError):
        return ""
    return "; a module of your own lies beside the suite's file, or beside the folder gin"


def _require_same(top: str, spec: ModuleSpec, where: str) -> None:
    """Sees to it that what was imported is what lies beside the suite.

    Raises:
        UsageError: another module of the name comes first.
    """
    found = getattr(sys.modules[top], "__file__", None)
    if spec.origin is None or found is None:  # a mere folder, of which there may be several
        return
    if Path(found).resolve() != Path(spec.origin).resolve():
        raise UsageError(
            f"{where}: two modules are named {top!r}: {found}, which is found first, and "
            f"{spec.origin}; rename one"
        )
