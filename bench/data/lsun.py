"""LSUN's scenes: millions of pictures in a database a category."""

import io
from collections.abc import Generator
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import gin
from PIL import Image

from bench.data.building import Source
from bench.data.cached import CachedPictures, data_folder
from bench.data.files import require, unusable
from bench.data.pictures import Picture, Pictures
from bench.errors import UsageError

READING: dict[str, Any] = {"readonly": True, "lock": False, "readahead": False}
"""How a database is opened: it may lie on a disk that cannot be written to."""


@gin.register
@dataclass(frozen=True, kw_only=True)
class LSUN(CachedPictures):
    """The pictures of a category's training set, some of which are held out to score against.

    The official validation set has 300 pictures, too few for FID. The database orders pictures by
    keys that are hashes: the first are held out.

    The LMDB is read here and not by torchvision, whose reader lists all three million keys in
    memory, and keeps them as a pickle in the working directory that it later trusts. The pictures
    and their order are the same.

    Source: Yu et al. 2015 (arXiv:1506.03365).

    Attributes:
        category: as its database is called; bedroom has 3,033,042 pictures.
        held_out: pictures to score against.
    """

    name: str = "lsun_bedroom64"
    size: int = 64
    category: str = "bedroom"
    held_out: int = 30_000

    def usual_root(self) -> Path:
        """The folder lsun."""
        return data_folder() / "lsun"

    def source(self) -> Source:
        """Opens root/CATEGORY_train_lmdb."""
        database = f"{self.category}_train_lmdb"
        path = self.folder / database
        remedy = (
            f"get {database}.zip with the script of github.com/fyu/lsun and unpack it into "
            f"{self.folder}, {self.elsewhere}"
        )
        require(self.name, [(path / "data.mdb", None)], remedy)
        entries = self._entries(path, remedy)
        if not 1 <= self.held_out < entries:
            raise UsageError(
                f"held_out = {self.held_out}: it must be at least 1, and fewer than the {entries} "
                f"pictures of {path}"
            )
        return Source(
            {
                "training": Entries(path, self.held_out, entries),
                "evaluation": Entries(path, 0, self.held_out),
            },
            [f"{database}/data.mdb"],
        )

    def _entries(self, path: Path, remedy: str) -> int:
        """How many pictures the database holds, after a check that it is whole.

        LMDB maps its file, so that reading what a truncated one lacks would end the process.
        """
        lmdb = _lmdb()
        damaged = f"{path / 'data.mdb'} is damaged"
        (path / "data.mdb").open("rb").close()  # LMDB's errors do not tell a right that is lacking
        try:
            with lmdb.open(str(path), **READING) as database:
                pages, page = database.info()["last_pgno"] + 1, database.stat()["psize"]
                entries = int(database.stat()["entries"])
        except lmdb.Error as error:
            raise unusable(self.name, f"{damaged} ({error}): delete it, and {remedy}") from error
        size = (path / "data.mdb").stat().st_size
        if size < pages * page:
            short = f"it has {size} bytes of {pages * page}"
            raise unusable(self.name, f"{damaged}, {short}: delete it, and {remedy}")
        return entries


class Entries(Pictures):
    """Encoded pictures in an LMDB, by the order of their keys, from one number up to another."""

    def __init__(self, path: Path, start: int, stop: int) -> None:
        self._path = path
        self._start = start
        self._stop = stop

    def __len__(self) -> int:
        return self._stop - self._start

    def since(self, start: int) -> Generator[Picture, None, None]:
        """Reads each picture's bytes as it comes by, and holds no others."""
        lmdb = _lmdb()
        try:
            with lmdb.open(str(self._path), **READING) as database, database.begin() as view:
                cursor = view.cursor()
                keys = cursor.iternext(keys=True, values=False)
                for key in islice(keys, self._start + start, self._stop):
                    yield _picture(
                        f"{key.decode(errors='replace')} in {self._path}", cursor.value()
                    )
        except lmdb.Error as error:
            raise UsageError(
                f"{self._path} is damaged ({error}): delete it, get it again"
            ) from error


def _picture(name: str, content: bytes) -> Picture:
    return Picture(name, lambda: Image.open(io.BytesIO(content)))


def _lmdb() -> ModuleType:
    try:
        return import_module("lmdb")
    except ImportError as error:
        raise UsageError("LSUN is read with lmdb: pip install 'ganbench[lsun]'") from error
