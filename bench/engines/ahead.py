"""What is still to be done of runs, looked up without a trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.config.run import Run
from bench.engines.complete import left
from bench.runs import checkpoint
from bench.runs.folder import CHECKPOINT, owner


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
    """The runs without a result, each from its checkpoint on.

    Raises:
        UsageError: see ``left``.
    """
    return [Work(run, reached(run, out)) for run in left(runs, out)]


def reached(run: Run, out: Path) -> int:
    """The step of the newest checkpoint that a run can go on from; 0 where there is none."""
    saved = run.folder(out) / CHECKPOINT
    for path in (saved, checkpoint.previous(saved)):
        try:
            step: int = checkpoint.load(path, owner(run.key, run.seed))["history"]["step"]
        except (checkpoint.Damaged, OSError):
            continue
        return step
    return 0
