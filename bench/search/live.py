"""How a trial goes: its runs' scores as they come, and what becomes of it."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from bench.config.run import Run
from bench.missing import Numbers, known
from bench.results.entry import Floats
from bench.runs.progress import Progress
from bench.runs.records import SCORED, Record
from bench.search.objective import AGGREGATES, Objective, untrained
from bench.search.study import Held
from bench.search.task import Task


class LiveTrial:
    """One trial under way.

    What it reports and decides depends on scores alone, and not on when which of them was known:
    its value at an evaluation is there once all its runs have reached it or have failed.

    Args:
        task: what is searched.
        held: the trial.
    """

    def __init__(self, task: Task, held: Held) -> None:
        self.task, self.held = task, held
        self.runs: tuple[Run, ...] = task.runs(held.values)
        self._rows: dict[str, Sequence[Numbers]] = {}
        self._records: dict[str, Record] = {}
        so_far = held.trial.study.get_trials(deepcopy=False)[held.number]
        self._reported = set(so_far.intermediate_values)
        self.stopped = bool(self._reported) and self._hopeless(max(self._reported))

    def hear(self, run: Run, progress: Progress) -> None:
        """Takes in a run's scores so far."""
        self._rows[run.id] = progress.scores
        self._report()

    def end(self, found: dict[str, Record]) -> None:
        """Takes in the records of the runs that have one."""
        self._records = {run.id: found[run.id] for run in self.runs if run.id in found}
        self._rows |= {key: record["scores"] for key, record in self._records.items()}
        self._report()

    def values(self) -> list[float] | None:
        """What the trial counts as, a number an objective; None where it was stopped early."""
        if self.stopped:
            return None
        aggregate = AGGREGATES[self.task.space.search.aggregate]
        return [aggregate(self._each(aim)) for aim in self.task.objectives]

    def measured(self, aim: Objective) -> Floats:
        """What each run was measured to be, NaN where it has no score."""
        return np.array([aim.measured(self._records[run.id]) for run in self.runs])

    def annotate(self) -> None:
        """Notes what the trial consists of, for whoever looks at the study."""
        trial = self.held.trial
        trial.set_user_attr("runs", [run.id for run in self.runs])
        failed = [r["status"] for r in self._records.values() if r["status"] not in SCORED]
        trial.set_user_attr("failed", failed)
        for aim in self.task.objectives if not self.stopped else ():
            measured = [known(round(value, 6)) for value in self.measured(aim).tolist()]
            trial.set_user_attr(aim.name, measured)

    def _each(self, aim: Objective) -> Floats:
        return np.array(
            [aim.value(self._records[run.id], partial(untrained, run)) for run in self.runs]
        )

    def _report(self) -> None:
        """Reports the evaluations that all runs have reached, and asks whether to stop there."""
        if len(self.task.objectives) > 1:
            return  # Optuna stops no trial that has several
        (aim,) = self.task.objectives
        if aim.is_cost:
            return
        for evaluation in range(self.task.evaluations):
            if self.stopped:
                return
            if evaluation in self._reported:
                continue
            found = [self._at(evaluation, run, aim) for run in self.runs]
            if None in found:
                return
            value = AGGREGATES[self.task.space.search.aggregate](np.array(found, dtype=float))
            self.held.trial.report(value, evaluation)
            self._reported.add(evaluation)
            self.stopped = self._hopeless(evaluation)

    def _at(self, evaluation: int, run: Run, aim: Objective) -> float | None:
        """A run's value at an evaluation, None where it is not known yet."""
        rows = self._rows.get(run.id, ())
        if len(rows) > evaluation:
            value = aim.so_far(rows[: evaluation + 1])
            if not np.isnan(value):
                return value
            return aim.worst(rows[: evaluation + 1], untrained(run))
        if run.id in self._records:
            return aim.worst(rows, untrained(run))
        return None

    def _hopeless(self, evaluation: int) -> bool:
        return evaluation < self.task.evaluations - 1 and self.held.trial.should_prune()
