"""What a run must do, whichever of its parts is somebody's own: checks of whole trainings."""

from typing import Any

from bench.config.run import Run
from bench.conformance import toys
from bench.conformance.requirements import Check, require, require_same
from bench.runs import checkpoint
from bench.training.trainer import Trainer


def trains(run: Run) -> None:
    """A few steps give finite losses, scores and weights."""
    history = trained(run).history
    require(history.step == toys.STEPS, f"it stopped at step {history.step} of {toys.STEPS}")
    for row in history.losses:
        require({"d_loss", "g_loss"} <= row.keys(), f"it logs {sorted(row)}, not both losses")
    require(len(history.scores) == toys.STEPS, "an evaluation is missing")


def is_deterministic(run: Run) -> None:
    """The same run twice ends bit for bit the same, whatever the global streams held."""
    found = []
    for seed in (0, 1):
        with toys.global_streams(seed):
            found.append(_checkpoints(toys.trainer(run)))
    require_same(found[0], found[1], "two runs of one seed differ")


def resumes(run: Run) -> None:
    """A run that goes on from any checkpoint, as read back as data, ends as one never stopped."""
    whole = _checkpoints(toys.trainer(run))
    for done, state in enumerate(whole[:-1], start=1):
        resumed = toys.trainer(run)
        resumed.load_state_dict(state)
        require_same(whole[done:], _checkpoints(resumed), "a resumed run differs")


CHECKS: tuple[Check, ...] = (trains, is_deterministic, resumes)


def trained(run: Run) -> Trainer:
    """The run's trainer, at its end."""
    trainer = toys.trainer(run)
    trainer.train(lambda progress: None, lambda state: None)
    return trainer


def _checkpoints(trainer: Trainer) -> list[dict[str, Any]]:
    """Trains to the end; every checkpoint on the way as it is read back, but for the times."""
    states: list[dict[str, Any]] = []
    trainer.train(lambda progress: None, lambda state: states.append(checkpoint.round_trip(state)))
    for state in states:
        for timed in (state["history"], *state["history"]["scores"]):
            timed["seconds"] = 0.0
    return states
