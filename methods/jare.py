"""JARE: each player also descends the length of the other player's gradient."""

from dataclasses import dataclass
from typing import ClassVar

import gin
import torch
from torch import Tensor

from methods.base import GAN, Logs, descend
from methods.game import losses, squares
from methods.simultaneous import Simultaneous


@gin.register
@dataclass
class JARE(Simultaneous):
    """Adds alpha/2 ||grad_G loss_G||^2 to D's loss, and alpha/2 ||grad_D loss_D||^2 to G's.

    That is consensus optimization without the terms about a player's own gradient, which make the
    game's Jacobian ill-conditioned; those that couple the players and turn its eigenvalues from
    the imaginary axis stay. Both updates are computed where both players stood, each on a batch of
    latents of its own where the public code has one.

    Source: Nie and Patel 2019 (arXiv:1806.09235). Factor 1/2, alpha = 100 and
    simultaneous steps as in their public code for CIFAR-10 (weilinie/JARE, real/optimizer.py and
    real/experiments/jare.py), with Adam at 1e-4, betas (.5, .999).

    Attributes:
        jare_alpha: twice the regularizer's weight.
    """

    jare_alpha: float = 100.0

    accumulates: ClassVar[bool] = False
    differentiates: ClassVar[bool] = True

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """Updates the discriminator by its loss and the length of the generator's gradient."""
        d_loss, g_loss = losses(self, gan, real)
        descend(gan.d_optimizer, d_loss + self._length(squares(g_loss, gan.g_optimizer)))
        return {"d_loss": d_loss.detach()}

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        """Updates the generator by its loss and the length of the discriminator's gradient."""
        d_loss, g_loss = losses(self, gan, real)
        descend(gan.g_optimizer, g_loss + self._length(squares(d_loss, gan.d_optimizer)))
        return {"g_loss": g_loss.detach()}

    def _length(self, squares: list[Tensor]) -> Tensor:
        return self.jare_alpha / 2 * torch.stack(squares).sum()
