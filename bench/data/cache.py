"""Pictures decoded once: uint8 files that are mapped into memory, and a header that tells of them.

A cache is a folder of its own. It counts from the moment that its header is there, which is put
in place in one step after all pictures are on the disk. Until then ``building.json``, in the
same form, says how far the work has come.
"""

import mmap
import warnings
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any, Self

import msgspec
import torch
from torch import Tensor

from bench.data.listing import fingerprint
from bench.errors import UsageError

HEADER = "header.json"

Stamp = int | str
"""What tells that a file, or a folder, of the source has changed."""

SCHEMA = 1
"""Of the header, and of how pictures are decoded: a cache of another number is not used."""


class SplitHeader(msgspec.Struct):
    """One split.

    Attributes:
        file: its pictures, one after the other, each (C, H, W).
        read: pictures of the source that were looked at.
        skipped: those of them that were bad, by name.
    """

    file: str
    read: int = 0
    skipped: list[str] = []

    @property
    def samples(self) -> int:
        """Pictures in the file."""
        return self.read - len(self.skipped)


class Header(msgspec.Struct):
    """What a cache holds.

    Attributes:
        recipe: the data set's parameters.
        shape: of a picture, (C, H, W).
        stamps: of the source's files and folders; see ``stamps``.
        splits: "training" and "evaluation".
        checksum: sha256 of the training, then the evaluation pictures' bytes; empty until then.
    """

    schema: int
    recipe: dict[str, Any]
    shape: tuple[int, int, int]
    stamps: dict[str, Stamp]
    splits: dict[str, SplitHeader]
    checksum: str = ""

    @property
    def picture_bytes(self) -> int:
        """Of one picture."""
        return prod(self.shape)


def read_header(path: Path) -> Header | None:
    """Reads a header; None where there is none that this version can use.

    Raises:
        UsageError: there is one, and it cannot be read.
    """
    try:
        header = msgspec.json.decode(path.read_bytes(), type=Header)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    return header if header.schema == SCHEMA else None


class Cache:
    """A finished cache.

    Attributes:
        folder: where it is.
        header: what it holds.
    """

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder = folder
        self.header = header

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """The cache in ``folder``; None where there is none, or a file is not as long as it was.

        Raises:
            UsageError: there is one, and it cannot be read.
        """
        header = read_header(folder / HEADER)
        if header is None:
            return None
        for split in header.splits.values():
            path = folder / split.file
            if not path.is_file() or path.stat().st_size != split.samples * header.picture_bytes:
                return None
        return cls(folder, header)

    def samples(self, split: str) -> Tensor:
        """The pictures of a split, uint8 (N, C, H, W), mapped: only what is used is read.

        They must not be written to: the system would end the process.

        Raises:
            UsageError: their file cannot be read.
        """
        part = self.header.splits[split]
        shape = (part.samples, *self.header.shape)
        path = self.folder / part.file
        try:
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise _unreadable(path, error) from error
        with warnings.catch_warnings():
            # A mapping that could be written to would count as memory, or need the right to write.
            warnings.filterwarnings("ignore", message="The given buffer is not writable")
            return torch.frombuffer(mapped, dtype=torch.uint8).view(shape)

    @property
    def skipped(self) -> list[str]:
        """Bad pictures that were left out, by name."""
        return [name for split in self.header.splits.values() for name in split.skipped]

    def outdated(self, root: Path) -> bool:
        """Whether the source has changed since; what is gone, or cannot be looked at, has not."""
        now = stamps(root, self.header.stamps)
        return any(self.header.stamps[path] != stamp for path, stamp in now.items())

    def intact(self) -> bool:
        """Whether the pictures still have the checksum; reads them all."""
        digest = sha256()
        for name in ("training", "evaluation"):
            for part in self.samples(name).split(1024):
                digest.update(part.numpy())
        return digest.hexdigest() == self.header.checksum


def stamps(root: Path, paths: Iterable[str]) -> dict[str, Stamp]:
    """What files and folders under ``root`` are like; nothing for what is not there.

    Of a file it is the time of its last modification, in ns; of a folder, the hash of what is in
    it.
    """
    found: dict[str, Stamp] = {}
    for path in paths:
        place = root / path
        with suppress(OSError):
            found[path] = fingerprint(place) if place.is_dir() else place.stat().st_mtime_ns
    return found


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path} cannot be read ({error.strerror}): make it readable, or delete {path.parent}, "
        "and it is built anew"
    )
