"""What is still to be done of runs, looked up without a trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.config.run import Run
from bench.engines.complete import left
from bench.training.resume import reached


@dataclass(frozen=True)
class Work:
    """A run to be trained, or one that costs the same.

    Attributes:
        run: whose config tells what it costs.
        step: from which it goes on.
    """

    run: Run
    step: int = 0


def work(runs: Sequence[Run], out: Path) -> list[Work]:
    """The runs without a result, each from where it can go on.

    Raises:
        UsageError: see ``left``.
    """
    return [Work(run, reached(run, out)) for run in left(runs, out)]
