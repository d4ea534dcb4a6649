"""RaHinge: the hinge loss against the mean of the other side."""

from dataclasses import dataclass

import gin
from torch import Tensor
from torch.nn import functional as F

from methods.relativistic_average import RelativisticAverage


@gin.register
@dataclass
class RaHinge(RelativisticAverage):
    """Samples that are ahead of the other side's mean by a margin are left alone, by G as by D.

    Source: Jolicoeur-Martineau 2019 (arXiv:1807.00734); its public code's loss 8, RaHingeGAN.
    """

    def loss_of(self, leads: Tensor) -> Tensor:
        """max(0, 1 - lead)."""
        return F.relu(1 - leads)
