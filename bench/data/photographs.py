"""Pieces of scikit-learn's two photographs: natural pictures that need no download."""

from dataclasses import dataclass
from functools import cache

import gin
import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_images
from torch import Tensor

from bench.data.dataset import Dataset
from bench.data.pictures import square

SIDE = 96
"""Of a piece, in pixels of the photograph."""
BAND = 160
"""Width of the four bands of a photograph, of which every other is for training."""


@gin.register
@dataclass(frozen=True)
class Photographs(Dataset):
    """Squares of a palace's roof and of a flower, at random places, resized with antialiasing.

    They stand in for large data sets where a suite is only tried. Training and evaluation share
    no pixel. The places are the same for every seed.

    Source: the photographs china.jpg and flower.jpg of scikit-learn.

    Attributes:
        size: of a picture, in pixels a side.
        pieces: pictures to train on; half as many to score against.
    """

    name = "photographs"
    OPEN = ("size", "pieces")
    size: int = 32
    pieces: int = 1000

    def __post_init__(self) -> None:
        """Checks the sizes.

        Raises:
            ValueError: there is no picture, or it has no pixel.
        """
        if self.size < 1:
            raise ValueError(f"size = {self.size}: it must be at least 1")
        if self.pieces < 2:
            raise ValueError(f"pieces = {self.pieces}: it must be at least 2")

    @property
    def shape(self) -> tuple[int, int, int]:  # type: ignore[override]
        """Of a picture: (3, size, size)."""
        return (3, self.size, self.size)

    def training(self) -> Tensor:
        """Uint8 (pieces, 3, size, size)."""
        return _pieces(0, self.size, self.pieces)

    def evaluation(self) -> Tensor:
        """Uint8 (pieces // 2, 3, size, size)."""
        return _pieces(1, self.size, self.pieces // 2)


@cache
def _pieces(first_band: int, size: int, n: int) -> Tensor:
    """Squares in a band and in the next but one, equally many of both photographs."""
    images = load_sample_images().images
    rng = np.random.default_rng(0)
    found = []
    for i in range(n):
        image = Image.fromarray(images[i % len(images)])
        x = int(BAND * (first_band + 2 * rng.integers(2)) + rng.integers(BAND - SIDE + 1))
        y = int(rng.integers(image.height - SIDE + 1))
        found.append(np.asarray(square(image.crop((x, y, x + SIDE, y + SIDE)), None, size)))
    return torch.from_numpy(np.stack(found).transpose(0, 3, 1, 2).copy())
