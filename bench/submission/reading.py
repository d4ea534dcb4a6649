"""From what was named on the command line to records, none of them trusted."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.errors import UsageError
from bench.runs import records
from bench.runs.records import Record

MOST_BYTES = 16 * 2**20
"""Of one record's file. The largest that ganbench has written so far took 70 kB."""

MOST_FILES = 10_000


def files(named: Iterable[Path]) -> list[Path]:
    """The files of records, each once: those named, and those that lie in the folders named.

    Raises:
        UsageError: there is no such file or folder, no record in a folder, or far too many.
    """
    found = dict.fromkeys(path.resolve() for one in named for path in _below(one))
    if len(found) > MOST_FILES:
        raise UsageError(f"FILE: these are {len(found)} records; submit at most {MOST_FILES}")
    return list(found)


def read(path: Path) -> Record:
    """Reads and checks the schema of one record.

    Raises:
        UsageError: says what is wrong, and in which file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise UsageError(f"{path} is larger than a record may be, {MOST_BYTES >> 20} MiB")
    return records.parse(data, path)


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif not path.is_dir():
        raise UsageError(f"FILE {path}: there is no such file or folder")
    else:
        inside = records.find(path)
        if not inside:
            raise UsageError(
                f"FILE {path}: there is no record in this folder: neither a record.json nor a "
                "JSON file in a folder called records"
            )
        yield from inside
