"""WGAN-GP: a Wasserstein critic held near unit gradient norm between real and fake samples."""

from dataclasses import dataclass

import gin
from torch import Tensor

from methods.base import GAN
from methods.penalty import input_gradients, interpolates, norms, refuse_batch_norm
from methods.wasserstein import Wasserstein


@gin.register
@dataclass
class WGANGP(Wasserstein):
    """WGAN with a two-sided gradient penalty on lines between real and fake samples.

    Source: Gulrajani et al. 2017 (arXiv:1704.00028), eq. 3 and Algorithm 1.

    Attributes:
        penalty: lambda, the weight of the penalty.
    """

    d_steps: int = 5
    penalty: float = 10.0

    def check(self, gan: GAN) -> None:
        """Refuses BatchNorm in the critic (section 4, "No critic batch normalization")."""
        super().check(gan)
        refuse_batch_norm(gan, "WGAN-GP")

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """E f(G(z)) - E f(x) + lambda E (|grad f(x~)| - 1)^2, one alpha a sample."""
        between = interpolates(gan, real, fake)
        penalty = (norms(input_gradients(gan, between)) - 1).square().mean()
        return super().d_loss(gan, real, fake) + self.penalty * penalty
