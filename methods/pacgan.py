"""PacGAN: the discriminator judges several samples at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import gin
from torch import Tensor, nn

from methods.base import GAN, Incompatible, Method


class Packed(nn.Module):
    """A discriminator of packs: m samples of a batch, one after the other, joined by channels.

    Args:
        network: a discriminator of m times a sample's channels.
        m: samples in a pack.
    """

    def __init__(self, network: nn.Module, m: int) -> None:
        super().__init__()
        self.network = network
        self.samples_per_logit = m

    def forward(self, samples: Tensor) -> Tensor:
        """(N, C, ...) to packs (N/m, m C, ...) to logits (N/m,)."""
        n, channels, *rest = samples.shape
        m = self.samples_per_logit
        return self.network(samples.reshape(n // m, m * channels, *rest))


@gin.register
@dataclass
class PacGAN(Method):
    """Vanilla, with a discriminator that says of m samples at once whether they are real.

    A generator without variety gives itself away by samples that resemble each other. Only D's
    first layer grows. Here a suite's batch holds as many samples for PacGAN as for any method,
    and so N/m packs; the authors' code takes N packs, which is a batch m times as large
    (fjxmlzn/PacGAN, celeba_experiments/pacgan_task_wrapper_celebA.py). That variant is the method
    of examples/pacgan.

    Source: Lin et al. 2018 (arXiv:1712.04086), section 2.

    Attributes:
        m: samples in a pack, the paper's 2 to 4; 1 is vanilla.
    """

    m: int = 2

    fixed: ClassVar[tuple[str, ...]] = ("m",)

    def make_discriminator(
        self, architecture: Callable[[Sequence[int]], nn.Module], shape: Sequence[int]
    ) -> nn.Module:
        """The architecture's own D for m times the channels, behind the packing."""
        channels, *rest = shape
        return Packed(super().make_discriminator(architecture, (self.m * channels, *rest)), self.m)

    def check(self, gan: GAN) -> None:
        """Refuses a batch, or a part of one, that cannot be divided into packs."""
        super().check(gan)
        if gan.batch_size // gan.accumulation % self.m:
            parts = f" in {gan.accumulation} parts" if gan.accumulation > 1 else ""
            raise Incompatible(
                f"packs of m = {self.m} do not divide a batch of {gan.batch_size}{parts}; "
                "bind m, Experiment.batch_size or Experiment.accumulation to fit"
            )

    def __post_init__(self) -> None:
        """Checks the size of a pack."""
        super().__post_init__()
        if self.m < 1:
            raise ValueError(f"m = {self.m}: a pack holds at least 1 sample")
