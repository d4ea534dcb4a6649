"""``ganbench publish``: puts what was measured here among the leaderboards that are kept."""

import argparse
import shlex
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from bench.commands.options import (
    OUT,
    add_budget,
    add_kept,
    add_runs,
    add_suite,
    plan_of,
    words_of,
)
from bench.config.plan import Plan
from bench.errors import UsageError
from bench.report.below import board_for, pages_of
from bench.report.build import RECORDS, lost, show
from bench.report.search import folder as searches
from bench.results.entry import read_entry
from bench.runs import records
from bench.runs.folder import done
from bench.runs.records import RECORD
from bench.search.findings import FILE, read
from bench.search.space import read_space
from bench.submission.review import OWN, review
from bench.waiting import waiting
from bench.wording import plural
from bench.writable import require_writable

SHOWN = 12
"""Records that a refusal names."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the suite, the folders and what may go."""
    add_suite(parser)
    add_budget(parser)
    add_runs(parser, "--out")
    parser.add_argument(
        "--space", help="publish the search over this space on the suite, not the suite itself"
    )
    add_kept(parser)
    parser.add_argument(
        "--replace",
        action="store_true",
        help="let records go that do not stand beside the new ones; they are listed",
    )


def main(options: argparse.Namespace) -> int:
    """Checks what was measured, and adds all of it or nothing."""
    require_writable("--leaderboards", options.leaderboards)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    page = (_suite if options.space is None else _search)(options, console)
    console.print(f"published: {page}")
    return 0


def _suite(options: argparse.Namespace, console: Console) -> Path:
    plan = plan_of(options)
    files = [run.folder(options.runs) / RECORD for run in plan.runs if done(run, options.runs)]
    again = _command("run", options)
    if not files:
        raise UsageError(f"--runs {options.runs}: no run of {plan.name} has a result; {again}")
    _check(files, plan, options, console)
    missing = len(plan.runs) - len(files)
    if missing:
        console.print(f"not there yet: {missing} of {plural(len(plan.runs), 'run')}; {again}")
    folder = options.leaderboards / plan.board
    entries = [read_entry(path) for path in [*records.find(folder / RECORDS), *files]]
    board = board_for(plan, entries)
    going = lost(folder, {one.digest for one in board.records})
    _let_go(going, options, console)
    gone = {path.resolve() for path in going}
    left_out = [one for one in board.left_out if one.entry.path not in gone]
    with waiting("writing the page"):
        return show(
            replace(board, left_out=left_out),
            options.leaderboards,
            {entry.digest for entry in entries},
        )


def _search(options: argparse.Namespace, console: Console) -> Path:
    plan = plan_of(options)
    space = read_space(options.space, plan.catalogue).name
    name = searches.name_of(plan.name, space, plan.runs[0].overrides)
    source, target = pages_of(options.runs, None) / name, options.leaderboards / name
    if not (source / FILE).is_file():
        raise UsageError(
            f"--space {options.space}: there is no search in {source}; "
            f"{_command('search', options, '--space', options.space)} makes one"
        )
    files = [
        path
        for path in sorted((source / searches.RUNS).glob("*.json"))
        if records.ending(path)[1] != "failed"  # a failure has no result to be checked
    ]
    _require_current(source, files, plan, options)
    _check(files, plan, options, console)
    _let_go(searches.lost(source, target), options, console)
    with waiting("writing the page"):
        return searches.rebuild(source, target)


def _command(name: str, options: argparse.Namespace, *more: str) -> str:
    """The command that makes what there is to publish."""
    where = [] if options.runs == OUT else ["--out", str(options.runs)]
    return shlex.join(["ganbench", name, *words_of(options), *more, *where])


def _require_current(
    source: Path, files: list[Path], plan: Plan, options: argparse.Namespace
) -> None:
    """Sees to it that a search is of the suite as it is now: it ran each method as this has it.

    Raises:
        UsageError: it is of the suite as it was.
    """
    ran = {records.ending(path)[0] for path in files}
    settings = {run.setting for run in plan.runs}
    for study in read(source / FILE).studies:
        cells = plan.wanted((study.method, setting) for setting in settings)
        for setting in sorted(settings):
            identity = cells.get((study.method, setting))
            if identity is None or identity.key not in ran:
                raise UsageError(
                    f"--space {options.space}: the search in {source} is of the suite as it was, "
                    f"and did not run {study.method} under {setting} as it is now; search again"
                )


def _check(files: list[Path], plan: Plan, options: argparse.Namespace, console: Console) -> None:
    """Holds one's own records to what everybody's must pass.

    Raises:
        UsageError: says what is wrong first, and how much more is.
    """
    suite = None if plan.suite_file is None else options.suite
    with waiting(f"checking {plural(len(files), 'record')}"):
        found = review(files, options.leaderboards, OWN, suite)
    if found.refused:
        more = f" and {len(found.refused) - 1} more" if len(found.refused) > 1 else ""
        raise UsageError(f"nothing was published: {found.refused[0]}{more}")
    for note in dict.fromkeys(note.partition(": ")[2] for note in found.notes):
        console.print(f"note: {note}")


def _let_go(going: list[Path], options: argparse.Namespace, console: Console) -> None:
    """Lists the records that a page will lose.

    Raises:
        UsageError: it may lose none.
    """
    if going and not options.replace:
        raise UsageError(
            f"{plural(len(going), 'record')} of {going[0].parent} would go, being other runs than "
            f"those published, or the same made earlier: {_listed(going)}; --replace lets them go"
        )
    for path in going:
        console.print(f"goes: {path}")


def _listed(going: list[Path]) -> str:
    named = ", ".join(path.name for path in going[:SHOWN])
    return named + (f" and {len(going) - SHOWN} more" if len(going) > SHOWN else "")
