"""``ganbench judge``: trains the classifiers that score pictures."""

import argparse
from pathlib import Path

from bench.scores.training import train_digits

TRAINERS = {"digits": train_digits}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds ``train DATASET [--out DIR]``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    train = actions.add_parser("train", help="train a judge on its own split of a data set")
    train.add_argument("dataset", choices=sorted(TRAINERS), help="which data set's judge")
    train.add_argument(
        "--out",
        type=Path,
        default=Path("judges"),
        metavar="DIR",
        help="where to write NAME.safetensors and NAME.json (default: %(default)s)",
    )


def main(options: argparse.Namespace) -> int:
    """Trains a judge, and says where it is and how often it is right."""
    path, accuracy = TRAINERS[options.dataset](options.out)
    print(f"{path}: {accuracy:.1%} right on pictures it never saw")
    return 0
