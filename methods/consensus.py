"""Consensus optimization: both players also descend the length of the game's gradient."""

from dataclasses import dataclass
from typing import ClassVar

import gin
import torch
from torch import Tensor

from methods.base import GAN, Logs, Method, descend
from methods.game import losses, squares


@gin.register
@dataclass
class Consensus(Method):
    """Adds gamma/2 (||grad_D loss_D||^2 + ||grad_G loss_G||^2) to both players' losses.

    Each player descends its own loss and the whole regularizer in one update of its own, on its
    own batch of latents, so that the term about the other player's gradient, which couples the two,
    is kept. As published the updates are simultaneous: combine with ``Simultaneous`` for that; here
    the loop's alternation stays, so that a row differs from another in the regularizer alone.

    Source: Mescheder, Nowozin and Geiger 2017 (arXiv:1705.10461), section 4 and Algorithm 2; the
    factor 1/2 and gamma = 10 (CIFAR-10) as in their public code (LMescheder/TheNumericsOfGANs,
    consensus_gan/optimizer.py and experiments/inception_score).

    Attributes:
        consensus_gamma: twice the regularizer's weight.
    """

    consensus_gamma: float = 10.0

    accumulates: ClassVar[bool] = False
    differentiates: ClassVar[bool] = True

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """Updates the discriminator by its loss and the regularizer."""
        d_loss, g_loss = losses(self, gan, real)
        descend(gan.d_optimizer, d_loss + self.regularizer(gan, d_loss, g_loss))
        return {"d_loss": d_loss.detach()}

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        """Updates the generator by its loss and the regularizer."""
        d_loss, g_loss = losses(self, gan, real)
        descend(gan.g_optimizer, g_loss + self.regularizer(gan, d_loss, g_loss))
        return {"g_loss": g_loss.detach()}

    def regularizer(self, gan: GAN, d_loss: Tensor, g_loss: Tensor) -> Tensor:
        """gamma/2 times the squared length of both players' gradients together, a scalar."""
        both = squares(d_loss, gan.d_optimizer) + squares(g_loss, gan.g_optimizer)
        return self.consensus_gamma / 2 * torch.stack(both).sum()
