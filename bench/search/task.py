"""The search of one method's hyper-parameters, with everything about it checked before any work."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)

from bench.config.catalogue import Catalogue
from bench.config.choice import AS_IT_IS, Choice
from bench.config.filenames import require_length
from bench.config.plan import Plan, make_plan
from bench.config.run import Run
from bench.config.statements import Layer
from bench.errors import UsageError
from bench.identity import canonical
from bench.search.objective import Objective, judged, objectives
from bench.search.parameters import Parameter, bound_number
from bench.search.samplers import grid
from bench.search.space import Space
from bench.search.storage import LOCK
from bench.training.preflight import preflight

ALL = "all"

TRIALS = 20
"""Trials of each method where nothing says how many, and no grid ends by itself."""


@dataclass(frozen=True)
class Source:
    """What configs are composed of: the suite, and what the command line changes of it.

    Attributes:
        suite: a name, or the path of a gin file.
        gin_files: that override.
        gin_bindings: that override.
        choice: of settings, of the seeds that are reported on, and of steps.
    """

    suite: str
    gin_files: tuple[str, ...] = ()
    gin_bindings: tuple[str, ...] = ()
    choice: Choice = AS_IT_IS

    @cached_property
    def catalogue(self) -> Catalogue:
        """What names are looked up in."""
        return Catalogue.of(self.suite)

    def plan(
        self,
        methods: Sequence[str] | None = None,
        seeds: Sequence[int] | None = None,
        layers: Sequence[Layer] = (),
    ) -> Plan:
        """The suite's plan with other methods, seeds or bindings than its own."""
        choice = self.choice
        if methods is not None:
            choice = replace(choice, methods=methods)
        if seeds is not None:
            choice = replace(choice, seeds=seeds)
        return make_plan(
            self.suite,
            self.gin_files,
            self.gin_bindings,
            choice,
            layers,
            catalogue=self.catalogue,
        )


@dataclass(frozen=True)
class Task:
    """One method's search.

    Attributes:
        suite: the suite's name.
        method: whose hyper-parameters are chosen.
        space: what there is to choose from, and how.
        source: composes the runs.
        defaults: the method's runs as the suite has it.
        parameters: those that have an effect on the method, by name; there may be none.
        distributions: the values of each.
        units: what the suite binds those to whose values are its multiples.
        objectives: what is to be made better.
        evaluations: how often each run is scored.
        overrides: what the command line changed of the suite.
        limit: how many trials there shall be.
        study: the study's name; it holds a digest of all that a trial's value depends on.
    """

    suite: str
    method: str
    space: Space
    source: Source
    defaults: tuple[Run, ...]
    parameters: dict[str, Parameter]
    distributions: dict[str, BaseDistribution]
    units: dict[str, float]
    objectives: tuple[Objective, ...]
    evaluations: int
    overrides: tuple[str, ...]
    limit: int
    study: str

    @property
    def size(self) -> int:
        """How many runs a trial has."""
        settings = {run.setting for run in self.defaults}
        return len(settings) * len(self.space.search.seed_list)

    def layers(self, values: Mapping[str, Any]) -> list[Layer]:
        """The bindings of a trial."""
        return [self.parameters[name].binding(value) for name, value in sorted(values.items())]

    def runs(self, values: Mapping[str, Any]) -> tuple[Run, ...]:
        """The runs of a trial: every setting of the suite, at the seeds that choose."""
        seeds = self.space.search.seed_list
        return as_search(self.source.plan([self.method], seeds, self.layers(values)).runs)


