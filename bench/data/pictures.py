"""Pictures on their way into a data set: named, opened, and brought to one form."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

SIXTEEN_BIT_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I")
"""Pillow's modes of one channel with 65536 levels; older versions read such a PNG as "I"."""

BACKGROUND = "white"
"""What shows through where a picture is transparent, as on a page."""


class BadPicture(Exception):
    """A picture that cannot be used; the message says why."""


@dataclass(frozen=True)
class Picture:
    """One picture of a source.

    Attributes:
        name: where it is, for a message: a path, or a key and its database.
        open: reads it; may raise whatever Pillow does.
    """

    name: str
    open: Callable[[], Image.Image]


class Pictures(ABC):
    """The pictures of a split, in an order of which any prefix is a fair sample."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def since(self, start: int) -> Generator[Picture, None, None]:
        """All pictures from number ``start`` on, always in the same order."""


class Files(Pictures):
    """Picture files: their names below a folder, of which there may be millions."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    def since(self, start: int) -> Generator[Picture, None, None]:
        """Opens no file."""
        for i in range(start, len(self._names)):
            path = self._folder / self._names[i]
            yield Picture(str(path), partial(Image.open, path))


class MapStyle(Protocol):
    """What torchvision's data sets are: numbered pairs of a picture and its label."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> tuple[Image.Image, object]: ...


class Numbered(Pictures):
    """The pictures of one of torchvision's data sets, as it reads them."""

    def __init__(self, pairs: MapStyle, name: Callable[[int], str]) -> None:
        """Takes the data set, and what a message calls picture number i."""
        self._pairs = pairs
        self._name = name

    def __len__(self) -> int:
        return len(self._pairs)

    def since(self, start: int) -> Generator[Picture, None, None]:
        """Opens no picture."""
        for i in range(start, len(self._pairs)):
            yield Picture(self._name(i), partial(self._open, i))

    def _open(self, i: int) -> Image.Image:
        return self._pairs[i][0]


def read(picture: Picture, prepare: Callable[[Image.Image], Image.Image]) -> NDArray[np.uint8]:
    """Opens and prepares a picture.

    Args:
        picture: which.
        prepare: gives it its final size, in mode "L" or "RGB".

    Returns:
        Uint8 (C, H, W).

    Raises:
        BadPicture: it is missing, truncated, corrupt, or of a form that has no 8-bit equivalent.
    """
    try:
        with picture.open() as image:
            levels = np.asarray(prepare(image))
    except Exception as error:  # Pillow's decoders raise of everything, on bytes of anybody's
        raise BadPicture(_reason(error)) from error
    return np.ascontiguousarray(np.atleast_3d(levels).transpose(2, 0, 1))


@contextmanager
def quiet() -> Iterator[None]:
    """Without Pillow's warnings: a picture is read, or it is named as one that cannot be."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


def _reason(error: Exception) -> str:
    """What is wrong with a picture, without its name, which Pillow may repeat."""
    if isinstance(error, UnidentifiedImageError):
        return "it is in no format of pictures that Pillow knows"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def upright(image: Image.Image, channels: int) -> Image.Image:
    """Brings a picture of any form to 8 bits in 1 or 3 channels.

    It is turned as its EXIF orientation says. Sixteen bits of grey are rounded to eight
    (levels / 257), not clipped; of colours, Pillow keeps the upper eight. Transparency (alpha, or
    a transparent colour) is composited on white: what hides under it would else appear. Palettes,
    CMYK and the like are converted by Pillow. An animation gives its first frame; colour profiles
    are ignored, as torchvision ignores them.

    Raises:
        BadPicture: its levels are floats or 32-bit integers, whose range nothing tells.
    """
    image = ImageOps.exif_transpose(image)
    mode = "L" if channels == 1 else "RGB"
    if image.mode in SIXTEEN_BIT_MODES or image.mode == "F":
        return _eight_bits(image).convert(mode)
    if image.has_transparency_data:
        background = Image.new("RGBA", image.size, BACKGROUND)
        background.alpha_composite(image.convert("RGBA"))
        image = background
    return image.convert(mode)


def square(image: Image.Image, crop: int | None, size: int) -> Image.Image:
    """Crops the central square and resizes it once, with antialiasing (Lanczos).

    Antialiasing as Pillow does it: the filter widens with the factor of reduction, without which
    FID is off (Parmar et al. 2022, arXiv:2104.11222).

    Args:
        image: in mode "L" or "RGB".
        crop: the square's side, in pixels of the original; None takes the shorter side.
        size: the side of the result.

    Raises:
        BadPicture: the picture is smaller than ``crop``.
    """
    side = min(image.size) if crop is None else crop
    if side > min(image.size):
        raise BadPicture(f"its {image.width} x {image.height} pixels hold no square of {side}")
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    return image if side == size else image.resize((size, size), Image.Resampling.LANCZOS)


def _eight_bits(image: Image.Image) -> Image.Image:
    levels = np.asarray(image)
    if image.mode == "F" or levels.min() < 0 or levels.max() > 65535:
        raise BadPicture(f"Pillow's mode {image.mode} has no known range: convert it to 8 bits")
    pixels = np.rint(levels / 257).astype(np.uint8)
    pixels[levels == image.info.get("transparency", -1)] = 255  # as BACKGROUND is
    return Image.fromarray(pixels)
