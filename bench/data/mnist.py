"""MNIST's handwritten digits, alone and stacked into a thousand modes."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import gin
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor
from torchvision import datasets
from torchvision.datasets.mnist import read_image_file, read_label_file

from bench.data.building import Source
from bench.data.cached import CachedPictures
from bench.data.dataset import require_positive
from bench.data.files import downloaded, require, unusable
from bench.data.labelled import Labelled
from bench.data.pictures import Numbered, Picture, Pictures, upright

SIDE = 28
"""Of a digit, in pixels."""

FOLDER = "MNIST/raw"
MIRROR = datasets.MNIST.mirrors[0]
IMAGES = ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte")
LABELS = ("train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True, kw_only=True)
class Framed(CachedPictures):
    """Pictures of MNIST's digits, each in the middle of a black square and not enlarged.

    Attributes:
        size: of a picture, even and at least 28.
        download: fetch what is missing.
    """

    size: int = 32
    download: bool = False

    def __post_init__(self) -> None:
        """Checks the form.

        Raises:
            ValueError: the size is odd or too small, or there is a crop.
        """
        super().__post_init__()
        if self.size < SIDE or self.size % 2:
            raise ValueError(f"size = {self.size}: it must be even and at least {SIDE}")
        if self.crop is not None:
            raise ValueError(f"crop = {self.crop}: digits are not cropped; leave it at None")

    def prepare(self, image: Image.Image) -> Image.Image:
        """Puts a frame of black around it."""
        return ImageOps.expand(upright(image, self.channels), (self.size - SIDE) // 2)

    def _digits(self) -> tuple[datasets.MNIST, datasets.MNIST]:
        """Torchvision's training and test sets, after a check of each file they are read from."""
        folder = self.folder / FOLDER
        by_hand = f"unpack the four files of {MIRROR} into {folder}, {self.elsewhere}"
        if self.download:
            downloaded(
                self.name, lambda: datasets.MNIST(self.folder, download=True), self.folder, by_hand
            )
        remedy = f"bind {type(self).__name__}.download = True, {by_hand}"
        for images, labels in zip(IMAGES, LABELS, strict=True):
            digits = self._parsed(folder / images, read_image_file, remedy)
            classes = self._parsed(folder / labels, read_label_file, remedy)
            if digits.shape[1:] != (SIDE, SIDE):
                problem = f"{folder / images} holds pictures that are not {SIDE} x {SIDE}"
                raise unusable(self.name, f"{problem}: delete it, and {remedy}")
            if len(digits) != len(classes):
                problem = f"{folder / labels} has {len(classes)} labels for {len(digits)} digits"
                raise unusable(self.name, f"{problem}: delete it and {images}, and {remedy}")
        return datasets.MNIST(self.folder), datasets.MNIST(self.folder, train=False)

    def _parsed(self, path: Path, parse: Callable[[str], Tensor], remedy: str) -> Tensor:
        require(self.name, [(path, None)], remedy)
        try:
            return parse(str(path))
        except (ValueError, TypeError, LookupError, RuntimeError, AssertionError) as error:
            problem = "is damaged, it is no IDX file of its header's length"
            raise unusable(self.name, f"{path} {problem}: delete it, and {remedy}") from error


@gin.register
@dataclass(frozen=True, kw_only=True)
class MNIST(Framed, Labelled):
    """60,000 digits to train on, and the 10,000 of the test set, in grey.

    Source: LeCun et al. 1998, Gradient-based learning applied to document recognition.
    """

    mirrors: ClassVar[bool] = False

    name: str = "mnist"
    channels: int = 1

    def source(self) -> Source:
        """Reads root/MNIST/raw."""
        training, evaluation = self._digits()
        return Source(
            {
                "training": Numbered(training, lambda i: f"training digit {i}"),
                "evaluation": Numbered(evaluation, lambda i: f"test digit {i}"),
            },
            [f"{FOLDER}/{file}" for file in IMAGES],
        )

    def labelled(self, split: str) -> tuple[Tensor, Tensor]:
        """The pictures of a split and their digits, in the official order."""
        pictures = self.opened().samples(split)
        training, evaluation = self._digits()
        return pictures, (training if split == "training" else evaluation).targets


@gin.register
@dataclass(frozen=True, kw_only=True)
class StackedMNIST(Framed):
    """Random triples of digits in red, green and blue: a thousand modes, each equally likely.

    Training triples are made of MNIST's training digits and evaluation triples of its test
    digits, so that no digit is in both.

    Source: Metz et al. 2017 (Unrolled GAN, arXiv:1611.02163), section 3.3.1; sizes as in
    ``StackedDigits``.

    Attributes:
        triples: pictures to train on.
        evaluation_triples: pictures to score against.
    """

    name: str = "stacked_mnist"
    channels: int = 3
    triples: int = 100_000
    evaluation_triples: int = 26_000

    def __post_init__(self) -> None:
        """Checks the form and the sizes.

        Raises:
            ValueError: the form is none that digits can have, or there is no triple.
        """
        super().__post_init__()
        require_positive(self, "triples", "evaluation_triples")

    def source(self) -> Source:
        """Reads root/MNIST/raw."""
        training, evaluation = (digits.data.numpy() for digits in self._digits())
        return Source(
            {
                "training": Triples(training, self.triples),
                "evaluation": Triples(evaluation, self.evaluation_triples),
            },
            [f"{FOLDER}/{file}" for file in IMAGES],
        )


class Triples(Pictures):
    """Three digits each, chosen at random, the same for every seed."""

    def __init__(self, digits: NDArray[np.uint8], triples: int) -> None:
        """Takes the digits, (N, 28, 28)."""
        self._digits = digits
        self._chosen = np.random.default_rng(0).integers(len(digits), size=(triples, 3))

    def __len__(self) -> int:
        return len(self._chosen)

    def since(self, start: int) -> Generator[Picture, None, None]:
        """Stacks nothing yet."""
        for triple in self._chosen[start:]:
            yield Picture(f"triple {triple}", partial(self._stack, triple))

    def _stack(self, triple: NDArray[np.int64]) -> Image.Image:
        return Image.fromarray(self._digits[triple].transpose(1, 2, 0).copy())
