"""GAN-QP: a critic held by a quadratic potential in place of a Lipschitz constraint."""

from dataclasses import dataclass

import gin
import torch
from torch import Tensor

from methods.base import GAN
from methods.wasserstein import Wasserstein


@gin.register
@dataclass
class GANQP(Wasserstein):
    """The critic maximises E [d - d^2 / (2 lambda ||x - G(z)||)], d = f(x) - f(G(z)) of a pair.

    The i-th real sample is paired with the i-th fake one. A pair is best told apart by
    d = lambda ||x - G(z)||, so that the critic's slope is bounded by its own loss, and G's
    gradient vanishes nowhere. The norm is a mean over the sample's values, and not a sum: of their
    absolute differences, or the root of their squares' mean. Two equal samples count as apart by
    the smallest step of the precision.

    Source: Su 2018 (arXiv:1811.07296), QP-div. Public code (bojone/gan-qp): lambda = 10, two critic
    steps; gan_qp_l1.py and gan_qp_l2.py for the norms. Its older versions divide each d^2 by the
    norms of all pairs, by broadcasting (N, 1) over (N,). G's loss there is E d; E f(x) has no
    gradient for G, and its pass is spared here.

    Attributes:
        qp_lambda: lambda, the slope that the critic is drawn to.
        qp_norm: 1 or 2.
    """

    d_steps: int = 2
    qp_lambda: float = 10.0
    qp_norm: int = 1

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """E [d^2 / (2 lambda ||x - G(z)||) - d]."""
        gaps = gan.discriminator(real) - gan.discriminator(fake)
        scale = 2 * self.qp_lambda * self.distances(real, fake, len(gaps))
        return (gaps.square() / scale - gaps).mean()

    def distances(self, real: Tensor, fake: Tensor, pairs: int) -> Tensor:
        """How far apart the samples of each pair, or the packs, are: shape (pairs,), above 0."""
        differences = (real - fake).reshape(pairs, -1)
        lengths = torch.linalg.vector_norm(differences, ord=self.qp_norm, dim=1)
        mean = lengths / differences.shape[1] ** (1 / self.qp_norm)
        return mean.clamp(min=torch.finfo(mean.dtype).eps)

    def __post_init__(self) -> None:
        """Checks the slope and the norm."""
        super().__post_init__()
        if self.qp_lambda <= 0:
            raise ValueError(f"qp_lambda = {self.qp_lambda}: the critic's slope is above 0")
        if self.qp_norm not in (1, 2):
            raise ValueError(f"qp_norm = {self.qp_norm}: valid are 1 and 2")
