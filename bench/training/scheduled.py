"""What follows a schedule in one run: hyper-parameters of its method and of both optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from bench.config.facts import first_line
from bench.training.experiment import Experiment
from bench.training.schedules import Schedule, moves
from methods.base import Method

TRIED = 10
"""Intervals of a training at whose ends a schedule's values are tried before it begins."""

SEEN = 10_000
"""Steps, evenly spaced, of whose values the least and the greatest are tried as well."""


class Unschedulable(ValueError):
    """A hyper-parameter that cannot change, or not to what its schedule gives.

    Attributes:
        parameter: its name.
    """

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(f"{parameter} follows a schedule{reason}")
        self.parameter = parameter


@dataclass(frozen=True)
class Follower:
    """One hyper-parameter, bound to a schedule or to a tuple that has some.

    Attributes:
        parameter: its name where it is bound.
        name: of it, in the record.
        bound: what it was bound to.
        whole: whether it counts something, so that values are rounded.
        put: gives it a value.
        tried: raises ValueError for a value that it cannot have.
    """

    parameter: str
    name: str
    bound: Any
    whole: bool
    put: Callable[[Any], None]
    tried: Callable[[Any], Any]

    def value(self, step: int, steps: int) -> Any:
        """What it is in the step after ``step``."""
        return _value(self.bound, step, steps, self.whole)

    @property
    def schedules(self) -> dict[str, Schedule]:
        """By the name of what each moves."""
        if isinstance(self.bound, Schedule):
            return {self.name: self.bound}
        items = enumerate(self.bound)
        return {f"{self.name}[{i}]": one for i, one in items if isinstance(one, Schedule)}


class Scheduled:
    """Gives each hyper-parameter that follows a schedule its value, step by step.

    What it is depends on the step alone, so that a checkpoint need not say it.

    Attributes:
        steps: of the training.
        followers: what follows.
        groups: the names of all that parameter groups of the optimizers have.

    Args:
        experiment: of the run; its method's own numbers are set.
        g_optimizer: that trains; without it, one such as the experiment's.
        d_optimizer: the same for the discriminator.

    Raises:
        Unschedulable: a hyper-parameter cannot change, or not to what its schedule gives.
    """

    def __init__(
        self,
        experiment: Experiment,
        g_optimizer: Optimizer | None = None,
        d_optimizer: Optimizer | None = None,
    ) -> None:
        self.steps = experiment.steps
        optimizers = {
            "g_optimizer": g_optimizer or experiment.optimizer("g_optimizer", _nothing()),
            "d_optimizer": d_optimizer or experiment.optimizer("d_optimizer", _nothing()),
        }
        self.followers = [
            *_of_method(experiment.method),
            *(one for item in optimizers.items() for one in _of_optimizer(experiment, *item)),
        ]
        groups = [group for one in optimizers.values() for group in one.param_groups]
        self.groups = {key for group in groups for key in group}
        for follower in (*_of_experiment(experiment), *self.followers):
            self._try(follower)

    @property
    def spans(self) -> bool:
        """Whether the length of the training decides a value before its end."""
        return any(one.spans for follower in self.followers for one in follower.schedules.values())

    def set(self, step: int) -> None:
        """Sets all for the step after ``step``."""
        for follower in self.followers:
            follower.put(follower.value(step, self.steps))

    def values(self, step: int) -> dict[str, float]:
        """What all are in the step after ``step``, by name."""
        return {
            name: _value(schedule, step, self.steps, follower.whole)
            for follower in self.followers
            for name, schedule in follower.schedules.items()
        }

    def _try(self, follower: Follower) -> None:
        last = self.steps - 1
        tried = _spaced(last, TRIED)
        for schedule in follower.schedules.values():
            values = {step: self._seen(follower, schedule, step) for step in _spaced(last, SEEN)}
            tried |= {choose(values, key=values.__getitem__) for choose in (min, max)}
        for step in sorted(tried):
            value = follower.value(step, self.steps)
            try:
                follower.tried(value)
            except ValueError as error:
                raise Unschedulable(
                    follower.parameter,
                    f", which comes to {value} at step {step + 1}: {first_line(error)}",
                ) from error

    def _seen(self, follower: Follower, schedule: Schedule, step: int) -> float:
        """A schedule's value, which must be a number."""
        try:
            value = schedule.curve(step, self.steps)
            if isfinite(value):
                return value
            problem = str(value)
        except Exception as error:  # a curve of anybody's may do anything
            problem = f"{type(error).__name__}: {first_line(error)}"
        raise Unschedulable(
            follower.parameter, f", which gives no number at step {step + 1}: {problem}"
        )


def _of_method(method: Method) -> Iterator[Follower]:
    for field in fields(method):
        bound = getattr(method, field.name)
        if not moves(bound):
            continue
        if field.name in {name for cls in type(method).__mro__ for name in _fixed(cls)}:
            reason = ", and is read once, when the networks are made; bind a number"
            raise Unschedulable(field.name, reason)

        def put(value: Any, name: str = field.name) -> None:
            setattr(method, name, value)

        def tried(value: Any, name: str = field.name) -> Method:
            return replace(method, **{name: value})

        whole = field.type in (int, "int")
        yield Follower(field.name, field.name, bound, whole, put, tried)


def _of_optimizer(experiment: Experiment, player: str, optimizer: Optimizer) -> Iterator[Follower]:
    def sample(**given: Any) -> Optimizer:
        return getattr(experiment, player)(_nothing(), **given)

    for i, group in enumerate(optimizer.param_groups):
        for key in [key for key, bound in group.items() if key != "params" and moves(bound)]:

            def put(value: Any, i: int = i, key: str = key) -> None:
                optimizer.param_groups[i][key] = value  # not the group: loading a state replaces it

            def tried(value: Any, key: str = key) -> Optimizer:
                return sample(**{key: value} if key in optimizer.defaults else {})

            yield Follower(key, f"{player}.{key}", group[key], False, put, tried)


def _of_experiment(experiment: Experiment) -> Iterator[Follower]:
    """What both optimizers' groups have from the experiment; they are what follows."""
    for name in Experiment.SCHEDULED:
        bound = getattr(experiment, name)
        if moves(bound):

            def tried(value: Any, name: str = name) -> Experiment:
                return replace(experiment, **{name: value})

            yield Follower(name, name, bound, False, lambda value: None, tried)


def _nothing() -> list[Tensor]:
    """Parameters for an optimizer that trains nothing."""
    return [torch.zeros(1, requires_grad=True)]


def _spaced(last: int, intervals: int) -> set[int]:
    """Steps from 0 to the last, evenly spaced; all where there are no more."""
    n = max(1, min(last, intervals))
    return {i * last // n for i in range(n + 1)}


def _fixed(cls: type) -> tuple[str, ...]:
    return vars(cls).get("fixed", ())


def _value(bound: Any, step: int, steps: int, whole: bool) -> Any:
    if isinstance(bound, list | tuple):
        return type(bound)(_value(item, step, steps, whole) for item in bound)
    if not isinstance(bound, Schedule):
        return bound
    value = bound.curve(step, steps)
    return round(value) if whole else value
