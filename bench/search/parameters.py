"""What a search may vary: gin bindings, each with the values it may take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from bench.config.compose import Composition
from bench.config.registry import resolve
from bench.config.statements import Binding, Layer, read_option
from bench.errors import UsageError

CATEGORICAL = "categorical"
"""The kind whose values may be references, which a run resolves."""

DIGITS = 12
"""Significant digits of a value that is a multiple: 3 times 0.1 is to read 0.3."""


def _numbers(values: Sequence[float], unit: float) -> BaseDistribution:
    return CategoricalDistribution([_times(value, unit) for value in values])


def _choices(values: Sequence[Any], unit: float) -> BaseDistribution:
    return CategoricalDistribution([repr(value) for value in values])


def _log_uniform(bounds: Sequence[float], unit: float) -> BaseDistribution:
    low, high = (_times(bound, unit) for bound in bounds)
    return FloatDistribution(low, high, log=True)


def _uniform(bounds: Sequence[float], unit: float) -> BaseDistribution:
    low, high = (_times(bound, unit) for bound in bounds)
    return FloatDistribution(low, high)


def _integer(bounds: Sequence[int], unit: float) -> BaseDistribution:
    low, high = bounds
    return IntDistribution(low, high)


KINDS: dict[str, Callable[[Sequence[Any], float], BaseDistribution]] = {
    "grid": _numbers,
    CATEGORICAL: _choices,
    "log_uniform": _log_uniform,
    "uniform": _uniform,
    "integer": _integer,
}
"""By the parameter of ``Search`` that declares it. Optuna knows a category by its gin text."""

SCALABLE = ("grid", "log_uniform", "uniform")
"""Kinds whose values may be multiples of the suite's own."""


@dataclass(frozen=True)
class Parameter:
    """One binding that a search varies.

    Attributes:
        key: the left side in gin, such as ``discriminator/Adam.lr``.
        kind: one of ``KINDS``.
        values: the choices, or lower and upper bound.
        relative: whether the values are multiples of what the suite binds.
        where: the file and line that declare it.
    """

    key: str
    kind: str
    values: Sequence[Any]
    relative: bool
    where: str

    @property
    def example(self) -> Layer:
        """A binding of it, to see whether and where it takes effect."""
        first = self.values[0]
        return read_option(f"{self.key} = {first!r}", self.where)

    @property
    def listed(self) -> bool:
        """Whether its values can be counted."""
        return self.kind in ("grid", CATEGORICAL)

    def distribution(self, composition: Composition) -> BaseDistribution:
        """The values it may take in a run that would otherwise be composed so.

        Raises:
            UsageError: where they are multiples of a value that is not there, or no values at all.
        """
        unit = bound_number(self, composition) if self.relative else 1.0
        try:
            return KINDS[self.kind](self.values, unit)
        except ValueError as error:
            raise UsageError(f"{self.where}: {self.key}: {error}") from error

    def binding(self, value: Any) -> Layer:
        """The layer that gives it a value that its distribution has drawn."""
        text = value if isinstance(value, str) else repr(value)
        return read_option(f"{self.key} = {text}", self.where)


def bound_number(parameter: Parameter, composition: Composition) -> float:
    """The number that a composed config binds a parameter to, an enclosing scope's included.

    Raises:
        UsageError: where it binds none, or no number other than 0.
    """
    value = _bound(parameter.example.bindings[0], composition)
    if isinstance(value, bool) or not isinstance(value, int | float) or value == 0:
        raise UsageError(
            f"{parameter.where}: Search.relative: {parameter.key} is {value!r} in the suite, and "
            "only a number can be multiplied; bind it there, or search it by its own values"
        )
    return float(value)


def _bound(binding: Binding, composition: Composition) -> Any:
    selector = resolve(binding.selector, binding.where) if binding.parameter else binding.selector
    scopes = tuple(binding.scope.split("/")) if binding.scope else ()
    found = composition.bound(scopes, selector, binding.parameter)
    return None if found is None else composition.source(found).value


def _times(value: float, unit: float) -> float:
    """The product; a value that is no multiple stays as it is written."""
    return value if unit == 1.0 else float(f"{value * unit:.{DIGITS}g}")
