"""Samples that anyone hands in: a folder of pictures, a file of an array, or an array."""

import os
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.datasets.folder import IMG_EXTENSIONS

from bench.data.dataset import Dataset
from bench.data.listing import listed
from bench.data.pictures import BadPicture, Picture, quiet, read, upright
from bench.data.reporting import reporting
from bench.errors import UsageError

ARRAYS = (".npy", ".npz")
"""What a file of an array ends with."""

CHUNK = 512
"""Pictures that are decoded between two words on progress."""


class Given(ABC):
    """Samples, of which as many are taken as are needed.

    Attributes:
        where: they are, for messages.
    """

    where: str

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def take(self, n: int) -> Tensor:
        """``n`` of them in the form of the data: uint8 (n, C, H, W), or float32 (n, 2).

        Raises:
            UsageError: one of them has another form, or cannot be read.
        """


def given(samples: Path | str | NDArray | Tensor, data: Dataset) -> Given:
    """Samples to be compared with a data set.

    Args:
        samples: a folder of pictures; the path of an array in NumPy's format, .npy, or .npz with
            one array; or an array itself. Of pictures an array holds uint8 (N, C, H, W),
            (N, H, W, C), or (N, H, W) where they are grey; of points, floats (N, 2).
        data: whose form they must have.

    Raises:
        UsageError: they are none of these, or of another form.
    """
    if isinstance(samples, Tensor):
        return Rows(samples.detach().cpu().numpy(), data, "the tensor")
    if isinstance(samples, np.ndarray):
        return Rows(samples, data, "the array")
    if not isinstance(samples, str | Path):
        raise UsageError(
            f"samples are of type {type(samples).__name__}: they must be a folder's path, an "
            "array or a tensor"
        )
    path = Path(samples)
    if path.suffix in ARRAYS and not path.is_dir():
        return Rows(_array(path), data, str(path))
    return Folder(path, data)


class Folder(Given):
    """Pictures in a folder and those below it, in the order of their names.

    Where fewer are taken than there are, it is those that come first by a hash of their names: a
    fair sample of all subfolders.

    Args:
        folder: of pictures.
        data: whose size and colours they must have.

    Raises:
        UsageError: there is no picture, or the data are no pictures.
    """

    def __init__(self, folder: Path, data: Dataset) -> None:
        self.where = str(folder)
        if not folder.is_dir():
            raise UsageError(f"{folder}: this is no folder, and no file {_either()}")
        if len(data.shape) != 3 or data.shape[0] not in (1, 3):
            raise UsageError(
                f"{folder}: samples of {data.name!r} are no pictures, but have the shape "
                f"{data.shape}; name a file {_either()}"
            )
        try:
            self._names = listed(data.name, folder, {})
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from error
        if not self._names:
            kinds = ", ".join(IMG_EXTENSIONS)
            raise UsageError(f"{folder}: there is no picture in it ({kinds})")
        self._folder = folder
        self._data = data

    def __len__(self) -> int:
        return len(self._names)

    def take(self, n: int) -> Tensor:
        """Decodes pictures: see ``Given.take``."""
        names = sorted(self._names[:n])
        taken = np.empty((n, *self._data.shape), dtype=np.uint8)
        what = f"{self._folder.name}: decoding"
        with reporting(what, 0, n) as report, quiet(), ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, n, CHUNK):
                chunk = names[start : start + CHUNK]
                taken[start : start + CHUNK] = [*pool.map(self._decoded, chunk)]
                report(len(chunk))
        return torch.from_numpy(taken)

    def _decoded(self, name: str) -> NDArray[np.uint8]:
        path = self._folder / name
        try:
            return read(Picture(str(path), partial(Image.open, path)), self._prepared)
        except BadPicture as reason:
            raise UsageError(f"{path} cannot be used: {reason}") from reason

    def _prepared(self, image: Image.Image) -> Image.Image:
        channels, height, width = self._data.shape
        image = upright(image, channels)
        if image.size != (width, height):
            raise BadPicture(
                f"it has {image.width} x {image.height} pixels, and pictures of "
                f"{self._data.name!r} have {width} x {height}; resize them with antialiasing"
            )
        return image


class Rows(Given):
    """The rows of an array, in their order.

    Args:
        array: of samples.
        data: whose form they must have.
        where: it is from, for messages.

    Raises:
        UsageError: it has another form.
    """

    def __init__(self, array: NDArray, data: Dataset, where: str) -> None:
        self.where = where
        self._array = _in_form(array, data, where)
        self._type = np.uint8 if len(data.shape) == 3 else np.float32

    def __len__(self) -> int:
        return len(self._array)

    def take(self, n: int) -> Tensor:
        """Copies rows: see ``Given.take``."""
        return torch.from_numpy(np.array(self._array[:n], dtype=self._type, order="C"))


def _in_form(array: NDArray, data: Dataset, where: str) -> NDArray:
    """The array with its axes in the order of the data's."""
    shape = tuple(data.shape)
    pictures = len(shape) == 3
    if array.dtype == np.uint8 if pictures else np.issubdtype(array.dtype, np.floating):
        if array.shape[1:] == shape:
            if not np.isfinite(array).all():
                raise UsageError(f"{where}: it holds numbers that are infinite or not a number")
            return array
        if pictures and array.shape[1:] == (*shape[1:], shape[0]):
            return array.transpose(0, 3, 1, 2)
        if pictures and shape[0] == 1 and array.shape[1:] == shape[1:]:
            return array[:, None]
    needed = f"uint8 (N, {', '.join(map(str, shape))})" if pictures else f"floats (N, {shape[0]})"
    raise UsageError(
        f"{where}: it holds {array.dtype} {array.shape}, and samples of {data.name!r} are {needed}"
    )


def _array(path: Path) -> NDArray:
    """The one array in a file, of which no object is ever loaded."""
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return found
            if len(found.files) != 1:
                raise UsageError(
                    f"{path}: it holds {_listed(found.files)}, and must hold one array"
                )
            return found[found.files[0]]
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(f"{path} cannot be read as an array: {reason}") from error


def _listed(names: Sequence[str]) -> str:
    return f"{len(names)} arrays ({', '.join(names[:5])})" if names else "none"


def _either() -> str:
    return f"of an array ({' or '.join(ARRAYS)})"
