"""Conducts a search: batch after batch of trials, until there are enough."""

import time
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from bench.config.run import Run
from bench.engines.choose import Where
from bench.engines.complete import complete
from bench.engines.screen import Screen
from bench.runs import records
from bench.runs.progress import Progress
from bench.runs.records import RECORD, Record
from bench.search.live import LiveTrial
from bench.search.outlook import Outlook
from bench.search.study import Held, SharedStudy
from bench.search.text import averaged, shown

POLL = 0.5
"""Seconds between two looks at the trials that others are at."""


def conduct(study: SharedStudy, out: Path, where: Where, view: Screen, outlook: Outlook) -> bool:
    """Brings a study to its end, together with whoever else is at it.

    Args:
        study: what is searched.
        out: the runs folder.
        where: runs execute.
        view: shows progress.
        outlook: of the search that the study is of.

    Returns:
        True once the study has all its trials and each has ended. False as soon as a whole batch
        of runs has failed, which tells nothing of the trials: they are left to the next command.
    """
    waiting = False
    while True:
        held = study.claim()
        if held:
            waiting = False
            if not _batch(study, held, out, where, view, outlook):
                view.say(f"{study.task.study}: every run failed, so nothing was learned")
                return False
        elif running := study.running:
            if not waiting:
                view.say(f"{study.task.study}: {running} trials under way elsewhere; waiting")
            waiting = True
            time.sleep(POLL)
        else:
            return True


def unique(runs: Sequence[Run]) -> list[Run]:
    """Each run once: trials of the same values share theirs."""
    return list({run.id: run for run in runs}.values())


def records_of(runs: Iterable[str], out: Path) -> dict[str, Record]:
    """The records that there are of some runs, by the runs' ids."""
    paths = {run: out / run / RECORD for run in runs}
    return {run: records.read(path) for run, path in paths.items() if path.exists()}


def _batch(
    study: SharedStudy,
    held: list[Held],
    out: Path,
    where: Where,
    view: Screen,
    outlook: Outlook,
) -> bool:
    """Brings trials to their ends, unless all failed.

    They are told in the order of their numbers, so that which was first leaves no trace.
    """
    try:
        trials = [LiveTrial(study.task, one) for one in held]
        runs = unique([*chain.from_iterable(trial.runs for trial in trials)])

        def keep(run: Run, progress: Progress) -> bool:
            concerned = [trial for trial in trials if run in trial.runs]
            for trial in concerned:
                trial.hear(run, progress)
            return not all(trial.stopped for trial in concerned)

        name = f"{study.task.study}, trials {', '.join(str(one.number) for one in held)}"
        complete(name, runs, out, where, view, keep, outlook.around(study, held))
        results = records_of([run.id for run in runs], out)
        if results and all(record["status"] == "failed" for record in results.values()):
            return False
        for trial in trials:
            trial.end(results)
            trial.annotate()
            study.tell(trial.held, trial.values())
            view.say(_outcome(trial))
        return True
    finally:
        for one in held:
            study.let_go(one)


def _outcome(trial: LiveTrial) -> str:
    aims = trial.task.objectives
    result = (
        "stopped early, no better than most"
        if trial.stopped
        else ", ".join(f"{aim.label} {averaged(trial.measured(aim))}" for aim in aims)
    )
    return f"trial {trial.held.number}: {shown(trial.held.values) or 'as it is'}: {result}"
