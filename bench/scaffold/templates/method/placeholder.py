"""placeholder: a training method of ganbench, to be made your own."""

from dataclasses import dataclass

import gin
import torch
from torch import Tensor

from methods.base import GAN, Method


@gin.register
@dataclass
class Placeholder(Method):
    """Vanilla, with a penalty on a discriminator whose logits change where noise is added.

    ``Method`` is the vanilla GAN. Override what differs, and no more: a loss, a player's step,
    what is done to the networks, or ``check``, which refuses what the method cannot work with by
    ``methods.base.Incompatible``; ``gan.shape`` tells pictures (C, H, W) from points (d,).

    Source: Zhang et al. 2020 (arXiv:1910.12027), with noise in place of its augmentations.

    Attributes:
        placeholder_weight: of the penalty; 0 is vanilla.
        placeholder_sigma: the noise's standard deviation, where images span [-1, 1].
    """

    placeholder_weight: float = 10.0
    placeholder_sigma: float = 0.05

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The loss of vanilla, or of the method that this is combined with, and the penalty.

        Args:
            gan: all that training changes.
            real: samples (N, ...) of the data's shape.
            fake: as many of the generator's, which carry no gradient to it.
        """
        # From gan.noise, and never from torch's global stream, so that a seed decides a run.
        noise = torch.randn(real.shape, generator=gan.noise, device=real.device)
        # D is gan.discriminator and nothing else: it may be a virtual one.
        change = gan.discriminator(real + self.placeholder_sigma * noise) - gan.discriminator(real)
        return super().d_loss(gan, real, fake) + self.placeholder_weight * change.square().mean()

    def __post_init__(self) -> None:
        """Checks the hyper-parameters; a message begins with the parameter that it is about."""
        super().__post_init__()
        for name in ("placeholder_weight", "placeholder_sigma"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)}: it cannot be negative")
