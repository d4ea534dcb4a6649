"""``ganbench run``: trains what a suite still lacks, and writes its leaderboard."""

import argparse
from pathlib import Path

from rich.console import Console

from bench import records
from bench.config.names import find
from bench.config.plan import Plan, make_plan
from bench.engines import choose
from bench.engines.complete import complete
from bench.report.build import PAGE, update
from bench.report.screen import headline
from bench.report.selection import boards
from bench.training.execute import RECORD
from bench.training.preflight import preflight
from bench.writable import require_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the suite and the options."""
    parser.add_argument("suite", metavar="SUITE", help="a name (see ganbench list) or a gin file")
    parser.add_argument("--scale", help="a name under gin/scales: trial shrinks a suite to try it")
    parser.add_argument("--gin_file", action="append", default=[], help="gin file that overrides")
    parser.add_argument(
        "--gin_bindings", action="append", default=[], help="binding that overrides"
    )
    parser.add_argument("--seeds", type=int, help="number of seeds, in place of the suite's")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of runs")
    parser.add_argument("--leaderboards", type=Path, default=Path("leaderboards"))
    choose.add_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Checks everything, executes what is not done, reports."""
    choose.check(options)
    scale = [str(find("scales", options.scale, "--scale"))] if options.scale else []
    gin_files = [*scale, *options.gin_file]
    plan = make_plan(options.suite, gin_files, options.gin_bindings, options.seeds)
    require_writable("--out", options.out)
    require_writable("--leaderboards", options.leaderboards)
    preflight(plan)
    console = Console()
    failed = complete(plan.name, plan.runs, options, console)
    _report(plan, options.out, options.leaderboards, console)
    return 1 if failed else 0


def _report(plan: Plan, out: Path, leaderboards: Path, console: Console) -> None:
    """Adds the plan's records to those of the leaderboards, and shows the plan's own."""
    files = [run.folder(out) / RECORD for run in plan.runs]
    update(files, leaderboards)
    for board in boards(map(records.read, files)):
        console.print(headline(board))
        console.print(f"leaderboard: {leaderboards / board.label / PAGE}", highlight=False)
