"""Multilayer perceptrons, for points in the plane."""

from collections.abc import Sequence
from math import prod

import gin
from torch import Tensor, nn

from architectures.checks import require_positive
from architectures.norms import VECTOR_NORMS, make_norm


def _hidden(features: int, width: int, depth: int, norm: str) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(features, width), make_norm(norm, width, VECTOR_NORMS), nn.ReLU()]
        features = width
    return layers


@gin.register
class MLPGenerator(nn.Module):
    """Linear-norm-ReLU ``depth`` times, then a linear layer: the output is not bounded.

    Args:
        shape: of one sample.
        latent_dim: the latents' dimension.
        width: features of each hidden layer.
        depth: hidden layers.
        norm: "batch", "layer" or "none".
    """

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int,
        width: int = 128,
        depth: int = 2,
        norm: str = "none",
    ) -> None:
        super().__init__()
        require_positive(width=width)
        self.shape = tuple(shape)
        last = width if depth else latent_dim
        self.layers = nn.Sequential(
            *_hidden(latent_dim, width, depth, norm), nn.Linear(last, prod(self.shape))
        )

    def forward(self, latents: Tensor) -> Tensor:
        """(N, latent_dim) to (N, *shape)."""
        return self.layers(latents).view(-1, *self.shape)


@gin.register
class MLPDiscriminator(nn.Module):
    """Linear-norm-ReLU ``depth`` times, then a linear layer to one logit.

    Args:
        shape: of one sample.
        width: features of each hidden layer.
        depth: hidden layers.
        norm: "batch", "layer" or "none".
    """

    def __init__(
        self, shape: Sequence[int], width: int = 128, depth: int = 2, norm: str = "none"
    ) -> None:
        super().__init__()
        require_positive(width=width)
        features = prod(shape)
        last = width if depth else features
        self.layers = nn.Sequential(
            nn.Flatten(), *_hidden(features, width, depth, norm), nn.Linear(last, 1), nn.Flatten(0)
        )

    def forward(self, samples: Tensor) -> Tensor:
        """(N, *shape) to logits (N,)."""
        return self.layers(samples)
