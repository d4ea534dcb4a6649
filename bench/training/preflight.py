"""Builds what each config of a plan describes, so that mistakes cost no work."""

import re

import gin
import torch

from bench.config.compose import ROOT_CONFIGURABLE, Composition, load
from bench.config.plan import Plan
from bench.data.loader import Loader
from bench.errors import UsageError
from bench.training.build import build
from bench.training.experiment import Experiment
from methods.base import Incompatible

_CULPRIT = re.compile(r"In call to configurable '(\w+)'")


def preflight(plan: Plan) -> None:
    """Builds every config's networks, optimizers and method without memory; loads data and judge.

    Raises:
        UsageError: for a value that a part refuses, with the place that bound it, or a method that
            cannot work with a setting, with the remedy.
    """
    for digest, run in {run.digest: run for run in plan.runs}.items():
        load(run.config)
        cell = f"{run.method} under {run.setting}"
        try:
            experiment: Experiment = gin.get_configurable("Experiment")()
            build(experiment, run.seed, torch.device("meta"))
            Loader(experiment.data.training(), experiment.batch_size, run.seed)
            experiment.judge(experiment.data)
        except Incompatible as refusal:
            raise UsageError(f"{cell}: {_first_line(refusal)}") from refusal
        except (UsageError, ValueError, TypeError) as error:
            where = _place(error, plan.compositions[digest]) or cell
            raise UsageError(f"{where}: {_first_line(error)}") from error
    gin.clear_config()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _place(error: Exception, composition: Composition) -> str | None:
    """Where the parameter was bound that a message such as "steps = 0: ..." complains of."""
    culprits = _CULPRIT.findall(str(error))
    parameter = re.match(r"\w+", str(error))
    if parameter is None:
        return None
    return composition.where(culprits[0] if culprits else ROOT_CONFIGURABLE, parameter.group())
