"""The trainer that measurements drive: the real loop, for as long as is measured."""

import time
from typing import Any

from bench.config.bound import Bound
from bench.config.run import Run
from bench.training.experiment import experiment_of
from bench.training.trainer import Trainer

WARM_UP = 5
"""Steps before the first measurement."""


def measured_trainer(run: Run, **given: Any) -> Trainer:
    """A trainer of the run at its start, with other parameters of ``Experiment`` than it binds."""
    experiment = experiment_of(Bound(run.config), **given)
    judge = experiment.judge(experiment.data).to(experiment.torch_device())
    return Trainer(experiment, run.seed, judge)


def timed(trainer: Trainer, steps: int) -> float:
    """Trains so many steps by the loop, and returns the seconds it took."""
    started = time.perf_counter()
    trainer.advance(trainer.history.step + steps, lambda progress: None)
    return time.perf_counter() - started
