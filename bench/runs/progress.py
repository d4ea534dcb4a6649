"""The news of a run under way, in a file of its folder: what every engine's worker can write."""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from bench.files import write_whole
from bench.missing import Numbers

PROGRESS = "progress.json"

INTERVAL = 1.0
"""Seconds between two writings, so that news of a fast run costs it nothing."""


@dataclass(frozen=True)
class Progress:
    """How far a run is, as its listener is told at every reading of the losses and every score.

    Attributes:
        step: of ``steps`` generator steps, the last finished one.
        loss: of D, its mean since the last reading; None where the method has none, or before.
        images_per_second: trained on since the last reading; None where nothing was.
        scores: one row an evaluation so far, as in the record.
        word: on where this attempt has begun, if there is something to tell.
    """

    step: int
    steps: int
    loss: float | None = None
    images_per_second: float | None = None
    scores: list[Numbers] = field(default_factory=list)
    word: str = ""


class Pulse:
    """Writes a run's news, whole or not at all. The first word, and every score, go out at once.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / PROGRESS
        self._scores = -1
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        """Writes the news, unless it did so a moment ago."""
        now = time.monotonic()
        if len(progress.scores) == self._scores and now - self._last < INTERVAL:
            return
        self._scores, self._last = len(progress.scores), now
        write_whole(self._path, msgspec.json.encode(asdict(progress)))


class Ear:
    """Hears the news of one attempt: what is written after it was made.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / PROGRESS
        self._seen = self._stamp()

    def listen(self) -> Progress | None:
        """The latest news, or None where nothing is new."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Progress)
        except (OSError, msgspec.DecodeError):
            return None  # gone meanwhile, or not yet all there on a network's file system

    def _stamp(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0)
        return status.st_mtime_ns, status.st_ino
