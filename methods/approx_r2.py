"""R2 in first order: D may not answer to noise on generated samples."""

from dataclasses import dataclass, replace

import gin
from torch import Tensor

from methods.base import GAN
from methods.noise_penalty import NoisePenalty
from methods.remembering import Remembering


@gin.register
@dataclass
class ApproxR2(NoisePenalty):
    """Adds lambda E (f(G(z)) - f(G(z) + sigma n))^2, n from N(0, I), to D's loss.

    f(G(z)) is the loss's own, so that one more batch passes through D. See ``NoisePenalty`` for
    what it approximates, and for BatchNorm.

    Source: Lin et al. 2025 (arXiv:2506.09350), appendix B, eq. 3: on videos, with lambda = 1000 and
    sigma = 0.1, beside ``ApproxR1`` and with the relativistic pairing loss. Here it is alone, with
    the values that arXiv:2501.08316 has for images.
    """

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda E (f(G(z)) - f(G(z) + sigma n))^2."""
        remembering = Remembering(gan.discriminator)
        loss = super().d_loss(replace(gan, discriminator=remembering), real, fake)
        return loss + self.answer(gan, fake, remembering.of(fake))
