"""What gin knows: its configurables, their parameters and their types."""

import dataclasses
import inspect
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from gin import config as gin_config

from bench.config.statements import Binding
from bench.config.values import UNIONS, fitted
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


def is_registered(name: str) -> bool:
    """Whether a name stands for something that can be bound, or might."""
    return bool(gin_config._REGISTRY.matching_selectors(name))


def minimal(full_selector: str) -> str:
    """As much of the end of a selector as names it."""
    return str(gin_config._REGISTRY.minimal_selector(full_selector))


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


@cache
def defaults(full_selector: str) -> dict[str, Any]:
    """The parameters of a configurable, each with its default; ``Parameter.empty`` without one.

    Not to be changed.
    """
    found = {
        name: parameter.default
        for name, parameter in inspect.signature(_function(full_selector)).parameters.items()
        if name != "self"
    }
    configurable = target(full_selector)
    if dataclasses.is_dataclass(configurable):
        found |= {
            field.name: field.default_factory()
            for field in dataclasses.fields(configurable)
            if field.init and field.default_factory is not dataclasses.MISSING
        }
    return found


def not_content(full_selector: str) -> tuple[str, ...]:
    """The parameters that decide nothing about a result, such as where a file lies.

    A class names them in its attribute ``NOT_CONTENT``.
    """
    return attribute(full_selector, "NOT_CONTENT") or ()


def target(full_selector: str) -> Any:
    """The class or function that a selector names, itself."""
    return gin_config._REGISTRY.get_match(full_selector).wrapped


def attribute(full_selector: str, name: str) -> Any:
    """An attribute of a registered class, None where it has none."""
    return getattr(target(full_selector), name, None)


def returns(full_selector: str, kind: type) -> bool:
    """Whether it is a class of this ``kind``, or a function that says to return one."""
    found = target(full_selector)
    if isinstance(found, type):
        return issubclass(found, kind)
    said = _signature(found)[1].get("return")
    return isinstance(said, type) and issubclass(said, kind)


def is_number(full_selector: str, parameter: str) -> bool:
    """Whether a parameter may be a number, or several; one without a type may."""
    said = _signature(_function(full_selector))[1].get(parameter, Any)
    kinds = typing.get_args(said) if typing.get_origin(said) in UNIONS else (said,)
    return not all(
        kind in (bool, str, type(None)) or typing.get_origin(kind) is typing.Literal
        for kind in kinds
    )


def required_parameters(full_selector: str) -> list[str]:
    """The parameters of a configurable that have no default."""
    parameters = inspect.signature(_function(full_selector)).parameters.values()
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        p.name
        for p in parameters
        if p.default is p.empty and p.name != "self" and p.kind not in several
    ]


def _function(full_selector: str) -> Callable[..., Any]:
    """What is called: a class's constructor, or the function itself."""
    configurable = target(full_selector)
    return configurable.__init__ if inspect.isclass(configurable) else configurable


@cache
def _signature(function: Callable[..., Any]) -> tuple[list[str], dict[str, Any]]:
    """The names of the parameters, and what is known of their types."""
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    try:
        return names, typing.get_type_hints(function)
    except NameError:  # of a plug-in that imports them for a type checker alone
        return names, {}
