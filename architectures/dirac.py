"""The smallest GAN: a generator that is one point, a discriminator that is one slope."""

from collections.abc import Sequence
from math import prod

import gin
import torch
from torch import Tensor, nn


@gin.register
class LocationGenerator(nn.Module):
    """G(z) = theta + spread * q(z): a distribution of fixed shape, of which theta is the location.

    q replaces the latents of a batch by the standard normal quantiles of the same ranks, so that
    a batch is free of noise. With no spread, G is the Dirac-GAN's: theta whatever the latent.

    Source: Mescheder, Geiger and Nowozin 2018 (arXiv:1801.04406), definition 2.1.

    Args:
        shape: of one sample.
        latent_dim: the latents' dimension; the first is what ranks them.
        start: theta before training, one number or one for each dimension.
        spread: the standard deviation of a batch.
    """

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int,
        start: float | Sequence[float] = 1.0,
        spread: float = 0.0,
    ) -> None:
        super().__init__()
        self.spread = spread
        self.theta = nn.Parameter(torch.tensor(start).expand(*shape).clone())

    def forward(self, latents: Tensor) -> Tensor:
        """(N, latent_dim) to (N, *shape)."""
        samples = self.theta.expand(len(latents), *self.theta.shape)
        if self.spread == 0:
            return samples
        offsets = self.spread * _normal_scores(latents[:, 0])
        return samples + offsets.view(-1, *[1] * self.theta.dim())


@gin.register
class LinearDiscriminator(nn.Module):
    """D(x) = psi . x, and a bias where asked for.

    Args:
        shape: of one sample.
        start: psi before training, one number or one for each dimension.
        bias: whether D has a bias, which starts from ``bias_start`` and learns.
        bias_start: the bias before training.
    """

    def __init__(
        self,
        shape: Sequence[int],
        start: float | Sequence[float] = 0.0,
        bias: bool = False,
        bias_start: float = 0.0,
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(prod(shape), 1, bias=bias)
        with torch.no_grad():
            self.linear.weight.copy_(torch.tensor(start).expand(*shape).reshape(1, -1))
            if bias:
                self.linear.bias.fill_(bias_start)

    def forward(self, samples: Tensor) -> Tensor:
        """(N, *shape) to logits (N,)."""
        return self.linear(samples.flatten(1)).flatten()


def _normal_scores(values: Tensor) -> Tensor:
    """The standard normal quantiles of the values' ranks, of mean 0 and variance 1, (N,)."""
    n = len(values)
    levels = (values.argsort().argsort() + 0.5) / n
    scores = torch.special.ndtri(levels)
    deviation = scores.square().mean().sqrt()
    return scores / deviation if n > 1 else scores
