"""Checks that a source's files are there and whole, before anything reads them."""

from collections.abc import Callable, Iterable
from pathlib import Path

from torchvision.datasets.utils import check_integrity

from bench.download import DownloadFailed, download
from bench.errors import UsageError


def unusable(name: str, problem: str) -> UsageError:
    """The error of a data set that cannot be used.

    Args:
        name: of the data set.
        problem: which file, what is wrong with it, and what to do.
    """
    one_line = " ".join(problem.splitlines())  # a file's name may have several
    return UsageError(f"data = {name}: {one_line}")


def require(name: str, files: Iterable[tuple[Path, str | None]], remedy: str) -> None:
    """Checks that files are there, with the md5 that was published with them.

    Args:
        name: of the data set.
        files: paths, each with its md5 or None where there is none.
        remedy: what to do, as the end of a sentence.

    Raises:
        UsageError: for the first that is not.
    """
    for path, md5 in files:
        if not path.exists():
            raise unusable(name, f"{path} is missing: {remedy}")
        if md5 is not None and not check_integrity(path, md5):
            problem = f"{path} is damaged, its md5 is not the published {md5}"
            raise unusable(name, f"{problem}: delete it, and {remedy}")


def downloaded(name: str, fetch: Callable[[], object], folder: Path, remedy: str) -> None:
    """Downloads what is missing, one process at a time.

    Args:
        name: of the data set.
        fetch: does it.
        folder: where to.
        remedy: what to do where it fails, as the end of a sentence.

    Raises:
        UsageError: it failed.
    """
    try:
        download(fetch, folder / f"{name}.lock")
    except DownloadFailed as error:
        raise unusable(name, f"the download failed ({error}): {remedy}") from error
