"""Whether something can be written to a place: asked before any work, and without a trace."""

from pathlib import Path
from tempfile import TemporaryFile

from bench.errors import UsageError


def require_writable(option: str, folder: Path) -> None:
    """Checks that files can be written to a folder, or the folder made.

    Args:
        option: names the folder in the message.
        folder: it need not be there.

    Raises:
        UsageError: nothing can be written there.
    """
    try:
        place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        with TemporaryFile(dir=place) as probe:
            probe.write(b"here")  # a full disk makes empty files
            probe.flush()
    except OSError as error:
        raise _refusal(option, folder, error) from error


def require_writable_file(option: str, path: Path) -> None:
    """Checks that a file can be written; what it holds stays.

    Raises:
        UsageError: it is a folder, or cannot be written.
    """
    require_writable(option, path.parent)
    try:
        if path.exists():
            path.open("ab").close()
    except OSError as error:
        raise _refusal(option, path, error) from error


def require_no_file(option: str, folder: Path) -> None:
    """Checks that no file stands where a folder is to be made.

    Raises:
        UsageError: names the file.
    """
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not place.is_dir():
        raise UsageError(f"{option} {place}: it is a file, and a folder is to be there")


def _refusal(option: str, path: Path, error: OSError) -> UsageError:
    return UsageError(f"{option} {path}: cannot write there: {error.strerror}")
