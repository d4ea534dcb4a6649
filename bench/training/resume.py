"""Where a run starts: at its newest sound checkpoint, at a shorter run's end, or from nothing."""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.config.bound import Bound
from bench.config.run import Run
from bench.runs import checkpoint
from bench.runs.folder import CHECKPOINT, owner
from bench.training.experiment import Experiment, experiment_of
from bench.training.longer import beginning
from bench.training.trainer import Trainer

UNSOUND = (checkpoint.Damaged, LookupError, RuntimeError, TypeError, ValueError)
"""What loading raises where a checkpoint is harmed, or does not fit the code."""

log = logging.getLogger(__name__)


def resumed(make: Callable[[], Trainer], run: Run, out: Path) -> tuple[Trainer, str]:
    """A trainer that goes on from where the run, or else a shorter one, has got to.

    A checkpoint of the run's own that is not sound is set aside, with a word in the log; one of
    another run is left as it is.

    Args:
        make: gives a trainer at the run's beginning.
        run: to train.
        out: the runs folder.

    Returns:
        The trainer, and what is worth telling of where it starts, or nothing.
    """
    saved, mine = run.folder(out) / CHECKPOINT, owner(run.key, run.seed)
    for path in checkpoint.kept(saved):
        try:
            trainer = _loaded(make, checkpoint.load(path, mine))
        except UNSOUND as error:
            aside = path.with_suffix(".damaged")
            path.replace(aside)
            log.warning("%s is set aside as %s: %s", path.name, aside.name, error)
        else:
            log.info("going on from %s, step %d", path.name, trainer.history.step)
            return trainer, ""
    trainer = make()
    found, reasons = beginning(run, out, trainer.experiment)
    for reason in reasons:
        log.info("of no use is %s", reason)
    if found is not None:
        try:
            trainer = _loaded(make, found.state)
        except UNSOUND as error:
            reasons.insert(0, f"{found.id}: {error}")
        else:
            word = f"going on from step {found.step} of {found.id}"
            log.info(word)
            return trainer, word
    log.info("starting from the beginning")
    return trainer, f"from the beginning, for of no use is {reasons[0]}" if reasons else ""


def reached(run: Run, out: Path) -> int:
    """The step from which ``resumed`` would go on, as far as can be told without building networks.

    Nothing is set aside or written.
    """
    saved, mine = run.folder(out) / CHECKPOINT, owner(run.key, run.seed)
    for path in checkpoint.kept(saved):
        with suppress(checkpoint.Damaged, OSError):
            return int(checkpoint.load(path, mine)["history"]["step"])
    found = beginning(run, out, _experiment(run.config))[0] if out.exists() else None
    return 0 if found is None else found.step


@lru_cache(maxsize=1)  # the runs of one config follow each other
def _experiment(config: str) -> Experiment:
    return experiment_of(Bound(config))


def _loaded(make: Callable[[], Trainer], state: dict[str, Any]) -> Trainer:
    trainer = make()
    trainer.load_state_dict(state)
    return trainer
