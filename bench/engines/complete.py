"""From runs to their records: what has a result stays, the rest is executed, on one screen."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench.config.run import Run
from bench.engines.choose import Where, make
from bench.engines.drive import always, drive
from bench.engines.screen import screen
from bench.errors import UsageError
from bench.runs import records
from bench.runs.folder import LOG, done
from bench.runs.lock import locks_work
from bench.runs.progress import Progress
from bench.runs.records import RECORD
from bench.writable import require_no_file, require_writable


def complete(
    name: str,
    runs: Sequence[Run],
    out: Path,
    where: Where,
    console: Console,
    keep: Callable[[Run, Progress], bool] = always,
) -> list[Run]:
    """Executes the runs that have no result yet, and shows how they go.

    Args:
        name: of the whole, for the screen.
        runs: all that shall have a result afterwards.
        out: the runs folder.
        where: they execute.
        console: to show progress on.
        keep: see ``drive``.

    Returns:
        The runs without a result: those that failed, each named with its reason and its log, and
        those that ``keep`` had stopped.

    Raises:
        KeyboardInterrupt: on Ctrl-C, after a word on what is done.
        UsageError: the runs folder cannot be written or locked, or the engine cannot be had.
        Unwritable: see ``drive``.
    """
    require_writable("--out", out)
    for run in runs:
        require_no_file("--out", run.folder(out))
    out.mkdir(parents=True, exist_ok=True)
    todo = [run for run in runs if not done(run, out)]
    _say(
        console,
        f"{name}: {len(runs)} runs, {len(runs) - len(todo)} done before; runs in {out}",
    )
    if not todo:
        return []
    if not locks_work(out):
        raise UsageError(
            f"--out {out}: its file system cannot lock files, so that two commands could do the "
            "same run; choose a folder on one that can"
        )
    engine = make(where, out)
    try:
        with screen(console, len(todo)) as listener:
            drive(engine, todo, out, listener, where.limits, keep)
    except KeyboardInterrupt:
        left = len(_unfinished(todo, out))
        _say(console, f"{name}: {len(runs) - left} of {len(runs)} runs have a result in {out}")
        raise
    unfinished = _unfinished(todo, out)
    for run in unfinished:
        folder = run.folder(out)
        if (folder / RECORD).exists():
            reason = records.read(folder / RECORD)["reason"]
            _say(console, f"failed: {run.label}: {reason}; {folder / LOG}")
    return unfinished


def _unfinished(runs: Sequence[Run], out: Path) -> list[Run]:
    return [run for run in runs if not done(run, out)]


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
