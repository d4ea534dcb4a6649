"""What a run was measured to be, and what it counts as where a trial is chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from bench.config.bound import Bound
from bench.config.run import Run
from bench.data.dataset import encode
from bench.errors import UsageError, nearest
from bench.missing import Numbers, column, without_nan
from bench.results.entry import Floats
from bench.runs import records
from bench.runs.records import SCORED, Record
from bench.statistics import best, tail_mean
from bench.streams import seeded
from bench.training.experiment import experiment_of
from bench.training.trainer import Trainer

Better = Literal["lower", "higher"]

SUMMARIES: dict[str, Callable[[Floats, Better], float]] = {
    "last": lambda scores, better: float(scores[-1]),
    "best": lambda scores, better: best(scores, better),
    "tail": lambda scores, better: tail_mean(scores),
}
"""By name: what a curve of scores, shape (E,) with E >= 1, counts as."""

AGGREGATES: dict[str, Callable[[Floats], float]] = {
    "mean": lambda values: float(np.mean(values)),
    "median": lambda values: float(np.median(values)),
}

COSTS = {
    "d_gradients": "batches differentiated through D",
    "seconds": "seconds of training",
    "peak_memory_bytes": "bytes of memory at the peak",
}
"""Objectives that are no scores, each the less the better."""


@dataclass(frozen=True)
class Objective:
    """One number that a search makes better.

    Attributes:
        name: of the metric or the cost, as records have it.
        label: for people.
        better: which way.
        summary: one of ``SUMMARIES``.
    """

    name: str
    label: str
    better: Better
    summary: str

    @property
    def is_cost(self) -> bool:
        """Whether it is a cost, and no score of samples."""
        return self.name in COSTS

    def so_far(self, scores: Sequence[Numbers]) -> float:
        """What a curve of scores counts as, NaN where a score that counts is not there."""
        values = column(scores, self.name)
        return SUMMARIES[self.summary](values, self.better) if len(values) else np.nan

    def measured(self, record: Record) -> float:
        """What a run was measured to be, NaN where it has no score of its whole training."""
        if record["status"] not in SCORED:
            return np.nan
        if self.is_cost:
            return self._spent(record)
        return self.so_far(record["scores"])

    def value(self, record: Record, untrained: Callable[[], Numbers]) -> float:
        """What a run counts as where a trial is chosen: its utility, which is no score.

        It is what was measured. A run that has no score counts as what its generator was before
        any training, or as the worst that it came to, whichever is worse; its cost is that of all
        its steps at the pace it had.

        Args:
            record: of the run.
            untrained: the scores of the run's generator before training, asked for at need.

        Returns:
            A number; NaN only for the cost of a run that failed before its first step.
        """
        measured = self.measured(record)
        if not np.isnan(measured):
            return measured
        if self.is_cost:
            return self._projected(record)
        return self.worst(record["scores"], untrained())

    def worst(self, scores: Sequence[Numbers], untrained: Numbers) -> float:
        """The worst score of a curve, counting that before any training."""
        seen = column([*scores, untrained], self.name)
        return best(seen, "higher" if self.better == "lower" else "lower")

    def _spent(self, record: Record) -> float:
        cost = records.in_common_batches([record.get("cost") or {}], records.identity(record))
        return float(column(cost, self.name)[0])

    def _projected(self, record: Record) -> float:
        if self.name == "peak_memory_bytes":
            return self._spent(record)
        steps, step = (record.get("protocol") or {}).get("steps", np.nan), record["step"]
        return self._spent(record) * steps / step if step else np.nan


def objectives(
    names: Sequence[str], summary: str, protocol: dict[str, Any], where: str
) -> list[Objective]:
    """The objectives of a search on a suite.

    Args:
        names: of metrics or costs, or "headline".
        summary: one of ``SUMMARIES``.
        protocol: the judge's.
        where: what names them, for messages.

    Raises:
        UsageError: for a name that the suite's records do not have.
    """
    metrics = records.metrics(protocol)
    made = []
    for name in names:
        actual = str(protocol["headline"]) if name == "headline" else name
        if actual in metrics:
            metric = metrics[actual]
            made.append(Objective(actual, metric["label"], metric["better"], summary))
        elif actual in COSTS:
            made.append(Objective(actual, COSTS[actual], "lower", "last"))
        else:
            raise UsageError(
                f"{where}: the records of this suite have no {name!r}; "
                f"{nearest(name, ['headline', *metrics, *COSTS])}"
            )
    return made


def judged(run: Run) -> tuple[dict[str, Any], int]:
    """The protocol of the judge that will score a run, and how often it will."""
    experiment = experiment_of(Bound(run.config))
    return experiment.judge(experiment.data).protocol(), experiment.evaluations


@lru_cache(maxsize=64)
def untrained(run: Run) -> Numbers:
    """The scores of a run's generator before any training, on the run's own samples."""
    experiment = experiment_of(Bound(run.config))
    judge = experiment.judge(experiment.data).to(experiment.torch_device())
    trainer = Trainer(experiment, run.seed, judge)
    with seeded(run.seed, "evaluation"):
        scores = judge.score(encode(trainer.samples(judge.samples)))
    return without_nan(scores)
