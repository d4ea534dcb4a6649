"""The relativistic pairing loss: D compares each real sample with a generated one."""

from dataclasses import dataclass

import gin
from torch import Tensor
from torch.nn import functional as F

from methods.base import GAN, Method


@gin.register
@dataclass
class Relativistic(Method):
    """D tells a pair's real sample from its fake one, and G mirrors it.

    The i-th real sample is paired with the i-th fake one, inside the softplus: the loss of the
    mean difference, or of differences to the other side's mean, would be another method.

    Source: Jolicoeur-Martineau 2019 (arXiv:1807.00734), RSGAN; Huang et al. 2024
    (arXiv:2501.05441), eq. 2.
    """

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """E softplus(-(f(x) - f(G(z))))."""
        return F.softplus(gan.discriminator(fake) - gan.discriminator(real)).mean()

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """E softplus(-(f(G(z)) - f(x))), on real samples cut from any graph."""
        return F.softplus(gan.discriminator(real.detach()) - gan.discriminator(fake)).mean()
