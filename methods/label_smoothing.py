"""One-sided label smoothing: D is never to be quite sure of a real sample."""

from dataclasses import dataclass

import gin
from torch import Tensor
from torch.nn import functional as F

from methods.base import GAN, Method


@gin.register
@dataclass
class LabelSmoothing(Method):
    """D's target for real samples is alpha in place of 1; for generated ones it stays 0.

    D* = alpha p_data / (p_data + p_G), which is alpha / 2 at equilibrium. Smoothing both sides
    would add p_G to the numerator, and hold G where it is. G's loss stays the non-saturating one;
    the authors' code for ImageNet smooths by .25 and sets G's target to .375
    (openai/improved-gan, imagenet/train_imagenet.py).

    Source: Salimans et al. 2016 (arXiv:1606.03498), section 3.4; alpha = .9 also in Goodfellow's
    tutorial (arXiv:1701.00160), section 4.2.

    Attributes:
        real_label: alpha.
    """

    real_label: float = 0.9

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """E [alpha softplus(-f(x)) + (1 - alpha) softplus(f(x))] + E softplus(f(G(z)))."""
        on_real, alpha = gan.discriminator(real), self.real_label
        smoothed = alpha * F.softplus(-on_real) + (1 - alpha) * F.softplus(on_real)
        return smoothed.mean() + F.softplus(gan.discriminator(fake)).mean()

    def __post_init__(self) -> None:
        """Checks the target."""
        super().__post_init__()
        if not 0 < self.real_label <= 1:
            raise ValueError(f"real_label = {self.real_label}: it lies in (0, 1]")
