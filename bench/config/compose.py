"""Composes layers of gin files into the config of one run: the last binding of a name wins."""

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
        text: the same as a gin file, sorted, with the imports it needs.
    """

    def __init__(self, layers: list[Layer]) -> None:
        merged: dict[Key, Binding] = {}
        for layer in layers:
            for binding in layer.bindings:
                merged[_key(binding)] = binding
        self._merged = merged
        self.bindings = {key: merged[key] for key in sorted(_reached(merged))}
        modules = sorted({module for layer in layers for module in layer.imports})
        self.text = "".join(f"import {module}\n" for module in modules) + "".join(
            f"{_gin_name(key)} = {binding.value!r}\n" for key, binding in self.bindings.items()
        )

    def uses(self, binding: Binding) -> bool:
        """Whether the run reads this binding's name, be it that another layer overrode it."""
        return _key(binding) in self.bindings

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


def _key(binding: Binding) -> Key:
    if not binding.parameter:
        return (binding.scope, binding.selector, "")
    selector = resolve(binding.selector, binding.where)
    check_parameter(selector, binding)
    return (binding.scope, selector, binding.parameter)


def _gin_name(key: Key) -> str:
    scope, selector, parameter = key
    scoped = f"{scope}/{selector}" if scope else selector
    return f"{scoped}.{parameter}" if parameter else scoped


def _reached(merged: dict[Key, Binding]) -> set[Key]:
    """The bindings that take effect when gin builds ``ROOT_CONFIGURABLE``.

    As in gin, a call in scope a/b is given the bindings of a/b, of a, and of no scope; a reference
    without a scope of its own keeps its caller's.
    """
    reached: set[Key] = set()
    visited: set[Call] = set()
    pending: list[Call] = [((), resolve(ROOT_CONFIGURABLE, ROOT_CONFIGURABLE))]
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
    return reached


def _target(
    reference: Reference, scopes: tuple[str, ...], merged: dict[Key, Binding], where: str
) -> Call:
    if not reference.macro:
        return reference.scopes or scopes, resolve(reference.selector, where)
    macros = {key[1] for key in merged if not key[2]}
    if reference.selector not in macros:
        raise UsageError(
            f"{where}: no macro {reference!r} is bound; {nearest(reference.selector, macros)}"
        )
    return (), reference.selector
