"""Any folder of pictures."""

from dataclasses import dataclass
from pathlib import Path

import gin
import torch
from torch import Tensor
from torchvision.datasets.folder import IMG_EXTENSIONS

from bench.data.building import Source
from bench.data.cache import Cache
from bench.data.cached import CachedPictures, data_folder
from bench.data.files import unusable
from bench.data.labelled import Labelled
from bench.data.listing import Folders, listed
from bench.data.pictures import Files


@gin.register
@dataclass(frozen=True, kw_only=True)
class ImageFolder(CachedPictures, Labelled):
    """The pictures in a folder and its subfolders, whatever these are called.

    Files are told by their extension, as torchvision does; hidden ones are left out. Their order
    is that of a hash of their paths: any prefix is a fair sample of all subfolders. Links are
    followed, but no folder may be reached twice.

    Attributes:
        name: also of the folder in ``$GANBENCH_DATA`` that ``root`` is without a binding.
        size: of a picture; smaller ones are enlarged.
        training_folder: below root; "." is root itself.
        evaluation_folder: the same for the pictures to score against; empty to hold some of the
            training folder's out.
        held_out: the share that is held out then.
    """

    name: str = "image_folder"
    size: int = 64
    training_folder: str = "."
    evaluation_folder: str = ""
    held_out: float = 0.1

    def __post_init__(self) -> None:
        """Checks that the splits cannot overlap.

        Raises:
            ValueError: one folder is inside the other or not below root, or nothing is held out.
        """
        super().__post_init__()
        for parameter in ("training_folder", "evaluation_folder"):
            if Path(getattr(self, parameter)).is_absolute():
                value = getattr(self, parameter)
                raise ValueError(f"{parameter} = {value!r}: it must be relative to root")
        if not self.evaluation_folder:
            if not 0 < self.held_out < 1:
                raise ValueError(f"held_out = {self.held_out}: it must be between 0 and 1")
            return
        training, evaluation = Path(self.training_folder), Path(self.evaluation_folder)
        if evaluation.is_relative_to(training) or training.is_relative_to(evaluation):
            raise ValueError(
                f"evaluation_folder = {self.evaluation_folder!r}: it must be neither inside nor "
                f"around training_folder = {self.training_folder!r}"
            )

    def usual_root(self) -> Path:
        """The folder of the data set's name."""
        return data_folder() / self.name

    def source(self) -> Source:
        """Lists the files."""
        folders: Folders = {}
        top = self.folder / self.training_folder
        training = self._files(top, folders)
        if self.evaluation_folder:
            other = self.folder / self.evaluation_folder
            evaluation = Files(other, self._files(other, folders))
        else:
            n = round(self.held_out * len(training))
            if not 0 < n < len(training):
                raise unusable(
                    self.name,
                    f"held_out = {self.held_out} of the {len(training)} pictures in {top} leaves "
                    f"{n} to score against: add pictures, or bind another held_out",
                )
            evaluation, training = Files(top, training[:n]), training[n:]
        stamped = [folder.relative_to(self.folder).as_posix() for folder in folders.values()]
        return Source({"training": Files(top, training), "evaluation": evaluation}, stamped)

    def labelled(self, split: str) -> tuple[Tensor, Tensor]:
        """The pictures of a split, and the numbers of the subfolders that hold them, by name."""
        cache = self.opened()
        classes = sorted(set(self._classes("training", cache)))
        found = self._classes(split, cache)
        strangers = set(found) - set(classes)
        if strangers:
            raise unusable(
                self.name,
                f"its {split} pictures have a class {min(strangers)!r}, which no training picture "
                "has: put each picture into the subfolder of its class",
            )
        return cache.samples(split), torch.tensor([classes.index(name) for name in found])

    def layout(self) -> str:
        """What is expected where, and what to do, as the end of a sentence."""
        folders = " and ".join(f for f in (self.training_folder, self.evaluation_folder) if f)
        return f"put pictures into {folders} below {self.folder}, {self.elsewhere}"

    def _classes(self, split: str, cache: Cache) -> list[str]:
        """The subfolder that holds each picture of a split, in the order of the cache."""
        held_out = split == "evaluation" and not self.evaluation_folder
        below = self.training_folder if held_out else getattr(self, f"{split}_folder")
        classes = []
        for picture in self.source().splits[split].since(0):
            subfolder, *name = Path(picture.name).relative_to(self.folder / below).parts
            if not name:
                raise unusable(
                    self.name,
                    f"{picture.name} is in no subfolder, which would tell its class: put each "
                    "picture into the subfolder of its class",
                )
            if picture.name not in cache.header.splits[split].skipped:
                classes.append(subfolder)
        return classes

    def _files(self, top: Path, folders: Folders) -> list[str]:
        """Names of the picture files below ``top``; the folders they are in are added."""
        if not top.is_dir():
            raise unusable(self.name, f"the folder {top} is missing: {self.layout()}")
        if self.caches.resolve().is_relative_to(top.resolve()):
            raise unusable(
                self.name,
                f"{top} holds the cache {self.caches}: keep pictures in a folder of their own, or "
                "set $GANBENCH_CACHE to another one",
            )
        files = listed(self.name, top, folders)
        if not files:
            kinds = ", ".join(IMG_EXTENSIONS)
            raise unusable(self.name, f"{top} holds no picture ({kinds}): {self.layout()}")
        return files
