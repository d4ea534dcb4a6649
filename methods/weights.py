"""The weights of both players, for updates that go back to where both stood."""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from methods.base import GAN


def of_both(gan: GAN) -> list[Tensor]:
    """The parameters of both networks, the generator's first."""
    return [*gan.generator.parameters(), *cast(nn.Module, gan.discriminator).parameters()]


def copies(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Where parameters stand, apart from them and from any graph."""
    return [parameter.detach().clone() for parameter in parameters]


@torch.no_grad()
def assign(parameters: Iterable[Tensor], values: Iterable[Tensor]) -> None:
    """Moves parameters to ``values``, from whatever device these are on."""
    for parameter, value in zip(parameters, values, strict=True):
        parameter.copy_(value)
