"""How long runs will take, told from a few real steps and scores of each method."""

import heapq
import multiprocessing
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from statistics import median

import torch

from bench.config.bound import Bound
from bench.config.facts import first_line
from bench.config.modules import importable
from bench.config.run import Run
from bench.engines.ahead import Work
from bench.engines.local import forking
from bench.labels import Cell
from bench.speed.trainer import measured_trainer, timed
from bench.training.experiment import experiment_of
from bench.training.trainer import Trainer

PARTS = ("around", "step", "score")
"""Of a cost."""

STEPS = 5
"""Steps that are timed at once, and at least."""

ENOUGH = 0.5
"""Seconds of steps after which no more are timed."""


@dataclass(frozen=True)
class Cost:
    """Seconds of one run: until its first step and after its last, of a step, and of a score."""

    around: float
    step: float
    score: float

    def scaled(self, to: "Cost", base: "Cost") -> "Cost":
        """This, by as much more as one costs than another."""
        return Cost(
            self.around * to.around / base.around,
            self.step * to.step / base.step,
            self.score * to.score / base.score,
        )


class Prices:
    """What runs cost here: each method is timed in one setting, and each setting with one method.

    What a setting does to the cost of one method it is taken to do to that of all; and a method
    that cannot be timed, to cost what the middle one of the others does.

    Args:
        cells: a run of each method under each setting.
        processes: that time at once, as many as runs will go on side by side.

    Attributes:
        untimed: why, of each cell that was tried in vain.
    """

    def __init__(self, cells: Mapping[Cell, Run], processes: int) -> None:
        self._cells = cells
        self._method, self._setting = next(iter(cells), ("", ""))
        tried = {
            (method, setting): run
            for (method, setting), run in cells.items()
            if method == self._method or setting == self._setting
        }
        found = _timed(tried, processes)
        self._costs = {cell: one for cell, one in found.items() if isinstance(one, Cost)}
        self.untimed = {cell: one for cell, one in found.items() if isinstance(one, str)}
        self._scored: dict[Cell, list[int]] = {}

    @property
    def known(self) -> bool:
        """Whether there is any."""
        return bool(self._costs)

    def cost(self, cell: Cell) -> Cost:
        """Of a run of a method under a setting."""
        method, setting = cell
        if cell in self._costs:
            return self._costs[cell]
        own = self._costs.get((method, self._setting)) or _middle([*self._costs.values()])
        there = self._costs.get((self._method, setting))
        here = self._costs.get((self._method, self._setting))
        return own.scaled(there, here) if there and here else own

    def seconds(self, work: Work) -> float:
        """Of what is still to be done of a run."""
        cell = work.run.cell
        cost, scored = self.cost(cell), self._evaluations(cell)
        later = [step for step in scored if step > work.step]
        return cost.around + cost.step * (scored[-1] - work.step) + cost.score * len(later)

    def _evaluations(self, cell: Cell) -> list[int]:
        if cell not in self._scored:
            experiment = experiment_of(Bound(self._cells[cell].config))
            self._scored[cell] = experiment.evaluation_steps
        return self._scored[cell]


def schedule(seconds: Iterable[float], places: float) -> float:
    """How long runs of these lengths take, each begun as soon as there is a place for it.

    Args:
        seconds: of each run, in their order.
        places: runs side by side; infinite where there is one for each.
    """
    ends: list[float] = []
    for one in seconds:
        begin = heapq.heappop(ends) if len(ends) >= places else 0.0
        heapq.heappush(ends, begin + one)
    return max(ends, default=0.0)


def side_by_side(places: float) -> int:
    """How many runs at once to time: as many as will share processors; on a GPU, one."""
    if torch.cuda.is_available():
        return 1
    return multiprocessing.cpu_count() if places == float("inf") else int(places)


def _middle(costs: Sequence[Cost]) -> Cost:
    return Cost(*(median(getattr(one, name) for one in costs) for name in PARTS))


def _timed(runs: Mapping[Cell, Run], processes: int) -> dict[Cell, Cost | str]:
    """Times runs, each in a process of its own that begins as a run's does."""
    if not runs:
        return {}
    context, workers = forking(runs.values()), min(processes, len(runs))
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        pending = {cell: pool.submit(time_run, run) for cell, run in runs.items()}
        try:
            return {cell: _outcome(future) for cell, future in pending.items()}
        finally:
            pool.shutdown(cancel_futures=True)


def _outcome(pending: "Future[Cost]") -> Cost | str:
    """What it cost, or why that cannot be told."""
    try:
        return pending.result()
    except BrokenProcessPool:
        return "the process that timed it was killed; the machine may be out of memory"
    except Exception as error:  # a method may do anything
        return f"{type(error).__name__}: {first_line(error)}"


def time_run(run: Run) -> Cost:
    """Trains a run for some steps in this process, scores it twice, and keeps nothing.

    Steps are timed as in the middle of the run, since a method may take more, or do less, at the
    start. The second score counts: with the first, judges look at the real data.
    """
    importable(run.homes)
    torch.set_num_threads(1)
    began = time.perf_counter()
    trainer = measured_trainer(run)
    total = trainer.experiment.steps
    trainer.gan.step = trainer.history.step = total // 2
    timed(trainer, 1)
    ready = time.perf_counter()
    seconds: list[float] = []
    d_steps: list[int] = []
    while sum(seconds) < ENOUGH:
        d_steps.append(d_steps_in(trainer, range(trainer.gan.step, trainer.gan.step + STEPS)))
        seconds.append(timed(trainer, STEPS))
    of_a_d_step = median(took / n for took, n in zip(seconds, d_steps, strict=True))
    step = of_a_d_step * d_steps_in(trainer, range(total)) / total
    before = time.perf_counter()
    trainer.evaluate()
    first = time.perf_counter()
    trainer.evaluate()
    second = time.perf_counter()
    trainer.judge.floors()
    end = time.perf_counter()
    score = second - first
    looking = max(0.0, first - before - score)
    return Cost((ready - began) + looking + (end - second), step, score)


def d_steps_in(trainer: Trainer, steps: range) -> int:
    """How many steps of D a run takes in these of G, by its method's schedule."""
    gan, now, found = trainer.gan, trainer.gan.step, 0
    for gan.step in steps:
        found += trainer.experiment.method.d_steps_at(gan)
    gan.step = now
    return found
