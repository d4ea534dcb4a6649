"""A composed config that is gin's own while it is entered, and leaves gin as it found it.

Gin has one config a process, in variables of its module, and offers no way to put it aside. Here
these variables are exchanged for others, and nothing of a caller's own is copied or changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from threading import RLock
from typing import Any

import gin
from gin import config as gin_config
from gin.selector_map import SelectorMap

LOCKED = "_CONFIG_IS_LOCKED"

_entering = RLock()
"""Gin's variables are those of all threads."""


def modules(text: str) -> list[str]:
    """The modules that a config imports, in its order."""
    words = (line.split() for line in text.splitlines())
    return [line[1] for line in words if line[:1] == ["import"]]


@contextmanager
def unlocked() -> Iterator[None]:
    """Lets modules register what they define, be the caller's own config locked or not."""
    with _exchanged({LOCKED: False}):
        yield


class Bound:
    """A composed config, to be entered any number of times, from any number of places.

    While it is entered gin knows this config alone: no binding, scope, constant, singleton or hook
    of the caller's. Functions and classes that it hands out, for others to call later, enter it
    again by themselves: what was built from it needs nothing of gin. Two of them can be used in
    turn, or one within the other.

    Args:
        text: of the config, as ``Composition`` has it.

    Raises:
        ImportError: of a module that the config imports.
        ValueError: gin cannot read it.
    """

    def __init__(self, text: str) -> None:
        with unlocked():
            for module in modules(text):
                import_module(module)
        constants = SelectorMap()
        constants["gin.REQUIRED"] = gin.REQUIRED
        self._state = {
            "_CONFIG": {},
            "_IMPORTS": set(),
            "_OPERATIVE_CONFIG": {},
            "_SINGLETONS": {},
            "_CONSTANTS": constants,
            "_FINALIZE_HOOKS": [],
            LOCKED: False,
        }
        with self.entered():
            gin.parse_config(text)
            gin.finalize()
            for reference in gin_config.iterate_references(gin_config._CONFIG):
                if not reference.evaluate:
                    reference._scoped_configurable_fn = self._bound(reference)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Makes it gin's own until the end of the block.

        Another thread that enters another one meanwhile waits. One that enters this one does not:
        a part may have threads of its own, and wait for them.
        """
        if gin_config._CONFIG is self._state["_CONFIG"]:
            yield
            return
        with _entering, _exchanged(self._state), gin.config_scope(None):
            yield

    def operative(self) -> str:
        """What has been used of it so far, defaults included, as a gin file."""
        with self.entered():
            return str(gin.operative_config_str())

    def _bound(self, reference: Any) -> Any:
        """A function or class that is not called yet, in the form in which it will be handed out.

        It stays what it is, as gin's own wrappers do: a class is given a subclass.
        """

        def entering(made: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(made)
            def call(*args: Any, **kwargs: Any) -> Any:
                with self.entered():
                    return made(*args, **kwargs)

            return call

        return gin_config._decorate_fn_or_cls(
            entering,
            reference.scoped_configurable_fn,
            reference.configurable.selector,
            avoid_class_mutation=True,
            decorate_methods=True,
        )


@contextmanager
def _exchanged(state: dict[str, Any]) -> Iterator[None]:
    """Puts other values into gin's variables, and takes them out again, as they are by then."""
    before = {name: getattr(gin_config, name) for name in state}
    _set(state)
    try:
        yield
    finally:
        state.update({name: getattr(gin_config, name) for name in state})
        _set(before)


def _set(state: dict[str, Any]) -> None:
    for name, value in state.items():
        setattr(gin_config, name, value)
