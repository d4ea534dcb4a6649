"""``ganbench judge``: trains the classifiers that score pictures."""

import argparse
import shlex
from pathlib import Path

from bench.data.labelled import Labelled
from bench.data.named import dataset
from bench.errors import UsageError
from bench.report.commands import gin_options
from bench.scores.training import train
from bench.waiting import waiting
from bench.writable import require_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds ``train DATASET [--gin_bindings B]... [--out DIR]``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    training = actions.add_parser("train", help="train a judge on a data set's labels")
    training.add_argument("dataset", metavar="DATASET", help="a name (see ganbench list datasets)")
    training.add_argument(
        "--gin_bindings",
        action="append",
        default=[],
        metavar="B",
        help='binding that overrides, such as ImageFolder.root="/data/birds"',
    )
    training.add_argument(
        "--out",
        type=Path,
        default=Path("judges"),
        metavar="DIR",
        help="folder that NAME.safetensors and NAME.json are written to (default: %(default)s)",
    )


def main(options: argparse.Namespace) -> int:
    """Trains a judge, and says where it is and how often it is right."""
    require_writable("--out", options.out)
    data = dataset(options.dataset, options.gin_bindings)
    if not isinstance(data, Labelled):
        raise UsageError(
            f"DATASET: {options.dataset} has no labels, which a judge is trained on; bind another "
            "judge for it, such as gin/judges/inception.gin"
        )
    bindings = gin_options(options.gin_bindings)
    command = shlex.join(["ganbench", "judge", "train", options.dataset, *bindings])
    with waiting(f"training a classifier of {options.dataset}"):
        path, accuracy = train(data, command, options.out)
    print(f"{path}: {accuracy:.1%} right on pictures it never saw")
    return 0
