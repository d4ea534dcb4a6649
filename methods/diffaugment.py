"""DiffAugment: differentiable augmentation of all that the discriminator sees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gin
from torch import Tensor

from methods.augmented import Augmented
from methods.base import GAN
from methods.pictures import cut_out, require_pictures, shifted, uniform, zeros


@gin.register
@dataclass
class DiffAugment(Augmented):
    """D sees T(x) and T(G(z)), and both players' losses are made of that.

    T is, in the policy's order: color (brightness, a number from U[-1/2, 1/2) added to all values;
    saturation, each value's distance to its pixel's mean over the channels times U[0, 2); contrast,
    its distance to the picture's mean times U[1/2, 3/2)), translation by whole pixels with zeros
    coming in, and cutout of a rectangle to zero. Images span [-1, 1]; nothing is clamped.

    Source: Zhao, Liu, Lin, Zhu and Han 2020 (arXiv:2006.10738), section 3.2; ranges, order and
    borders as in their public code (mit-han-lab/data-efficient-gans, DiffAugment_pytorch.py). There
    all three are for few pictures, BigGAN on CIFAR-10 has translation and cutout, and StyleGAN2 on
    CIFAR-10 color and cutout.

    Attributes:
        diffaugment_policy: which of "color", "translation" and "cutout", one after the other.
        diffaugment_translation: the farthest, as a share of the height and of the width.
        diffaugment_cutout: share of either side that is cut out.
    """

    diffaugment_policy: Sequence[str] = ("color", "translation", "cutout")
    diffaugment_translation: float = 0.125
    diffaugment_cutout: float = 0.5

    def check(self, gan: GAN) -> None:
        """Refuses samples that are no pictures."""
        super().check(gan)
        require_pictures(gan, "DiffAugment")

    def augment(self, gan: GAN, batch: Tensor) -> Tensor:
        """T of pictures (N, C, H, W)."""
        batch = super().augment(gan, batch)
        for name in self.diffaugment_policy:
            batch = POLICIES[name](self, gan, batch)
        return batch

    def __post_init__(self) -> None:
        """Checks the policy and both shares."""
        super().__post_init__()
        for name in self.diffaugment_policy:
            if name not in POLICIES:
                raise ValueError(
                    f"diffaugment_policy has {name!r}: valid are {', '.join(POLICIES)}"
                )
        for name in ("diffaugment_translation", "diffaugment_cutout"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} = {getattr(self, name)}: it lies in [0, 1]")


def _color(method: DiffAugment, gan: GAN, batch: Tensor) -> Tensor:
    batch = batch + uniform(gan, batch, -0.5, 0.5)
    grey = batch.mean(1, keepdim=True)
    batch = grey + (batch - grey) * uniform(gan, batch, 0, 2)
    mean = batch.mean((1, 2, 3), keepdim=True)
    return mean + (batch - mean) * uniform(gan, batch, 0.5, 1.5)


def _translation(method: DiffAugment, gan: GAN, batch: Tensor) -> Tensor:
    return shifted(gan, batch, method.diffaugment_translation, zeros)


def _cutout(method: DiffAugment, gan: GAN, batch: Tensor) -> Tensor:
    return cut_out(gan, batch, method.diffaugment_cutout)


POLICIES: dict[str, Callable[[DiffAugment, GAN, Tensor], Tensor]] = {
    "color": _color,
    "translation": _translation,
    "cutout": _cutout,
}
"""What a policy is made of."""
