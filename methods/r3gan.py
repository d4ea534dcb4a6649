"""R3GAN: the relativistic pairing loss, made convergent by R1 and R2."""

from dataclasses import dataclass

import gin

from methods.r1 import R1
from methods.r2 import R2
from methods.relativistic import Relativistic


@gin.register
@dataclass
class R3GAN(R1, R2, Relativistic):
    """E softplus(-(f(x) - f(G(z)))) + gamma/2 (R1 + R2) for D; G's loss mirrors the first term.

    Source: Huang et al. 2024 (arXiv:2501.05441), section 2. As published it comes with an
    architecture, a schedule of gamma (0.05 to 0.005 on CIFAR-10) and an average of G's weights,
    which are no part of the method here.

    Attributes:
        gamma: twice the weight of either penalty.
    """

    gamma: float = 0.05
