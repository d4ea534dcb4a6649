"""RaGAN: the cross-entropy of a sample against the mean of the other side."""

from dataclasses import dataclass

import gin
from torch import Tensor
from torch.nn import functional as F

from methods.relativistic_average import RelativisticAverage


@gin.register
@dataclass
class RaGAN(RelativisticAverage):
    """D says whether a sample is more real than the other side is on average.

    Source: Jolicoeur-Martineau 2019 (arXiv:1807.00734), RaSGAN.
    """

    def loss_of(self, leads: Tensor) -> Tensor:
        """softplus(-lead), the cross-entropy of the lead as a logit."""
        return F.softplus(-leads)
