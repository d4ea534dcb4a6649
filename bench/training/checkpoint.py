"""Checkpoints: written whole or not at all, checked by hash, and read as data, never as code."""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import torch

MAGIC = b"ganbench checkpoint 1 "


class Damaged(Exception):
    """A checkpoint is truncated, altered or not a checkpoint; the message names the file."""


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes ``state`` beside ``path`` and renames it there once it is on the disk.

    Args:
        path: of the checkpoint; the one before it is replaced.
        state: tensors, numbers, strings, and lists and dicts of them.
    """
    payload = io.BytesIO()
    torch.save(state, payload)
    content = payload.getvalue()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n")
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load(path: Path) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU.

    Raises:
        Damaged: if it is not what ``save`` wrote.
        FileNotFoundError: if there is none.
    """
    header, _, content = path.read_bytes().partition(b"\n")
    if header != MAGIC + hashlib.sha256(content).hexdigest().encode():
        raise Damaged(f"{path} is not a checkpoint, or was truncated or altered")
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
