"""The Jensen-Shannon regularizer: what noise on D's inputs would do to its loss, without noise."""

from dataclasses import dataclass

import gin
import torch
from torch import Tensor

from methods.base import GAN
from methods.penalty import PerSample, logits_and_gradients, squares


@gin.register
@dataclass
class JSReg(PerSample):
    """Adds gamma/2 E [(1 - s(f(x)))^2 ||grad f(x)||^2 + s(f(G(z)))^2 ||grad f(G(z))||^2].

    To D's loss, as published the non-saturating GAN's; s is the sigmoid. Gradients are weighted by
    how wrong D is, and D's loss is differentiated through the weights too. gamma is the variance
    of the noise: the authors' public code anneals it over a training of T steps, from gamma_0 to
    a hundredth, as gamma_0 .01^(t/T), with gamma_0 = 2 in its examples on images; without annealing
    its default is 0.1 (rothk/Stabilizing_GANs at f4122f2, README.md, carpedm20_DCGAN/main.py and
    model.py). A schedule bound to ``js_gamma`` anneals it. There D has BatchNorm all the same.

    Source: Roth et al. 2017 (arXiv:1705.09367), the regularizer of the Jensen-Shannon GAN.

    Attributes:
        js_gamma: gamma, twice the regularizer's weight.
    """

    js_gamma: float = 0.1

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + gamma/2 times the regularizer."""
        loss = super().d_loss(gan, real, fake)
        regularizer = _weighted(gan, real, -1) + _weighted(gan, fake, 1)
        return loss + self.js_gamma / 2 * regularizer


def _weighted(gan: GAN, inputs: Tensor, sign: int) -> Tensor:
    """E s(f)^2 ||grad f||^2 over a batch (N, ...), with s(-f) = 1 - s(f) for a negative sign."""
    logits, gradients = logits_and_gradients(gan.discriminator, inputs.detach().requires_grad_())
    return (torch.sigmoid(sign * logits).square() * squares(gradients)).mean()
