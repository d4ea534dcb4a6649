"""Relativistic average losses: each sample against the mean of the other side."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from methods.base import GAN, Method


@dataclass
class RelativisticAverage(Method):
    """What RaGAN, RaLSGAN and RaHinge share; not a method by itself.

    A sample's lead is by how much its logit is on the right side of the other side's mean. D's
    loss is half the sum, over both sides, of the mean loss of a lead: of f(x) - E f(G(z)) and of
    E f(x) - f(G(z)). G's is the same with both sides swapped, so that it has both terms, too, and
    learns from the real samples through their distance to E f(G(z)). No mean is cut from the
    graph. Both are means over a batch as a whole.

    Source: Jolicoeur-Martineau 2019 (arXiv:1807.00734), section 4; the factor 1/2 as in the
    author's code (AlexiaJM/RelativisticGAN, code/GAN_losses_iter.py), which takes another real
    batch for G's step. Early versions of its README scored the real samples in D's second term,
    too: half of the loss was missing.
    """

    accumulates: ClassVar[bool] = False

    def loss_of(self, leads: Tensor) -> Tensor:
        """What each lead of (N,) costs the player who wants it long, of the same shape."""
        raise NotImplementedError

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """Half the mean loss of f(x) - E f(G(z)), and half that of E f(x) - f(G(z))."""
        return self._compare(gan.discriminator(real), gan.discriminator(fake))

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """D's loss with both sides swapped, on real samples cut from any graph."""
        return self._compare(gan.discriminator(fake), gan.discriminator(real.detach()))

    def _compare(self, ahead: Tensor, behind: Tensor) -> Tensor:
        leads = ahead - behind.mean(), ahead.mean() - behind
        return (self.loss_of(leads[0]).mean() + self.loss_of(leads[1]).mean()) / 2
