"""Residual networks for square images of 32 or 64 pixels.

Source: AS-GAN's Tables 4-7 and Appendix G (arXiv:1912.09670): blocks of BatchNorm, ReLU, resample,
3x3 convolution, BatchNorm, ReLU, 3x3 convolution; bilinear interpolation up, average pooling down;
Xavier's initial weights. Decided here, where they are silent or leave a doubt:

- The skip connection is resampled as the block is, and has a 1x1 convolution only where the number
  of features changes: at D's first block.
- D's first block begins with its resampling. A ReLU on the picture would take half of every pixel's
  range away (Gulrajani et al. 2017 leave it out too).
- G's last convolution follows the last block at once, as Tables 4 and 6 print it. ``head`` puts
  BatchNorm and ReLU between, as Gulrajani et al. 2017 (arXiv:1704.00028, Appendix F) have them.
- D has one block down more than G has up, so that it ends at 2x2, as Tables 5 and 7 print it.
- Bilinear interpolation takes pixels as areas: corners are not aligned.
- Convolutions have biases, which start at 0. Xavier's weights are the uniform ones. BatchNorm
  starts at weight 1 and bias 0.
"""

from collections.abc import Sequence
from math import log2

import gin
from torch import Tensor, nn

from architectures.checks import require_positive
from architectures.norms import NORMS, make_norm

RESOLUTIONS = (32, 64)
BASE = 4  # the side of G's first map


def _levels(shape: Sequence[int]) -> int:
    """How often G doubles the side of its maps.

    Raises:
        ValueError: for a shape that is not a square image of a known size.
    """
    if len(shape) != 3 or shape[1] != shape[2] or shape[1] not in RESOLUTIONS:
        raise ValueError(
            f"shape {tuple(shape)}: resnet makes square images (C, H, H) of "
            f"{' or '.join(map(str, RESOLUTIONS))} pixels; use another architecture, such as "
            "dcgan, or resize the data"
        )
    return int(log2(shape[1] // BASE))


def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class Block(nn.Module):
    """Norm, ReLU, resample, convolution, norm, ReLU, convolution; plus the resampled input.

    Args:
        inputs: features of the input.
        features: of the output.
        norm: name of the normalization.
        resample: makes maps twice or half as large.
        activated: whether it begins with norm and ReLU.
    """

    def __init__(
        self, inputs: int, features: int, norm: str, resample: nn.Module, activated: bool = True
    ) -> None:
        super().__init__()
        start = [make_norm(norm, inputs, NORMS), nn.ReLU()] if activated else []
        self.residue = nn.Sequential(
            *start,
            resample,
            nn.Conv2d(inputs, features, 3, padding=1),
            make_norm(norm, features, NORMS),
            nn.ReLU(),
            nn.Conv2d(features, features, 3, padding=1),
        )
        adapt = nn.Identity() if inputs == features else nn.Conv2d(inputs, features, 1)
        self.skip = nn.Sequential(resample, adapt)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, inputs, H, H) to (N, features, H', H')."""
        return self.residue(maps) + self.skip(maps)


@gin.register
class ResNetGenerator(nn.Module):
    """A linear map to 4x4, a block up for each doubling, a convolution and tanh.

    Args:
        shape: (C, H, H) of the image.
        latent_dim: the latents' dimension; the paper's is 100.
        width: features of every map.
        norm: "batch", "layer", "instance" or "none".
        head: whether norm and ReLU stand before the last convolution.
    """

    def __init__(
        self,
        shape: Sequence[int],
        latent_dim: int,
        width: int = 256,
        norm: str = "batch",
        head: bool = False,
    ) -> None:
        super().__init__()
        require_positive(width=width)
        ups = [
            Block(width, width, norm, nn.Upsample(scale_factor=2, mode="bilinear"))
            for _ in range(_levels(shape))
        ]
        end = [make_norm(norm, width, NORMS), nn.ReLU()] if head else []
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, width * BASE * BASE),
            nn.Unflatten(1, (width, BASE, BASE)),
            *ups,
            *end,
            nn.Conv2d(width, shape[0], 3, padding=1),
            nn.Tanh(),
        )
        _initialise(self)

    def forward(self, latents: Tensor) -> Tensor:
        """(N, latent_dim) to images (N, C, H, H) in [-1, 1]."""
        return self.layers(latents)


@gin.register
class ResNetDiscriminator(nn.Module):
    """Blocks down to 2x2, ReLU, the mean over positions and a linear map to the logit.

    Args:
        shape: (C, H, H) of the image.
        width: features of every map.
        norm: "batch", "layer", "instance" or "none".
    """

    def __init__(self, shape: Sequence[int], width: int = 256, norm: str = "batch") -> None:
        super().__init__()
        require_positive(width=width)
        downs = [Block(shape[0], width, norm, nn.AvgPool2d(2), activated=False)]
        downs += [Block(width, width, norm, nn.AvgPool2d(2)) for _ in range(_levels(shape))]
        self.layers = nn.Sequential(
            *downs,
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(width, 1),
            nn.Flatten(0),
        )
        _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, H) to logits (N,)."""
        return self.layers(images)
