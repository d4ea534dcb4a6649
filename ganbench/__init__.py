"""Which GAN stabilizer works, under which settings, at what cost, and how sure can we be?

What the command line does, from Python: docs/python.md goes through it. The packages that it
stands on, ``bench``, ``methods`` and ``architectures``, are ours from here on, whatever lies in
the working directory (see ``ganbench.pinned``).
"""

from importlib import import_module
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
        bound = import_module("bench.config.bound")
        with bound.unlocked():
            api = import_module("ganbench.api")
        return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module("ganbench.api").__all__})
