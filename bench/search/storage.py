"""Where a study is kept: a journal file that no kill can tear, or a database."""

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
from filelock import FileLock
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from bench.errors import UsageError
from bench.files import write_whole
from bench.waiting import alone, waiting
from bench.writable import require_writable_file

LOCK = ".flock"
"""Ends the name of a journal's lock; not ".lock", which Optuna's own locks remove and make."""


ID = "id"
"""The file that names a folder of locks."""


class JournalLock(JournalFileOpenLock):
    """Held by whoever appends to a journal; the kernel takes it back from a process that dies.

    Whoever takes it first cuts off what a process that was killed has written of a line: Optuna
    could not read past it.

    Args:
        journal: the file.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._lock = FileLock(f"{journal}{LOCK}")

    def acquire(self) -> bool:
        """Waits for the lock."""
        with waiting("waiting for another command at the journal"):
            self._lock.acquire()
        mend(self._journal)
        return True

    def release(self) -> None:
        """Gives it to the next."""
        self._lock.release()


def mend(journal: Path) -> int:
    """Cuts a journal after its last whole line; only for who holds its lock.

    Returns:
        The bytes cut off.
    """
    if not journal.exists():
        return 0
    with journal.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        kept = position = size
        while position > 0:
            start = max(0, position - 4096)
            file.seek(start)
            newline = file.read(position - start).rfind(b"\n")
            if newline >= 0:
                kept = start + newline + 1
                break
            position = kept = start
        if kept < size:
            file.truncate(kept)
            os.fsync(file.fileno())
    return size - kept


def open_storage(place: str, folder: Path) -> BaseStorage:
    """Opens, or makes, the storage that ``--storage`` names.

    Args:
        place: a file's name, or a URL as SQLAlchemy has them.
        folder: in which locks may be made.

    Raises:
        UsageError: where it cannot be opened, or is no journal.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    if "://" in place:
        name = hashlib.sha256(place.encode()).hexdigest()[:8]
        lock = FileLock(folder / f"{name}{LOCK}")  # two that make one database's tables collide
        with alone(lock, "another command that opens the database"), _reachable(place):
            return RDBStorage(place)
    return _journal(Path(place))


def look_into(place: str) -> BaseStorage | None:
    """The storage that ``--storage`` names, to be read; None where it is still to be made.

    Nothing is written: not even a lock, so that a line that is being written may be missing.

    Raises:
        UsageError: see ``open_storage``.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if "://" in place:
        with _reachable(place):
            return _made(place)
    require_writable_file("--storage", Path(place))
    if not Path(place).exists():
        return None
    with _readable(Path(place)):
        return JournalStorage(JournalFileBackend(place))


def known_id(folder: Path) -> str | None:
    """What ``shared_id`` has called the folder; None where nothing has asked for it yet."""
    path = folder / ID
    return path.read_text(encoding="ascii") if path.exists() else None


def shared_id(folder: Path) -> str:
    """A name for the folder that stays with it, on whatever machine and under whatever path."""
    path = folder / ID
    with alone(FileLock(folder / f"{ID}{LOCK}"), "another command that names the folder"):
        if not path.exists():
            write_whole(path, uuid.uuid4().hex.encode())
        return path.read_text(encoding="ascii")


def _journal(path: Path) -> BaseStorage:
    with _readable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = JournalLock(path)
        lock.acquire()
        try:
            return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
        finally:
            lock.release()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Says what is wrong with a journal."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"--storage {path}: it cannot be opened: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"--storage {path}: it is no journal of Optuna's ({error})") from error


@contextmanager
def _reachable(url: str) -> Iterator[None]:
    """Says what is wrong with a database."""
    from sqlalchemy.exc import SQLAlchemyError

    shown = url.split("@")[-1]  # no password on a screen
    try:
        yield
    except ImportError as error:
        raise UsageError(
            f"--storage {shown}: its driver is not installed ({error}); install it, or choose "
            "another in the URL, such as postgresql+psycopg://"
        ) from error
    except (SQLAlchemyError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--storage {shown}: it cannot be opened: {reason}") from error


def _made(url: str) -> BaseStorage | None:
    """A database that has its tables."""
    from sqlalchemy import inspect, make_url

    address = make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return None  # to ask for it would make it
    storage = RDBStorage(url, skip_compatibility_check=True, skip_table_creation=True)
    return storage if inspect(storage.engine).has_table("studies") else None
