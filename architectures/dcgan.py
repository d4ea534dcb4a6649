"""DCGAN for square images of 8, 16, 32, 64 or 128 pixels.

Source: Radford et al. 2016 (arXiv:1511.06434), with the sizes of AS-GAN's Tables 8-11
(arXiv:1912.09670). Decided here, where those tables are silent:

- 128 pixels: the 64-pixel network with one more block, as every size adds one to the last.
- 16 pixels: one block less. 8 pixels: the networks of 16 pixels around a base of 2x2 and not
  4x4, since with a base of 4x4 D would have no block, and no normalization to vary.
- BatchNorm starts at weight 1 and bias 0.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log2

import gin
from torch import Tensor, nn

from architectures.checks import require_positive
from architectures.norms import NORMS, make_norm

RESOLUTIONS = (8, 16, 32, 64, 128)


def _plan(shape: Sequence[int], width: int) -> tuple[int, int, list[int]]:
    """Channels of the image, the side of the smallest map, and the features from large to small.

    Raises:
        ValueError: for a shape that is not a square image of a known size.
    """
    if len(shape) != 3 or shape[1] != shape[2] or shape[1] not in RESOLUTIONS:
        raise ValueError(
            f"shape {tuple(shape)}: dcgan makes square images (C, H, H) of "
            f"{', '.join(map(str, RESOLUTIONS))} pixels; use another architecture, such as mlp, "
            "or resize the data"
        )
    base = 2 if shape[1] == 8 else 4
    levels = int(log2(shape[1] // base))
    return shape[0], base, [width * 2**level for level in range(levels)]


def _initialise(network: nn.Module, std: float) -> None:
    """Normal weights for every convolution (Appendix G: mean 0, std 0.02)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, std=std)


@gin.register
class DCGANGenerator(nn.Module):
    """Transposed convolutions with norm and ReLU between, tanh at the end, no biases.

    Args:
        shape: (C, H, H) of the image.
        latent_dim: the latents' dimension; the paper's is 100.
        width: features of the largest hidden map; each smaller map has twice as many.
        norm: "batch", "layer", "instance" or "none".
        init_std: standard deviation of the initial weights.
    """

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int,
        width: int = 128,
        norm: str = "batch",
        init_std: float = 0.02,
    ) -> None:
        super().__init__()
        require_positive(width=width)
        channels, base, features = _plan(shape, width)
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(latent_dim, features[-1], base, 1, 0, bias=False),
            make_norm(norm, features[-1], NORMS),
            nn.ReLU(),
        ]
        for larger, smaller in zip(features[-2::-1], features[:0:-1], strict=True):
            layers.append(nn.ConvTranspose2d(smaller, larger, 4, 2, 1, bias=False))
            layers += [make_norm(norm, larger, NORMS), nn.ReLU()]
        layers += [nn.ConvTranspose2d(features[0], channels, 4, 2, 1, bias=False), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        _initialise(self, init_std)

    def forward(self, latents: Tensor) -> Tensor:
        """(N, latent_dim) to images (N, C, H, H) in [-1, 1]."""
        return self.layers(latents[:, :, None, None])


@gin.register
class DCGANDiscriminator(nn.Module):
    """Strided convolutions with norm (none after the first) and leaky ReLU, no biases.

    The output is the logit: the sigmoid of the paper's tables belongs to the loss.

    Args:
        shape: (C, H, H) of the image.
        width: features of the largest hidden map; each smaller map has twice as many.
        norm: "batch", "layer", "instance" or "none".
        init_std: standard deviation of the initial weights.
        slope: of the leaky ReLU for negative inputs (Radford et al.: 0.2).
    """

    def __init__(
        self,
        shape: Sequence[int],
        width: int = 128,
        norm: str = "batch",
        init_std: float = 0.02,
        slope: float = 0.2,
    ) -> None:
        super().__init__()
        require_positive(width=width)
        channels, base, features = _plan(shape, width)
        layers: list[nn.Module] = [
            nn.Conv2d(channels, features[0], 4, 2, 1, bias=False),
            nn.LeakyReLU(slope),
        ]
        for larger, smaller in pairwise(features):
            layers.append(nn.Conv2d(larger, smaller, 4, 2, 1, bias=False))
            layers += [make_norm(norm, smaller, NORMS), nn.LeakyReLU(slope)]
        layers += [nn.Conv2d(features[-1], 1, base, 1, 0, bias=False), nn.Flatten(0)]
        self.layers = nn.Sequential(*layers)
        _initialise(self, init_std)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, H) to logits (N,)."""
        return self.layers(images)
