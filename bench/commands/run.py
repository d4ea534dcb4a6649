"""``ganbench run``: trains what a suite still lacks, and writes its leaderboard."""

import argparse
from pathlib import Path

from rich.console import Console

from bench import records
from bench.config.plan import Plan, make_plan
from bench.config.run import Run
from bench.engines.local import LOG, LocalEngine
from bench.errors import UsageError
from bench.progress import screen
from bench.records import Record
from bench.report.build import PAGE, build
from bench.report.screen import headline
from bench.report.selection import boards
from bench.training.execute import RECORD
from bench.training.preflight import preflight

ENGINES = {"local": LocalEngine}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the suite and the options."""
    parser.add_argument("suite", metavar="SUITE", help="a name (see ganbench list) or a gin file")
    parser.add_argument("--gin_file", action="append", default=[], help="gin file that overrides")
    parser.add_argument(
        "--gin_bindings", action="append", default=[], help="binding that overrides"
    )
    parser.add_argument("--seeds", type=int, help="number of seeds, in place of the suite's")
    parser.add_argument("--jobs", type=int, help="runs at a time; default: one a processor or GPU")
    parser.add_argument("--engine", choices=ENGINES, default="local")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of runs")
    parser.add_argument("--leaderboards", type=Path, default=Path("leaderboards"))


def main(options: argparse.Namespace) -> int:
    """Checks everything, executes what is not done, reports."""
    if options.jobs is not None and options.jobs < 1:
        raise UsageError(f"--jobs {options.jobs}: at least one run at a time is needed")
    plan = make_plan(options.suite, options.gin_file, options.gin_bindings, options.seeds)
    preflight(plan)
    for option, folder in (("--out", options.out), ("--leaderboards", options.leaderboards)):
        _require_writable(option, folder)

    console = Console()
    todo = [run for run in plan.runs if not _done(run, options.out)]
    console.print(
        f"{plan.name}: {len(plan.runs)} runs, {len(plan.runs) - len(todo)} done before; "
        f"runs in {options.out}",
        highlight=False,
    )
    if todo:
        with screen(console, len(todo)) as listener:
            ENGINES[options.engine](options.jobs).execute(todo, options.out, listener)
    return _report(plan, options.out, options.leaderboards, console)


def _done(run: Run, out: Path) -> bool:
    """Whether the run has a result: anything but a failure."""
    path = run.folder(out) / RECORD
    return path.exists() and records.read(path)["status"] != "failed"


def _report(plan: Plan, out: Path, leaderboards: Path, console: Console) -> int:
    """Adds the plan's records to those of the leaderboards, and shows the plan's own."""
    results: dict[Run, Record] = {run: records.read(run.folder(out) / RECORD) for run in plan.runs}
    build([*records.read_all(leaderboards), *results.values()], leaderboards)
    for board in boards(results.values()):
        console.print(headline(board))
        console.print(f"leaderboard: {leaderboards / board.label / PAGE}", highlight=False)
    failures = [(run, record) for run, record in results.items() if record["status"] == "failed"]
    for run, record in failures:
        console.print(
            f"failed: {run.label}: {record['reason']}; {run.folder(out) / LOG}", soft_wrap=True
        )
    return 1 if failures else 0


def _require_writable(option: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".ganbench-writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(f"{option} {folder}: cannot write there: {error.strerror}") from error
