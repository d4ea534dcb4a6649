"""``ganbench score``: scores anyone's samples as those of a run are scored."""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.files import write_whole
from bench.results.results import ARROWS
from bench.runs.records import metrics
from bench.scores.scoring import score
from bench.wording import NOTHING, number
from bench.writable import require_writable_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the data set, the samples and the options."""
    parser.add_argument("dataset", metavar="DATASET", help="a name (see ganbench list datasets)")
    parser.add_argument(
        "samples",
        metavar="FOLDER",
        type=Path,
        help="of pictures of the data's size, or an array of samples, .npy or .npz",
    )
    parser.add_argument(
        "--gin_bindings",
        action="append",
        default=[],
        metavar="B",
        help="binding that overrides, such as ClassifierJudge.samples=500",
    )
    parser.add_argument(
        "--judge", metavar="NAME", help="another than the data set's own (see ganbench list judges)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write scores and protocol to it")


def main(options: argparse.Namespace) -> int:
    """Scores, and prints each metric beside real data's."""
    if options.json is not None:
        require_writable_file("--json", options.json)
    found = score(options.dataset, options.samples, options.gin_bindings, options.judge)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(_table(found, str(options.samples)))
    for line in _protocol(found):
        console.print(line)
    if options.json is not None:
        write_whole(options.json, (json.dumps(found, indent=1, allow_nan=False) + "\n").encode())
    return 0


def _table(found: dict[str, Any], title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("")
    table.add_column("score", justify="right")
    table.add_column("real data", justify="right")
    for name, metric in metrics(found["protocol"]).items():
        values = (found[kind][name] for kind in ("scores", "floors"))
        shown = [NOTHING if value is None else number(value) for value in values]
        table.add_row(f"{metric['label']} {ARROWS[metric['better']]}", *shown)
    return table


def _protocol(found: dict[str, Any]) -> list[str]:
    """What scores depend on; scores of another protocol are others."""
    protocol = found["protocol"]
    judge, data = protocol["judge"], protocol["data"]
    return [
        f"samples: {protocol['samples']:,} of {found['given']:,}",
        f"judge: {judge['name']}, sha256 {judge['sha256'][:12]}, algorithm {judge['algorithm']}",
        f"reference: {protocol['reference_samples']:,} samples of {data['name']}, checksum "
        f"{data['checksum'][:12]}",
        f"real data: {protocol['floor_samples']:,} samples",
    ]
