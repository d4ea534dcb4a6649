"""Composes layers of gin files into the config of one run: the last binding of a name wins."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.config.catalogue import Catalogue
from bench.config.registry import checked, required_parameters, resolve
from bench.config.statements import Binding, Layer, Reference, read_file
from bench.config.trees import base
from bench.config.values import expanded, references
from bench.errors import UsageError, nearest

ROOT_CONFIGURABLE = "Experiment"
"""What a run builds; everything else is reached from it by references."""

Key = tuple[str, str, str]
Call = tuple[tuple[str, ...], str]
"""The scopes and the full selector of a configurable that gin calls."""


class Composition:
    """The bindings that one run uses.

    Attributes:
        bindings: by (scope, full selector, parameter); a macro's selector is its name, its
            parameter empty.
        selectors: the full selectors of all that the run calls.
        text: the bindings as a gin file, sorted, with the imports it needs.
    """

    def __init__(self, layers: list[Layer]) -> None:
        keyed = [(key_of(binding), binding) for layer in layers for binding in layer.bindings]
        self._last = dict(keyed)
        self._merged = merged = _checked(keyed)
        root: list[Call] = [((), resolve(ROOT_CONFIGURABLE, ROOT_CONFIGURABLE))]
        reached, calls = _reached(merged, root)
        self.bindings = {key: merged[key] for key in sorted(reached)}
        self.selectors = {selector for _, selector in calls if selector not in _macros(merged)}
        self._used = self.bindings.keys() | _reached(self._last, root)[0]
        modules = sorted({module for layer in layers for module in layer.imports})
        self.text = "".join(f"import {module}\n" for module in modules) + _gin_text(self.bindings)

    def uses(self, binding: Binding) -> bool:
        """Whether the run reads this binding's name, be it that another layer overrode it."""
        return key_of(binding) in self._used

    def keeps(self, binding: Binding) -> bool:
        """Whether the run reads this very binding, which no other layer overrode."""
        key = key_of(binding)
        return key in self._used and self._last[key] == binding

    def below(self, *parameters: str) -> str:
        """All that some of the root's parameters depend on, as a gin file."""
        root = resolve(ROOT_CONFIGURABLE, ROOT_CONFIGURABLE)
        keys = {("", root, parameter) for parameter in parameters} & self.bindings.keys()
        calls = [
            _target(reference, (), self._merged, self.bindings[key].where)
            for key in keys
            for reference in references(self.bindings[key].value)
        ]
        return _gin_text(
            {key: self.bindings[key] for key in sorted(keys | _reached(self._merged, calls)[0])}
        )

    def bound(self, scopes: tuple[str, ...], selector: str, parameter: str) -> Binding | None:
        """What a call in these scopes is given for a parameter: the innermost scope's binding."""
        for n in range(len(scopes), -1, -1):
            found = self.bindings.get(("/".join(scopes[:n]), selector, parameter))
            if found is not None:
                return found
        return None

    def macro(self, reference: Reference) -> Any:
        """The value of a macro."""
        return self.bindings["", reference.selector, ""].value

    def source(self, binding: Binding) -> Binding:
        """The binding that holds a parameter's value: its own, or that of the macro it names."""
        return _source(binding, self.bindings)

    def where(self, selector: str, parameter: str) -> str | None:
        """Where a parameter that the run uses was bound, in a scope or by a macro included."""
        for key in self.bindings:
            if key[1].rsplit(".", 1)[-1] == selector and key[2] == parameter:
                return self.source(self.bindings[key]).where
        return None

    def missing(self) -> list[str]:
        """Parameters that a run must be given, and that nothing binds."""
        root = resolve(ROOT_CONFIGURABLE, ROOT_CONFIGURABLE)
        return [p for p in required_parameters(root) if ("", root, p) not in self.bindings]

    def refuse(self, binding: Binding) -> None:
        """Says why a binding has no effect: a misspelt scope or macro, or nothing refers to it.

        Raises:
            UsageError: always.
        """
        if not binding.parameter:
            macros = _macros(self._merged)
            used = {key[1] for key in self._used if not key[2]}
            raise UsageError(
                f"{binding.where}: nothing uses the macro {binding.key!r}; "
                f"{nearest(binding.key, (macros & used) - {binding.key})}"
            )
        scopes = {
            "/".join(reference.scopes)
            for used_binding in self.bindings.values()
            for reference in references(used_binding.value)
            if reference.scopes
        }
        if binding.scope and binding.scope not in scopes:
            raise UsageError(
                f"{binding.where}: nothing runs in the scope {binding.scope!r}; "
                f"{nearest(binding.scope, scopes)}"
            )
        reached = {key[1].rsplit(".", 1)[-1] for key in self.bindings if key[2]}
        raise UsageError(
            f"{binding.where}: {binding.key} has no effect, since nothing here refers to "
            f"{binding.selector}; {nearest(binding.selector, reached - {binding.selector})}"
        )


