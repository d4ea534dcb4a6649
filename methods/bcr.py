"""Balanced CR: consistency of the discriminator on generated pictures as on real ones."""

from dataclasses import dataclass, replace

import gin
from torch import Tensor

from methods.base import GAN
from methods.cr import CR
from methods.remembering import Remembering


@gin.register
@dataclass
class BCR(CR):
    """Adds lambda_real E (f(x) - f(T x))^2 + lambda_fake E (f(G(z)) - f(T G(z)))^2 to D's loss.

    On real pictures alone T's traces turn up in G's samples, where D has learnt to overlook them.

    Source: Zhao, Singh, Lee, Zhang, Odena and Zhang 2021 (arXiv:2002.04724), Algorithm 1; both
    weights 10 as in POSTECH-CVLab/PyTorch-StudioGAN (src/configs/CIFAR10/BigGAN-Mod-ICR.yaml).
    lambda_real and T are those of ``CR``.

    Attributes:
        bcr_fake_weight: lambda_fake.
    """

    bcr_fake_weight: float = 10.0

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss, with CR's term on real and on generated pictures."""
        remembering = Remembering(gan.discriminator)
        loss = super().d_loss(replace(gan, discriminator=remembering), real, fake)
        return loss + self.bcr_fake_weight * self.inconsistency(gan, remembering, fake)
