"""Builds a cache: in parallel, in order, and so that it can be killed and go on."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from secrets import token_hex
from shutil import disk_usage
from typing import Any, BinaryIO

import msgspec
import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from PIL import Image
from rich.filesize import decimal

from bench.data.cache import (
    HEADER,
    SCHEMA,
    Cache,
    Header,
    SplitHeader,
    Stamp,
    read_header,
    stamps,
)
from bench.data.files import unusable
from bench.data.pictures import BadPicture, Picture, Pictures, quiet, read
from bench.data.reporting import Report, reporting
from bench.files import write_whole
from bench.waiting import alone

BUILDING = "building.json"

CHUNK = 512
"""Pictures between two points from which a killed build goes on."""


@dataclass(frozen=True)
class Source:
    """Where pictures come from.

    Attributes:
        splits: "training" and "evaluation".
        stamped: files and folders, relative to the root, that change when the source does.
    """

    splits: dict[str, Pictures]
    stamped: list[str]


@dataclass(frozen=True)
class Blueprint:
    """What is to be built.

    Attributes:
        name: of the data set.
        folder: of its cache.
        root: of its source.
        recipe: the parameters that its pictures depend on.
        shape: of a picture, (C, H, W).
        open: looks for the source.
        prepare: gives a picture its final form.
        skip: what to bind to have bad pictures skipped, and whether that is so.
    """

    name: str
    folder: Path
    root: Path
    recipe: dict[str, Any]
    shape: tuple[int, int, int]
    open: Callable[[], Source]
    prepare: Callable[[Image.Image], Image.Image]
    skip: tuple[str, bool]


def build(blueprint: Blueprint) -> Cache:
    """Builds the cache, or goes on building it, unless another process has done so meanwhile.

    Raises:
        UsageError: the source is missing or damaged, a picture is bad and not to be skipped, or
            the disk is full.
    """
    source, now = _opened(blueprint)
    with _writing(blueprint):
        blueprint.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(blueprint.folder / "lock")
        with alone(lock, f"the process that decodes the data {blueprint.name}"):
            cache = Cache.find(blueprint.folder)
            if cache is not None and not cache.outdated(blueprint.root):
                return cache
            if stamps(blueprint.root, source.stamped) != now:  # while others were waited for
                source, now = _opened(blueprint)
            header = _begun(blueprint, source, now)
            _tidy(blueprint.folder, header, *([] if cache is None else [cache.header]))
            total = sum(len(pictures) for pictures in source.splits.values())
            done = sum(split.read for split in header.splits.values())
            _require_space(blueprint, (total - done) * header.picture_bytes)
            digest = sha256()
            with reporting(f"data {blueprint.name}: decoding", done, total) as report, quiet():
                for name, pictures in source.splits.items():
                    _fill(blueprint, header, name, pictures, digest.update, report)
            header.checksum = digest.hexdigest()
            _write(blueprint.folder / HEADER, header)
            (blueprint.folder / BUILDING).unlink(missing_ok=True)
            _tidy(blueprint.folder, header)
    return Cache(blueprint.folder, header)


def _opened(blueprint: Blueprint) -> tuple[Source, dict[str, Stamp]]:
    """The source, and its stamps at this time."""
    try:
        source = blueprint.open()
    except OSError as error:
        problem = f"{error.filename} cannot be read ({error.strerror})"
        raise unusable(blueprint.name, f"{problem}: make it readable, or replace it") from error
    return source, stamps(blueprint.root, source.stamped)


def _begun(blueprint: Blueprint, source: Source, now: dict[str, Stamp]) -> Header:
    """The state of a build that was interrupted, or of a new one."""
    header = read_header(blueprint.folder / BUILDING)
    if header is not None and (header.recipe, header.stamps) == (blueprint.recipe, now):
        files = ((blueprint.folder / split.file, split) for split in header.splits.values())
        if all(_size(path) >= split.samples * header.picture_bytes for path, split in files):
            return header
    # Files of a name of their own: a process that still maps those of an older cache keeps them.
    token = token_hex(4)
    splits = {name: SplitHeader(f"{name}-{token}.uint8") for name in source.splits}
    return Header(SCHEMA, blueprint.recipe, blueprint.shape, now, splits)


def _fill(
    blueprint: Blueprint,
    header: Header,
    name: str,
    pictures: Pictures,
    digest: Callable[[bytes | memoryview], None],
    report: Report,
) -> None:
    """Writes what a split still lacks, and adds all of it to the digest."""
    split = header.splits[name]
    path = blueprint.folder / split.file
    path.touch()
    with path.open("r+b") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
        file.truncate(split.samples * header.picture_bytes)
        while block := file.read(1 << 20):
            digest(block)
        with closing(pictures.since(split.read)) as waiting:
            while chunk := list(islice(waiting, CHUNK)):
                decoded = pool.map(partial(_decode, blueprint), chunk)
                for picture, outcome in zip(chunk, decoded, strict=True):
                    if isinstance(outcome, BadPicture):
                        _skip(blueprint, picture, outcome, split)
                    else:
                        file.write(outcome.data)
                        digest(outcome.data)
                    split.read += 1
                _flush(file)
                _write(blueprint.folder / BUILDING, header)
                report(len(chunk))
    if split.read < len(pictures):
        raise unusable(
            blueprint.name,
            f"{blueprint.root} gave {split.read} of its {len(pictures)} {name} pictures: it is "
            "damaged, or was changed meanwhile; get it again",
        )
    if split.samples == 0:
        raise unusable(
            blueprint.name,
            f"none of its {split.read} {name} pictures in {blueprint.root} can be used: replace "
            f"them and delete {blueprint.folder}",
        )


def _decode(blueprint: Blueprint, picture: Picture) -> NDArray[np.uint8] | BadPicture:
    try:
        return read(picture, blueprint.prepare)
    except BadPicture as reason:
        return reason


def _skip(blueprint: Blueprint, picture: Picture, reason: BadPicture, split: SplitHeader) -> None:
    option, asked = blueprint.skip
    if not asked:
        raise unusable(
            blueprint.name,
            f"{picture.name} cannot be used ({reason}): replace it, or bind {option} = True to "
            "leave out bad pictures",
        )
    split.skipped.append(picture.name)


def _require_space(blueprint: Blueprint, needed: int) -> None:
    free = disk_usage(blueprint.folder).free
    if needed > free:
        raise unusable(
            blueprint.name,
            f"its cache takes another {decimal(needed)}, and {blueprint.folder} has room for "
            f"{decimal(free)}: set $GANBENCH_CACHE to another folder",
        )


@contextmanager
def _writing(blueprint: Blueprint) -> Iterator[None]:
    """Says what the disk refuses; a picture that cannot be read is told apart before."""
    try:
        yield
    except OSError as error:
        raise unusable(
            blueprint.name,
            f"its cache cannot be written to {blueprint.folder} ({error.strerror}): make room "
            "there, or set $GANBENCH_CACHE to another folder",
        ) from error


def _write(path: Path, header: Header) -> None:
    write_whole(path, msgspec.json.format(msgspec.json.encode(header), indent=1), durable=True)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _tidy(folder: Path, *headers: Header) -> None:
    """Removes the pictures that older caches and abandoned builds have left."""
    kept = {split.file for header in headers for split in header.splits.values()}
    for path in folder.glob("*.uint8"):
        if path.name not in kept:
            path.unlink()
    for half_written in folder.glob(".*.json.*"):  # headers, by a process that was killed
        half_written.unlink()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
