"""GN-GAN: D's logit is normalized by its own gradient."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import gin
from torch import Tensor

from methods.base import GAN, Method
from methods.penalty import as_input, logits_and_gradients, norms, refuse_batch_norm


@gin.register
@dataclass
class GNGAN(Method):
    """Both players' losses see f / (||grad_x f|| + |f|) in place of f, whatever the losses are.

    It lies in (-1, 1), and where f is piecewise linear its gradient's norm is at most 1. The
    gradient in it is differentiated too, so that G's and D's steps go through it twice, though a
    batch passes through D once. Whoever else looks at D sees f itself. With one dimension and a
    linear f, it is without a gradient by D's slope.

    Source: Wu et al. 2021 (arXiv:2109.02235), and their public code (basiclab/GNGAN-PyTorch,
    models/gradnorm.py), which on CIFAR-10 with convolutional networks has this loss and one D step
    as well, and with residual ones the hinge loss and 5.
    """

    def check(self, gan: GAN) -> None:
        """Refuses BatchNorm in the discriminator."""
        super().check(gan)
        refuse_batch_norm(gan, "GN-GAN", does="normalizes by")

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss of the normalized logits."""
        return super().d_loss(_normalized(gan), real, fake)

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss of the normalized logits."""
        return super().g_loss(_normalized(gan), real, fake)


def _normalized(gan: GAN) -> GAN:
    """The GAN with its normalized D."""
    discriminator: Callable[[Tensor], Tensor] = gan.discriminator

    def normalized(batch: Tensor) -> Tensor:
        logits, gradients = logits_and_gradients(discriminator, as_input(batch))
        return logits / (norms(gradients) + logits.abs())

    return replace(gan, discriminator=normalized)
