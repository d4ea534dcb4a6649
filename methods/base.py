"""The interface of a training method. ``Method`` itself is the vanilla, non-saturating GAN."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from inspect import unwrap
from types import FunctionType
from typing import Any, ClassVar

import gin
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

Logs = dict[str, Tensor]


class Incompatible(ValueError):
    """A method refuses networks or optimizers it cannot work with; the message names the remedy."""


@dataclass
class GAN:
    """Everything that training changes, and the random streams it draws from.

    Attributes:
        generator: maps latents (N, latent_dim) to samples of the data's shape, images in [-1, 1].
        discriminator: maps samples to logits (N,). Losses call it and nothing else, so that they
            can be evaluated against a virtual discriminator (see ``Unrolled``). One that judges
            m samples together gives (N/m,), and says m in an attribute ``samples_per_logit``.
        latent_stream: the stream of latents; every method at one seed sees the same one.
        noise: the method's own stream (interpolation coefficients, random directions).
        step: generator steps finished so far.
        steps_per_epoch: generator steps that one pass over the data takes.
        batch_size: samples in every batch of training.
        shape: of one sample: (C, H, W) of pictures, (d,) of points.
        accumulation: equal parts of a batch that pass through the networks one after the other,
            their gradients averaged.
    """

    generator: nn.Module
    discriminator: Callable[[Tensor], Tensor]
    g_optimizer: Optimizer
    d_optimizer: Optimizer
    latent_dim: int
    latent_stream: torch.Generator
    noise: torch.Generator
    step: int = 0
    steps_per_epoch: int = 1
    batch_size: int = 1
    shape: Sequence[int] = ()
    accumulation: int = 1

    def latents(self, n: int) -> Tensor:
        """Draws ``n`` standard normal latents, shape (n, latent_dim)."""
        stream = self.latent_stream
        return torch.randn(n, self.latent_dim, generator=stream, device=stream.device)

    def samples(self, n: int) -> Tensor:
        """Draws ``n`` samples that carry the generator's graph."""
        return self.generator(self.latents(n))

    def fakes(self, n: int) -> Tensor:
        """Draws ``n`` samples that carry no gradient back to the generator."""
        with torch.no_grad():
            return self.samples(n)

    def normal(self, batch: Tensor) -> Tensor:
        """Draws standard normal noise of the shape of ``batch``, from the method's own stream."""
        return torch.randn(batch.shape, generator=self.noise, device=batch.device)

    def parts(self, batch: Tensor) -> Sequence[Tensor]:
        """A batch (N, ...) in ``accumulation`` equal parts, (N / accumulation, ...) each."""
        return batch.chunk(self.accumulation) if self.accumulation > 1 else (batch,)


@gin.register("Vanilla")
@dataclass
class Method:
    """The non-saturating GAN, and the interface of every other method.

    A subclass overrides as little as it can: a loss, a player's step, or what is done to the
    networks. It never builds an optimizer and never knows which architecture it trains.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), eq. 1, with section 3's non-saturating
    generator loss.

    Attributes:
        d_steps: discriminator steps per generator step (n_critic), each on a batch of its own.
        fixed: hyper-parameters that are read once, when the networks are made, so that none of
            them can follow a schedule.
        accumulates: whether a step takes a batch in ``gan.parts``. A class that updates a player
            without them says False here.
        differentiates: whether a class's loss or step differentiates D's loss for itself, before
            the step's own gradient is taken.
    """

    d_steps: int = 1

    fixed: ClassVar[tuple[str, ...]] = ()
    accumulates: ClassVar[bool] = True
    differentiates: ClassVar[bool] = False

    def make_discriminator(
        self, architecture: Callable[[Sequence[int]], nn.Module], shape: Sequence[int]
    ) -> nn.Module:
        """Builds the discriminator; a method may ask for another shape, or wrap it.

        Args:
            architecture: called with the shape of one input, gives a network.
            shape: of one sample.
        """
        return architecture(shape)

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Alters the networks in place, once, before their optimizers exist."""

    def check(self, gan: GAN) -> None:
        """Refuses what the method cannot work with, before any training.

        Here it is a combination in which one method's loss or step, or a part of either, silently
        replaces another's, or that BatchNorm's derivatives do not go far enough for, and
        accumulated gradients where a step knows nothing of them.

        Raises:
            Incompatible: with the remedy in the message.
        """
        whole = [cls.__name__ for cls in type(self).__mro__ if not vars(cls).get("accumulates", 1)]
        if whole and gan.accumulation > 1:
            raise Incompatible(
                f"{whole[0]}'s step takes a batch whole, and accumulation = {gan.accumulation}; "
                "bind Experiment.accumulation = 1"
            )
        inner = [cls.__name__ for cls in type(self).__mro__ if vars(cls).get("differentiates")]
        if len(inner) > 1 and any(isinstance(m, _BatchNorm) for m in _modules(gan.discriminator)):
            raise Incompatible(
                f"{inner[0]} and {inner[1]} together differentiate D's loss three times, and "
                'BatchNorm in D can be differentiated twice; bind d_norm = "layer" or d_norm = '
                '"none", or leave one of them out'
            )
        declared = [vars(cls) for cls in reversed(type(self).__mro__[:-1])]
        own = {name: value for names in declared for name, value in names.items()}
        for hook in [name for name, value in own.items() if _is_hook(name, value)]:
            owners = [cls for cls in type(self).__mro__ if hook in vars(cls)]
            last = next(cls for cls in owners if not _calls_super(vars(cls)[hook]))
            for lost in owners[owners.index(last) :]:
                if not issubclass(last, lost):
                    never, instead = (_named(type(self), cls) for cls in (lost, last))
                    order = f"name {never} before {instead} in combine.methods, or "
                    raise Incompatible(
                        f"{never}'s {hook} would never be called, since {instead}'s does not call "
                        f"the next one's: {order if _calls_super(vars(lost)[hook]) else ''}"
                        "leave one of them out"
                    )

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss, a scalar, on batches of the data's shape (N, ...)."""
        return (
            F.softplus(-gan.discriminator(real)).mean() + F.softplus(gan.discriminator(fake)).mean()
        )

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The generator's loss, a scalar; ``fake`` carries the generator's graph."""
        return F.softplus(-gan.discriminator(fake)).mean()

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """Updates the discriminator once on a real batch and fresh fakes of the same size."""
        losses = (self.d_loss(gan, part, gan.fakes(len(part))) for part in gan.parts(real))
        return {"d_loss": descend(gan.d_optimizer, losses)}

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        """Updates the generator once; ``real`` is the discriminator's last batch."""
        losses = (self.g_loss(gan, part, gan.samples(len(part))) for part in gan.parts(real))
        return {"g_loss": descend(gan.g_optimizer, losses)}

    def constrain(self, gan: GAN) -> None:
        """Brings D's weights back to where the method keeps them, if it does, after each update."""

    def d_steps_at(self, gan: GAN) -> int:
        """How many discriminator steps come with the generator's next one."""
        return self.d_steps

    def step(self, gan: GAN, batches: Iterator[Tensor]) -> Logs:
        """One generator step: the discriminator's steps, then the generator's.

        Returns:
            Scalars to log, still on the device: reading one would wait for it.
        """
        logs: Logs = {}
        for _ in range(self.d_steps_at(gan)):
            real = next(batches)
            logs |= self.d_step(gan, real)
        return logs | self.g_step(gan, real)

    def evaluated(self, gan: GAN) -> nn.Module:
        """The generator that is scored, sampled and exported: the one that trains, or another.

        Another is made anew of what ``state_dict`` keeps, so that nothing done to it is of
        consequence; one method's may be made of the next one's, by super().
        """
        return gan.generator

    def state_dict(self) -> dict[str, Any]:
        """What the method must keep across a checkpoint: tensors and plain numbers only."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what ``state_dict`` returned."""

    def __post_init__(self) -> None:
        """Checks the hyper-parameters; a subclass that overrides it calls it too."""
        if self.d_steps < 1:
            raise ValueError(f"d_steps = {self.d_steps}: a method takes at least 1")

    def refuse_negative(self, *names: str) -> None:
        """Raises ValueError for the first of these hyper-parameters that is below 0."""
        for name in names:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)}: it cannot be negative")


