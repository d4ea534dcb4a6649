"""The trainer that measurements drive: the real loop on the CPU, for as long as is measured."""

from bench.config.bound import Bound
from bench.config.run import Run
from bench.training.experiment import experiment_of
from bench.training.trainer import Trainer

WARM_UP = 5
"""Steps before the first measurement."""


def measured_trainer(run: Run, steps: int) -> Trainer:
    """A trainer of the run at its start, with room for ``steps`` after the warm-up."""
    experiment = experiment_of(Bound(run.config), steps=WARM_UP + steps, device="cpu")
    return Trainer(experiment, run.seed, experiment.judge(experiment.data))
