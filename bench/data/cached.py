"""Data sets of picture files: decoded, cropped and resized once, then mapped into memory."""

import json
import os
from abc import abstractmethod
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image
from torch import Tensor

from bench.data.building import Blueprint, Source, build
from bench.data.cache import Cache
from bench.data.dataset import Dataset
from bench.data.files import unusable
from bench.data.pictures import square, upright


def data_folder() -> Path:
    """Where data sets are looked for: ``$GANBENCH_DATA``, or the folder data."""
    return Path(os.environ.get("GANBENCH_DATA") or "data").expanduser()


def cache_folder() -> Path:
    """Where what was computed from data is kept: ``$GANBENCH_CACHE``, or cache beside the data."""
    return Path(os.environ.get("GANBENCH_CACHE") or data_folder() / "cache").expanduser()


@dataclass(frozen=True, kw_only=True)
class CachedPictures(Dataset):
    """Pictures that are read from files, and kept as uint8 in a cache beside them.

    The first use builds the cache; from then on the source may be gone. If files are added to it,
    removed or renamed, the cache is built anew; so it is where a picture was overwritten, which
    the next process sees.

    Attributes:
        name: what tables call it.
        size: of a picture, in pixels a side.
        channels: 3 for colour, 1 for grey.
        crop: side of the central square that is cut out before resizing, in pixels of the
            original; None takes the shorter side.
        root: the folder of the source; empty for its usual place in ``$GANBENCH_DATA``.
        cache: the folder of caches; empty for ``$GANBENCH_CACHE``, or cache in ``$GANBENCH_DATA``.
        skip_bad: leave out pictures that cannot be read; without it they are an error.
    """

    NOT_CONTENT: ClassVar = ("root", "cache", "download", "skip_bad")

    name: str
    size: int
    channels: int = 3
    crop: int | None = None
    root: str = ""
    cache: str = ""
    skip_bad: bool = False

    def __post_init__(self) -> None:
        """Checks the form of a picture.

        Raises:
            ValueError: with the parameter and what it may be.
        """
        if self.size < 1:
            raise ValueError(f"size = {self.size}: it must be at least 1")
        if self.channels not in (1, 3):
            raise ValueError(f"channels = {self.channels}: valid are 1 and 3")
        if self.crop is not None and self.crop < 1:
            raise ValueError(f"crop = {self.crop}: it must be at least 1")

    @property
    def shape(self) -> tuple[int, int, int]:  # type: ignore[override]
        """Of a picture: (channels, size, size)."""
        return (self.channels, self.size, self.size)

    @property
    def folder(self) -> Path:
        """The root, wherever it is."""
        return Path(self.root).expanduser() if self.root else self.usual_root()

    def usual_root(self) -> Path:
        """Where the source is looked for unless ``root`` says otherwise."""
        return data_folder()

    @property
    def caches(self) -> Path:
        """The folder of caches, wherever it is."""
        return Path(self.cache).expanduser() if self.cache else cache_folder()

    @property
    def elsewhere(self) -> str:
        """How to use files that lie in another place, as the end of a sentence."""
        return f"or point $GANBENCH_DATA or {type(self).__name__}.root to where it is"

    @abstractmethod
    def source(self) -> Source:
        """Looks for the pictures.

        Raises:
            UsageError: a file is missing or damaged: which one, and what to do.
        """

    def prepare(self, image: Image.Image) -> Image.Image:
        """Gives a picture its final form."""
        return square(upright(image, self.channels), self.crop, self.size)

    def training(self) -> Tensor:
        """Uint8 (N, C, size, size), mapped: it must not be written to."""
        return self.opened().samples("training")

    def evaluation(self) -> Tensor:
        """The same form, of pictures that are not in training."""
        return self.opened().samples("evaluation")

    def checksum(self) -> str:
        """As the cache's header has it; ``ganbench data`` compares the pictures with it."""
        return self.opened().header.checksum

    def opened(self) -> Cache:
        """The cache, built where it is missing or no longer like its source.

        Raises:
            UsageError: it has to be built, and cannot, or it lacks bad pictures unasked.
        """
        blueprint = self._blueprint()
        cache = Cache.find(blueprint.folder)
        if cache is None or cache.outdated(blueprint.root):
            cache = build(blueprint)
        if cache.skipped and not self.skip_bad:
            raise unusable(
                self.name,
                f"{len(cache.skipped)} bad pictures were left out when it was decoded, the first "
                f"{cache.skipped[0]}: bind {blueprint.skip[0]} = True if that is right, or replace "
                f"them and delete {blueprint.folder}",
            )
        return cache

    def _blueprint(self) -> Blueprint:
        recipe = self._recipe()
        digest = sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
        return Blueprint(
            name=self.name,
            folder=self.caches / f"{self.name}-{digest[:12]}",
            root=self.folder,
            recipe=recipe,
            shape=self.shape,
            open=self.source,
            prepare=self.prepare,
            skip=(f"{type(self).__name__}.skip_bad", self.skip_bad),
        )

    def _recipe(self) -> dict[str, Any]:
        """All that decides on the pixels. The usual root has no path, so that data can move."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        kept = {name: value for name, value in values.items() if name not in self.NOT_CONTENT}
        root = str(self.folder.resolve()) if self.root else ""
        return {"dataset": type(self).__name__, **kept, "root": root}
