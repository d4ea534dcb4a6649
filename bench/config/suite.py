"""A suite: methods x settings x seeds on one dataset and architecture."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path

import gin

from bench.config.description import Description, describe
from bench.config.groups import Group, Methods
from bench.config.relatives import Control, Recipe
from bench.config.statements import Binding, Layer
from bench.errors import UsageError
from bench.texts import shown

MOST_SEEDS = 100_000


@gin.register
@dataclass(frozen=True)
class Suite:
    """What a suite's gin file binds about itself; its other bindings apply to every run.

    Attributes:
        dataset: name of a gin file under datasets, in any tree.
        architecture: name of a gin file under architectures.
        methods: names of gin files under methods, or of groups of them; "all" is every method,
            and "recipes" every recipe.
        settings: names of gin files under settings; every method runs under every one.
        seeds: how many seeds, counted from 0, or the seeds themselves.
        remedies: settings that a method needs to run at all, by method or by group; a method's own
            stand in place of its groups'. They are applied before the run's own setting, and the
            leaderboard says so.
    """

    dataset: str
    architecture: str
    methods: str | Sequence[str]
    settings: Sequence[str] = ("standard",)
    seeds: int | Sequence[int] = 3
    remedies: dict[str, list[str]] = field(default_factory=dict)

    @property
    def seed_list(self) -> list[int]:
        """The seeds, one run each."""
        return list(range(self.seeds)) if isinstance(self.seeds, int) else list(self.seeds)


@dataclass(frozen=True)
class BoundSuite:
    """A suite, and the bindings that describe it.

    Attributes:
        suite: as it is bound.
        description: where.
        methods: those that it names, or that are in its groups, in order.
        remedies: by method, those of the groups that it is in included.
    """

    suite: Suite
    description: Description
    methods: list[str]
    remedies: Mapping[str, Sequence[str]]

    def where(self, parameter: str) -> str:
        """The file and line, or the option, that bound a parameter."""
        return self.description.where(parameter)


OF_METHODS = (Control.__name__, Group.__name__, Recipe.__name__)
"""What only a method's gin file says of itself."""


def is_description(binding: Binding) -> bool:
    """Whether a binding says what runs there are or are called, and nothing of what one does."""
    return binding.selector in (Suite.__name__, *OF_METHODS)


def read_suite(path: Path, layers: Iterable[Layer], known: Methods) -> BoundSuite:
    """Makes a suite of the bindings about it in ``layers``, the last of each name.

    Args:
        path: of its gin file.
        layers: from the first to the last, whose bindings win.
        known: the methods, and the groups of them, that there are.

    Raises:
        UsageError: for an unknown or missing parameter, a wrong type, an empty or doubled list, or
            a remedy that names no method or no setting, or a method that several files are named.
    """
    layers = list(layers)
    _require_plain(layers)
    description = describe(Suite.__name__, layers)
    for parameter in fields(Suite):
        required = parameter.default is MISSING and parameter.default_factory is MISSING
        if required and parameter.name not in description.values:
            raise UsageError(f"{shown(path)}: a suite must bind Suite.{parameter.name}")
    suite = Suite(**description.values)
    if isinstance(suite.seeds, int) and not 1 <= suite.seeds <= MOST_SEEDS:
        raise UsageError(
            f"{description.where('seeds')}: Suite.seeds = {suite.seeds}: it must be at least one "
            f"and at most {MOST_SEEDS}, or a list of the seeds themselves"
        )
    words = [suite.methods] if isinstance(suite.methods, str) else suite.methods
    description.require_names("methods", words)
    description.require_names("settings", suite.settings)
    description.require_seeds("seeds", suite.seed_list)
    methods = known.chosen(words, description.where("methods"))
    for name in methods:  # of several files it is said here, where the name is asked for
        known.catalogue.find("methods", name, description.where("methods"))
    return BoundSuite(suite, description, methods, _remedies(suite, description, known))


def _remedies(suite: Suite, description: Description, known: Methods) -> dict[str, Sequence[str]]:
    """The remedies of each method, by itself or by a group.

    Raises:
        UsageError: no method, no group or no setting has a name that it must have.
    """
    where = description.where("remedies")
    by_group: dict[str, Sequence[str]] = {}
    by_name: dict[str, Sequence[str]] = {}
    for word, settings in suite.remedies.items():
        members = known.chosen([word], where)
        (by_name if members == [word] else by_group).update(dict.fromkeys(members, settings))
        for setting in settings:
            known.catalogue.find("settings", setting, where)
    return by_group | by_name


def _require_plain(layers: Iterable[Layer]) -> None:
    """Refuses what would say nothing: a scope, or what only a method says of itself.

    Raises:
        UsageError: with where it stands.
    """
    for binding in (b for layer in layers for b in layer.bindings if is_description(b)):
        if binding.scope:
            raise UsageError(
                f"{binding.where}: {binding.key} has no effect: {binding.selector} is in no scope; "
                f"bind {binding.selector}.{binding.parameter}"
            )
        if binding.selector in OF_METHODS:
            raise UsageError(
                f"{binding.where}: {binding.key} has no effect here: a method says in its own gin "
                "file, under methods, what it is a control or recipe of, and which groups it is in"
            )
