"""Checkpoints: written whole or not at all, checked by hash, and read as data, never as code."""

import hashlib
import io
import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

MAGIC = b"ganbench checkpoint 2 "


class Damaged(Exception):
    """A checkpoint is truncated, altered, foreign or none at all; the message names the file."""


def previous(path: Path) -> Path:
    """Where the checkpoint before the one at ``path`` is kept."""
    return path.with_stem(f"{path.stem}.previous")


def save(path: Path, state: dict[str, Any], owner: str) -> None:
    """Writes ``state`` beside ``path`` and renames it there once it is on the disk.

    The one that was there before is kept as the previous one, so that whatever happens to a file,
    there is one to go on from.

    Args:
        path: of the checkpoint.
        state: tensors, numbers, strings, and lists and dicts of them.
        owner: whose state it is; no one else can load it.

    Raises:
        OSError: where it cannot be written; what was there before is there still.
    """
    payload = io.BytesIO()
    torch.save(state, payload)
    content = payload.getbuffer()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(_header(content, owner) + b"\n")
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            path.replace(previous(path))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def load(path: Path, owner: str) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU.

    Raises:
        Damaged: if it is not what ``save`` wrote for this owner.
        FileNotFoundError: if there is none.
    """
    header, _, content = path.read_bytes().partition(b"\n")
    if header != _header(content, owner):
        raise Damaged(f"{path} is no checkpoint of this run, or was truncated or altered")
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise Damaged(f"{path} holds more than data") from error


def _header(content: bytes | memoryview, owner: str) -> bytes:
    """What stands before the content: its hash, in which the owner has part."""
    digest = hashlib.sha256(owner.encode() + b"\n")
    digest.update(content)
    return MAGIC + digest.hexdigest().encode()
