"""Any folder of pictures."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import gin
import torch
from torch import Tensor
from torchvision.datasets.folder import is_image_file

from bench.data.building import Source
from bench.data.cache import Cache
from bench.data.cached import CachedPictures, data_folder
from bench.data.files import unusable
from bench.data.labelled import Labelled
from bench.data.pictures import Files


@gin.register
@dataclass(frozen=True, kw_only=True)
class ImageFolder(CachedPictures, Labelled):
    """The pictures in a folder and its subfolders, whatever these are called.

    Files are told by their extension, as torchvision does; hidden ones are left out. Their order
    is that of a hash of their paths: any prefix is a fair sample of all subfolders.

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
            ValueError: one folder is inside the other, or nothing is held out.
        """
        super().__post_init__()
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
        training, folders = self._files(self.training_folder)
        if self.evaluation_folder:
            evaluation, others = self._files(self.evaluation_folder)
            folders += others
        else:
            n = round(self.held_out * len(training))
            evaluation, training = training[:n], training[n:]
        return Source({"training": Files(training), "evaluation": Files(evaluation)}, folders)

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

    def _files(self, below: str) -> tuple[list[Path], list[str]]:
        """Picture files, in the order of a hash, and the folders that they were looked for in."""
        top = self.folder / below
        if not top.is_dir():
            raise unusable(self.name, f"the folder {top} is missing: {self.layout()}")
        files: list[Path] = []
        folders: list[str] = []
        for folder, subfolders, names in os.walk(top, onerror=_refuse, followlinks=True):
            subfolders[:] = [name for name in subfolders if not name.startswith(".")]
            folders.append(Path(folder).relative_to(self.folder).as_posix())
            files += [
                Path(folder, name)
                for name in names
                if is_image_file(name) and not name.startswith(".")
            ]
        if not files:
            raise unusable(self.name, f"{top} holds no picture: {self.layout()}")
        return sorted(files, key=lambda file: _hash(file.relative_to(top))), folders


def _refuse(error: OSError) -> None:
    raise error


def _hash(path: Path) -> bytes:
    return sha256(path.as_posix().encode()).digest()
