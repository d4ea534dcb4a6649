"""The interface of a training method. ``Method`` itself is the vanilla, non-saturating GAN."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gin
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
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

    def latents(self, n: int) -> Tensor:
        """Draws ``n`` standard normal latents, shape (n, latent_dim)."""
        stream = self.latent_stream
        return torch.randn(n, self.latent_dim, generator=stream, device=stream.device)

    def fakes(self, n: int) -> Tensor:
        """Draws ``n`` samples that carry no gradient back to the generator."""
        with torch.no_grad():
            return self.generator(self.latents(n))


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
    """

    d_steps: int = 1

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

        Here it is a combination in which one method's loss or step silently replaces another's.

        Raises:
            Incompatible: with the remedy in the message.
        """
        hooks = ("make_discriminator", "d_loss", "g_loss", "d_step", "g_step", "step", "d_steps_at")
        for hook in hooks:
            owners = [cls for cls in type(self).__mro__ if hook in vars(cls)]
            last = next(cls for cls in owners if not _calls_super(vars(cls)[hook]))
            for lost in owners[owners.index(last) :]:
                if not issubclass(last, lost):
                    raise Incompatible(
                        f"{lost.__name__}'s {hook} would never be called, since "
                        f"{last.__name__}'s does not call the next one's: name {lost.__name__} "
                        f"before {last.__name__} in combine.methods, or leave one of them out"
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
        loss = self.d_loss(gan, real, gan.fakes(len(real)))
        descend(gan.d_optimizer, loss)
        return {"d_loss": loss.detach()}

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        """Updates the generator once; ``real`` is the discriminator's last batch."""
        loss = self.g_loss(gan, real, gan.generator(gan.latents(len(real))))
        descend(gan.g_optimizer, loss)
        return {"g_loss": loss.detach()}

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

    def state_dict(self) -> dict[str, Any]:
        """What the method must keep across a checkpoint: tensors and plain numbers only."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what ``state_dict`` returned."""

    def __post_init__(self) -> None:
        """Checks the hyper-parameters; a subclass that overrides it calls it too."""
        if self.d_steps < 1:
            raise ValueError(f"d_steps = {self.d_steps}: a method takes at least 1")


def descend(optimizer: Optimizer, loss: Tensor, *inputs: Tensor) -> None:
    """Takes one optimizer step down the gradient of ``loss``.

    Only the optimizer's own parameters receive a gradient, so that nothing leaks into the other
    player. The same backward pass also leaves the gradient of each leaf in ``inputs`` in its
    ``.grad``.
    """
    parameters = parameters_of(optimizer)
    for parameter in parameters:
        parameter.grad = None
    loss.backward(inputs=[*parameters, *inputs])
    optimizer.step()


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


def _calls_super(function: Any) -> bool:
    """Whether a method's code calls on the next class by ``super()``."""
    return "__class__" in function.__code__.co_freevars
