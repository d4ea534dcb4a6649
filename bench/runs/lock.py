"""Who works on a run: whoever holds the lock of its folder, for as long as the process lives.

The lock is the kernel's, so that nothing has to be cleaned up after a process that was killed, or
after a machine that was lost: its file system gives the lock to the next who asks. Between machines
that takes a file system with locks that all of them see: NFS 4, Lustre mounted with flock, CephFS
and GPFS have them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = "lock"


@contextmanager
def claimed(folder: Path, patience: float = 0.0) -> Iterator[bool]:
    """Takes the run in ``folder``, if no one else has it, until the end of the block.

    Args:
        folder: of the run.
        patience: seconds to ask for it again; those who only look whether it is free, too, have
            it for an instant.

    Yields:
        Whether the run is ours.
    """
    lock = FileLock(folder / LOCK, timeout=patience, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def held(folder: Path) -> bool:
    """Whether anyone, in this process or another, works on the run in ``folder``."""
    if not (folder / LOCK).exists():
        return False
    with claimed(folder) as free:
        return not free


def locks_work(folder: Path) -> bool:
    """Whether the file system of ``folder`` can lock files; the probe leaves nothing behind."""
    probe = folder / f".ganbench-{LOCK}"
    try:
        first, second = (FileLock(probe, timeout=0, thread_local=False) for _ in range(2))
        with first:
            try:
                second.acquire()
            except Timeout:
                return True
            second.release()
            return False
    except (OSError, NotImplementedError):
        return False
    finally:
        probe.unlink(missing_ok=True)