def as_search(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same runs, marked as made in order to choose."""
    return tuple(replace(run, search=True) for run in runs)


def prepare(
    space: Space, source: Source, methods: Sequence[str] = (), trials: int | None = None
) -> list[Task]:
    """The tasks of a search, one a method.

    Args:
        space: what there is to choose from.
        source: the suite.
        methods: in place of the space's; ``ALL`` stands for those of the suite.
        trials: of each method, in place of the space's.

    Raises:
        UsageError: for the first name, binding or value that is wrong.
    """
    effective = _effective(space, source, methods)
    default = source.plan(list(effective))
    preflight(default)
    if space.search.controls:
        preflight(source.plan(space.search.controls))
    _require_fresh(space, default)
    protocol, evaluations = judged(default.runs[0])
    search = space.search
    where = space.where("objectives")
    aims = tuple(objectives(search.objectives, search.summary, protocol, where))
    tasks = []
    for method, parameters in effective.items():
        task = _task(space, source, method, parameters, default, aims, evaluations, trials)
        _check_values(task)
        tasks.append(task)
    return tasks


def _effective(space: Space, source: Source, methods: Sequence[str]) -> dict[str, list[Parameter]]:
    """The methods of a search, and the parameters that have an effect on each.

    A space may know parameters of more methods than a suite has; each must be some method's.
    """
    named = list(methods or space.search.methods)
    own = source.plan(None if named in ([], [ALL]) else named)
    chosen = list(dict.fromkeys(run.method for run in own.runs))
    examples = [parameter.example for parameter in space.parameters]
    try:
        plan = source.plan(chosen, layers=examples)
    except UsageError:  # one has no effect on those; it is wrong if it has none on any
        everyone = {*source.catalogue.available("methods"), *chosen}
        plan = source.plan(sorted(everyone), layers=examples)
    found: dict[str, list[Parameter]] = {method: [] for method in chosen}
    for parameter in space.parameters:
        (binding,) = parameter.example.bindings
        users = {run.method for run in plan.runs if plan.compositions[run.digest].uses(binding)}
        for method in users.intersection(chosen):
            found[method].append(parameter)
    idle = [method for method in chosen if not found[method]]
    if named != [ALL] and set(idle) & set(named):
        raise UsageError(
            f"--methods: no parameter of the space {space.name} has an effect on {idle[0]}; "
            f"choose another --space, or bind one in {space.name}.gin"
        )
    if len(idle) == len(chosen):
        raise UsageError(
            f"--space {space.name}: none of its parameters has an effect on the methods of the "
            f"suite ({', '.join(chosen)}); name others with --methods"
        )
    return found if named else {method: found[method] for method in chosen if found[method]}


def _task(
    space: Space,
    source: Source,
    method: str,
    parameters: Sequence[Parameter],
    default: Plan,
    aims: tuple[Objective, ...],
    evaluations: int,
    trials: int | None,
) -> Task:
    runs = [run for run in default.runs if run.method == method]
    composition = default.compositions[runs[0].digest]
    distributions = {p.key: p.distribution(composition) for p in parameters}
    search = space.search
    limit = trials or search.trials
    if search.sampler == "grid" or not parameters:
        points = len(grid(distributions))
        limit = min(limit or points, points)
    what = {
        "configs": sorted({run.key for run in runs}),
        "parameters": {key: distribution_to_json(d) for key, d in distributions.items()},
        "objectives": [asdict(aim) for aim in aims],
        "seeds": search.seed_list,
        **{word: getattr(search, word) for word in ("aggregate", "sampler", "pruner", "batch")},
        "seed": search.seed,
    }
    digest = hashlib.sha256(canonical(what).encode()).hexdigest()[:6]
    study = f"{default.name}-{space.name}-{method}-{digest}"
    parts = {"suite": default.name, "search space": space.name, "method": method}
    require_length("--space", f"{study}.{limit or TRIALS}{LOCK}", parts)
    return Task(
        suite=default.name,
        method=method,
        space=space,
        source=source,
        defaults=tuple(runs),
        parameters={parameter.key: parameter for parameter in parameters},
        distributions=distributions,
        units={p.key: bound_number(p, composition) for p in parameters if p.relative},
        objectives=aims,
        evaluations=evaluations,
        overrides=runs[0].overrides,
        limit=limit or TRIALS,
        study=study,
    )


def _require_fresh(space: Space, default: Plan) -> None:
    shared = {run.seed for run in default.runs} & set(space.search.seed_list)
    if shared:
        raise UsageError(
            f"{space.where('seeds')}: the suite reports on seed {min(shared)}, which must not "
            "choose as well; bind Search.seeds to others"
        )


def _check_values(task: Task) -> None:
    """Builds runs at the ends of every parameter, or at each of its choices."""
    ends = {name: _ends(d) for name, d in task.distributions.items()}
    for point in zip_longest(*ends.values()):
        values = {
            name: ends[name][0] if value is None else value
            for name, value in zip(ends, point, strict=True)
        }
        preflight(task.source.plan([task.method], layers=task.layers(values)))


def _ends(distribution: BaseDistribution) -> list[Any]:
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return [distribution.low, distribution.high]
