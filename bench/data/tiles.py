"""Pictures beside each other, as records and callbacks show them."""

import io

from torch import Tensor
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

GRID = 8
"""Rows and columns of the pictures that a run shows."""


def tiled(images: Tensor) -> Tensor:
    """One uint8 picture of images (n, C, H, W), ``GRID`` a row: (3, H', W'), grey if C is 1."""
    return make_grid(images, nrow=GRID, padding=1, pad_value=96)


def sheet(images: Tensor) -> bytes:
    """The PNG of uint8 images (n, C, H, W) in rows of ``GRID``; of grey ones it is grey."""
    grid = tiled(images)
    return png(grid if images.shape[1] == 3 else grid[:1])


def png(picture: Tensor) -> bytes:
    """A uint8 picture (C, H, W) of 1 or 3 colours."""
    file = io.BytesIO()
    to_pil_image(picture).save(file, "PNG")
    return file.getvalue()
