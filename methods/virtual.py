"""Optimizer steps as differentiable functions, for updates that are imagined and not taken."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from methods.base import Incompatible

Step = Callable[[Sequence[Tensor], Sequence[Tensor]], list[Tensor]]
"""Maps parameters and their gradients to the parameters after one step."""


def virtual_steps(optimizer: Optimizer) -> Step:
    """A function that steps as ``optimizer`` would from its present state, out of place.

    The result keeps the graph through every step, and neither the optimizer's state nor its
    parameters change. The optimizer must hold all parameters in one group.

    Raises:
        Incompatible: for an optimizer, or an option of one, that has no such function here.
    """
    steps = {SGD: _sgd, Adam: _adam}
    if type(optimizer) not in steps:
        raise Incompatible(
            f"no differentiable version of {type(optimizer).__name__} is at hand; "
            "bind Experiment.d_optimizer to @discriminator/Adam or @discriminator/SGD"
        )
    if len(optimizer.param_groups) != 1:
        raise Incompatible("the discriminator's optimizer must hold one parameter group")
    group = optimizer.param_groups[0]
    for option in ("momentum", "weight_decay", "amsgrad", "maximize", "max_norm"):
        if group.get(option):
            raise Incompatible(
                f"{option} = {group[option]} in the discriminator's optimizer has no "
                f"differentiable version here; leave {option} at its default"
            )
    return steps[type(optimizer)](group, optimizer.state)


def _sgd(group: dict[str, Any], state: dict[Tensor, Any]) -> Step:
    def step(parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        return [p - group["lr"] * g for p, g in zip(parameters, gradients, strict=True)]

    return step


def _adam(group: dict[str, Any], state: dict[Tensor, Any]) -> Step:
    """Adam (Kingma and Ba 2015, Algorithm 1) with torch's placement of epsilon."""
    beta1, beta2 = group["betas"]
    states = [state.get(parameter, {}) for parameter in group["params"]]
    first: list[Any] = [s.get("exp_avg", 0.0) for s in states]
    second: list[Any] = [s.get("exp_avg_sq", 0.0) for s in states]
    # A tensor, since reading the optimizer's own would wait for the device; in double precision,
    # since 1 - beta2^count cancels where torch keeps the count in single.
    count = torch.as_tensor(states[0].get("step", 0), dtype=torch.float64)

    def step(parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        nonlocal count
        count = count + 1  # not in place: the tensor may be the optimizer's own
        bias1, bias2 = 1 - beta1**count, 1 - beta2**count
        updated = []
        for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            first[i] = beta1 * first[i] + (1 - beta1) * gradient
            second[i] = beta2 * second[i] + (1 - beta2) * gradient.square()
            mean = first[i] / bias1.to(parameter.dtype)
            scale = _root(second[i] / bias2.to(parameter.dtype)) + group["eps"]
            updated.append(parameter - group["lr"] * mean / scale)
        return updated

    return step


def _root(x: Tensor) -> Tensor:
    """The square root, with derivative 0 and not infinity at 0."""
    return torch.where(x > 0, x.clamp(min=torch.finfo(x.dtype).tiny).sqrt(), torch.zeros_like(x))
