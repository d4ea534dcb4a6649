"""Checkpoints: safetensors files, checked by hash, and read as data, never as code.

Tensors have flat names, which are their paths in the state: ``generator/layers.0.weight``. All
that is no tensor is one JSON text in the file's metadata. docs/checkpoints.md has the layout.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as pack_tensors
from torch import Tensor

from bench.files import Part, write_whole

SCHEMA = "3"
"""Of the layout; what another version has laid out is not read."""

LENGTH = 8
"""Bytes before a safetensors file's header, that say how long it is."""

BLANK = "0" * 64
"""Stands in the place of the hash for as long as the hash is computed."""


class Damaged(Exception):
    """A checkpoint is truncated, altered, foreign or none at all; the message names the file."""


def previous(path: Path) -> Path:
    """Where the checkpoint before the one at ``path`` is kept."""
    return path.with_stem(f"{path.stem}.previous")


def kept(path: Path) -> list[Path]:
    """The checkpoint at ``path`` and the one before it, as far as they are there."""
    return [one for one in (path, previous(path)) if one.exists()]


def save(path: Path, state: dict[str, Any], owner: str) -> None:
    """Puts ``state`` in the place of what is at ``path``, once it is on the disk.

    The one that was there before is kept as the previous one, so that whatever happens to a file,
    there is one to go on from.

    Args:
        path: of the checkpoint.
        state: tensors, numbers, strings, None, and lists, tuples and dicts of them.
        owner: whose state it is; no one else can load it.

    Raises:
        OSError: where it cannot be written; what was there before is there still.
        TypeError: names what is in the state and is none of these.
    """
    write_whole(path, *pack(state, owner), durable=True, previous=previous(path))


def load(path: Path, owner: str) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU.

    Raises:
        Damaged: if it is not what ``save`` wrote for this owner.
        FileNotFoundError: if there is none.
    """
    try:
        return unpack(path.read_bytes(), owner)
    except Damaged as damage:
        raise Damaged(f"{path} {damage}") from damage


def pack(state: dict[str, Any], owner: str) -> tuple[Part, Part]:
    """The content of a checkpoint: its header, and its tensors.

    Raises:
        TypeError: see ``save``.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_plain(state, "", tensors), allow_nan=False)
    metadata = {"schema": SCHEMA, "owner": owner, "sha256": BLANK, "state": text}
    try:
        content = memoryview(pack_tensors(apart(tensors), metadata))
    except KeyError as error:
        raise TypeError(f"a checkpoint holds no {error.args[0]}") from error
    start = _start(content)
    header = bytes(content[:start])
    digest = _digest(header, content[start:])
    return _with_hash(header, BLANK, digest), content[start:]


def unpack(content: bytes, owner: str) -> dict[str, Any]:
    """The state in a checkpoint's content.

    Raises:
        Damaged: says what it is instead, as the end of a sentence.
    """
    start = _start(content)
    try:
        metadata = json.loads(content[LENGTH:start])["__metadata__"]
        schema, digest = metadata["schema"], metadata["sha256"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Damaged("is no checkpoint, or was truncated or altered") from error
    if schema != SCHEMA:
        raise Damaged(f"is laid out as {schema!r}, and this version of ganbench has {SCHEMA!r}")
    header = _with_hash(content[:start], str(digest), BLANK)
    if _digest(header, memoryview(content)[start:]) != digest:
        raise Damaged("was truncated or altered")
    if metadata.get("owner") != owner:
        raise Damaged("is the checkpoint of another run")
    try:
        state = _restored(json.loads(metadata["state"]), read_tensors(content))
    except (SafetensorError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise Damaged("holds other than a run's state") from error
    if not isinstance(state, dict):
        raise Damaged("holds other than a run's state")
    return state


def round_trip(state: dict[str, Any]) -> dict[str, Any]:
    """A state as it comes back from a checkpoint, without a file.

    Raises:
        TypeError: see ``save``.
    """
    return unpack(b"".join(pack(state, "")), "")


def _start(content: bytes | memoryview) -> int:
    """Where the tensors begin."""
    return LENGTH + int.from_bytes(content[:LENGTH], "little")


def _with_hash(header: bytes, old: str, new: str) -> bytes:
    return header.replace(f'"sha256":"{old}"'.encode(), f'"sha256":"{new}"'.encode(), 1)


def _digest(header: bytes, tensors: Part) -> str:
    """The hash of a whole file, in whose header ``BLANK`` is in its place."""
    digest = hashlib.sha256(header)
    digest.update(tensors)
    return digest.hexdigest()


def apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, each in a memory of its own: a file keeps no two in one."""
    seen: set[int] = set()
    found = {}
    for name, tensor in tensors.items():
        memory = tensor.untyped_storage().data_ptr()
        packed = tensor.detach().contiguous()
        found[name] = packed.clone() if memory in seen else packed
        seen.add(memory)
    return found


def _plain(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """A value in JSON's types; what JSON has not is an object of one key that begins with "$".

    Args:
        value: part of a state.
        path: where it is in it.
        tensors: those found so far, by name; those of the value are added.
    """
    if isinstance(value, Tensor):
        name = next(name for name in _names(path) if name not in tensors)
        tensors[name] = value
        return {"$tensor": name}
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, list | tuple):
        items = [_plain(item, f"{path}/{i}", tensors) for i, item in enumerate(value)]
        return {"$tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        below = f"{path}/" if path else ""
        pairs = [(key, _plain(item, f"{below}{key}", tensors)) for key, item in value.items()]
        if all(isinstance(key, str) and not key.startswith("$") for key, _ in pairs):
            return dict(pairs)
        return {"$dict": [[_plain(key, path, tensors), item] for key, item in pairs]}
    raise TypeError(f"{path} is a {type(value).__name__}, which no checkpoint can hold")


def _names(path: str) -> chain[str]:
    """What a tensor at a path may be called: the path, unless another has that name."""
    return chain([path], (f"{path}~{i}" for i in count(2)))


def _restored(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The value that ``_plain`` was given."""
    if isinstance(value, list):
        return [_restored(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    for tag, restore in _TAGS.items():
        if tag in value:
            return restore(value[tag], tensors)
    return {key: _restored(item, tensors) for key, item in value.items()}


_TAGS: dict[str, Callable[[Any, Mapping[str, Tensor]], Any]] = {
    "$tensor": lambda name, tensors: tensors[name],
    "$float": lambda text, tensors: float(text),
    "$tuple": lambda items, tensors: tuple(_restored(items, tensors)),
    "$dict": lambda pairs, tensors: {
        _restored(key, tensors): _restored(item, tensors) for key, item in pairs
    },
}
