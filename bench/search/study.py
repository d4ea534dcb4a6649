"""A study that any number of processes share: who has which trial, and who takes up a dead one's.

Optuna's storage holds what was tried. Who is at a trial is told by a lock that the kernel holds as
long as the process lives. Processes that share a study share a folder of locks, the runs folder's.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from bench.errors import UsageError
from bench.search.samplers import PRUNERS, grid, sampler
from bench.search.storage import LOCK, known_id, look_into, shared_id
from bench.search.task import Task
from bench.waiting import alone

FOLDER = "folder"
"""The study's attribute that names the folder of its locks."""

OTHERS = "another command at the same study"
"""Who may have the study's lock."""

DIRECTIONS = {"lower": StudyDirection.MINIMIZE, "higher": StudyDirection.MAXIMIZE}


@dataclass(frozen=True)
class Held:
    """A trial that is this process's to finish.

    Attributes:
        trial: Optuna's.
        values: of its parameters, by name.
        lock: held until the trial has ended, or its process has.
    """

    trial: optuna.Trial
    values: dict[str, Any]
    lock: FileLock

    @property
    def number(self) -> int:
        """The trial's, counted from 0."""
        return self.trial.number


def trials_so_far(task: Task, place: str, folder: Path) -> list[FrozenTrial]:
    """The trials of a task's study, read without a trace; none where there is no study yet.

    Args:
        task: what is searched.
        place: its storage, a file or a URL.
        folder: of locks.

    Raises:
        UsageError: the storage cannot be read, or the study's processes use another folder.
    """
    storage = look_into(place)
    if storage is None or task.study not in optuna.get_all_study_names(storage):
        return []
    study = optuna.load_study(study_name=task.study, storage=storage)
    _require_folder(study, known_id(folder))
    return study.get_trials(deepcopy=False)


def _require_folder(study: optuna.Study, mine: str | None) -> None:
    """Sees to it that all processes at a study use the same locks.

    Raises:
        UsageError: it is known by those of another folder.
    """
    if study.user_attrs.get(FOLDER, mine) != mine:
        raise UsageError(
            f"--out: the study {study.study_name} belongs to another runs folder, whose locks "
            "say who is at which trial; name the folder that its processes share"
        )


class SharedStudy:
    """One task's trials.

    Args:
        task: what is searched.
        storage: that keeps the study.
        folder: of locks; all processes at the study see it.

    Raises:
        UsageError: where the study's processes use another folder.
    """

    def __init__(self, task: Task, storage: BaseStorage, folder: Path) -> None:
        self.task = task
        self._folder = folder
        self._lock = FileLock(folder / f"{task.study}{LOCK}")
        search = task.space.search
        with alone(self._lock, OTHERS):
            self._study = optuna.create_study(
                storage=storage,
                study_name=task.study,
                directions=[DIRECTIONS[aim.better] for aim in task.objectives],
                pruner=PRUNERS[search.pruner](),
                sampler=sampler(search.sampler, search.seed, 0),
                load_if_exists=True,
            )
            mine = shared_id(folder)
            _require_folder(self._study, mine)
            self._study.set_user_attr(FOLDER, mine)
            self._study.set_user_attr("objectives", [aim.label for aim in task.objectives])

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials so far, in order of their numbers."""
        return self._study.get_trials(deepcopy=False)

    @property
    def running(self) -> int:
        """How many trials are under way, here or elsewhere."""
        return sum(trial.state == TrialState.RUNNING for trial in self.trials)

    @property
    def ended(self) -> int:
        """How many trials have."""
        return sum(trial.state.is_finished() for trial in self.trials)

    @property
    def progress(self) -> str:
        """One line on how far the study is."""
        return f"{self.task.study}: {self.ended} of {self.task.limit} trials have ended"

    def claim(self) -> list[Held]:
        """Takes up to a batch of trials: those whose process has died, then new ones.

        Batches begin at fixed numbers and are proposed from what had been told before, so that a
        search by one process is the same however often it was killed.

        Returns:
            The trials, in order of their numbers; none where none are left to take.
        """
        with alone(self._lock, OTHERS):
            held = [one for trial in self.trials if (one := self._take_up(trial))]
            first = held[0].number if held else self._next()
            size = self.task.space.search.batch
            while (number := self._next()) < (first // size + 1) * size and self._offer():
                search = self.task.space.search
                self._study.sampler = sampler(search.sampler, search.seed, number)
                held.append(self._hold(self._study.ask()))
            return held

    def tell(self, held: Held, values: list[float] | None) -> None:
        """Ends a trial: with its values, or with None where it was stopped early."""
        state = TrialState.PRUNED if values is None else None
        with alone(self._lock, OTHERS):
            self._study.tell(held.trial, values, state)
            self.let_go(held)
            Path(held.lock.lock_file).unlink(missing_ok=True)

    def let_go(self, held: Held) -> None:
        """Leaves a trial to whoever takes it up next."""
        held.lock.release()

    def _next(self) -> int:
        """The number of the trial that Optuna gives next."""
        waiting = [trial.number for trial in self.trials if trial.state == TrialState.WAITING]
        return min(waiting, default=len(self.trials))

    def _offer(self) -> bool:
        """Sees to it that there may be one more trial, and for a grid that it is a new point."""
        trials = self.trials
        if any(trial.state == TrialState.WAITING for trial in trials):
            return True
        if len(trials) >= self.task.limit:
            return False
        if self.task.space.search.sampler == "grid":
            taken = [trial.system_attrs.get("fixed_params") for trial in trials]
            points = [point for point in grid(self.task.distributions) if point not in taken]
            if not points:
                return False
            self._study.enqueue_trial(points[0])
        return True

    def _take_up(self, trial: FrozenTrial) -> Held | None:
        """The trial, if it is under way with nobody at it."""
        if trial.state != TrialState.RUNNING:
            return None
        search = self.task.space.search
        self._study.sampler = sampler(search.sampler, search.seed, trial.number)
        try:
            return self._hold(optuna.Trial(self._study, trial._trial_id))
        except Timeout:
            return None

    def _hold(self, trial: optuna.Trial) -> Held:
        lock = FileLock(self._folder / f"{self.task.study}.{trial.number}{LOCK}", timeout=0)
        lock.acquire()
        values = {
            name: _suggested(trial, name, distribution)
            for name, distribution in self.task.distributions.items()
        }
        return Held(trial, values, lock)


def _suggested(trial: optuna.Trial, name: str, distribution: BaseDistribution) -> Any:
    """The trial's value, drawn unless it has one."""
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(name, distribution.choices)
    if isinstance(distribution, IntDistribution):
        return trial.suggest_int(name, distribution.low, distribution.high)
    assert isinstance(distribution, FloatDistribution)
    return trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)
