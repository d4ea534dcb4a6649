"""Downloads that several processes may want at once, and that may fail."""

from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock

from bench.waiting import alone


class DownloadFailed(Exception):
    """A download that did not bring what was asked for; the message says why."""


def download(fetch: Callable[[], object], lock: Path) -> None:
    """Calls ``fetch``, which downloads what is missing, one process at a time.

    Args:
        fetch: from torchvision or ``torch.hub``.
        lock: file of the lock; its folder is made.

    Raises:
        DownloadFailed: there is no network, the server breaks off, what came has a wrong hash, or
            it cannot be written.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with alone(FileLock(lock), "another process that downloads the same"):
            fetch()
    except (OSError, HTTPException, RuntimeError) as error:  # the last one: a hash, or all mirrors
        raise DownloadFailed(str(error)) from error
