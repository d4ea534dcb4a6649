"""``ganbench run``: trains what a suite still lacks, and writes its page below the runs."""

import argparse
from pathlib import Path

from rich.console import Console

from bench.commands.options import (
    OUT,
    add_budget,
    add_out,
    add_pages,
    add_suite,
    add_where,
    plan_of,
    where_of,
)
from bench.config.plan import Plan
from bench.engines.complete import complete
from bench.files import write_whole
from bench.report import left_out
from bench.report.below import pages_of, require_room, write_page
from bench.report.screen import headline
from bench.results.board import Board
from bench.training.preflight import preflight
from bench.waiting import waiting
from bench.wording import plural
from bench.writable import require_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the suite and the options."""
    add_suite(parser)
    add_budget(parser)
    add_out(parser)
    add_pages(parser)
    add_where(parser)


def main(options: argparse.Namespace) -> int:
    """Checks everything, executes what is not done, reports."""
    where = where_of(options)
    plan = plan_of(options)
    pages = pages_of(options.out, options.leaderboards)
    require_writable("--out", options.out)
    require_writable("--leaderboards", pages)
    preflight(plan)
    require_room(plan, options.out, pages)
    _keep_suite(plan, options.out)
    console = Console()
    failed = complete(plan.name, plan.runs, options.out, where, console)
    with waiting("writing the page"):
        written = write_page(plan, options.out, pages)
    if written is not None:
        board, page = written
        console.print(headline(board))
        _tell_left_out(board, options, console)
        console.print(f"leaderboard: {page}", highlight=False)
    return 1 if failed else 0


def _keep_suite(plan: Plan, out: Path) -> None:
    """Puts a suite that is not ganbench's own beside its runs, for the commands of its pages."""
    if plan.suite_file is not None:
        write_whole(out / plan.board / f"{plan.name}.gin", plan.suite_file.encode())


def _tell_left_out(board: Board, options: argparse.Namespace, console: Console) -> None:
    if board.left_out:
        out = str(options.out) if options.out != OUT else None
        lines = [
            f"left out: {plural(len(board.left_out), 'record')} of {board.label} that are other "
            "runs than those shown:",
            *(f"  {line}" for line in left_out.groups(board)),
        ]
        command = left_out.completing(board, options.suite, out)
        if command:
            lines.append(f"to have them as what is shown: {command}")
        for line in lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
