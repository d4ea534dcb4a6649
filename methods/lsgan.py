"""LSGAN: least squares in place of cross-entropy."""

from dataclasses import dataclass

import gin
from torch import Tensor

from methods.base import GAN, Method


@gin.register
@dataclass
class LSGAN(Method):
    """D regresses 1 on real and 0 on generated samples, and G wants 1, on D's plain output.

    Source: Mao et al. 2017 (arXiv:1611.04076), eq. 9: the 0-1 coding, with the factors 1/2.
    """

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """1/2 E (f(x) - 1)^2 + 1/2 E f(G(z))^2."""
        on_real = (gan.discriminator(real) - 1).square().mean()
        return (on_real + gan.discriminator(fake).square().mean()) / 2

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """1/2 E (f(G(z)) - 1)^2."""
        return (gan.discriminator(fake) - 1).square().mean() / 2
