"""``ganbench data``: decodes a data set ahead of any run, or checks what was decoded."""

import argparse

import gin

from bench.config.bound import Bound
from bench.config.catalogue import Catalogue
from bench.config.compose import ROOT_CONFIGURABLE, Composition
from bench.config.statements import read_file, read_option
from bench.config.trees import base
from bench.data.cached import CachedPictures
from bench.data.dataset import Dataset
from bench.errors import UsageError


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


def dataset(name: str, bindings: list[str]) -> Dataset:
    """The data set as a run would have it.

    Args:
        name: as ``ganbench list datasets`` has it.
        bindings: that override its own.

    Raises:
        UsageError: for a name, binding or value that is wrong.
    """
    overrides = [read_option(text, "--gin_bindings") for text in bindings]
    catalogue = Catalogue.of()
    files = base(), catalogue.find("datasets", name, "DATASET")
    composition = Composition([*(read_file(path, catalogue) for path in files), *overrides])
    for binding in (binding for layer in overrides for binding in layer.bindings):
        if not composition.uses(binding):
            composition.refuse(binding)
    try:
        with Bound(composition.text).entered():
            return gin.query_parameter(f"{ROOT_CONFIGURABLE}.data").scoped_configurable_fn()
    except (ValueError, TypeError) as error:
        raise UsageError(str(error).splitlines()[0]) from error
