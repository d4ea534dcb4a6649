"""Which GAN stabilizer works, under which settings, at what cost, and how sure can we be?

What the command line does, from Python: docs/python.md goes through it. The packages that it
stands on, ``bench``, ``methods`` and ``architectures``, are ours from here on, whatever lies in
the working directory (see ``ganbench.pinned``).
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ganbench.pinned import pin

pin()

from bench import __version__ as __version__  # noqa: E402  (it has to be ours)

if TYPE_CHECKING:
    from ganbench.api import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        """Imports the API, and torch and pandas with it, when something of it is asked for."""
        if name.startswith("_") and name != "__all__":
            raise AttributeError(f"module 'ganbench' has no attribute {name!r}")
        return getattr(_api(), name)


def __dir__() -> list[str]:
    return sorted({"__all__", "__doc__", "__version__", *_api().__all__})


def _api() -> ModuleType:
    """The module with all that is offered; what it imports registers with the caller's gin."""
    with import_module("bench.config.bound").unlocked():
        return import_module("ganbench.api")
