"""Executes one run in its folder, from its checkpoint on, and leaves a record whatever happens."""

import base64
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.callbacks.base import Callback
from bench.config.bound import Bound
from bench.config.facts import described
from bench.config.run import Run
from bench.data.dataset import encode
from bench.data.tiles import GRID, sheet
from bench.files import write_whole
from bench.missing import with_nan
from bench.runs import checkpoint, records
from bench.runs.folder import CHECKPOINT, CONFIG, OPERATIVE, failed, owner
from bench.runs.progress import Progress
from bench.runs.provenance import provenance
from bench.runs.records import RECORD
from bench.scores.judge import Judge
from bench.streams import seeded
from bench.training.audience import Audience
from bench.training.cost import peak_memory
from bench.training.experiment import Experiment, experiment_of
from bench.training.losses import Diverged
from bench.training.resume import resumed
from bench.training.trainer import History, Trainer

POINTS, DECIMALS = 500, 4
"""Points that a record keeps, and their decimals: they are there to be looked at."""

log = logging.getLogger(__name__)


def execute(
    run: Run,
    out: Path,
    listen: Callable[[Progress], None],
    callbacks: Sequence[Callback] = (),
) -> records.Record:
    """Trains, scores and records one run.

    The folder then holds config.gin (the whole config), operative.gin (what was used, defaults
    included), checkpoint.safetensors, the checkpoint before it, and record.json.

    Args:
        run: what to do.
        out: the runs folder.
        listen: told of progress.
        callbacks: told of all that the run does; nothing of its result depends on them.

    Returns:
        The record, which is also on the disk. A run that raised has the status "failed".
    """
    folder = run.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    for half_written in folder.glob(".*.*"):  # by a worker that was killed
        half_written.unlink()
    audience = Audience(callbacks)
    try:
        write_whole(folder / CONFIG, run.config.encode())
        record = _train(run, out, listen, audience)
    except Exception as error:
        log.error(traceback.format_exc())
        record = failed(run, traceback.format_exception_only(error)[-1].strip())
    records.write(folder / RECORD, record)
    audience.finish(record)
    return record


def _train(
    run: Run, out: Path, listen: Callable[[Progress], None], audience: Audience
) -> records.Record:
    started = records.now()
    bound = Bound(run.config)
    experiment = experiment_of(bound)
    device = experiment.torch_device()
    judge = experiment.judge(experiment.data).to(device)
    folder = run.folder(out)
    trainer, word = resumed(partial(_trainer, experiment, run.seed, judge), run, out)
    protocol = protocol_of(experiment, judge)
    audience.start(trainer, folder, run.description(), protocol)

    def tell(progress: Progress) -> None:
        listen(replace(progress, word=word))
        audience.hear(trainer)

    status, reason, step = "completed", None, experiment.steps
    try:
        trainer.train(tell, _saver(folder / CHECKPOINT, owner(run.key, run.seed), experiment))
    except Diverged as divergence:
        status, reason, step = "diverged", str(divergence), divergence.step
    write_whole(folder / OPERATIVE, bound.operative().encode())
    history = trainer.history
    if status == "completed" and _collapsed(judge, history):
        status, reason = "collapsed", judge.collapse
    images = step * experiment.batch_size
    return records.check(
        {
            **_expectation(run, trainer),
            "schema": records.SCHEMA,
            **run.description(),
            "status": status,
            "reason": reason,
            "step": step,
            "protocol": protocol,
            "floors": judge.floors(),
            "scores": history.scores,
            "diagnostics": history.diagnostics,
            "losses": history.losses,
            "cost": {
                "g_steps": step,
                "d_gradients": trainer.d_gradients,
                "seconds": history.seconds,
                "peak_memory_bytes": peak_memory(device),
                "images_per_second": images / history.seconds if history.seconds else None,
            },
            "samples": _kept(trainer) if status != "diverged" else None,
            "provenance": {
                **provenance(device),
                **({"continued_from": origin} if (origin := history.continued_from) else {}),
                "started": started,
                "finished": records.now(),
            },
        }
    )


def _trainer(experiment: Experiment, seed: int, judge: Judge) -> Trainer:
    """A trainer at the beginning, with a method of its own: what one was given, none other has."""
    return Trainer(replace(experiment, method=deepcopy(experiment.method)), seed, judge)


def _expectation(run: Run, trainer: Trainer) -> dict[str, Any]:
    """Theory's word on the run, under the record's key for it, if the suite has a theory."""
    experiment, history = trainer.experiment, trainer.history
    # Closed forms are of numbers that stay, and of gradients as they are.
    plain = not trainer.scheduled.followers and experiment.max_norm is None
    if experiment.theory is None or not plain:
        return {}
    word = experiment.theory.compare(
        run.method, experiment.method, trainer.gan, history.scores, history.diagnostics
    )
    return {} if word is None else {"oracle": word}


def _collapsed(judge: Judge, history: History) -> bool:
    """Whether the last samples have collapsed; a score that is not defined counts as nan."""
    last = history.scores[-1]
    return judge.collapsed(with_nan(last))


def _saver(saved: Path, mine: str, experiment: Experiment) -> Callable[[dict[str, Any]], None]:
    """Writes a run's state, but not so often that writing costs more than doing it again."""
    last = time.monotonic()

    def save(state: dict[str, Any]) -> None:
        nonlocal last
        finished = state["history"]["step"] == experiment.steps
        if finished or time.monotonic() - last >= experiment.checkpoint_seconds:
            checkpoint.save(saved, state, mine)
            last = time.monotonic()

    return save


def protocol_of(experiment: Experiment, judge: Judge) -> dict[str, Any]:
    """What scores depend on and are called: the data, the judge, the budget."""
    return {
        **described(experiment.data, judge),
        "steps": experiment.steps,
        "batch_size": experiment.batch_size,
        "batch_norm": experiment.batch_norm,
    }


def _kept(trainer: Trainer) -> dict[str, Any] | None:
    """The samples of the first fixed latents, as a record keeps them; None for no picture's."""
    shape = trainer.experiment.data.shape
    with seeded(trainer.seed, "evaluation"):  # as scored, whatever a network draws
        if len(shape) == 3:
            pictures = sheet(encode(trainer.samples(GRID * GRID)).cpu())
            return {"kind": "images", "png": base64.b64encode(pictures).decode()}
        if shape == (2,):
            points = trainer.samples(POINTS).double().cpu().numpy().round(DECIMALS)
            return {"kind": "points", "values": points.tolist()}
    return None
