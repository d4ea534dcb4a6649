"""The hinge loss: D no longer learns from samples that it tells apart by a margin."""

from dataclasses import dataclass

import gin
from torch import Tensor
from torch.nn import functional as F

from methods.base import GAN, Method


@gin.register
@dataclass
class Hinge(Method):
    """The hinge loss for D, and for G the logit itself, which never saturates.

    G's loss has no hinge: the minimax form would leave G without a gradient on every sample that
    D is sure of.

    Source: Lim and Ye 2017 (arXiv:1705.02894); Miyato et al. 2018 (arXiv:1802.05957), eqs. 16-17.
    """

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """E max(0, 1 - f(x)) + E max(0, 1 + f(G(z)))."""
        return (
            F.relu(1 - gan.discriminator(real)).mean() + F.relu(1 + gan.discriminator(fake)).mean()
        )

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """-E f(G(z))."""
        return -gan.discriminator(fake).mean()
