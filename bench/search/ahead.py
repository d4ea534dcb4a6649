"""What is still to be done of a search, looked up without a trace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from optuna.trial import FrozenTrial

from bench.config.run import Run
from bench.engines.ahead import Work, work
from bench.labels import Cell
from bench.search.contenders import contests, others, runs_of
from bench.search.findings import study_of
from bench.search.task import Task


@dataclass(frozen=True)
class Ahead:
    """What a search has before it.

    Attributes:
        cells: a run of each method under each setting, as the suite has it.
        batches: the runs of trials, each batch begun when the one before it has ended.
        last: the runs that are compared at the end, at most.
    """

    cells: dict[Cell, Run]
    batches: list[list[Work]]
    last: list[Work]


def ahead(tasks: Sequence[Task], trials: Sequence[Sequence[FrozenTrial]], out: Path) -> Ahead:
    """Looks up what is left of a search.

    A trial is taken to cost what the suite's own values do, and none to be stopped early.

    Args:
        tasks: one a method.
        trials: those that each task has so far.
        out: the runs folder.
    """
    controls = others(tasks)
    own = [run for task in tasks for run in task.defaults]
    beside = list(tasks[0].source.plan(controls).runs) if controls else []
    cells = {run.cell: run for run in [*own, *beside]}
    batches = []
    for task, known in zip(tasks, trials, strict=True):
        left = _of_trials(task, known, cells, out)
        size = task.space.search.batch
        batches += [[*chain(*left[i : i + size])] for i in range(0, len(left), size)]
    if batches:
        last = _like(work(own, out), cells) + _compared(own, beside, tasks[0])
    else:
        ended = [study_of(*one) for one in zip(tasks, trials, strict=True)]
        last = _like(work(runs_of(contests(tasks, ended)), out), cells)
    return Ahead(cells, batches, last)


def _of_trials(
    task: Task, known: Sequence[FrozenTrial], cells: Mapping[Cell, Run], out: Path
) -> list[list[Work]]:
    """The work of each trial that has not ended: those under way, and those not yet proposed."""
    begun = [trial.params for trial in known if not trial.state.is_finished()]
    drawn = [values for values in begun if values.keys() == task.distributions.keys()]
    fresh = max(0, task.limit - len(known)) + len(begun) - len(drawn)
    settings = dict.fromkeys(run.setting for run in task.defaults)
    seeds = task.space.search.seed_list
    whole = [Work(cells[task.method, setting]) for setting in settings for _ in seeds]
    return [*(_like(work(task.runs(one), out), cells) for one in drawn), *[whole] * fresh]


def _compared(own: Sequence[Run], beside: Sequence[Run], task: Task) -> list[Work]:
    """What will be compared with the suite's own runs: a winner each, and the controls twice."""
    cells = {run.cell: run for run in beside}
    choosing = [run for run in cells.values() for _ in task.space.search.seed_list]
    return [*map(Work, [*own, *beside, *choosing])]


def _like(found: Sequence[Work], cells: Mapping[Cell, Run]) -> list[Work]:
    """The same work, of the runs that tell what it costs."""
    return [Work(cells[one.run.cell], one.step) for one in found]
