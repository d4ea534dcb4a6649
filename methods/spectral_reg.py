"""Spectral regularization: D's weights keep more than a few large singular values."""

from dataclasses import dataclass
from typing import Any, cast

import gin
import torch
from torch import Tensor, nn

from methods.base import GAN, Logs
from methods.layers import weighted_layers
from methods.spectral_norm import SpectralNorm


@gin.register
@dataclass
class SpectralReg(SpectralNorm):
    """Spectral normalization, whose larger singular values are now and then all made equal.

    A weight reshaped as for spectral normalization, W = U diag(s) V^T, becomes U diag(s') V^T with
    s' = s / s_1, and 1 for the first i of its r values, so that D's directions do not collapse to
    one. It happens to the weights after D's step, in place and without a gradient, in one generator
    step of several; between, they train as in ``SpectralNorm``, and their optimizer knows nothing
    of it.

    Source: Liu et al. 2019, ICCV (arXiv:1908.10999), static compensation with i = r / 2; when,
    how often and the rounding as in the authors' public code for CIFAR-10 (updater.py of
    max-liu-112/SRGANs-Spectral-Regularization-GANs-), which leaves the last, linear layer as it is.
    As published it is combined with the hinge loss and 5 D steps; here the loss is whatever it is
    combined with.

    Attributes:
        sr_share: i / r, of the singular values of each weight, rounded down.
        sr_every: one generator step in so many has them made equal, from the first on.
    """

    sr_share: float = 0.5
    sr_every: int = 5

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The discriminator's step, then the compensation where it is due."""
        logs = super().d_step(gan, real)
        self.constrain(gan)
        return logs

    def constrain(self, gan: GAN) -> None:
        """The compensation of every weight, where it is due."""
        super().constrain(gan)
        if gan.step % self.sr_every == 0:
            for layer in weighted_layers(cast(nn.Module, gan.discriminator)):
                self.compensate(cast(Any, layer).parametrizations.weight.original)

    @torch.no_grad()
    def compensate(self, weight: Tensor) -> None:
        """Replaces the singular values of a weight (out, ...) in place."""
        matrix = weight.flatten(1)
        if not matrix.isfinite().all():
            return  # an SVD would raise, before the loop can say that training diverged
        u, values, v = torch.linalg.svd(matrix, full_matrices=False)
        values = values / values[0]
        values[: int(self.sr_share * len(values))] = 1
        weight.copy_((u * values @ v).view_as(weight))

    def __post_init__(self) -> None:
        """Checks the share and the interval."""
        super().__post_init__()
        if not 0 <= self.sr_share <= 1:
            raise ValueError(f"sr_share = {self.sr_share}: it lies in [0, 1]")
        if self.sr_every < 1:
            raise ValueError(f"sr_every = {self.sr_every}: it must be at least 1")
