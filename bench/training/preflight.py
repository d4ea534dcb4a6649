"""Builds what each config of a plan describes, so that mistakes cost no work."""

import gin
import torch

from bench.config.compose import load
from bench.config.facts import placed
from bench.config.plan import Plan
from bench.data.loader import Loader
from bench.errors import UsageError
from bench.training.build import build
from bench.training.experiment import Experiment
from methods.base import Incompatible


def preflight(plan: Plan) -> None:
    """Builds every config's networks, optimizers and method without memory; loads data and judge.

    Raises:
        UsageError: for a value that a part refuses, with the place that bound it, or a method that
            cannot work with a setting, with the remedy.
    """
    for config, run in {run.config: run for run in plan.runs}.items():
        load(config)
        cell = f"{run.method} under {run.setting}"
        try:
            experiment: Experiment = gin.get_configurable("Experiment")()
            build(experiment, run.seed, torch.device("meta"))
            Loader(experiment.data.training(), experiment.batch_size, run.seed)
            experiment.judge(experiment.data)
        except Incompatible as refusal:
            raise UsageError(f"{cell}: {str(refusal).splitlines()[0]}") from refusal
        except (UsageError, ValueError, TypeError) as error:
            raise placed(error, plan.compositions[run.digest], cell) from error
    gin.clear_config()
