"""Text files that people write: read as UTF-8, or refused by name."""

import io
from pathlib import Path

from bench.errors import UsageError


def read_text(path: Path) -> str:
    """The content of a text file in UTF-8, with or without a byte order mark.

    Raises:
        UsageError: it is a folder, cannot be read, or is in another encoding.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{shown(path)} cannot be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _foreign(path, data, error.start) from error
    if "\0" in text:
        raise _foreign(path, data, data.index(b"\0"))
    return io.StringIO(text, newline=None).read()


def _foreign(path: Path, data: bytes, place: int) -> UsageError:
    line = data.count(b"\n", 0, place) + 1
    return UsageError(
        f"{shown(path)}:{line}: the byte {data[place]:#04x} is no text in UTF-8: save the file in "
        "that encoding"
    )


def shown(path: Path) -> str:
    """The path as the user would type it, where that is shorter; always on one line."""
    here = Path.cwd()
    text = str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
    return text if text.isprintable() else repr(text)
