"""Composes layers of gin files into the config of one run: the last binding of a name wins."""

from typing import Any

import gin

from bench.config.registry import check_parameter, references, required_parameters, resolve
from bench.config.statements import Binding, Layer, Reference
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
        text: the same as a gin file, sorted, with the imports it needs.
    """

    def __init__(self, layers: list[Layer]) -> None:
        merged: dict[Key, Binding] = {}
        for layer in layers:
            for binding in layer.bindings:
                merged[key_of(binding)] = binding
        self._merged = merged
        root = resolve(ROOT_CONFIGURABLE, ROOT_CONFIGURABLE)
        reached, calls = _reached(merged, [((), root)])
        self.bindings = {key: merged[key] for key in sorted(reached)}
        self.selectors = {selector for _, selector in calls if selector not in _macros(merged)}
        modules = sorted({module for layer in layers for module in layer.imports})
        self.text = "".join(f"import {module}\n" for module in modules) + "".join(
            f"{_gin_name(key)} = {binding.value!r}\n" for key, binding in self.bindings.items()
        )

    def uses(self, binding: Binding) -> bool:
        """Whether the run reads this binding's name, be it that another layer overrode it."""
        return key_of(binding) in self.bindings

    def bound(self, scopes: tuple[str, ...], selector: str, parameter: str) -> Binding | None:
        """What a call in these scopes is given for a parameter: the innermost scope's binding."""
        for n in range(len(scopes), -1, -1):
            found = self.bindings.get(("/".join(scopes[:n]), selector, parameter))
            if found is not None:
                return found
        return None

    def part(self, parameter: str) -> tuple[tuple[Key, str], ...]:
        """Every binding that decides one part of the experiment, its own included, as text."""
        root = resolve(ROOT_CONFIGURABLE, ROOT_CONFIGURABLE)
        own = self.bindings.get(("", root, parameter))
        if own is None:
            return ()
        calls = [_target(one, (), self._merged, own.where) for one in references(own.value)]
        keys = {("", root, parameter), *_reached(self._merged, calls)[0]}
        return tuple((key, repr(self._merged[key].value)) for key in sorted(keys))

    def macro(self, reference: Reference) -> Any:
        """The value of a macro."""
        return self.bindings["", reference.selector, ""].value

    def where(self, selector: str, parameter: str) -> str | None:
        """Where a parameter that the run uses was bound, in a scope or by a macro included."""
        for (_, full_selector, name), binding in self.bindings.items():
            if full_selector.rsplit(".", 1)[-1] == selector and name == parameter:
                value = binding.value
                macro = isinstance(value, Reference) and value.macro
                return self.bindings["", value.selector, ""].where if macro else binding.where
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
            macros = {key[1] for key in self._merged if not key[2]}
            used = {key[1] for key in self.bindings if not key[2]}
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


def load(text: str) -> None:
    """Makes a composed config gin's own, in place of whatever was there, and locks it."""
    gin.clear_config()
    gin.parse_config(text)
    gin.finalize()


def key_of(binding: Binding) -> Key:
    """What a binding binds, however its selector is written.

    Raises:
        UsageError: there is no such thing, or its value has the wrong type.
    """
    if not binding.parameter:
        return (binding.scope, binding.selector, "")
    selector = resolve(binding.selector, binding.where)
    check_parameter(selector, binding)
    return (binding.scope, selector, binding.parameter)


def _gin_name(key: Key) -> str:
    scope, selector, parameter = key
    scoped = f"{scope}/{selector}" if scope else selector
    return f"{scoped}.{parameter}" if parameter else scoped


def _macros(merged: dict[Key, Binding]) -> set[str]:
    return {key[1] for key in merged if not key[2]}


def _reached(merged: dict[Key, Binding], calls: list[Call]) -> tuple[set[Key], set[Call]]:
    """The bindings that take effect when gin makes these calls.

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
    reference: Reference, scopes: tuple[str, ...], merged: dict[Key, Binding], where: str
) -> Call:
    if not reference.macro:
        return reference.scopes or scopes, resolve(reference.selector, where)
    macros = _macros(merged)
    if reference.selector not in macros:
        raise UsageError(
            f"{where}: no macro {reference!r} is bound; {nearest(reference.selector, macros)}"
        )
    return (), reference.selector
