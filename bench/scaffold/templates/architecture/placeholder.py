"""placeholder: a generator and a discriminator of ganbench, to be made your own."""

from collections.abc import Sequence

import gin
from torch import Tensor, nn

from architectures.norms import NORMS, make_norm


def _plan(shape: Sequence[int]) -> tuple[int, int]:
    """The channels of a picture, and the side of the smallest map.

    Raises:
        ValueError: names a shape that the networks cannot make, and says what would do.
    """
    if len(shape) != 3 or shape[1] != shape[2] or shape[1] < 8 or shape[1] % 4:
        raise ValueError(
            f"shape {tuple(shape)}: placeholder makes square pictures (C, H, H) whose side is 8 "
            "or more and a multiple of 4; use another architecture, such as mlp"
        )
    return shape[0], shape[1] // 4


@gin.register
class PlaceholderGenerator(nn.Module):
    """A linear map to a quarter of the side, then twice: twice the side, and a convolution.

    Args:
        shape: (C, H, H) of a picture.
        latent_dim: the latents' dimension.
        width: features of every map.
        norm: "batch", "layer", "instance" or "none".
    """

    def __init__(
        self, shape: Sequence[int], latent_dim: int, width: int = 64, norm: str = "batch"
    ) -> None:
        super().__init__()
        channels, side = _plan(shape)
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, width * side * side),
            nn.Unflatten(1, (width, side, side)),
            make_norm(norm, width, NORMS),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(width, width, 3, padding=1),
            make_norm(norm, width, NORMS),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(width, channels, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """(N, latent_dim) to pictures (N, C, H, H) in [-1, 1]."""
        return self.layers(latents)


@gin.register
class PlaceholderDiscriminator(nn.Module):
    """Two strided convolutions and a linear map to the logit; the loss has the sigmoid.

    Args:
        shape: (C, H, H) of a picture.
        width: features of every map.
        norm: "batch", "layer", "instance" or "none".
    """

    def __init__(self, shape: Sequence[int], width: int = 64, norm: str = "batch") -> None:
        super().__init__()
        channels, side = _plan(shape)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 4, stride=2, padding=1),
            make_norm(norm, width, NORMS),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(width * side * side, 1),
            nn.Flatten(0),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, C, H, H) to logits (N,)."""
        return self.layers(pictures)
