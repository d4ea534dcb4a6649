"""CR: the discriminator is to say the same of a real picture and of its augmentation."""

from dataclasses import dataclass, replace

import gin
from torch import Tensor

from methods.base import GAN, Method
from methods.pictures import flipped, mirrored, require_pictures, shifted
from methods.remembering import Remembering


@gin.register
@dataclass
class CR(Method):
    """Adds lambda E (f(x) - f(T x))^2 to D's loss, whatever that is, on the logits.

    T is a mirror image with probability 1/2 and a shift by whole pixels. The gradient goes through
    both logits, that of x too: neither is a target that stands still.

    Source: Zhang, Zhang, Odena and Lee 2020 (arXiv:1910.12027), Algorithm 1, lambda = 10. Both
    gradients as in public code (POSTECH-CVLab/PyTorch-StudioGAN, src/worker.py;
    mit-han-lab/data-efficient-gans, DiffAugment-biggan-cifar/train_fns.py), and T as in the
    former's src/utils/cr.py: up to 1/8 of either side, with mirrored borders.

    Attributes:
        cr_weight: lambda.
        cr_translation: the farthest shift, as a share of the height and of the width.
    """

    cr_weight: float = 10.0
    cr_translation: float = 0.125

    def check(self, gan: GAN) -> None:
        """Refuses samples that are no pictures."""
        super().check(gan)
        require_pictures(gan, "Consistency regularization")

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda E (f(x) - f(T x))^2."""
        remembering = Remembering(gan.discriminator)
        loss = super().d_loss(replace(gan, discriminator=remembering), real, fake)
        return loss + self.cr_weight * self.inconsistency(gan, remembering, real)

    def inconsistency(self, gan: GAN, remembering: Remembering, batch: Tensor) -> Tensor:
        """E (f(x) - f(T x))^2 over a batch of which D has said f(x) already, a scalar."""
        moved = shifted(gan, flipped(gan, batch), self.cr_translation, mirrored)
        return (remembering.of(batch) - gan.discriminator(moved)).square().mean()

    def __post_init__(self) -> None:
        """Checks the share."""
        super().__post_init__()
        if not 0 <= self.cr_translation <= 1:
            raise ValueError(f"cr_translation = {self.cr_translation}: it lies in [0, 1]")
