"""What a callback is told of a run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from bench.missing import Numbers
from bench.runs.records import Record


@dataclass(frozen=True)
class Start:
    """A run as one process begins it, or goes on with it.

    Attributes:
        folder: of the run; a callback may write there, under names of its own.
        run: what the run's record will say of it: ``id``, ``method``, ``setting``, ``seed``,
            ``conditions`` and so on.
        protocol: what scores depend on; ``metrics`` are their labels, ``headline`` is the first.
        steps: generator steps at the end.
        step: the last one that was done before, 0 at the beginning.
        losses, scores, diagnostics: the rows of before, as the record will have them.
    """

    folder: Path
    run: dict[str, Any]
    protocol: dict[str, Any]
    steps: int
    step: int
    losses: list[Numbers]
    scores: list[Numbers]
    diagnostics: list[Numbers]


class Callback:
    """Hears what a run does, in the process that does it; a subclass overrides what it wants.

    All that it is given is its own to keep or to change. A run comes to the same result whatever
    its callbacks do: random streams and torch's modes are as they were when a callback returns, and
    one that raises is not called again, with a word in the run's log.
    """

    def started(self, start: Start) -> None:
        """A process begins the run, or goes on from a checkpoint.

        What an earlier process told after that checkpoint was lost, and comes again.
        """

    def logged(self, losses: Numbers) -> None:
        """The losses were read: one row of the record's ``losses``."""

    def evaluated(self, scores: Numbers, diagnostics: Numbers, samples: Tensor) -> None:
        """Samples were scored and D was probed: one row of ``scores``, one of ``diagnostics``.

        Args:
            scores: ``step``, the cost so far, and each metric; None where it is not defined.
            diagnostics: ``step``, and D's outputs and input gradients.
            samples: of the run's first 64 fixed latents, on the CPU: uint8 pictures
                (64, C, H, W), or points (64, 2).
        """

    def finished(self, record: Record) -> None:
        """The run has come to its end, or has failed: the record that it leaves.

        A process that is killed tells nothing.
        """
