"""Adversarial Lipschitz regularization: a critic's slope is bounded where it is steepest."""

from dataclasses import dataclass, replace

import gin
import torch
from torch import Tensor
from torch.nn import functional as F

from methods.attack import unit
from methods.base import GAN
from methods.penalty import PerSample, norms, per_sample_uniform
from methods.remembering import Remembering
from methods.wasserstein import Wasserstein

SMALL = 1e-10
"""The least length that a vector is divided by."""


@gin.register
@dataclass
class ALR(PerSample, Wasserstein):
    """WGAN with lambda E max(0, |f(x) - f(x + r)| / ||r|| - K)^2, at real and at fake samples.

    The slope itself is penalised, between two points, and no gradient: the step is of first order.
    r = epsilon d has a length drawn for each sample, and d, of length 1, is the direction in which
    f changes most, by power iteration: from a random direction, grad_d |f(x) - f(x + xi d)|,
    normalized. Nothing is differentiated through r. Pictures stay in [-1, 1], x + xi d and x + r
    alike, so that xi and epsilon, which are for 32x32 pictures, are too long for much smaller ones:
    where a step leaves the range in every value, no direction is found, and nothing penalised.

    Source: Terjek 2020 (arXiv:1907.05681); all values, the mean over both batches, the uniform
    first direction and the clamp as in the author's public code
    (dterjek/adversarial_lipschitz_regularization at d07bb78, wgan_alp.py).

    Attributes:
        alr_weight: lambda.
        alr_slope: K, the largest slope that is free.
        alr_xi: the length of the step at whose end f's change is differentiated.
        alr_iterations: power iterations; none leaves the random direction.
        alr_epsilon_min: the least length of r.
        alr_epsilon_max: the largest.
    """

    d_steps: int = 5
    alr_weight: float = 10.0
    alr_slope: float = 1.0
    alr_xi: float = 10.0
    alr_iterations: int = 1
    alr_epsilon_min: float = 0.1
    alr_epsilon_max: float = 10.0

    def __post_init__(self) -> None:
        """Checks the lengths."""
        super().__post_init__()
        if not 0 < self.alr_epsilon_min <= self.alr_epsilon_max:
            raise ValueError(
                f"alr_epsilon_min = {self.alr_epsilon_min}: it must be positive and at most "
                f"alr_epsilon_max = {self.alr_epsilon_max}"
            )
        if self.alr_iterations < 0:
            raise ValueError(f"alr_iterations = {self.alr_iterations}: it is 0 or more")

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """E f(G(z)) - E f(x) + lambda E max(0, |f(x) - f(x + r)| / ||r|| - K)^2."""
        remembering = Remembering(gan.discriminator)
        loss = super().d_loss(replace(gan, discriminator=remembering), real, fake)
        slopes = [self.slopes(gan, side, remembering.of(side)) for side in (real, fake)]
        excess = F.relu(torch.cat(slopes) - self.alr_slope)
        return loss + self.alr_weight * excess.square().mean()

    def slopes(self, gan: GAN, samples: Tensor, logits: Tensor) -> Tensor:
        """|f(x) - f(x + r)| / ||r|| for samples x, (N, ...), where f is ``logits``, both (N,)."""
        moved = _within(samples + self.adversary(gan, samples.detach(), logits.detach()))
        distances = norms((moved - samples).flatten(1)).clamp(min=SMALL)
        return (gan.discriminator(moved) - logits).abs() / distances

    def adversary(self, gan: GAN, samples: Tensor, logits: Tensor) -> Tensor:
        """The steps r for samples x, both (N, ...), where f is ``logits``, (N,)."""
        uniform = torch.rand(samples.shape, generator=gan.noise, device=samples.device)
        direction = unit(uniform - 0.5, SMALL)
        for _ in range(self.alr_iterations):
            direction.requires_grad_()
            change = gan.discriminator(_within(samples + self.alr_xi * direction)) - logits
            (gradient,) = torch.autograd.grad(change.abs().sum(), direction)
            direction = unit(gradient, SMALL)
        span = self.alr_epsilon_max - self.alr_epsilon_min
        lengths = self.alr_epsilon_min + span * per_sample_uniform(gan, samples)
        return lengths * direction


def _within(samples: Tensor) -> Tensor:
    """Pictures (N, C, H, W) in [-1, 1]; points (N, d) may be anywhere."""
    return samples.clamp(-1, 1) if samples.dim() == 4 else samples
