"""Who stands beside a search's winners: on seeds that did not choose, and on those that did."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from bench.config.plan import Plan
from bench.config.run import Run
from bench.config.statements import Layer
from bench.search.findings import Group, Study, Trial, Value
from bench.search.task import Task, as_search

Contest = tuple[Group, tuple[Run, ...]]


def contests(tasks: Sequence[Task], studies: Sequence[Study]) -> list[Contest]:
    """What is compared at the end of a search, and the runs that it takes.

    Every winner, its method as the suite has it, and the controls, all on the suite's own seeds,
    which chose nothing; and the controls on the seeds that did, to draw beside the trials. A
    control runs with the first winner's bindings, as far as they have an effect on it.
    """
    made: list[Contest] = []
    for task, study in zip(tasks, studies, strict=True):
        made += _of_method(task, study.chosen(task.objectives))
    task, winners = tasks[0], studies[0].chosen(tasks[0].objectives)
    controls = others(tasks)
    if controls and winners:
        made += _controls(task, winners[0], controls, None)
        made += _controls(task, winners[0], controls, task.space.search.seed_list)
    return made


def others(tasks: Sequence[Task]) -> list[str]:
    """The controls that are not searched themselves."""
    searched = {task.method for task in tasks}
    return [name for name in tasks[0].space.search.controls if name not in searched]


def expected(tasks: Sequence[Task]) -> Counter[str]:
    """How many runs ``contests`` will have at most, by method, where each task has one winner."""
    found = Counter({task.method: 2 * len(task.defaults) for task in tasks})
    for control in others(tasks):
        found[control] += len(tasks[0].defaults) + tasks[0].size
    return found


def runs_of(made: Sequence[Contest]) -> list[Run]:
    """All runs that are compared, each once."""
    return list({run.id: run for run in chain.from_iterable(runs for _, runs in made)}.values())


def _of_method(task: Task, winners: Sequence[Trial]) -> list[Contest]:
    """The method as the suite has it, and as it was chosen."""
    default = task.defaults
    made = []
    for trial in winners:
        tuned = task.source.plan([task.method], layers=task.layers(trial.parameters)).runs
        label = f"{task.method}, tuned"
        if len(winners) > 1:
            label += f" (trial {trial.number})"
        runs = _shared(tuned, default)
        if set(runs) == set(default):
            label += ", as the suite has it"
        made.append(_contest(label, "tuned", True, trial.parameters, runs))
    if not any(set(runs) == set(default) for _, runs in made):
        made.append(_contest(f"{task.method}, as the suite has it", "default", True, {}, default))
    return made


def _controls(
    task: Task, winner: Trial, controls: Sequence[str], seeds: Sequence[int] | None
) -> list[Contest]:
    """Controls on the seeds that chose, or on the suite's own where none are given."""
    fresh = seeds is None
    tried = task.source.plan([task.method, *controls], layers=task.layers(winner.parameters))
    made = []
    for method in controls:
        own = [run for run in tried.runs if run.method == method]
        used = {
            name: value
            for name, value in winner.parameters.items()
            if _uses(tried, own, task.parameters[name].binding(value))
        }
        runs = task.source.plan([method], seeds, task.layers(used)).runs
        final = _shared(runs, task.source.plan([method]).runs) if fresh else as_search(runs)
        made.append(_contest(method, "control", fresh, used, final))
    return made


def _uses(plan: Plan, runs: Sequence[Run], layer: Layer) -> bool:
    return any(plan.compositions[run.digest].uses(b) for run in runs for b in layer.bindings)


def _shared(runs: Sequence[Run], own: Sequence[Run]) -> tuple[Run, ...]:
    """The runs: the suite's own where their config is the same, else marked as a search's."""
    known = {(run.method, run.setting, run.seed, run.key): run for run in own}
    return tuple(
        known.get((run.method, run.setting, run.seed, run.key), marked)
        for run, marked in zip(runs, as_search(runs), strict=True)
    )


def _contest(
    label: str, role: str, fresh: bool, parameters: dict[str, Value], runs: Sequence[Run]
) -> Contest:
    ids = [run.id for run in runs]
    return Group(label, runs[0].method, role, fresh, parameters, ids), tuple(runs)
