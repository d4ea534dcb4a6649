"""Files that are written whole or not at all."""

import os
import tempfile
from pathlib import Path

Part = bytes | memoryview


def put(path: Path, data: bytes) -> None:
    """Writes a file, unless this is its content already: see ``write_whole``."""
    if not (path.is_file() and path.read_bytes() == data):
        write_whole(path, data)


def write_whole(
    path: Path, *parts: Part, durable: bool = False, previous: Path | None = None
) -> None:
    """Gives a file new content, of which a reader sees all or none.

    Args:
        path: the file; missing folders above it are made.
        parts: its content, one part after the other.
        durable: whether it must outlast a power cut, for which the disk is waited for.
        previous: where the file is to lie that was there before; without it, it is gone.

    Raises:
        OSError: where it cannot be written; what was there before is there still.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp's 0600 would stay with a committed file
        if previous is not None and path.exists():
            path.replace(previous)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
