"""Spectral normalization: every layer of the discriminator has operator norm about one."""

from dataclasses import dataclass
from typing import ClassVar

import gin
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from methods.base import Incompatible, Method
from methods.layers import WEIGHTED


@gin.register
@dataclass
class SpectralNorm(Method):
    """Divides every weight of the discriminator by its largest singular value.

    A convolution's kernel is reshaped to (out, in * k * k), so that its norm as an operator on
    images is near one but not bounded by it.

    Source: Miyato et al. 2018 (arXiv:1802.05957), eq. 8 and Algorithm 1. As published it is
    combined with the hinge loss; here the loss is whatever it is combined with.

    Attributes:
        power_iterations: iterations per forward pass in train mode; the vectors are buffers of
            the discriminator, so that checkpoints keep them.
    """

    power_iterations: int = 1

    fixed: ClassVar[tuple[str, ...]] = ("power_iterations",)

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Registers the parametrization on every linear and convolutional layer of D."""
        super().adapt(generator, discriminator)
        for name, layer in discriminator.named_modules():
            if not isinstance(layer, WEIGHTED):
                continue
            if parametrize.is_parametrized(layer, "weight"):
                raise Incompatible(
                    f"spectral_norm: the weight of D's layer {name} is parametrized already, and a "
                    "second normalization would stack on it silently; apply it once"
                )
            parametrizations.spectral_norm(layer, n_power_iterations=self.power_iterations)

    def __post_init__(self) -> None:
        """Checks the number of power iterations."""
        super().__post_init__()
        if self.power_iterations < 1:
            raise ValueError(f"power_iterations = {self.power_iterations}: at least 1 is needed")
