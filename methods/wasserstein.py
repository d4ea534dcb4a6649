"""The Wasserstein critic's losses, which WGAN's descendants share."""

from dataclasses import dataclass

from torch import Tensor

from methods.base import GAN, Method


@dataclass
class Wasserstein(Method):
    """The critic's losses without any constraint on the critic; not a method by itself.

    Source: Arjovsky, Chintala and Bottou 2017 (arXiv:1701.07875), eqs. 2-3 and Algorithm 1.
    """

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """E f(G(z)) - E f(x)."""
        return gan.discriminator(fake).mean() - gan.discriminator(real).mean()

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """-E f(G(z))."""
        return -gan.discriminator(fake).mean()