def on_base(catalogue: Catalogue, *files: Path, overrides: Sequence[Layer] = ()) -> Composition:
    """What gin files compose with the base and nothing else, each overriding those before.

    Raises:
        UsageError: one of them is wrong.
    """
    layers = [read_file(path, catalogue) for path in (base(), *files)]
    return Composition([*layers, *overrides])


def key_of(binding: Binding) -> Key:
    """What a binding binds, however its selector is written.

    Raises:
        UsageError: there is no such thing.
    """
    if not binding.parameter:
        return (binding.scope, binding.selector, "")
    return (binding.scope, resolve(binding.selector, binding.where), binding.parameter)


def _checked(keyed: list[tuple[Key, Binding]]) -> dict[Key, Binding]:
    """The last binding of each name, all of them checked; lists are tuples where these are meant.

    Where what a macro stands for had to be changed for a parameter, that parameter is bound to
    the value itself.
    """
    merged = dict(keyed)
    macros = {name: binding for (_, name, parameter), binding in merged.items() if not parameter}
    for key, binding in keyed:
        meant = expanded(binding, macros)
        value = checked(key[1], binding, macros) if binding.parameter else meant
        if value != meant and merged[key] is binding:
            merged[key] = replace(binding, value=value, where=_source(binding, merged).where)
    return merged


def _source(binding: Binding, bindings: Mapping[Key, Binding]) -> Binding:
    """The end of a chain of macros."""
    value = binding.value
    while isinstance(value, Reference) and value.macro and ("", value.selector, "") in bindings:
        binding = bindings["", value.selector, ""]
        value = binding.value
    return binding


def _gin_name(key: Key) -> str:
    scope, selector, parameter = key
    scoped = f"{scope}/{selector}" if scope else selector
    return f"{scoped}.{parameter}" if parameter else scoped


def _gin_text(bindings: Mapping[Key, Binding]) -> str:
    return "".join(f"{_gin_name(key)} = {binding.value!r}\n" for key, binding in bindings.items())


def _macros(merged: Mapping[Key, Binding]) -> set[str]:
    return {key[1] for key in merged if not key[2]}


def _reached(merged: Mapping[Key, Binding], calls: Iterable[Call]) -> tuple[set[Key], set[Call]]:
    """The bindings that take effect when gin makes the calls.

    As in gin, a call in scope a/b is given the bindings of a/b, of a, and of no scope; a reference
    without a scope of its own keeps its caller's.

    Returns:
        The bindings, and all calls that come of it, macros among them.
    """
    reached: set[Key] = set()
    visited: set[Call] = set()
    pending = list(calls)
    while pending:
        scopes, selector = pending.pop()
        if (scopes, selector) in visited:
            continue
        visited.add((scopes, selector))
        prefixes = {"/".join(scopes[:n]) for n in range(len(scopes) + 1)}
        for key in [k for k in merged if k[1] == selector and k[0] in prefixes]:
            reached.add(key)
            for reference in references(merged[key].value):
                pending.append(_target(reference, scopes, merged, merged[key].where))
    return reached, visited


def _target(
    reference: Reference, scopes: tuple[str, ...], merged: Mapping[Key, Binding], where: str
) -> Call:
    if not reference.macro:
        return reference.scopes or scopes, resolve(reference.selector, where)
    macros = _macros(merged)
    if reference.selector not in macros:
        raise UsageError(
            f"{where}: no macro {reference!r} is bound; {nearest(reference.selector, macros)}"
        )
    return (), reference.selector
