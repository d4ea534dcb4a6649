"""A whole suite, from its checks to its page: what ``ganbench run`` is."""

from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from bench.config.plan import Plan
from bench.config.run import Run
from bench.engines.choose import Where
from bench.engines.complete import complete
from bench.engines.screen import screen
from bench.files import write_whole
from bench.report.below import require_room, write_page
from bench.results.board import Board
from bench.results.kept import keep
from bench.training.preflight import preflight
from bench.waiting import waiting
from bench.writable import require_writable


@dataclass(frozen=True)
class Conclusion:
    """What has become of a plan.

    Attributes:
        failed: the runs without a result; none where all went well. A divergence is a result.
        board: what stands on the page; None where there is no record.
        page: the Markdown of it, beside which lie ``index.html`` and ``records.csv``.
    """

    failed: list[Run]
    board: Board | None = field(repr=False)
    page: Path | None


def require_ready(plan: Plan, out: Path, pages: Path) -> None:
    """Checks all that can be known before any work.

    Args:
        plan: of the suite.
        out: the runs folder.
        pages: the folder of pages.

    Raises:
        UsageError: for what cannot be built, written or read, or a page that would lose records.
    """
    require_writable("--out", out)
    require_writable("--leaderboards", pages)
    preflight(plan)
    require_room(plan, out, pages)


def conclude(plan: Plan, out: Path, where: Where, pages: Path, console: Console) -> Conclusion:
    """Checks everything, executes the runs that have no result yet, and writes the page.

    Args:
        plan: of the suite.
        out: the runs folder.
        where: runs execute.
        pages: the folder of pages.
        console: to show progress on.

    Raises:
        UsageError: before any work, for what cannot be.
        KeyboardInterrupt: see ``complete``, as for the others.
    """
    require_ready(plan, out, pages)
    if plan.suite_file is not None:  # and what follows, for the commands of its page
        write_whole(out / plan.board / f"{plan.name}.gin", plan.suite_file.encode())
    keep(out / plan.board, plan.users_files())
    with screen(console) as view:
        failed = complete(plan.name, plan.runs, out, where, view)
    with waiting("writing the page"):
        board, page = write_page(plan, out, pages) or (None, None)
    return Conclusion(failed, board, page)
