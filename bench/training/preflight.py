"""Builds what each config of a plan describes, without memory, so that mistakes cost no work."""

import re

import gin
import torch

from bench.config.compose import Composition, load
from bench.config.plan import Plan
from bench.errors import UsageError
from bench.training.build import build
from methods.base import Incompatible

_CULPRIT = re.compile(r"In call to configurable '(\w+)'")


def preflight(plan: Plan) -> None:
    """Builds networks, optimizers and method of every config on the meta device.

    Raises:
        UsageError: for a value that a part refuses, with the place that bound it, or a method that
            cannot work with a setting, with the remedy.
    """
    for digest, run in {run.digest: run for run in plan.runs}.items():
        load(run.config)
        cell = f"{run.method} under {run.setting}"
        try:
            build(gin.get_configurable("Experiment")(), run.seed, torch.device("meta"))
        except Incompatible as refusal:
            raise UsageError(f"{cell}: {_first_line(refusal)}") from refusal
        except (ValueError, TypeError) as error:
            where = _place(error, plan.compositions[digest]) or cell
            raise UsageError(f"{where}: {_first_line(error)}") from error
    gin.clear_config()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _place(error: Exception, composition: Composition) -> str | None:
    """Where the parameter was bound that a message such as "steps = 0: ..." complains of."""
    culprits = _CULPRIT.findall(str(error))
    parameter = re.match(r"\w+", str(error))
    if not culprits or parameter is None:
        return None
    return composition.where(culprits[0], parameter.group())
