"""Lists the picture files below a folder, each once."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from torchvision.datasets.folder import is_image_file

from bench.data.files import unusable

Folders = dict[tuple[int, int], Path]
"""Folders by their device and inode, which are the same for all links to one."""


def listed(name: str, top: Path, folders: Folders) -> list[str]:
    """Names of picture files, relative to ``top`` and in the order of a hash.

    Files are told by their extension, as torchvision does; hidden ones are left out.

    Args:
        name: of the data set.
        top: where to look, links included.
        folders: those that were looked in before; the new ones are added.

    Raises:
        UsageError: a folder is reached twice, or a name is not in UTF-8.
        OSError: a folder cannot be read.
    """
    names: list[str] = []
    for folder, files in _walk(top):
        status = folder.stat()
        same = folders.setdefault((status.st_dev, status.st_ino), folder)
        if same is not folder:
            problem = f"{folder} and {same} are one folder, whose pictures would count twice"
            raise unusable(name, f"{problem}: remove the link")
        pictures = [file for file in files if is_image_file(file)]
        for file in ("", *pictures):
            _require_utf8(name, os.path.join(folder, file))
        below = "" if folder == top else f"{folder.relative_to(top).as_posix()}/"
        names += [below + file for file in pictures]
    return sorted(names, key=lambda name: sha256(name.encode()).digest())


RECENT = 1.0
"""Seconds."""


def fingerprint(folder: Path) -> str:
    """A hash that changes when a picture in a folder, or the name of a subfolder, does.

    Of each picture file it takes the name, the size and the time of modification, so that one
    that is overwritten is noticed; what lies in subfolders has no part in it. As there may be
    millions, and every config of a suite asks, the answer of the last ``RECENT`` seconds counts
    while the folder itself is not modified.

    Raises:
        OSError: the folder cannot be read.
    """
    moment = int(time.monotonic() / RECENT)
    return _fingerprint(folder.resolve(strict=True), folder.stat().st_mtime_ns, moment)


@lru_cache(maxsize=4096)
def _fingerprint(folder: Path, modified: int, moment: int) -> str:
    digest = sha256()
    with os.scandir(folder) as entries:
        visible = [entry for entry in entries if not entry.name.startswith(".")]
    for entry in sorted(visible, key=lambda entry: entry.name):
        if entry.is_dir():
            digest.update(os.fsencode(entry.name) + b"/\n")
        elif is_image_file(entry.name):
            with suppress(OSError):  # of a link that leads nowhere
                status = entry.stat()
                facts = f" {status.st_size} {status.st_mtime_ns}\n"
                digest.update(os.fsencode(entry.name) + facts.encode())
    return digest.hexdigest()


def _walk(top: Path) -> Iterator[tuple[Path, list[str]]]:
    """Folders, and the names of the files in each; without hidden ones."""
    for folder, subfolders, files in os.walk(top, onerror=_refuse, followlinks=True):
        subfolders[:] = _visible(subfolders)
        yield Path(folder), _visible(files)


def _visible(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith(".")]


def _refuse(error: OSError) -> None:
    raise error


def _require_utf8(name: str, path: str) -> None:
    """Checks a path, which is hashed, and written into the cache's header."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise unusable(name, f"the name {path!a} is not in UTF-8: rename it") from error
