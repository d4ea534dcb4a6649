"""A suite: methods x settings x seeds on one dataset and architecture."""

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path

import gin

from bench.config.names import find
from bench.config.registry import check_parameter, resolve
from bench.config.statements import Binding, Layer
from bench.errors import UsageError


@gin.register
@dataclass(frozen=True)
class Suite:
    """What a suite's gin file binds about itself; its other bindings apply to every run.

    Attributes:
        dataset: name of a gin file under gin/datasets.
        architecture: name of a gin file under gin/architectures.
        methods: names of gin files under gin/methods.
        settings: names of gin files under gin/settings; every method runs under every one.
        seeds: how many seeds, counted from 0, or the seeds themselves.
        remedies: settings that a method needs to run at all, by method. They are applied before
            the run's own setting, and the leaderboard says so.
    """

    dataset: str
    architecture: str
    methods: Sequence[str]
    settings: Sequence[str] = ("standard",)
    seeds: int | Sequence[int] = 3
    remedies: dict[str, list[str]] = field(default_factory=dict)

    @property
    def seed_list(self) -> list[int]:
        """The seeds, one run each."""
        return list(range(self.seeds)) if isinstance(self.seeds, int) else list(self.seeds)


@dataclass(frozen=True)
class BoundSuite:
    """A suite, and where each of its parameters was bound."""

    suite: Suite
    places: dict[str, str]

    def where(self, parameter: str) -> str:
        """The file and line, or the option, that bound a parameter."""
        return self.places.get(parameter, f"Suite.{parameter}")


@gin.register
@dataclass(frozen=True)
class Control:
    """What the gin file of a control says about it.

    Attributes:
        of: the method that it is a control of, below which leaderboards show it.
    """

    of: str


def is_description(binding: Binding) -> bool:
    """Whether a binding says what runs there are or are called, and nothing of what one does."""
    return binding.selector in (Suite.__name__, Control.__name__)


def control_of(layer: Layer) -> str | None:
    """The method that a method's layer calls itself a control of; None where it is none.

    Raises:
        UsageError: there is no such method, or no such parameter.
    """
    named = None
    for binding in (b for b in layer.bindings if b.selector == Control.__name__):
        check_parameter(resolve(binding.selector, binding.where), binding)
        find("methods", binding.value, binding.where)
        named = binding.value
    return named


def read_suite(path: Path, layers: Iterable[Layer]) -> BoundSuite:
    """Makes a suite of the bindings about it in ``layers``, the last of each name.

    Raises:
        UsageError: for an unknown or missing parameter, a wrong type, or an empty or doubled list.
    """
    bound: dict[str, Binding] = {}
    for binding in (b for layer in layers for b in layer.bindings if b.selector == Suite.__name__):
        check_parameter(resolve(binding.selector, binding.where), binding)
        bound[binding.parameter] = binding
    for parameter in fields(Suite):
        required = parameter.default is MISSING and parameter.default_factory is MISSING
        if required and parameter.name not in bound:
            raise UsageError(f"{path}: a suite must bind Suite.{parameter.name}")
    suite = Suite(**{name: binding.value for name, binding in bound.items()})
    result = BoundSuite(suite, {name: binding.where for name, binding in bound.items()})
    lists = {"methods": suite.methods, "settings": suite.settings, "seeds": suite.seed_list}
    for name, values in lists.items():
        if not values or len(set(values)) < len(values):
            raise UsageError(
                f"{result.where(name)}: Suite.{name} must name at least one, and each once"
            )
    return result