def descend(optimizer: Optimizer, losses: Tensor | Iterable[Tensor], *inputs: Tensor) -> Tensor:
    """Takes one optimizer step down the gradient of a loss; see ``differentiate``."""
    loss = differentiate(optimizer, losses, *inputs)
    optimizer.step()
    return loss


def differentiate(
    optimizer: Optimizer, losses: Tensor | Iterable[Tensor], *inputs: Tensor
) -> Tensor:
    """Leaves the gradient of a loss in the ``.grad`` of what the optimizer updates.

    Only the optimizer's own parameters receive a gradient, so that nothing leaks into the other
    player. Where its parameter group has a ``max_norm``, a longer gradient is scaled to it.

    Args:
        optimizer: whose parameters.
        losses: a scalar; or one for each of a batch's equal parts, of which the mean is meant, and
            which are best computed one by one as they are asked for, each graph freed before the
            next.
        inputs: leaves whose ``.grad`` the same backward passes add to: for several losses the sum.

    Returns:
        The mean loss, without its graph.
    """
    parameters = parameters_of(optimizer)
    for parameter in parameters:
        parameter.grad = None
    found = []
    for loss in (losses,) if isinstance(losses, Tensor) else losses:
        loss.backward(inputs=[*parameters, *inputs])
        found.append(loss.detach())
    if len(found) > 1:
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad /= len(found)
    for group in optimizer.param_groups:
        if group.get("max_norm") is not None:
            nn.utils.clip_grad_norm_(group["params"], group["max_norm"])
    return torch.stack(found).mean() if len(found) > 1 else found[0]


def parameters_of(optimizer: Optimizer) -> list[Tensor]:
    """The parameters an optimizer updates, in its own order."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def ghost(network: nn.Module) -> Callable[[Tensor], Tensor]:
    """A stand-in that computes what ``network`` does, and leaves no trace in its buffers.

    Probing a network in train mode moves BatchNorm's running statistics and spectral norm's
    singular vectors; a ghost moves its own copies of them.
    """
    state = dict(network.named_parameters()) | {
        name: buffer.clone() for name, buffer in network.named_buffers()
    }
    return lambda batch: functional_call(network, state, (batch,))


def _named(combined: type, cls: type) -> str:
    """The one of the combined methods that a class comes with, which is the one a user names."""
    return next((base for base in combined.__bases__ if issubclass(base, cls)), cls).__name__


def _modules(network: Any) -> Iterable[nn.Module]:
    """All of a network, or nothing where a function stands for it."""
    return network.modules() if isinstance(network, nn.Module) else ()


def _is_hook(name: str, value: Any) -> bool:
    """Whether what a class declares is a function that another class may override."""
    return isinstance(value, FunctionType) and not name.startswith("__")


def _calls_super(function: Any) -> bool:
    """Whether a method's code, behind any decorators, calls on the next class by ``super()``."""
    return "__class__" in unwrap(function).__code__.co_freevars
