"""RaLSGAN: least squares against the mean of the other side."""

from dataclasses import dataclass

import gin
from torch import Tensor

from methods.relativistic_average import RelativisticAverage


@gin.register
@dataclass
class RaLSGAN(RelativisticAverage):
    """D regresses a distance of 1 of each sample from the other side's mean, and G the opposite.

    Source: Jolicoeur-Martineau 2019 (arXiv:1807.00734), RaLSGAN.
    """

    def loss_of(self, leads: Tensor) -> Tensor:
        """(lead - 1)^2."""
        return (leads - 1).square()
