"""``ganbench data``: decodes a data set ahead of any run, or checks what was decoded."""

import argparse

from bench.data.cached import CachedPictures
from bench.data.named import dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the data set and the options."""
    parser.add_argument("dataset", metavar="DATASET", help="a name (see ganbench list datasets)")
    parser.add_argument(
        "--gin_bindings",
        action="append",
        default=[],
        metavar="B",
        help="binding that overrides, such as CIFAR10.download=True",
    )
    parser.add_argument(
        "--verify", action="store_true", help="compare the decoded pictures with their checksum"
    )


def main(options: argparse.Namespace) -> int:
    """Says what the data set holds and where; 1 where its pictures do not have their checksum."""
    data = dataset(options.dataset, options.gin_bindings)
    for split, samples in (("training", data.training()), ("evaluation", data.evaluation())):
        print(f"{split}: {len(samples):,} samples of {' x '.join(map(str, data.shape))}")
    print(f"checksum: {data.checksum()}")
    if not isinstance(data, CachedPictures):
        return 0
    cache = data.opened()
    print(f"cache: {cache.folder}")
    for name in cache.skipped:
        print(f"left out: {name}")
    if options.verify and not cache.intact():
        print(f"damaged: delete {cache.folder}, and it is built anew")
        return 1
    return 0
