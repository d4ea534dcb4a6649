"""MaxGP: D's largest gradient of a batch is penalised, which estimates its Lipschitz constant."""

from dataclasses import dataclass
from typing import ClassVar

import gin
from torch import Tensor

from methods.base import GAN
from methods.penalty import PerSample, gradients_between, squares


@gin.register
@dataclass
class MaxGP(PerSample):
    """Adds lambda max ||grad f(x~)||^2 over a batch of lines between real and fake samples.

    To D's loss, whatever that is: here the non-saturating one, with lambda = 10, as in StudioGAN
    (POSTECH-CVLab/PyTorch-StudioGAN at db23920, configs/CIFAR10/LGAN.yaml). The authors' public
    code has D's logistic loss with -E f(G(z)) for G, lambda = 1 and 5 D steps; it can also carry
    the steepest points over to the next batch, and does not by default
    (ZhimingZhou/AdaShift-LGANs-MaxGP-refactored at bb5ab91, code/realdata_resnet.py).

    Source: Zhou et al. 2019 (arXiv:1902.05687), the penalty on the Lipschitz constant.

    Attributes:
        max_gp_weight: lambda.
    """

    max_gp_weight: float = 10.0

    accumulates: ClassVar[bool] = False

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda max ||grad f(x~)||^2, one alpha a sample."""
        penalty = squares(gradients_between(gan, real, fake)).max()
        return super().d_loss(gan, real, fake) + self.max_gp_weight * penalty
