"""``ganbench reproduce``: runs a record's run again, and says whether the same came of it.

The exit code is 1 where something else came of it, and 0 where it is equal, within noise, or cannot
be told for want of seeds.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.commands.options import add_where, where_of
from bench.config.catalogue import Catalogue
from bench.config.run import Run
from bench.engines.choose import Where
from bench.engines.complete import complete
from bench.engines.screen import screen
from bench.errors import UsageError
from bench.reproduction.repetition import Repetition, compare, last_headline
from bench.runs import records
from bench.runs.folder import done
from bench.runs.recorded import plan_of
from bench.runs.records import RECORD, Record
from bench.submission.reading import read
from bench.training.preflight import preflight
from bench.writable import require_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the record and the options."""
    parser.add_argument("record", type=Path, metavar="RECORD", help="the JSON that a run left")
    parser.add_argument("--suite", help="the suite's gin file, where it is not one of ganbench's")
    parser.add_argument(
        "--out", type=Path, help="folder that the run is written to; default: it is not kept"
    )
    add_where(parser)


def main(options: argparse.Namespace) -> int:
    """Composes the run anew, executes it, compares."""
    where = where_of(options)
    if options.out is not None:
        require_writable("--out", options.out)
    record = read(options.record)
    if record["status"] == "failed":
        raise UsageError(f"{options.record}: status: a run that failed has no result to reproduce")
    try:
        plan = plan_of(record, Catalogue.of(options.suite), options.suite)
    except UsageError as error:
        raise UsageError(f"{options.record}: {error}") from error
    preflight(plan)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if options.out is not None:
        return _reproduce(record, plan.runs[0], options, where, console)
    with TemporaryDirectory(prefix="ganbench-") as folder:
        options.out = Path(folder)
        return _reproduce(record, plan.runs[0], options, where, console)


def _reproduce(
    record: Record, run: Run, options: argparse.Namespace, where: Where, console: Console
) -> int:
    folder = run.folder(options.out)
    if done(run, options.out):
        raise UsageError(
            f"--out {options.out}: this run has a result there already, {folder / RECORD}; choose "
            "a folder without it"
        )
    with screen(console) as view:
        complete(run.suite, [run], options.out, where, view)
    found = compare(record, records.read(folder / RECORD), _other_seeds(options.record, record))
    _tell(found, run, console)
    return 1 if found.answer == "different" else 0


def _other_seeds(path: Path, record: Record) -> list[float]:
    """The last headline scores of the same cell's other seeds that lie beside a record.

    They lie in the same folder of a leaderboard, or in folders beside the run's own.
    """
    kept = path.resolve().parent
    beside = kept.glob("*.json") if kept.name == "records" else kept.parent.glob(f"*/{RECORD}")
    others = {
        other["seed"]: score
        for other in map(read, sorted(beside))
        if other["key"] == record["key"]
        and other["seed"] != record["seed"]
        and other["status"] == record["status"]
        and (score := last_headline(other)) is not None
    }
    return list(others.values())


def _tell(found: Repetition, run: Run, console: Console) -> None:
    console.print(f"{run.label}: {found.answer}")
    for reason in found.reasons:
        console.print(f"  {reason}")
    machine = "what else differs, and may be why" if found.places else "what differs without effect"
    for title, lines in (("first differences", found.places), (machine, found.causes)):
        if lines:
            console.print(f"{title}:")
        for line in lines:
            console.print(f"  {line}")
    if found.places and not found.causes:
        console.print("the recorded software and machine are the same, and do not explain it")
