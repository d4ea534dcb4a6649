"""WGAN-GP: a Wasserstein critic held near unit gradient norm between real and fake samples."""

from dataclasses import dataclass

import gin
from torch import Tensor

from methods.base import GAN
from methods.penalty import PerSample, gradients_between, norms
from methods.wasserstein import Wasserstein


@gin.register
@dataclass
class WGANGP(PerSample, Wasserstein):
    """WGAN with a two-sided gradient penalty on lines between real and fake samples.

    BatchNorm in the critic is refused, as in section 4, "No critic batch normalization".

    Source: Gulrajani et al. 2017 (arXiv:1704.00028), eq. 3 and Algorithm 1.

    Attributes:
        penalty: lambda, the weight of the penalty.
    """

    d_steps: int = 5
    penalty: float = 10.0

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """E f(G(z)) - E f(x) + lambda E (|grad f(x~)| - 1)^2, one alpha a sample."""
        excess = self.excess(norms(gradients_between(gan, real, fake)))
        return super().d_loss(gan, real, fake) + self.penalty * excess.square().mean()

    def excess(self, lengths: Tensor) -> Tensor:
        """How far lengths of gradients are from what they should be, of their shape."""
        return lengths - 1
