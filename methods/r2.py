"""R2: a zero-centred gradient penalty on generated samples."""

from dataclasses import dataclass

import gin
from torch import Tensor

from methods.base import GAN
from methods.penalty import PerSample, mean_square


@gin.register
@dataclass
class R2(PerSample):
    """Adds gamma/2 E ||grad f||^2 on the generator's distribution to D's loss, whatever that is.

    Source: Mescheder, Geiger and Nowozin 2018 (arXiv:1801.04406), eq. 10. Their public code
    (LMescheder/GAN_stability, gan_training/train.py) leaves the factor 1/2 out: its weight of 10
    is a gamma of 20 here.

    Attributes:
        gamma: twice the penalty's weight. Shared with R1 where both are combined.
    """

    gamma: float = 10.0

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + gamma/2 E ||grad f(G(z))||^2."""
        return super().d_loss(gan, real, fake) + self.gamma / 2 * mean_square(gan, fake)
