"""Builds what each config of a plan describes, so that mistakes cost no work."""

from collections.abc import Iterator

import torch
from torch.optim import Optimizer

from bench.config.bound import Bound
from bench.config.compose import ROOT_CONFIGURABLE, Composition
from bench.config.facts import first_line, placed
from bench.config.plan import Plan
from bench.config.registry import is_number, minimal, required_parameters, resolve, returns, target
from bench.config.run import Run
from bench.config.statements import Binding
from bench.config.values import references
from bench.data.loader import Loader
from bench.errors import UsageError
from bench.training.build import build
from bench.training.experiment import Experiment, experiment_of
from bench.training.scheduled import Scheduled, Unschedulable
from bench.training.schedules import Schedule
from bench.training.trial import Misfit, try_networks
from bench.waiting import waiting
from bench.wording import plural
from methods.base import Incompatible, Method

_tried: set[str] = set()
"""Networks that have had their pass in this process: a search asks for the same again and again."""

_scored: dict[str, int] = {}
"""How many samples a score takes, by the data and the judge, which were built for it once."""


def preflight(plan: Plan) -> None:
    """Builds every config's networks, optimizers and method; loads data and judge.

    Networks are built without memory, but for the first of each kind, which are given a batch.

    Raises:
        UsageError: for a value that a part refuses, with the place that bound it, a method that
            cannot work with a setting, with the remedy, or a network that cannot be trained.
    """
    configs = {run.digest: run for run in plan.runs}
    with waiting(f"building what {plural(len(configs), 'config')} of {plan.name} describe"):
        for digest, run in configs.items():
            _check(run, plan.compositions[digest])


def _check(run: Run, composition: Composition) -> None:
    cell = f"{run.method} under {run.setting}"
    _require_followed(composition)
    try:
        experiment = experiment_of(Bound(run.config))
        _require_read(composition, Scheduled(experiment))
        Loader(experiment.data.training(), experiment.batch_size, run.seed)
        judged = composition.below("data", "judge")
        if judged not in _scored:
            _scored[judged] = experiment.judge(experiment.data).samples
        networks = _networks(experiment, composition)
        if networks in _tried:
            build(experiment, run.seed, torch.device("meta"))
        else:
            try_networks(experiment, run.seed, _scored[judged])
            _tried.add(networks)
    except Incompatible as refusal:
        raise UsageError(f"{cell}: {first_line(refusal)}") from refusal
    except Unschedulable as unfit:
        places = (
            one.where for one, _ in _scheduled(composition) if one.parameter == unfit.parameter
        )
        raise UsageError(f"{next(places, cell)}: {unfit}") from unfit
    except Misfit as misfit:
        raise UsageError(_explained(misfit, experiment, composition, cell)) from misfit
    except (UsageError, ValueError, TypeError) as error:
        raise placed(error, composition, cell) from error
    except (ArithmeticError, AttributeError, LookupError, RuntimeError) as error:
        # of a method, an architecture or a data set that does not check what it is given
        raise UsageError(f"{cell}: {type(error).__name__}: {first_line(error)}") from error


def _require_followed(composition: Composition) -> None:
    """Sees to it that schedules are whole, and bound to nothing that will not be read again.

    Raises:
        UsageError: with the place that bound one.
    """
    bound = {(selector, parameter) for _, selector, parameter in composition.bindings}
    for binding, schedules in _scheduled(composition):
        for schedule in schedules:
            for parameter in required_parameters(schedule):
                if (schedule, parameter) not in bound:
                    name = minimal(schedule)
                    raise UsageError(
                        f"{binding.where}: {name} needs a {parameter}: bind {name}.{parameter}"
                    )
        selector = resolve(binding.selector, binding.where)
        owner = target(selector)
        follows = isinstance(owner, type) and issubclass(owner, Method | Optimizer)
        follows |= owner is Experiment and binding.parameter in Experiment.SCHEDULED
        follows |= returns(selector, Schedule)
        if not follows or not is_number(selector, binding.parameter):
            raise UsageError(
                f"{binding.where}: {binding.key} is read once, before training, and cannot follow "
                "a schedule: these move the numbers of methods and optimizers; bind a number"
            )


def _require_read(composition: Composition, scheduled: Scheduled) -> None:
    """Sees to it that an optimizer keeps what is scheduled where it can be set.

    Raises:
        Unschedulable: its constructor takes it, and no parameter group has it.
    """
    for binding, _ in _scheduled(composition):
        owner = target(resolve(binding.selector, binding.where))
        optimizer = isinstance(owner, type) and issubclass(owner, Optimizer)
        if optimizer and binding.parameter not in scheduled.groups:
            reason = ", and is read once, when the optimizer is made; bind a number"
            raise Unschedulable(binding.parameter, reason)


def _scheduled(composition: Composition) -> Iterator[tuple[Binding, list[str]]]:
    """The bindings of parameters to schedules, in tuples and by macros too, and whose they are."""
    for binding in composition.bindings.values():
        value = composition.source(binding).value if binding.parameter else None
        called = [
            resolve(one.selector, binding.where) for one in references(value) if not one.macro
        ]
        schedules = [selector for selector in called if returns(selector, Schedule)]
        if schedules:
            yield binding, schedules


def _networks(experiment: Experiment, composition: Composition) -> str:
    """All that decides what a pass through the networks does."""
    method = type(experiment.method)
    parameters = ["data", "judge", "generator", "discriminator"]
    parameters += ["batch_size", "latent_dim", "batch_norm"]
    hooks = ("make_discriminator", "adapt")
    if any(getattr(method, hook) is not getattr(Method, hook) for hook in hooks):
        parameters += ["method", "also"]
    return composition.below(*parameters)


def _explained(misfit: Misfit, experiment: Experiment, composition: Composition, cell: str) -> str:
    """The misfit, with the remedy that a batch of one has."""
    where = composition.where(ROOT_CONFIGURABLE, "batch_size")
    if experiment.batch_size > 1 or where is None:
        return f"{cell}: {misfit}"
    return (
        f"{where}: {cell}: {misfit}; bind {ROOT_CONFIGURABLE}.batch_size = 2 or more, or networks "
        "without BatchNorm"
    )
