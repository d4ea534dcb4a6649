"""Sees to it that ``bench``, ``methods`` and ``architectures`` are those of ganbench.

These are short names, and a user may well have a ``methods`` folder or a ``bench.py`` of his own
where he works, which Python would import in place of ours. ``ganbench`` is a name of its own, and
whatever imports it first is safe: from then on the three names are looked up beside it and nowhere
else. A user's ``methods/mine.py`` can be imported nevertheless, as ``methods.mine``, and so can
what is in his ``architectures``; where both have a module of one name, ours is meant.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

HOME = Path(__file__).resolve().parents[1]
"""The folder that ``ganbench`` and the pinned packages are in: a checkout, or site-packages."""

EXTENDED = ("architectures", "methods")
"""Packages whose modules may also be those of a folder of that name on ``sys.path``."""

PINNED = ("bench", *EXTENDED)


class Finder(MetaPathFinder):
    """Finds the pinned packages in ``HOME``, and modules of theirs that a user adds."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See ``importlib.abc.MetaPathFinder``; None leaves it to the next finder."""
        package, _, module = fullname.partition(".")
        if fullname in PINNED:
            return PathFinder.find_spec(fullname, [str(HOME)], target)
        if package in EXTENDED and "." not in module:
            folders = [os.path.join(entry or os.getcwd(), package) for entry in sys.path]
            return PathFinder.find_spec(fullname, [*(path or ()), *folders], target)
        return None


def pin() -> None:
    """Puts the finder before all others, once.

    Raises:
        ImportError: another package of one of these names has been imported already.
    """
    for name in PINNED:
        if name in sys.modules:
            _require_ours(name, sys.modules[name])
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())


def call(place: str, /, *args: Any, **kwargs: Any) -> Any:
    """Calls a function of ours; what another process is to unpickle and call, is called by this.

    A pickle names modules. One that begins with this function imports ganbench before any other
    module of ours, also where a user's own ``bench.py`` lies in the process's folder.

    Args:
        place: "module:function".
        args: given to the function.
        kwargs: given to the function, too.
    """
    module, _, function = place.partition(":")
    return getattr(import_module(module), function)(*args, **kwargs)


def _require_ours(name: str, module: ModuleType) -> None:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    where = next((Path(place).resolve() for place in places if place), None)
    if where is None or HOME / name not in (where.parent, where):
        raise ImportError(
            f"ganbench has a package of its own called {name!r}, and another was imported before "
            f"it, from {where}: import ganbench first, or rename the other one",
            name=name,
        )
