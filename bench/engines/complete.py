"""From runs to their records: what has a result stays, the rest is executed, on one screen."""

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.config.run import Run
from bench.engines.choose import Where, make
from bench.engines.drive import always, drive
from bench.engines.screen import Screen
from bench.engines.whole import ALL, Rest
from bench.errors import UsageError
from bench.runs import records
from bench.runs.folder import LOG, done
from bench.runs.lock import locks_work
from bench.runs.progress import Progress
from bench.runs.records import RECORD
from bench.waiting import waiting
from bench.wording import plural
from bench.writable import require_no_file, require_writable


def complete(
    name: str,
    runs: Sequence[Run],
    out: Path,
    where: Where,
    view: Screen,
    keep: Callable[[Run, Progress], bool] = always,
    rest: Rest = ALL,
) -> list[Run]:
    """Executes the runs that have no result yet, and shows how they go.

    Args:
        name: of the whole, for the screen.
        runs: all that shall have a result afterwards.
        out: the runs folder.
        where: they execute.
        view: shows progress.
        keep: see ``drive``.
        rest: what the runs are part of.

    Returns:
        The runs without a result: those that failed, each named with its reason and its log, and
        those that ``keep`` had stopped.

    Raises:
        KeyboardInterrupt: on Ctrl-C, after a word on what is done.
        UsageError: the runs folder cannot be written or locked, or the engine cannot be had.
        Unwritable: see ``drive``.
    """
    todo = left(runs, out)
    before = len(runs) - len(todo)
    view.say(f"{name}: {plural(len(runs), 'run')}, {before} done before; runs in {out}")
    if not todo:
        return []
    out.mkdir(parents=True, exist_ok=True)
    if not locks_work(out):
        raise UsageError(
            f"--out {out}: its file system cannot lock files, so that two commands could do the "
            "same run; choose a folder on one that can"
        )
    with waiting(f"starting the engine {where.engine}"):
        engine = make(where, out)
    view.expect(todo, engine.starter, rest)
    try:
        drive(engine, todo, out, view, where.limits, keep)
    except KeyboardInterrupt:
        ended = len(runs) - len(_unfinished(todo, out))
        view.say(f"{name}: {ended} of {plural(len(runs), 'run')} have a result in {out}")
        raise
    unfinished = _unfinished(todo, out)
    for run in unfinished:
        folder = run.folder(out)
        if (folder / RECORD).exists():
            reason = records.read(folder / RECORD)["reason"]
            view.say(f"failed: {run.label}: {reason}; {folder / LOG}")
    return unfinished


def left(runs: Sequence[Run], out: Path) -> list[Run]:
    """The runs that have no result yet, once their folders are seen to be such.

    Raises:
        UsageError: the runs folder cannot be written, or a file is in a folder's place.
    """
    require_writable("--out", out)
    for run in runs:
        require_no_file("--out", run.folder(out))
    return _unfinished(runs, out)


def _unfinished(runs: Sequence[Run], out: Path) -> list[Run]:
    return [run for run in runs if not done(run, out)]
