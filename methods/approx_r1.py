"""R1 in first order: D may not answer to noise on real samples."""

from dataclasses import dataclass, replace

import gin
from torch import Tensor

from methods.base import GAN
from methods.noise_penalty import NoisePenalty
from methods.remembering import Remembering


@gin.register
@dataclass
class ApproxR1(NoisePenalty):
    """Adds lambda E (f(x) - f(x + sigma n))^2, n from N(0, I), to D's loss.

    f(x) is the loss's own, so that one more batch passes through D. See ``NoisePenalty`` for what
    it approximates, and for BatchNorm.

    Source: Lin et al. 2025 (arXiv:2501.08316), section 3.4 and eq. 10, with the non-saturating
    loss; lambda = 100 and sigma = 0.01 on images (0.1 on videos), in every D step.
    """

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda E (f(x) - f(x + sigma n))^2."""
        remembering = Remembering(gan.discriminator)
        loss = super().d_loss(replace(gan, discriminator=remembering), real, fake)
        return loss + self.answer(gan, real, remembering.of(real))
