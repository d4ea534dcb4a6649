"""The page of a suite below the runs folder: a plan's runs, beside others that go with them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench.config.plan import Plan
from bench.errors import UsageError
from bench.report.build import ABOVE, lost, show
from bench.results.board import Board, choose
from bench.results.entry import Entry, read_entry
from bench.runs import records
from bench.runs.records import RECORD
from bench.wording import plural

FOLDER = "pages"
"""Of pages, below the runs folder; what is in it can always be written anew."""


def pages_of(out: Path, chosen: Path | None) -> Path:
    """Where the pages of a runs folder go: below it, unless another folder was chosen."""
    return out / FOLDER if chosen is None else chosen


def free(out: Path, pages: Path) -> bool:
    """Whether pages go to the runs folder's own, which holds nothing but copies of its records."""
    return pages.resolve() == (out / FOLDER).resolve()


def require_room(plan: Plan, out: Path, pages: Path) -> None:
    """Sees to it, before any work, that a plan's page will not cost a record.

    Raises:
        UsageError: the page's folder keeps records that the runs folder does not have.
    """
    folder = pages / plan.board
    here = {entry.digest for entry in _entries(plan, out)}
    going = [] if free(out, pages) else lost(folder, here)
    if going:
        raise UsageError(
            f"--leaderboards {pages}: {folder} holds {plural(len(going), 'record')} that {out} "
            "does not have, and its page would lose them; choose another folder, and add to this "
            "one with ganbench publish"
        )


def write_page(plan: Plan, out: Path, pages: Path) -> tuple[Board, Path] | None:
    """Writes the page of a plan from its runs, and from others of its suite that go with them.

    Returns:
        The board and its page; None where there is no record.
    """
    entries = list(_entries(plan, out))
    board = board_for(plan, entries)
    if not board.records:
        return None
    if free(out, pages):
        board = replace(board, runs=ABOVE)
        return board, show(board, pages, None)
    return board, show(board, pages, {entry.digest for entry in entries})


def board_for(plan: Plan, entries: Sequence[Entry]) -> Board:
    """What stands on a plan's page, of these runs: those of the suite as the plan has it."""
    wanted = plan.wanted(entry.cell for entry in entries)
    text = None if plan.suite_file is None else plan.suite_file.encode()
    board = choose(plan.board, entries, wanted)
    return replace(board, suite_file=text, users_files=plan.users_files())


def _entries(plan: Plan, out: Path) -> Iterator[Entry]:
    """The runs of a suite in its folder.

    Raises:
        UsageError: a run of the plan is no valid record; what else is none is of another version,
            and passed over.
    """
    own = {(run.folder(out) / RECORD).resolve() for run in plan.runs}
    for path in records.find(out / plan.board):
        if path.name != RECORD:
            continue
        try:
            yield read_entry(path)
        except UsageError:
            if path in own:
                raise
