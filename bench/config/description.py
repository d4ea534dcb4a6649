"""What a gin file binds about itself: read by the suite, and never bound by gin."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.config.registry import checked, resolve
from bench.config.statements import Binding, Layer
from bench.config.values import macros_behind, references
from bench.errors import UsageError, nearest


@dataclass(frozen=True)
class Description:
    """The parameters of one configurable, the last binding of each.

    Attributes:
        name: of the configurable.
        values: by parameter, macros in place.
        places: where each was bound.
        macros: names of the macros that values came from.
    """

    name: str
    values: Mapping[str, Any]
    places: Mapping[str, str]
    macros: frozenset[str] = frozenset()

    def where(self, parameter: str) -> str:
        """The file and line, or the option, that bound a parameter."""
        return self.places.get(parameter, f"{self.name}.{parameter}")

    def require_seeds(self, parameter: str, seeds: Collection[int]) -> None:
        """Checks seeds.

        Raises:
            UsageError: there is none, one is named twice, or one is negative.
        """
        self.require_names(parameter, seeds)
        if min(seeds) < 0:
            raise UsageError(
                f"{self.where(parameter)}: {self.name}.{parameter} has the seed {min(seeds)}: "
                "seeds are 0 or more"
            )

    def require_names(self, parameter: str, names: Collection[Any]) -> None:
        """Checks that a list names something, and nothing twice.

        Raises:
            UsageError: with where it was bound.
        """
        if not names or len(set(names)) < len(names):
            raise UsageError(
                f"{self.where(parameter)}: {self.name}.{parameter} must name at least one, and "
                "each once"
            )


def describe(name: str, layers: Iterable[Layer], open_to: Collection[str] = ()) -> Description:
    """Reads what layers bind of one configurable.

    Args:
        name: of the configurable.
        layers: from the first to the last, whose bindings win.
        open_to: parameters whose values may hold references, which are left as they are.

    Raises:
        UsageError: for an unknown parameter, a wrong type, or a reference that leads nowhere.
    """
    everything = [binding for layer in layers for binding in layer.bindings]
    macros = {binding.selector: binding for binding in everything if not binding.parameter}
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    used: set[str] = set()
    for binding in (b for b in everything if b.selector == name and b.parameter):
        value = checked(resolve(name, binding.where), binding, macros)
        if binding.parameter not in open_to:
            _require_literal(binding, value, macros)
        values[binding.parameter] = value
        places[binding.parameter] = binding.where
        used |= macros_behind(binding.value, macros)
    return Description(name, values, places, frozenset(used))


def _require_literal(binding: Binding, value: Any, macros: Collection[str]) -> None:
    for reference in references(value):
        if reference.macro:
            raise UsageError(
                f"{binding.where}: no macro {reference!r} is bound here; "
                f"{nearest(reference.selector, macros)}"
            )
        raise UsageError(
            f"{binding.where}: {binding.key} = {binding.value!r}: {reference!r} refers to what a "
            "run builds, and here a plain value is meant"
        )
