"""The layers of a network that have a weight to multiply with, whichever architecture has them."""

from torch import Tensor, nn

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Those of discriminators; a parametrized layer is one too."""

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
"""Those that only generators have; their weight has the inputs first."""


def weighted_layers(network: nn.Module) -> list[nn.Module]:
    """A network's layers with a weight, in the order in which it was made of them."""
    return [layer for layer in network.modules() if isinstance(layer, WEIGHTED + TRANSPOSED)]


def matrix(layer: nn.Module) -> Tensor:
    """A layer's weight as a matrix (out, in * k * k), a row for each feature that it gives."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return (weight.transpose(0, 1) if isinstance(layer, TRANSPOSED) else weight).flatten(1)
