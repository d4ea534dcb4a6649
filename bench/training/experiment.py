"""What gin binds: everything one run is made of."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import gin
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from bench.config.bound import Bound
from bench.data.dataset import Dataset
from bench.scores.judge import Judge
from bench.theory.theory import Theory
from bench.training.schedules import scaled
from methods.base import Method
from methods.combine import combine

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")

BATCH_NORM = ("running", "batch")


@gin.register
@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The parts of a run and its budget; the seed is the run's own.

    Attributes:
        data: the data set.
        judge: called with the data set, gives the judge of its scores.
        generator: called with (shape, latent_dim), gives the generator.
        discriminator: called with (shape), gives the discriminator.
        method: the training method, with those of ``also`` on top of it.
        also: methods for every row: a setting that averages weights, say, or augments samples. What
            a row's method is by itself is not stacked on it again.
        g_optimizer: called with parameters, gives the generator's optimizer.
        d_optimizer: the same for the discriminator.
        steps: generator steps.
        batch_size: real samples a batch.
        accumulation: equal parts of a batch that pass through the networks one after the other,
            their gradients averaged: less memory, and BatchNorm over each part.
        max_norm: of the gradient of either player, which is scaled where it is longer; None for no
            bound.
        lr_factor: by which the learning rates of both optimizers are multiplied.
        latent_dim: dimension of the latents.
        evaluations: how many times, evenly spaced, the samples are scored; the last at the end.
        log_every: generator steps between two readings of the losses.
        checkpoint_seconds: how long a run goes on, at least, between two checkpoints; they follow
            evaluations, and the last is always written.
        batch_norm: how a scored generator normalizes: with "running" statistics (eval mode), or
            with each "batch"'s own (train mode).
        probe_epsilon: size of the FGSM step, on the model's scale, behind the diagnostic D(x_hat).
        device: "cpu", "cuda", or "auto" for a GPU where there is one.
        resident_gigabytes: data up to this size lives on the device; larger data is streamed to it,
            in the same batches.
        theory: where theory knows what a method must do, and the record is to say whether it did.
    """

    NOT_CONTENT: ClassVar = ("device", "checkpoint_seconds", "resident_gigabytes", "theory")
    SCHEDULED: ClassVar = ("max_norm", "lr_factor")
    """Its own numbers that a schedule may move."""

    data: Dataset
    judge: Callable[[Dataset], Judge]
    generator: Callable[..., nn.Module]
    discriminator: Callable[..., nn.Module]
    method: Method
    g_optimizer: Callable[..., Optimizer]
    d_optimizer: Callable[..., Optimizer]
    steps: int
    batch_size: int
    latent_dim: int
    also: Sequence[Method] = ()
    accumulation: int = 1
    max_norm: float | None = None
    lr_factor: float = 1.0
    evaluations: int = 10
    log_every: int = 50
    checkpoint_seconds: float = 5.0
    batch_norm: str = "running"
    probe_epsilon: float = 1 / 255
    device: str = "auto"
    resident_gigabytes: float = 4.0
    theory: Theory | None = None

    def __post_init__(self) -> None:
        """Checks the budget, and stacks the methods.

        Raises:
            ValueError: with the parameter and what it may be.
            Incompatible: the methods cannot be combined.
        """
        positive = ("steps", "batch_size", "latent_dim", "evaluations", "log_every", "accumulation")
        for name in positive:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: it must be at least 1")
        if self.batch_size % self.accumulation:
            raise ValueError(
                f"accumulation = {self.accumulation}, batch_size = {self.batch_size}: a batch "
                "must have equal parts; bind accumulation to a divisor of batch_size"
            )
        if self.max_norm is not None and self.max_norm <= 0:
            raise ValueError(f"max_norm = {self.max_norm}: it must be above 0, or None")
        if self.lr_factor < 0:
            raise ValueError(f"lr_factor = {self.lr_factor}: it must be 0 or more")
        if not isinstance(self.also, list | tuple) or not all(
            isinstance(method, Method) for method in self.also
        ):
            raise ValueError(f"also = {self.also!r}: it is a list of methods, such as [@EMA()]")
        more = [method for method in self.also if not isinstance(self.method, type(method))]
        if more:
            object.__setattr__(self, "method", combine([*more, self.method]))
        if self.evaluations > self.steps:
            raise ValueError(
                f"evaluations = {self.evaluations}, steps = {self.steps}: evaluations must be "
                f"between 1 and the {self.steps} steps; bind Experiment.evaluations = {self.steps} "
                "or less"
            )
        if not _DEVICE.fullmatch(self.device):
            raise ValueError(f"device = {self.device!r}: valid are auto, cpu, cuda and cuda:N")
        if self.device.startswith("cuda") and not torch.cuda.is_available():
            raise ValueError(f"device = {self.device!r}: torch sees no GPU here; bind auto or cpu")
        if self.batch_norm not in BATCH_NORM:
            raise ValueError(f"batch_norm = {self.batch_norm!r}: valid are {', '.join(BATCH_NORM)}")

    @property
    def evaluation_steps(self) -> list[int]:
        """The steps after which samples are scored."""
        return spaced(self.steps, self.evaluations)

    def optimizer(self, player: str, parameters: Iterable[Tensor]) -> Optimizer:
        """The optimizer of one player's parameters, with what both have in common in its groups.

        Args:
            player: "g_optimizer" or "d_optimizer".
            parameters: to be updated.

        Raises:
            ValueError: it is none, or has no learning rate to be multiplied.
        """
        optimizer: Optimizer = getattr(self, player)(parameters)
        name = type(optimizer).__name__
        if not isinstance(optimizer, Optimizer):
            raise ValueError(f"{player} = {name}: it must give a torch.optim.Optimizer")
        if self.lr_factor != 1 and any("lr" not in group for group in optimizer.param_groups):
            raise ValueError(f"lr_factor = {self.lr_factor}: {player}, {name}, has no lr")
        for group in optimizer.param_groups:
            if self.max_norm is not None:
                group["max_norm"] = self.max_norm
            if self.lr_factor != 1:
                group["lr"] = scaled(group["lr"], self.lr_factor)
        return optimizer

    def torch_device(self) -> torch.device:
        """The device that ``device`` names on this machine."""
        if self.device != "auto":
            return torch.device(self.device)
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def experiment_of(bound: Bound, **given: Any) -> Experiment:
    """Builds the parts that a config binds.

    Args:
        bound: the config.
        given: parameters in place of those that it binds.

    Raises:
        ValueError: of a part that refuses what it was given.
    """
    with bound.entered():
        experiment: Experiment = gin.get_configurable(Experiment)(**given)
    return experiment


def spaced(steps: int, times: int) -> list[int]:
    """So many steps of a training, evenly spaced, the last at its end."""
    return [(i + 1) * steps // times for i in range(times)]
