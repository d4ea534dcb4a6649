"""Pictures for tests of data sets, and a data set that is made of nothing but numbers."""

import struct
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench.data.building import Source
from bench.data.cached import CachedPictures
from bench.data.pictures import Picture, Pictures


def noise(seed: int, width: int = 32, height: int = 32) -> Image.Image:
    """An RGB picture of random pixels."""
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(256, size=(height, width, 3), dtype=np.uint8))


def levels(image: Image.Image) -> np.ndarray:
    """Its pixels as (C, H, W)."""
    return np.atleast_3d(np.asarray(image)).transpose(2, 0, 1)


def folder_of(folder: Path, pictures: int, first_seed: int = 0, size: int = 8) -> Path:
    """Writes PNG files of noise, 0.png and so on, into two subfolders."""
    for i in range(pictures):
        path = folder / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise(first_seed + i, size, size).save(path)
    return folder


@dataclass(frozen=True, kw_only=True)
class Generated(CachedPictures):
    """Pictures of noise that are drawn when they are read, and so need no disk.

    Attributes:
        pictures: to train on; a tenth as many to score against.
    """

    name: str = "generated"
    size: int = 8
    pictures: int = 600

    def source(self) -> Source:
        """Draws nothing yet."""
        return Source(
            {
                "training": Drawn(0, self.pictures, self.size),
                "evaluation": Drawn(self.pictures, self.pictures // 10, self.size),
            },
            [],
        )


class Drawn(Pictures):
    """Noise of the seeds from ``first`` on."""

    def __init__(self, first: int, pictures: int, size: int) -> None:
        self.first, self.pictures, self.size = first, pictures, size

    def __len__(self) -> int:
        return self.pictures

    def since(self, start: int) -> Generator[Picture, None, None]:
        """One after the other."""
        for i in range(start, self.pictures):
            yield Picture(f"noise {i}", lambda i=i: noise(self.first + i, self.size, self.size))


def idx(array: np.ndarray) -> bytes:
    """IDX, as MNIST's page describes it: unsigned bytes, big-endian sizes."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(root: Path, splits: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Writes MNIST's four files: "train" and "t10k" -> uint8 (N, 28, 28) and their digits (N,)."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name, (digits, labels) in splits.items():
        (folder / f"{name}-images-idx3-ubyte").write_bytes(idx(digits))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx(labels.astype(np.uint8)))
