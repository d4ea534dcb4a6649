"""What a generator step costs, and how much of it is not forward, backward or optimizer."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, cast

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from bench.config.run import Run
from bench.speed.trainer import WARM_UP, measured_trainer, timed
from bench.training.trainer import Trainer


@dataclass(frozen=True)
class StepCost:
    """Of one method: seconds and FLOPs a generator step, and the loop's share of the time."""

    method: str
    seconds: float
    flops: float
    overhead: float


def step_costs(runs: list[Run], steps: int, rounds: int) -> list[StepCost]:
    """Times the real loop on each run, the runs in turn in each round, evaluation left out.

    Args:
        runs: one a method.
        steps: generator steps of each run in a round.
        rounds: how often; medians are returned.
    """
    trainers = {run.method: measured_trainer(run, device="cpu") for run in runs}
    flops = {}
    for method, trainer in trainers.items():
        timed(trainer, WARM_UP)
        with _FlopCounter() as counter:
            timed(trainer, steps)
        flops[method] = counter.total / steps
    times: dict[str, list[float]] = {method: [] for method in trainers}
    shares: dict[str, list[float]] = {method: [] for method in trainers}
    for _ in range(rounds):
        for method, trainer in trainers.items():
            times[method].append(timed(trainer, steps) / steps)
        for method, trainer in trainers.items():
            with _timing_mathematics(trainer) as clock:
                whole = timed(trainer, steps)
            shares[method].append(1 - clock.seconds / whole)
    return [
        StepCost(method, median(times[method]), flops[method], median(shares[method]))
        for method in trainers
    ]


class _FlopCounter(TorchDispatchMode):
    """Adds up torch's own FLOP formulas over every operation.

    Torch's ``FlopCounterMode`` also tracks modules, and that refuses ``autograd.grad`` on leaves.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


class _Clock:
    """Adds up the time in which at least one timed call is under way."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._started = 0.0

    def enter(self, *_: Any) -> None:
        if self._depth == 0:
            self._started = time.perf_counter()
        self._depth += 1

    def leave(self, *_: Any) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._started


@contextmanager
def _timing_mathematics(trainer: Trainer) -> Iterator[_Clock]:
    """Times passes through both networks, losses, differentiation, and optimizer steps."""
    clock = _Clock()
    gan, method = trainer.gan, trainer.experiment.method
    with ExitStack() as stack:
        for network in (gan.generator, cast(nn.Module, gan.discriminator)):
            stack.callback(network.register_forward_pre_hook(clock.enter).remove)
            stack.callback(network.register_forward_hook(clock.leave, always_call=True).remove)
        for target, name in (
            (method, "d_loss"),
            (method, "g_loss"),
            (torch.autograd, "grad"),
            (torch.autograd, "backward"),
            (gan.g_optimizer, "step"),
            (gan.d_optimizer, "step"),
        ):
            stack.enter_context(_watched(target, name, clock))
        yield clock


@contextmanager
def _watched(target: Any, name: str, clock: _Clock) -> Iterator[None]:
    original: Callable[..., Any] = getattr(target, name)

    def timed(*args: Any, **kwargs: Any) -> Any:
        clock.enter()
        try:
            return original(*args, **kwargs)
        finally:
            clock.leave()

    setattr(target, name, timed)
    try:
        yield
    finally:
        setattr(target, name, original)
