"""Whether a bound value is what its parameter takes, behind macros and inside lists too."""

import inspect
import types
import typing
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Literal, Union

from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

from bench.config.statements import Binding, Reference, quoted
from bench.errors import UsageError, nearest

UNIONS = (Union, types.UnionType)
_LISTS = (list, tuple, Sequence, Collection, Iterable)
"""Kinds whose items are written in brackets."""


@dataclass
class _Unfit(Exception):
    """A value, or an item of one, that its annotation does not allow.

    Attributes:
        problem: the item, and what would be right.
        where: the macro that it came from; None where it stands in the binding itself.
    """

    problem: str
    where: str | None = None


def fitted(binding: Binding, annotation: Any, macros: Mapping[str, Binding]) -> Any:
    """The value of a binding as its parameter takes it, with macros in place.

    A list where a tuple is meant becomes one, and the reverse. Values behind macros are checked
    like any other.

    Args:
        binding: of a parameter.
        annotation: the parameter's.
        macros: by name; a reference to another is left alone.

    Raises:
        UsageError: for a value or an item of another type, with the place that bound it, or for
            macros that refer to each other in a circle.
    """
    meant = expanded(binding, macros)
    try:
        return _fit(binding.value, annotation, macros)
    except _Unfit as unfit:
        shown = f"{binding.key} = {quoted(repr(meant))}"
        raise UsageError(f"{unfit.where or binding.where}: {shown}: {unfit.problem}") from unfit


def expanded(binding: Binding, macros: Mapping[str, Binding]) -> Any:
    """The value of a binding with every macro in its place.

    Raises:
        UsageError: where macros refer to each other in a circle.
    """

    def expand(value: Any, where: str, chain: tuple[str, ...]) -> Any:
        if isinstance(value, Reference) and value.macro and value.selector in macros:
            name = value.selector
            if name in chain:
                circle = " -> ".join(f"%{link}" for link in (*chain[chain.index(name) :], name))
                raise UsageError(
                    f"{where}: the macro {name!r} is bound to itself ({circle}): bind it to a value"
                )
            return expand(macros[name].value, macros[name].where, (*chain, name))
        if isinstance(value, dict):
            keys = [expand(key, where, chain) for key in value]
            if any(isinstance(key, list | dict) for key in keys):
                raise UsageError(f"{where}: {value!r} has a list or a dictionary as a key")
            return dict(
                zip(keys, (expand(item, where, chain) for item in value.values()), strict=True)
            )
        if isinstance(value, list | tuple):
            return type(value)(expand(item, where, chain) for item in value)
        return value

    itself = () if binding.parameter else (binding.selector,)
    return expand(binding.value, binding.where, itself)


def references(value: Any) -> Iterator[Reference]:
    """Every reference inside a value, containers included."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from references(key)
            yield from references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


def macros_behind(value: Any, macros: Mapping[str, Binding]) -> set[str]:
    """The names of all macros that a value depends on."""
    found: set[str] = set()
    pending = [value]
    while pending:
        for reference in references(pending.pop()):
            name = reference.selector
            if reference.macro and name in macros and name not in found:
                found.add(name)
                pending.append(macros[name].value)
    return found


def _fit(value: Any, annotation: Any, macros: Mapping[str, Binding]) -> Any:
    """The value with macros in place and its lists of the right kind; raises ``_Unfit``."""
    if isinstance(value, Reference):
        return _fit_reference(value, annotation, macros)
    origin, arguments = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    if origin is Annotated:
        return _fit(value, arguments[0], macros)
    if origin in UNIONS:
        return _fit_one_of(value, annotation, arguments, macros)
    if origin is Literal:
        return _fit_choice(value, arguments)
    if isinstance(value, list | tuple):
        return _fit_items(value, annotation, macros)
    if isinstance(value, dict):
        keys, items = arguments if len(arguments) == 2 else (Any, Any)
        value = {_fit(k, keys, macros): _fit(v, items, macros) for k, v in value.items()}
        return _checked(value, origin, annotation)
    if isinstance(value, bool) and origin in (int, float):
        raise _Unfit(f"{quoted(repr(value))} is not {_called(annotation)}")
    if isinstance(value, float) and not isfinite(value):
        raise _Unfit(f"{value!r} is not a finite number")
    if isinstance(value, int) and origin is float and int(float(value)) == value:
        return float(value)  # as torch asks for, which takes no (0, 0.9)
    if isinstance(value, str) and origin in _LISTS:
        raise _Unfit(f"{quoted(repr(value))} is not {_called(annotation)}: write [{value!r}]")
    return _checked(value, annotation, annotation)


def _fit_reference(value: Reference, annotation: Any, macros: Mapping[str, Binding]) -> Any:
    if value.macro and value.selector in macros:
        macro = macros[value.selector]
        try:
            return _fit(macro.value, annotation, macros)
        except _Unfit as unfit:
            raise _Unfit(unfit.problem, unfit.where or macro.where) from unfit
    if not value.evaluated and not _may_be_called(annotation):
        raise _Unfit(f"{quoted(repr(value))} is not {_called(annotation)}")
    return value


def _may_be_called(annotation: Any) -> bool:
    """Whether a function or a class itself can be meant, and not only what a call of it gives."""
    if typing.get_origin(annotation) in UNIONS:
        return any(map(_may_be_called, typing.get_args(annotation)))
    if annotation in (Any, object) or not inspect.isclass(annotation):
        return True
    return any("__call__" in vars(cls) for cls in annotation.__mro__)


def _fit_one_of(
    value: Any, annotation: Any, alternatives: Sequence[Any], macros: Mapping[str, Binding]
) -> Any:
    reasons = []
    for alternative in alternatives:
        try:
            return _fit(value, alternative, macros)
        except _Unfit as unfit:
            reasons.append((alternative, unfit))
    if isinstance(value, list | tuple):  # then what is wrong with an item says more
        for alternative, reason in reasons:
            if (typing.get_origin(alternative) or alternative) in _LISTS:
                raise reason
    raise _Unfit(f"{quoted(repr(value))} is not {_called(annotation)}")


def _fit_choice(value: Any, choices: Sequence[Any]) -> Any:
    if any(type(value) is type(choice) and value == choice for choice in choices):
        return value
    hint = nearest(str(value), map(str, choices)) if isinstance(value, str) else ""
    valid = ", ".join(map(repr, choices))
    raise _Unfit(f"{value!r} is none of {valid}" + (f"; {hint}" if hint else ""))


def _fit_items(value: list[Any] | tuple[Any, ...], annotation: Any, macros: Any) -> Any:
    origin, arguments = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    kinds: Sequence[Any] = [Any] * len(value)
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        if len(arguments) != len(value):
            raise _Unfit(
                f"{value!r} has {len(value)} items, and {_called(annotation)} has {len(arguments)}"
            )
        kinds = arguments
    elif arguments and origin in _LISTS:
        kinds = [arguments[0]] * len(value)
    items = [_fit(item, kind, macros) for item, kind in zip(value, kinds, strict=True)]
    return _checked((origin if origin in (list, tuple) else type(value))(items), origin, annotation)


def _checked(value: Any, kind: Any, annotation: Any) -> Any:
    """The value, whose items have been checked; the rest is typeguard's to say."""
    try:
        check_type(value, kind, collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS)
    except TypeCheckError as error:
        raise _Unfit(f"{quoted(repr(value))} is not {_called(annotation)}") from error
    return value


def _called(annotation: Any) -> str:
    return inspect.formatannotation(annotation).replace("collections.abc.", "")
