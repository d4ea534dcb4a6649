"""``ganbench submit``: adds records that others made, if nothing speaks against them."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.commands.options import add_kept
from bench.report.build import update
from bench.runs import records
from bench.runs.records import Record
from bench.submission.review import review
from bench.writable import require_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the files and the folder."""
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="a record, or a folder of records"
    )
    add_kept(parser)


def main(options: argparse.Namespace) -> int:
    """Judges all records first, and adds all of them or none."""
    found = review(options.files, options.leaderboards)
    if found.refused:
        for refusal in found.refused:
            print(f"refused: {refusal}", file=sys.stderr)
        print("ganbench: nothing was added", file=sys.stderr)
        return 2
    require_writable("--leaderboards", options.leaderboards)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for note in found.notes:
        console.print(f"note: {note}")
    console.print(f"added: {len(found.accepted)} records")
    for page in _add(found.accepted, options.leaderboards):
        console.print(f"leaderboard: {page}")
    return 0


def _add(accepted: list[Record], leaderboards: Path) -> list[Path]:
    """Adds what was judged, and not what may stand in the files by now."""
    with TemporaryDirectory(prefix="ganbench-") as folder:
        paths = [Path(folder, f"{index}.json") for index in range(len(accepted))]
        for path, record in zip(paths, accepted, strict=True):
            records.write(path, record)
        return update(paths, leaderboards)
