"""``ganbench check``: whether a suite's runs got worse than a baseline's."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bench.commands.options import (
    add_budget,
    add_dry_run,
    add_runs,
    add_suite,
    add_where,
    plan_of,
    where_of,
)
from bench.commands.rehearsal import rehearse
from bench.engines.complete import complete
from bench.engines.screen import screen
from bench.errors import UsageError
from bench.gate.compare import Strictness, compare
from bench.gate.pairs import pair, require_others
from bench.gate.side import of_records, planned, read_baseline
from bench.gate.write import as_junit, as_markdown, on_screen
from bench.runs.records import RECORD
from bench.training.preflight import preflight
from bench.writable import require_writable, require_writable_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the suite, the baseline and what counts as worse."""
    strict = Strictness()
    add_suite(parser)
    add_budget(parser)
    parser.add_argument(
        "--baseline",
        type=Path,
        required=True,
        metavar="FILE",
        help="a leaderboard's records.csv, a folder of records, or one record",
    )
    add_runs(parser, "--out", use="read from and written to")
    parser.add_argument(
        "--alpha",
        type=float,
        default=strict.alpha,
        help="chance of a false alarm, for the whole suite (default: %(default)s)",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=strict.tolerance,
        help="relative loss of a score that may pass (default: %(default)s)",
    )
    parser.add_argument(
        "--cost_tolerance",
        type=float,
        default=strict.cost_tolerance,
        help="relative growth of time and memory that may pass (default: %(default)s)",
    )
    parser.add_argument(
        "--allow_changes",
        action="store_true",
        help="let a method pass that trains differently, as long as nothing gets worse",
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="append the verdict to it")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    add_where(parser)
    add_dry_run(parser)


def main(options: argparse.Namespace) -> int:
    """Executes what is not done, compares, and says what got worse."""
    strictness = _strictness(options)
    for option in ("markdown", "junit"):
        if getattr(options, option) is not None:
            require_writable_file(f"--{option}", getattr(options, option))
    require_writable("--runs", options.runs)
    where = where_of(options)
    plan = plan_of(options)
    baseline = read_baseline(options.baseline, plan.name)
    preflight(plan)
    before = planned(plan.runs, options.runs)
    require_others(pair(before, baseline), before, baseline)
    if options.dry_run:
        return rehearse(plan, options.runs, where)
    console = Console()
    with screen(console) as view:
        complete(plan.name, plan.runs, options.runs, where, view)

    files = [run.folder(options.runs) / RECORD for run in plan.runs]
    verdict = compare(of_records(files, plan.name, options.runs), baseline, strictness)
    for part in on_screen(verdict):
        console.print(part, highlight=False, soft_wrap=isinstance(part, Text))
    for path in filter(None, (options.markdown, options.junit)):
        path.parent.mkdir(parents=True, exist_ok=True)
    if options.markdown:
        with options.markdown.open("a", encoding="utf-8") as file:
            file.write(as_markdown(verdict))
    if options.junit:
        options.junit.write_bytes(as_junit(verdict, plan.name))
    return 1 if verdict.worse else 0


def _strictness(options: argparse.Namespace) -> Strictness:
    if not 0 < options.alpha < 1:
        raise UsageError(f"--alpha {options.alpha:g}: it is a probability, between 0 and 1")
    for name in ("tolerance", "cost_tolerance"):
        value = getattr(options, name)
        if not 0 <= value < float("inf"):
            raise UsageError(f"--{name} {value:g}: it must be 0 or more, such as 0.05 for 5%")
    return Strictness(
        options.alpha, options.tolerance, options.cost_tolerance, not options.allow_changes
    )
