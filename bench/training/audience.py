"""Tells callbacks what a run does, and lets nothing that they do reach the run."""

import copy
import logging
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.callbacks.base import Callback, Start
from bench.callbacks.guard import undisturbed
from bench.data.dataset import encode
from bench.data.tiles import GRID
from bench.runs.records import Record
from bench.streams import seeded
from bench.training.trainer import Trainer

log = logging.getLogger(__name__)


class Audience:
    """The callbacks of one run. One that raises is told no more, with a word in the log.

    Args:
        callbacks: they are given copies.
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = list(callbacks)
        self._listening: list[Callback] = []
        self._logged = self._evaluated = 0

    def start(
        self, trainer: Trainer, folder: Path, run: dict[str, Any], protocol: dict[str, Any]
    ) -> None:
        """Tells how the run begins, or from where it goes on.

        Args:
            trainer: of the run, before it trains.
            folder: of the run.
            run: what its record will say of it.
            protocol: the same, of what its scores depend on.
        """
        history = trainer.history
        self._logged, self._evaluated = len(history.losses), len(history.scores)
        self._listening = self._callbacks
        start = Start(
            folder=folder,
            run=run,
            protocol=protocol,
            steps=trainer.experiment.steps,
            step=history.step,
            losses=history.losses,
            scores=history.scores,
            diagnostics=history.diagnostics,
        )
        self._tell("started", trainer.gpus, start)

    def hear(self, trainer: Trainer) -> None:
        """Tells what has come to the history of the run since the last time."""
        if not self._listening:
            return
        history = trainer.history
        for losses in history.losses[self._logged :]:
            self._tell("logged", trainer.gpus, losses)
        evaluations = [*zip(history.scores, history.diagnostics, strict=True)]
        for scores, diagnostics in evaluations[self._evaluated :]:
            with undisturbed(trainer.gpus), seeded(trainer.seed, "evaluation"):
                samples = encode(trainer.samples(GRID * GRID)).cpu()
            self._tell("evaluated", trainer.gpus, scores, diagnostics, samples)
        self._logged, self._evaluated = len(history.losses), len(history.scores)

    def finish(self, record: Record) -> None:
        """Tells what came of the run to those that heard it begin."""
        self._tell("finished", (), record)

    def _tell(self, word: str, gpus: Sequence[int], *news: Any) -> None:
        """Calls a method of each callback with its own copy of the news."""
        for callback in list(self._listening):
            with undisturbed(gpus):
                try:
                    getattr(callback, word)(*copy.deepcopy(news))
                except (Exception, SystemExit):  # anybody's code; a run does not depend on it
                    self._listening.remove(callback)
                    name = type(callback).__name__
                    log.warning("goes on without %s: %s", name, traceback.format_exc())
