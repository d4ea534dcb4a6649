"""From what a config says back to a config: the inverse of ``bench.config.contents``.

So a record is enough to build a run's networks from: the suite may have changed since, or be a
stranger's. What a record says is parsed as gin's bindings, which can neither include nor import,
and what it names must be known to gin already.
"""

import json
import re
from typing import Any

from bench.config.compose import ROOT_CONFIGURABLE, Composition
from bench.config.contents import Contents
from bench.config.statements import Binding, Layer, Reference, read_option
from bench.errors import UsageError
from bench.identity import Identity

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b')
"""What JSON writes otherwise than Python."""


def said(identity: Identity, *slots: str) -> Contents:
    """What the config of a run says of these slots of ``Experiment``, and of its plain numbers."""
    return {key: text for key, text in identity.said.items() if _belongs(key, text, slots)}


def _belongs(key: str, text: str, slots: tuple[str, ...]) -> bool:
    own = key.removeprefix(f"{ROOT_CONFIGURABLE}.")
    if own != key and "@" not in text:
        return True
    return any(own == slot or own.startswith((f"{slot}/", f"{slot}[")) for slot in slots)


def restated(found: Contents, where: str) -> Composition:
    """A config that says this.

    Args:
        found: in the notation of ``contents``.
        where: it stands, for messages.

    Raises:
        UsageError: it is nothing that a config can say, or names what is not known here.
    """
    bindings = tuple(_binding(key, text, where) for key, text in found.items())
    return Composition([Layer(bindings, ())])


def _binding(key: str, text: str, where: str) -> Binding:
    """The binding of one entry, in a scope that is its slot's alone."""
    place = f"{where}: {key}"
    owner, _, parameter = key.rpartition(".")
    path, _, selector = owner.rpartition("/")
    name = f"{_scope(path)}/{selector}" if path else selector
    try:
        value = _WORD.sub(_python, text)
    except ValueError as error:
        raise UsageError(f"{place}: {text!r} is no value: {error}") from error
    read = read_option(f"{name}.{parameter} = {value}", place).bindings
    if [binding.key for binding in read] != [f"{name}.{parameter}"]:
        raise UsageError(f"{place}: it is no parameter of a run")
    slot = f"{path}/{parameter}" if path else parameter
    return Binding(_scope(path), selector, parameter, _scoped(read[0].value, slot), place)


def _scope(path: str) -> str:
    return re.sub(r"\W", "_", path)


def _python(match: re.Match[str]) -> str:
    return repr(json.loads(match[0]))


def _scoped(value: Any, slot: str) -> Any:
    """The value, each reference in it with the scope of its own slot."""
    if isinstance(value, Reference):
        return Reference((_scope(slot),), value.selector, value.evaluated, value.macro)
    if isinstance(value, list | tuple):
        return type(value)(_scoped(item, f"{slot}[{i}]") for i, item in enumerate(value))
    if isinstance(value, dict):
        return {key: _scoped(item, f"{slot}[{key!r}]") for key, item in value.items()}
    return value
