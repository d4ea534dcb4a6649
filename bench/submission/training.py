"""Whether a run could have gone as a record tells: its steps, its costs, its end."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from bench.missing import Numbers
from bench.submission.candidate import Candidate
from bench.training.experiment import spaced

ROUNDING = 1e-6


def steps(candidate: Candidate) -> Iterator[str]:
    """Rows follow each other, within the run; the scores stand where the protocol has them."""
    record = candidate.record
    if not 0 <= record["step"] <= candidate.steps:
        yield f"step: {record['step']} is not within the protocol's {candidate.steps} steps"
    for key in ("scores", "diagnostics", "losses"):
        yield from _rising(key, record[key], record["step"])
    found = [row["step"] for row in record["scores"]]
    expected = _evaluations(candidate)
    if found != expected:
        yield (
            f"scores: they stand at the steps {_listed(found)}, and the protocol's are "
            f"{_listed(expected)}"
        )
    probed = [row["step"] for row in record["diagnostics"]]
    if probed != found:
        yield (
            f"diagnostics: they stand at the steps {_listed(probed)}, the scores at "
            f"{_listed(found)}"
        )


def end(candidate: Candidate) -> Iterator[str]:
    """The status fits the last step, the reason and the samples."""
    record, status = candidate.record, candidate.record["status"]
    if candidate.finished and record["step"] != candidate.steps:
        yield (
            f"step: the run {status} at step {record['step']} of the protocol's "
            f"{candidate.steps}: it is not at its end"
        )
    if (record["reason"] is None) != (status == "completed"):
        expected = "no reason" if status == "completed" else "a reason"
        yield f"reason: a run that {status} has {expected}"
    if status == "diverged" and record.get("samples") is not None:
        yield "samples: a run that diverged leaves none"
    if candidate.finished and not record["losses"]:
        yield "losses: a run that went to its end leaves some"


def passes(candidate: Candidate) -> Iterator[str]:
    """Each step of D differentiates a real and a generated batch, each of G a generated one."""
    known = candidate.yardstick
    d_steps = known.experiment.method.d_steps if known is not None and known.whole else 1
    least = 2 * d_steps + 1
    for row in candidate.record["scores"]:
        spent, step = row.get("d_gradients"), row["step"]
        if spent is not None and step is not None and spent < least * step * (1 - ROUNDING):
            yield (
                f"scores.d_gradients: {spent:g} batches by step {step:g} are fewer than the "
                f"method's least, {least} a step"
            )
            return


def cost(candidate: Candidate) -> Iterator[str]:
    """Costs only grow, and the whole run's are those of its last row or more."""
    record = candidate.record
    whole: Numbers = record["cost"] or {}
    for key in ("d_gradients", "seconds"):
        curve = [*(row.get(key) for row in record["scores"]), whole.get(key)]
        values = [value for value in curve if value is not None]
        if len(values) < len(curve):
            yield f"{key}: it is missing from the cost or from a row of scores"
        elif values[0] < 0 or any(after < before for before, after in pairwise(values)):
            yield f"{key}: it is negative or falls during the run"
        elif candidate.finished and values[-1] > values[-2:][0] * (1 + ROUNDING):
            yield (
                f"cost.{key}: {values[-1]:g} is more than the {values[-2]:g} of the last row, "
                "though the run ended there"
            )
    if whole.get("g_steps") != record["step"]:
        yield f"cost.g_steps: {whole.get('g_steps')} is not the run's last step, {record['step']}"
    memory = whole.get("peak_memory_bytes")
    if memory is None or memory < 0:
        yield f"cost.peak_memory_bytes: {memory} is no amount of memory"
    yield from _speed(candidate, whole)


def _speed(candidate: Candidate, whole: Numbers) -> Iterator[str]:
    seconds, rate = whole.get("seconds"), whole.get("images_per_second")
    images = candidate.record["step"] * candidate.batch_size
    if not seconds:
        if candidate.finished:
            yield "cost.seconds: a run that went to its end took time"
        return
    if rate is None or abs(rate * seconds - images) > ROUNDING * images:
        yield f"cost.images_per_second: {rate} is not {images} images in {seconds:g} seconds"


def _rising(key: str, rows: Sequence[Numbers], last: int) -> Iterator[str]:
    steps = [row["step"] for row in rows]
    whole = [step for step in steps if step is not None and step == int(step) and step >= 1]
    if whole != steps:
        yield f"{key}: a step is not an integer from 1 on"
    elif any(after <= before for before, after in pairwise(whole)):
        yield f"{key}: the steps do not rise from row to row"
    elif whole and whole[-1] > last:
        yield f"{key}: there is a row of step {whole[-1]:g}, and the run ended at step {last}"


def _evaluations(candidate: Candidate) -> list[int]:
    """The steps at which the run was scored: those of its config, else evenly spaced.

    A run that diverged was scored at those before; how many there were to be, only its config
    tells, so that without it any are taken as they are.
    """
    rows = candidate.record["scores"]
    known = candidate.yardstick
    if known is not None and known.whole:
        planned = known.experiment.evaluation_steps
        return planned if candidate.finished else planned[: len(rows)]
    if not candidate.finished:
        return [int(row["step"] or 0) for row in rows]
    return spaced(candidate.steps, max(1, len(rows)))


def _listed(steps: Sequence[Any]) -> str:
    """Steps, the middle left out where they are many."""
    words = [f"{step:g}" for step in steps]
    return ", ".join(words if len(words) <= 6 else [*words[:3], "...", *words[-2:]]) or "none"
