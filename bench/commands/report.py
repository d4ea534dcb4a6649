"""``ganbench report``: writes leaderboards and searches from records, and from nothing else."""

import argparse
from pathlib import Path

from rich.console import Console

from bench.commands.options import OUT, add_pages
from bench.errors import UsageError
from bench.report.below import free, pages_of
from bench.report.build import build
from bench.report.search.folder import find, rebuild
from bench.runs import records
from bench.waiting import waiting
from bench.writable import require_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the folders."""
    parser.add_argument("--runs", type=Path, default=OUT, help="folder of records")
    add_pages(parser, "--out")


def main(options: argparse.Namespace) -> int:
    """Adds the runs' records to those the leaderboards keep, and writes every page anew.

    A search is written anew from its own folder, in ``--out`` or beside leaderboards in ``--runs``.
    """
    if not options.runs.is_dir():
        raise UsageError(f"--runs {options.runs}: there is no such folder; ganbench run makes one")
    out = pages_of(options.runs, options.out)
    require_writable("--out", out)
    alone = free(options.runs, out)
    found = records.find(options.runs)
    if alone:  # then what lies there are copies, of runs that may be gone
        found = [path for path in found if not path.is_relative_to(out.resolve())]
    places = [*find(out), *find(options.runs)]
    searches = dict.fromkeys(place.resolve() for place in places)
    if not found and not searches:
        raise UsageError(f"--runs {options.runs}: there are no records in it")
    console = Console()
    kept = [] if alone else records.find(out)
    with waiting("writing pages"):
        pages = build([*kept, *found], out, alone)
    for page in pages:
        console.print(f"leaderboard: {page}", highlight=False)
    for folder in searches:
        with waiting(f"writing {folder.name}"):
            page = rebuild(folder, out / folder.name)
        console.print(f"search: {page}", highlight=False)
    return 0
