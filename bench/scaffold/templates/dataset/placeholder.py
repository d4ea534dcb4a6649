"""placeholder: a data set of ganbench, to be made your own."""

from dataclasses import dataclass
from functools import cache
from itertools import product

import gin
import numpy as np
import torch
from torch import Tensor

from bench.data.dataset import Dataset

SIDE = 16
"""Of a picture, in pixels."""

HELD_OUT = 500
"""Pictures to score against."""


@gin.register
@dataclass(frozen=True)
class Placeholder(Dataset):
    """Grey pictures of one disc each, of many places, three radii and sixteen levels.

    All pictures there are were put in an order once; those held out are the last of it. Samples
    depend on the arguments alone, never on a run's seed, and a record keeps their checksum.

    Attributes:
        pictures: to train on.
    """

    name = "placeholder"
    shape = (1, SIDE, SIDE)
    pictures: int = 2000

    def __post_init__(self) -> None:
        """Checks the size; a message begins with the parameter that it is about."""
        most = len(_discs()) - HELD_OUT
        if not 1 <= self.pictures <= most:
            raise ValueError(f"pictures = {self.pictures}: choose between 1 and {most}")

    def training(self) -> Tensor:
        """Uint8 (pictures, 1, 16, 16)."""
        return _discs()[: self.pictures]

    def evaluation(self) -> Tensor:
        """Uint8 (500, 1, 16, 16), none of which is trained on."""
        return _discs()[-HELD_OUT:]


@cache
def _discs() -> Tensor:
    """Every picture once, uint8 (3072, 1, 16, 16), always in the same order."""
    centres, radii, levels = range(4, 12), (2, 3, 4), range(128, 256, 8)
    discs = np.array([*product(centres, centres, radii, levels)])
    # A generator of its own: no global stream decides on the data.
    x, y, radius, level = np.random.default_rng(0).permutation(discs).T[:, :, None, None]
    row, column = np.mgrid[:SIDE, :SIDE]
    inside = (column - x) ** 2 + (row - y) ** 2 <= radius**2
    return torch.from_numpy((level * inside).astype(np.uint8)).unsqueeze(1)
