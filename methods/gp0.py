"""0-GP: a zero-centred gradient penalty between real and generated samples."""

from dataclasses import dataclass

import gin
from torch import Tensor

from methods.base import GAN
from methods.penalty import PerSample, interpolates, mean_square


@gin.register
@dataclass
class GP0(PerSample):
    """Adds lambda E ||grad f(x~)||^2 on lines between real and fake samples to D's loss.

    Unlike WGAN-GP's, the penalty is centred at zero and the loss is any: as published, the
    non-saturating one. The gradient is the logit's, as in LMescheder/GAN_stability
    (gan_training/train.py, "wgangp0"), whose default weight of 10, without a factor 1/2, is the one
    here. The authors' public code takes the gradient of D's probability instead, at most a quarter
    as long, and weights it by 500 on images (htt210/GeneralizationAndStabilityInGANs at 6c10125,
    GradientPenaltiesGANImage.py).

    Source: Thanh-Tung, Tran and Venkatesh 2019 (arXiv:1902.03984), 0-GP.

    Attributes:
        gp0_weight: lambda.
    """

    gp0_weight: float = 10.0

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda E ||grad f(x~)||^2, one alpha a sample."""
        penalty = mean_square(gan, interpolates(gan, real, fake))
        return super().d_loss(gan, real, fake) + self.gp0_weight * penalty
