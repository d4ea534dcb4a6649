"""Pictures beside each other, as records and callbacks show them."""

from torch import Tensor
from torchvision.utils import make_grid

GRID = 8
"""Rows and columns of the pictures that a run shows."""


def tiled(images: Tensor) -> Tensor:
    """One uint8 picture of images (n, C, H, W), ``GRID`` a row: (3, H', W'), grey if C is 1."""
    return make_grid(images, nrow=GRID, padding=1, pad_value=96)
