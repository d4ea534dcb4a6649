"""The minimax GAN: G minimises the very value that D maximises."""

from dataclasses import dataclass

import gin
from torch import Tensor
from torch.nn import functional as F

from methods.base import GAN, Method


@gin.register
@dataclass
class Minimax(Method):
    """Vanilla's D, and a generator that descends E log(1 - sigmoid f(G(z))).

    The zero-sum game that the theory is about. G learns least from the samples that D is surest
    of, which is why vanilla's loss, with the same fixed point, took its place in the same paper.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), eq. 1 and Algorithm 1.
    """

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """-E softplus(f(G(z))), which is E log(1 - sigmoid f(G(z)))."""
        return -F.softplus(gan.discriminator(fake)).mean()
