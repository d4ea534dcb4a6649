"""What a composed config says: no module path, scope, macro, file or order of layers changes it.

Each entry is a parameter of what ``Experiment`` builds, in the notation of gin with slots in place
of scopes, such as ``g_optimizer/Adam.lr``: the parameter ``lr`` of the Adam in the slot
``g_optimizer``. A parameter bound to its default has no entry, nor has one that nothing reads.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from bench.config.compose import ROOT_CONFIGURABLE, Composition
from bench.config.registry import defaults, not_content, resolve
from bench.config.statements import Reference
from bench.errors import UsageError

Contents = dict[str, str]
"""Parameters, and their values as JSON; a configurable is written ``@Name``, or ``@Name()``."""


@lru_cache(maxsize=1024)
def contents(composition: Composition) -> Contents:
    """What a composed config says, without what decides nothing about a run's result.

    Returns:
        The parameters, sorted; not to be changed.

    Raises:
        UsageError: a configurable refers to itself.
    """
    reader = _Reader(composition)
    reader.read("", (), resolve(ROOT_CONFIGURABLE, ROOT_CONFIGURABLE), ())
    return dict(sorted(reader.found.items()))


def within(found: Contents, slot: str) -> Contents:
    """The part of contents that stands in one slot of ``Experiment``, itself included."""
    own = f"{ROOT_CONFIGURABLE}.{slot}"
    return {key: text for key, text in found.items() if key == own or key.startswith(f"{slot}/")}


class _Reader:
    def __init__(self, composition: Composition) -> None:
        self.composition = composition
        self.found: Contents = {}
        self._names = _short(composition.selectors)

    def read(
        self, path: str, scopes: tuple[str, ...], selector: str, around: tuple[str, ...]
    ) -> None:
        """Reads the configurable in the slot that ``path`` ends with."""
        if path.count("/") > len(self.composition.bindings):
            raise UsageError(f"{' refers to '.join(around[-3:])}, and so on without end")
        for parameter, default in defaults(selector).items():
            binding = self.composition.bound(scopes, selector, parameter)
            if binding is None or parameter in not_content(selector):
                continue
            name = self._names[selector]
            text = self._text(binding.value, f"{path}{parameter}", scopes, (*around, name))
            if text != self._text(default, "", (), ()):
                self.found[f"{path}{name}.{parameter}"] = text

    def _text(self, value: Any, slot: str, scopes: tuple[str, ...], around: tuple[str, ...]) -> str:
        if isinstance(value, Reference) and value.macro:
            return self._text(self.composition.macro(value), slot, (), around)
        if isinstance(value, Reference):
            selector = resolve(value.selector, value.selector)
            self.read(f"{slot}/", value.scopes or scopes, selector, around)
            return f"@{self._names[selector]}{'()' if value.evaluated else ''}"
        if isinstance(value, list | tuple):
            items = (self._text(v, f"{slot}[{i}]", scopes, around) for i, v in enumerate(value))
            return f"[{', '.join(items)}]"
        if isinstance(value, dict):
            pairs = {
                self._text(key, slot, scopes, around): self._text(
                    item, f"{slot}[{key!r}]", scopes, around
                )
                for key, item in value.items()
            }
            return f"{{{', '.join(f'{key}: {pairs[key]}' for key in sorted(pairs))}}}"
        return literal(value)


def literal(value: Any) -> str:
    """A value without references as text; equal numbers have equal texts."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    try:
        return json.dumps(value)
    except TypeError:
        return repr(value)


def _short(selectors: Iterable[str]) -> dict[str, str]:
    """As much of the end of each selector as tells it from the others."""
    parts = {selector: selector.split(".") for selector in selectors}
    names = {}
    for selector, words in parts.items():
        others = [other for name, other in parts.items() if name != selector]
        length = 1
        while any(other[-length:] == words[-length:] for other in others):
            length += 1
        names[selector] = ".".join(words[-length:])
    return names
