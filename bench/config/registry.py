"""What gin knows: its configurables, their parameters and their types."""

import inspect
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from gin import config as gin_config

from bench.config.statements import Binding
from bench.config.values import fitted
from bench.errors import UsageError, nearest

_SKIPPED = ("gin.",)  # gin's own: macros, constants, singletons


def resolve(selector: str, where: str) -> str:
    """The full selector of a configurable, given its name or the end of its path.

    Raises:
        UsageError: if gin knows none, or several.
    """
    matches = gin_config._REGISTRY.matching_selectors(selector)  # gin offers no public list
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"{where}: {selector} could be any of {', '.join(sorted(matches))}")
    known = {
        full.rsplit(".", 1)[-1]
        for full, _ in gin_config._REGISTRY.items()
        if not full.startswith(_SKIPPED)
    }
    raise UsageError(f"{where}: nothing named {selector} can be bound; {nearest(selector, known)}")


def checked(full_selector: str, binding: Binding, macros: Mapping[str, Binding]) -> Any:
    """The value of a binding, once its parameter exists and takes it; see ``fitted``.

    Raises:
        UsageError: with where the binding stands, or the macro that is its value.
    """
    parameters, annotations = _signature(_function(full_selector))
    if binding.parameter not in parameters:
        raise UsageError(
            f"{binding.where}: {binding.selector} has no parameter {binding.parameter!r}; "
            f"{nearest(binding.parameter, parameters)}"
        )
    return fitted(binding, annotations.get(binding.parameter, Any), macros)


def required_parameters(full_selector: str) -> list[str]:
    """The parameters of a configurable that have no default."""
    parameters = inspect.signature(_function(full_selector)).parameters.values()
    return [p.name for p in parameters if p.default is p.empty and p.name != "self"]


def _function(full_selector: str) -> Callable[..., Any]:
    """What is called: a class's constructor, or the function itself."""
    target = gin_config._REGISTRY.get_match(full_selector).wrapped
    return target.__init__ if inspect.isclass(target) else target


@cache
def _signature(function: Callable[..., Any]) -> tuple[list[str], dict[str, Any]]:
    """The names of the parameters, and what is known of their types."""
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    try:
        return names, typing.get_type_hints(function)
    except NameError:  # of a plug-in that imports them for a type checker alone
        return names, {}
