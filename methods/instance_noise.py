"""Instance noise: the discriminator sees real and generated samples through Gaussian noise."""

from dataclasses import dataclass

import gin
from torch import Tensor

from methods.augmented import Augmented
from methods.base import GAN


@gin.register
@dataclass
class InstanceNoise(Augmented):
    """D sees x + sigma n and G(z) + sigma n, with n standard normal and new for every value.

    The data's and the generator's distribution then overlap, and the divergence between them is
    finite and has a gradient. sigma may be annealed to 0, as its authors do.

    Source: Sonderby, Caballero, Theis, Shi and Huszar 2017 (arXiv:1610.04490), appendix; Arjovsky
    and Bottou 2017 (arXiv:1701.04862), section 3.

    Attributes:
        instance_sigma: sigma, on the model's scale, where images span [-1, 1].
    """

    instance_sigma: float = 0.1

    def augment(self, gan: GAN, batch: Tensor) -> Tensor:
        """Samples (N, ...) with noise."""
        batch = super().augment(gan, batch)
        return batch + self.instance_sigma * gan.normal(batch)

    def __post_init__(self) -> None:
        """Checks sigma."""
        super().__post_init__()
        self.refuse_negative("instance_sigma")
