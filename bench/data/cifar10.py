"""CIFAR-10, as its authors distribute it."""

from dataclasses import dataclass

import gin
import torch
from torch import Tensor
from torchvision import datasets

from bench.data.building import Source
from bench.data.cached import CachedPictures
from bench.data.files import downloaded, require
from bench.data.labelled import Labelled
from bench.data.pictures import Numbered


@gin.register
@dataclass(frozen=True, kw_only=True)
class CIFAR10(CachedPictures, Labelled):
    """50,000 pictures to train on, and the 10,000 of the test set, 32 x 32.

    Its files are pickles: torchvision reads them, and only after their md5 was found to be the
    published one.

    Source: Krizhevsky 2009, Learning multiple layers of features from tiny images.

    Attributes:
        download: fetch what is missing.
    """

    name: str = "cifar10"
    size: int = 32
    download: bool = False

    def labelled(self, split: str) -> tuple[Tensor, Tensor]:
        """The pictures of a split and their classes, in the official order."""
        pictures = self.opened().samples(split)
        self.source()
        return pictures, torch.tensor(datasets.CIFAR10(self.folder, split == "training").targets)

    def source(self) -> Source:
        """Reads root/cifar-10-batches-py."""
        official = datasets.CIFAR10
        by_hand = f"unpack {official.url} into {self.folder}, {self.elsewhere}"
        if self.download:
            downloaded(
                self.name, lambda: official(self.folder, download=True), self.folder, by_hand
            )
        remedy = f"bind CIFAR10.download = True, {by_hand}"
        folder = self.folder / official.base_folder
        batches = [*official.train_list, *official.test_list]
        files = [*batches, (official.meta["filename"], official.meta["md5"])]
        require(self.name, ((folder / file, md5) for file, md5 in files), remedy)

        def split(train: bool) -> Numbered:
            kind = "training" if train else "test"
            return Numbered(official(self.folder, train), lambda i: f"{kind} picture {i}")

        return Source(
            {"training": split(train=True), "evaluation": split(train=False)},
            [f"{official.base_folder}/{file}" for file, _ in batches],
        )
