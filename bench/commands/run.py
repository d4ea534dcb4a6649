"""``ganbench run``: trains what a suite still lacks, and writes its page below the runs."""

import argparse

from rich.console import Console

from bench.commands.options import (
    OUT,
    add_budget,
    add_dry_run,
    add_out,
    add_pages,
    add_suite,
    add_where,
    plan_of,
    where_of,
)
from bench.commands.rehearsal import rehearse
from bench.report import left_out
from bench.report.below import pages_of
from bench.report.screen import headline
from bench.report.suite import conclude, require_ready
from bench.results.board import Board
from bench.waiting import say
from bench.wording import plural


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the suite and the options."""
    add_suite(parser)
    add_budget(parser)
    add_out(parser)
    add_pages(parser)
    add_where(parser)
    add_dry_run(parser)


def main(options: argparse.Namespace) -> int:
    """Checks everything, executes what is not done, reports."""
    where = where_of(options)
    plan = plan_of(options)
    console = Console()
    pages = pages_of(options.out, options.leaderboards)
    if options.dry_run:
        require_ready(plan, options.out, pages)
        return rehearse(plan, options.out, where)
    concluded = conclude(plan, options.out, where, pages, console)
    if concluded.board is not None:
        console.print(headline(concluded.board))
        _tell_left_out(concluded.board, options, console)
        console.print(f"leaderboard: {concluded.page}", highlight=False)
    return 1 if concluded.failed else 0


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
            say(console, line)
