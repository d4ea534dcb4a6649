"""A search as its gin file describes it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gin

from bench.config.catalogue import Catalogue
from bench.config.description import Description, describe
from bench.config.statements import read_file
from bench.config.trees import own
from bench.errors import UsageError, nearest
from bench.search.objective import AGGREGATES, SUMMARIES
from bench.search.parameters import CATEGORICAL, KINDS, SCALABLE, Parameter
from bench.search.samplers import PRUNERS, SAMPLERS
from bench.texts import read_text, shown

FIRST_SEED = 10_000
"""Seeds that choose are counted from here, where no suite's own seeds are."""


@gin.register
@dataclass(frozen=True)
class Search:
    """What a file in gin/search binds, and all that it may bind.

    Parameters are named as in a config, scopes included, and stand under their kind.

    Attributes:
        grid: numbers to try, by binding.
        categorical: other values to try, in any of gin's notations, by binding.
        log_uniform: lower and upper bound of values whose logarithm is spread evenly, by binding.
        uniform: the same for values that are themselves spread evenly.
        integer: the same for whole numbers.
        relative: those of the bindings above whose numbers are multiples of what the suite binds.
        methods: whose parameters are searched, one study each; those of the suite's methods that
            a parameter has an effect on, if none is named.
        controls: methods that run beside the search to be compared, with the winner's bindings
            where these have an effect.
        objectives: scores by the name that a record has for them, "headline" for the suite's own,
            or costs. Of several, the Pareto front is searched. Records know which way is better.
        summary: what a score's curve counts as: "last", "best", or "tail", its last tenth's mean.
        aggregate: how a trial's runs make one value: "mean" or "median". A run that failed
            counts as its untrained generator, or its own last score if that is worse.
        sampler: "grid" (every combination), "random", "tpe" or "gp".
        pruner: "none", or who is stopped early: "median" (the worse half), "quartile" (all but
            the best quarter).
        seeds: seeds of a trial: how many, counted from 10000, or the seeds themselves. The
            scores reported at the end come from the suite's own seeds.
        trials: of each method; if none is bound all points of a grid, and 20 of another sampler.
        batch: trials that are proposed together, so that they can run side by side and the order
            in which they end does not matter.
        seed: of the sampler.
    """

    grid: dict[str, list[int | float]] = field(default_factory=dict)
    categorical: dict[str, list[Any]] = field(default_factory=dict)
    log_uniform: dict[str, tuple[float, float]] = field(default_factory=dict)
    uniform: dict[str, tuple[float, float]] = field(default_factory=dict)
    integer: dict[str, tuple[int, int]] = field(default_factory=dict)
    relative: Sequence[str] = ()
    methods: Sequence[str] = ()
    controls: Sequence[str] = ()
    objectives: Sequence[str] = ("headline",)
    summary: str = "last"
    aggregate: str = "mean"
    sampler: str = "tpe"
    pruner: str = "none"
    seeds: int | Sequence[int] = 3
    trials: int | None = None
    batch: int = 4
    seed: int = 0

    @property
    def seed_list(self) -> list[int]:
        """The seeds of a trial."""
        if isinstance(self.seeds, int):
            return list(range(FIRST_SEED, FIRST_SEED + self.seeds))
        return list(self.seeds)


@dataclass(frozen=True)
class Space:
    """A search, its name, and where each of its words was written.

    Attributes:
        name: of the gin file.
        text: of the gin file.
        search: what it binds.
        parameters: in the order of their names.
        description: its bindings, and where they stand.
        own: whether it is one of ganbench's own.
    """

    name: str
    text: str
    search: Search
    parameters: tuple[Parameter, ...]
    description: Description
    own: bool = True

    def where(self, word: str) -> str:
        """The file and line that bound a parameter of ``Search``."""
        return self.description.where(word)


def read_space(space: str, catalogue: Catalogue) -> Space:
    """Reads a search space, given by name or as a path.

    Args:
        space: the name (see ``ganbench list search``), or the path of a gin file.
        catalogue: in which it, and the methods that it names, are looked up.

    Raises:
        UsageError: for the first word that is wrong, with file and line.
    """
    path = catalogue.named("search", space, "--space")
    layer = read_file(path, catalogue)
    description = describe(Search.__name__, [layer], open_to=[CATEGORICAL])
    for binding in layer.bindings:
        if binding.parameter and binding.selector != Search.__name__:
            raise UsageError(
                f"{binding.where}: a search space binds Search alone, not {binding.key}; name it "
                "as a parameter, or bind it in the suite"
            )
        if not binding.parameter and binding.selector not in description.macros:
            raise UsageError(
                f"{binding.where}: nothing uses the macro {binding.key!r}; "
                f"{nearest(binding.key, description.macros)}"
            )
    search = Search(**description.values)
    made = Space(path.stem, read_text(path), search, (), description, own().holds(path))
    made = replace(made, parameters=tuple(_parameters(made, path)))
    _check(made, catalogue)
    return made


def _parameters(space: Space, path: Path) -> list[Parameter]:
    found: dict[str, Parameter] = {}
    for kind in KINDS:
        where = space.where(kind)
        for key, values in getattr(space.search, kind).items():
            if key in found:
                raise UsageError(f"{where}: {key} has values of the kind {found[key].kind} as well")
            if not values:
                raise UsageError(f"{where}: {key} has no values")
            found[key] = Parameter(key, kind, values, key in space.search.relative, where)
            if len(found[key].example.bindings) != 1:
                raise UsageError(f"{where}: {key!r} is not the left side of one binding")
    if not found:
        raise UsageError(
            f"{shown(path)}: it names no parameter; bind one of Search.{', '.join(KINDS)}"
        )
    for key in space.search.relative:
        if key not in found:
            raise UsageError(
                f"{space.where('relative')}: {key} is no parameter of this space; "
                f"{nearest(key, found)}"
            )
        if found[key].kind not in SCALABLE:
            raise UsageError(
                f"{space.where('relative')}: {key} is {found[key].kind}, and only values of the "
                f"kinds {', '.join(SCALABLE)} can be multiples"
            )
    return [found[key] for key in sorted(found)]


def _check(space: Space, catalogue: Catalogue) -> None:
    search = space.search
    choices: dict[str, Iterable[str]] = {
        "summary": SUMMARIES,
        "aggregate": AGGREGATES,
        "sampler": ("grid", *SAMPLERS),
        "pruner": PRUNERS,
    }
    for word, valid in choices.items():
        value = getattr(search, word)
        if value not in tuple(valid):
            raise UsageError(f"{space.where(word)}: {value!r}; {nearest(value, valid)}")
    for word in ("methods", "controls"):
        for method in getattr(search, word):
            catalogue.find("methods", method, space.where(word))
    space.description.require_names("objectives", search.objectives)
    space.description.require_seeds("seeds", search.seed_list)
    for word in ("trials", "batch"):
        value = getattr(search, word)
        if value is not None and value < 1:
            raise UsageError(f"{space.where(word)}: Search.{word} = {value}: it must be at least 1")
    for parameter in space.parameters:
        if search.sampler == "grid" and not parameter.listed:
            raise UsageError(
                f"{parameter.where}: {parameter.key} is {parameter.kind}: a grid takes values that "
                'can be counted; choose another Search.sampler, "tpe" say'
            )
    if len(search.objectives) > 1 and search.pruner != "none":
        raise UsageError(
            f"{space.where('pruner')}: with several objectives no trial can be stopped early; "
            'bind Search.pruner = "none"'
        )
