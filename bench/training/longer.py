"""Training longer: a run goes on from another that is its own beginning, where one was done.

Two runs whose content is equal but for their number of steps, and of evaluations, do the same up to
the end of the shorter one, unless a schedule spans the whole training. Whatever else depends on the
number of steps has it in a parameter of its own: that makes other content, and no beginning.
"""

import ast
import glob
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.config.contents import literal
from bench.config.run import Run
from bench.errors import UsageError
from bench.identity import Identity
from bench.runs import checkpoint, records
from bench.runs.folder import CHECKPOINT, CONFIG, owner
from bench.runs.records import RECORD
from bench.training.experiment import Experiment
from bench.training.scheduled import Scheduled

BOUND = f"{Experiment.__module__}.{Experiment.__name__}"
"""What a composed config calls the experiment."""


@dataclass(frozen=True)
class Shorter:
    """A run of fewer steps that did what another does first.

    Attributes:
        id: its name, and its folder under the runs folder.
        folder: where it is.
        key: what it is, by content.
        steps, evaluations: its budget.
    """

    id: str
    folder: Path
    key: str
    steps: int
    evaluations: int


@dataclass(frozen=True)
class Beginning:
    """Where a longer run can go on.

    Attributes:
        id: of the shorter run that got there.
        step: the last one done.
        state: of a trainer, with the history that the longer run has there.
    """

    id: str
    step: int
    state: dict[str, Any]


def beginning(run: Run, out: Path, experiment: Experiment) -> tuple[Beginning | None, list[str]]:
    """Looks in the runs folder for what a run need not do again.

    Args:
        run: which has no checkpoint of its own.
        out: the runs folder.
        experiment: the run's.

    Returns:
        The furthest point at which a shorter run was as this one will be; None where there is none.
        Beside it, where a shorter run is of no use, why.
    """
    found: Beginning | None = None
    reasons: list[str] = []
    if Scheduled(experiment).spans:
        return found, reasons
    for shorter in sorted(_shorter(run, out), key=lambda one: -one.steps):
        for path in checkpoint.kept(shorter.folder / CHECKPOINT):
            try:
                state = checkpoint.load(path, owner(shorter.key, run.seed))
                reason = unfit(experiment, state["history"])
            except (checkpoint.Damaged, OSError, LookupError, TypeError, ValueError) as error:
                reasons.append(f"{shorter.id}: {error}")
                continue
            if reason is not None:
                reasons.append(f"{shorter.id}: {reason}{_remedy(experiment, shorter)}")
                continue
            one = _taken(state, shorter, experiment)
            found = one if found is None or one.step > found.step else found
            break
    return found, reasons


def unfit(experiment: Experiment, history: dict[str, Any]) -> str | None:
    """Why a run's history cannot have begun like another's; None where it has.

    Args:
        experiment: which is to begin like that.
        history: the other's, of an experiment that differs in steps and evaluations alone.
    """
    step = history["step"]
    scored = {row["step"] for row in history["scores"]}
    read = {row["step"] for row in history["losses"]}
    planned = {at for at in experiment.evaluation_steps if at <= step}
    readings = planned | {*range(experiment.log_every, step + 1, experiment.log_every)}
    if planned - scored:
        return f"it was not scored at step {min(planned - scored)}, and this run is to be"
    if read != readings:
        return f"its losses were read at other steps, at {min(read ^ readings)} for one"
    return None


def _shorter(run: Run, out: Path) -> Iterator[Shorter]:
    """Runs in the runs folder that differ from one by a smaller budget alone.

    Names, and what their configs say of their steps, are hints; whose a folder is, its key tells,
    and a checkpoint is loaded for that key alone.
    """
    here = dict(run.known.conditions)
    pattern = [*map(glob.escape, (run.method, run.setting)), f"seed-{run.seed}-*"]
    for folder in sorted(out.glob("/".join(("*", *pattern)))):
        try:
            steps, evaluations = budget((folder / CONFIG).read_text(encoding="utf-8"))
        except (OSError, LookupError, ValueError, SyntaxError):
            continue  # of another version, or not yet all there
        key = _with_budget(run.known, steps, evaluations).key
        if folder.name == f"seed-{run.seed}-{key[:12]}" and steps < int(here["Experiment.steps"]):
            yield Shorter(folder.relative_to(out).as_posix(), folder, key, steps, evaluations)


def budget(config: str) -> tuple[int, int]:
    """The steps and evaluations of a composed config.

    Raises:
        LookupError, ValueError, SyntaxError: where it does not say.
    """
    bound = dict(line.split(" = ", 1) for line in config.splitlines() if " = " in line)

    def value(name: str, default: int | None = None) -> int:
        text = bound.get(f"{BOUND}.{name}", str(default))
        while text.startswith("%"):  # a macro
            text = bound[text[1:]]
        return int(ast.literal_eval(text))

    return value("steps"), value("evaluations", Experiment.evaluations)


def _with_budget(identity: Identity, steps: int, evaluations: int) -> Identity:
    """What a run would be with these."""
    conditions = dict(identity.conditions) | {"Experiment.steps": literal(steps)}
    conditions["Experiment.evaluations"] = literal(evaluations)
    if evaluations == Experiment.evaluations:  # a default is no content
        del conditions["Experiment.evaluations"]
    return replace(identity, conditions=tuple(sorted(conditions.items())))


def _taken(state: dict[str, Any], shorter: Shorter, experiment: Experiment) -> Beginning:
    """A shorter run's state, as the longer run would have it at this step."""
    history = dict(state["history"])
    planned = set(experiment.evaluation_steps)
    for rows in ("scores", "diagnostics"):
        history[rows] = [row for row in history[rows] if row["step"] in planned]
    earlier = history.pop("continued_from", None)
    history["continued_from"] = {
        "id": shorter.id,
        "key": shorter.key,
        "step": history["step"],
        "provenance": _provenance(shorter) or ({"continued_from": earlier} if earlier else {}),
    }
    return Beginning(shorter.id, history["step"], {**state, "history": history})


def _provenance(shorter: Shorter) -> dict[str, Any]:
    """What a shorter run ran on, as far as it has said so."""
    try:
        return records.read(shorter.folder / RECORD)["provenance"]
    except UsageError:
        return {}  # it was interrupted, and has no record


def _remedy(experiment: Experiment, shorter: Shorter) -> str:
    """The number of evaluations that has the shorter run's interval between two, if there is."""
    times, rest = divmod(shorter.evaluations * experiment.steps, shorter.steps)
    if rest or times == experiment.evaluations:
        return ""
    return f" (with Experiment.evaluations = {times} it would fit)"
