"""A user's gin files beside the records of a suite that names them, so that commands work there."""

from collections.abc import Mapping
from pathlib import Path

from bench.config.trees import FOLDER, KINDS
from bench.files import put


def read_kept(folder: Path) -> dict[str, bytes]:
    """The gin files in the tree of a folder, by their paths in the folder.

    Only those of a tree's kinds: a folder of runs may also hold those of a method called gin.
    """
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for kind in KINDS
        for path in sorted((folder / FOLDER / kind).rglob("*.gin"))
    }


def keep(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes gin files into the tree of a folder. None goes: the folder may be a user's own."""
    for name, data in files.items():
        put(folder / name, data)
