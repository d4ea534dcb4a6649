"""From runs to their records: what has a result stays, the rest is executed, on one screen."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench import records
from bench.config.run import Run
from bench.engines import choose
from bench.engines.claim import locks_work
from bench.engines.drive import always, drive
from bench.engines.worker import LOG, done
from bench.errors import UsageError
from bench.progress import screen
from bench.records import RECORD
from bench.training.trainer import Progress
from bench.writable import require_no_file, require_writable


def complete(
    name: str,
    runs: Sequence[Run],
    options: argparse.Namespace,
    console: Console,
    keep: Callable[[Run, Progress], bool] = always,
) -> list[Run]:
    """Executes the runs that have no result yet, and shows how they go.

    Args:
        name: of the whole, for the screen.
        runs: all that shall have a result afterwards.
        options: ``out``, the runs folder, and those of ``choose.add_arguments``.
        console: to show progress on.
        keep: see ``drive``.

    Returns:
        The runs without a result: those that failed, each named with its reason and its log, and
        those that ``keep`` had stopped.

    Raises:
        KeyboardInterrupt: on Ctrl-C, after a word on what is done.
        UsageError: for options that no engine can work with, before anything else.
        Unwritable: see ``drive``.
    """
    out: Path = options.out
    choose.check(options)
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
    engine = choose.make(options)
    try:
        with screen(console, len(todo)) as listener:
            drive(engine, todo, out, listener, choose.limits(options), keep)
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
