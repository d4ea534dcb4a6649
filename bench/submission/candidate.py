"""A record under review, and what is known here to hold it against."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.config.catalogue import Catalogue
from bench.results.board import Board
from bench.results.entry import Entry
from bench.runs.records import SCORED, Record
from bench.submission.yardstick import Yardstick


@dataclass(frozen=True)
class Candidate:
    """One record, and what it claims to be.

    Attributes:
        path: its file.
        record: what it says; it has the shape of a record, and its numbers are finite.
        yardstick: its data and judge as they are here; None where they are not known here.
        label: the folder of the leaderboard that it is for.
        board: that leaderboard; None where there is none yet.
        first: of a leaderboard that is new, the records that were accepted before this one.
        now: the time of the review.
        catalogue: what is known here.
    """

    path: Path
    record: Record
    yardstick: Yardstick | None
    label: str
    board: Board | None
    first: list[Entry]
    now: datetime
    catalogue: Catalogue

    @property
    def protocol(self) -> dict[str, Any]:
        """What its scores depend on, by its own account."""
        return self.record["protocol"] or {}

    @property
    def finished(self) -> bool:
        """Whether it trained to the end."""
        return self.record["status"] in SCORED

    @property
    def steps(self) -> int:
        """The generator steps of its budget."""
        return int(self.protocol["steps"])

    @property
    def batch_size(self) -> int:
        """Real samples a batch."""
        return int(self.protocol["batch_size"])


Check = Callable[[Candidate], Iterator[str]]
"""Gives what it refuses, each as "key: why"."""
