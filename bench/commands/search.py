"""``ganbench search``: chooses hyper-parameters, and says how much the choice matters."""

import argparse
from dataclasses import replace
from pathlib import Path

from filelock import FileLock
from msgspec import UNSET
from rich.console import Console

from bench.commands.options import (
    add_budget,
    add_dry_run,
    add_out,
    add_pages,
    add_suite,
    add_where,
    choice_of,
    files_of,
    where_of,
)
from bench.commands.rehearsal import rehearse_search
from bench.config.catalogue import Catalogue
from bench.engines.complete import complete
from bench.engines.screen import screen
from bench.errors import UsageError
from bench.report.below import pages_of
from bench.report.search.folder import name_of, require_room, write
from bench.search.conduct import conduct, records_of
from bench.search.contenders import Contest, contests, runs_of
from bench.search.findings import Findings, Study, study_of
from bench.search.outlook import Outlook
from bench.search.space import read_space
from bench.search.storage import LOCK, open_storage
from bench.search.study import SharedStudy
from bench.search.task import Source, Task, prepare
from bench.waiting import alone, waiting
from bench.writable import require_writable

SPACE, OWN = "epsilon", "tuning"
"""The search spaces that are used where none is named: without --methods, and with."""

FOLDER = "search"
"""Of locks and the journal, in the runs folder."""

JOURNAL = "journal.log"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the suite and the options."""
    add_suite(
        parser,
        methods="whose hyper-parameters; all: every method of the suite; default: the space's",
    )
    add_budget(parser)
    parser.add_argument(
        "--space",
        help=f"a name (see ganbench list search) or a gin file; default: {SPACE}, or {OWN} where "
        "--methods is given",
    )
    parser.add_argument(
        "--trials",
        "--budget",
        type=int,
        metavar="N",
        help="for each method; default: the space's",
    )
    parser.add_argument(
        "--storage",
        metavar="FILE|URL",
        help="of the study: an Optuna journal, or a database such as postgresql://...; "
        f"default: {FOLDER}/{JOURNAL} in the runs folder",
    )
    add_out(parser)
    add_pages(parser)
    add_where(parser)
    add_dry_run(parser)


def main(options: argparse.Namespace) -> int:
    """Checks everything, searches, runs the winners again on fresh seeds, reports."""
    where = where_of(options)
    if options.trials is not None and options.trials < 1:
        raise UsageError(f"--trials {options.trials}: it must be at least 1")
    catalogue = Catalogue.of(options.suite)
    choice = replace(choice_of(options), methods=None)
    files = tuple(files_of(options, catalogue))
    source = Source(options.suite, files, tuple(options.gin_bindings), choice)
    space = read_space(options.space or (OWN if options.methods else SPACE), catalogue)
    folder: Path = options.out / FOLDER
    pages = pages_of(options.out, options.leaderboards)
    require_writable("--out", folder)
    require_writable("--leaderboards", pages)
    with waiting(f"composing the trials of {space.name} on {options.suite}"):
        tasks = prepare(space, source, options.methods or (), options.trials)
    target = pages / name_of(tasks[0].suite, space.name, tasks[0].overrides)
    require_room(target, options.out, pages)
    place = options.storage or str(folder / JOURNAL)
    if options.dry_run:
        return rehearse_search(tasks, place, folder, options.out, where)
    storage = open_storage(place, folder)
    studies = [SharedStudy(task, storage, folder) for task in tasks]

    console = Console()
    outlook = Outlook(studies)
    with screen(console) as view:
        try:
            for study in studies:
                if not conduct(study, options.out, where, view, outlook):
                    return 1
            ended = [study_of(study.task, study.trials) for study in studies]
            made = contests(tasks, ended)
            runs = runs_of(made)
            name = f"{tasks[0].suite}-{space.name}, to compare"
            complete(name, runs, options.out, where, view, rest=outlook.last(runs))
        except KeyboardInterrupt:
            for study in studies:
                view.say(study.progress)
            raise
    return _report(tasks[0], ended, made, target, options.out, console)


def _report(
    task: Task,
    ended: list[Study],
    made: list[Contest],
    target: Path,
    out: Path,
    console: Console,
) -> int:
    """Writes the search's page."""
    rows = dict.fromkeys([*(study.method for study in ended), *task.space.search.controls])
    plan = task.source.plan(list(rows))
    findings = Findings(
        suite=task.suite,
        space=task.space.name,
        text=task.space.text,
        overrides=list(task.overrides),
        objectives=list(task.objectives),
        aggregate=task.space.search.aggregate,
        sampler=task.space.search.sampler,
        studies=ended,
        groups=[group for group, _ in made],
        suite_file=plan.suite_file,
        own_space=task.space.own,
        users_files={name: data.decode() for name, data in plan.users_files().items()} or UNSET,
    )
    results = records_of(findings.run_ids, out)
    lock = FileLock(out / FOLDER / f"report{LOCK}")
    with alone(lock, "another command that writes a search's page"), waiting("writing the page"):
        page = write(findings, results, target)
    console.print(f"search: {page}", highlight=False, soft_wrap=True)
    return int(any(record["status"] == "failed" for record in results.values()))
