"""Writes every page of a folder of records anew, those of searches too."""

from collections.abc import Iterator
from pathlib import Path

from bench.errors import UsageError
from bench.report.below import free
from bench.report.build import build
from bench.report.search.folder import find, rebuild
from bench.runs import records
from bench.waiting import waiting
from bench.writable import require_writable


def rewrite(runs: Path, out: Path) -> Iterator[tuple[str, Path]]:
    """Adds the runs' records to those the leaderboards keep, and writes every page anew.

    A search is written anew from its own folder, in ``out`` or beside leaderboards in ``runs``.

    Args:
        runs: the folder of records.
        out: the folder of pages.

    Yields:
        What a page is, "leaderboard" or "search", and the page, once it is written.

    Raises:
        UsageError: there are no records, one is not valid, or a folder would lose one.
    """
    if not runs.is_dir():
        raise UsageError(f"--runs {runs}: there is no such folder; ganbench run makes one")
    require_writable("--out", out)
    alone = free(runs, out)
    found = records.find(runs)
    if alone:  # then what lies there are copies, of runs that may be gone
        found = [path for path in found if not path.is_relative_to(out.resolve())]
    places = [*find(out), *find(runs)]
    searches = dict.fromkeys(place.resolve() for place in places)
    if not found and not searches:
        raise UsageError(f"--runs {runs}: there are no records in it")
    kept = [] if alone else records.find(out)
    with waiting("writing pages"):
        pages = build([*kept, *found], out, alone)
    for page in pages:
        yield "leaderboard", page
    for folder in searches:
        with waiting(f"writing {folder.name}"):
            page = rebuild(folder, out / folder.name)
        yield "search", page
