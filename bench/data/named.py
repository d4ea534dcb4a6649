"""Data sets by their names, as a run would have them."""

from collections.abc import Sequence

import gin

from bench.config.bound import Bound
from bench.config.catalogue import Catalogue
from bench.config.compose import ROOT_CONFIGURABLE, Composition, on_base
from bench.config.statements import read_option
from bench.data.dataset import Dataset
from bench.errors import UsageError


def dataset(name: str, bindings: Sequence[str] = ()) -> Dataset:
    """The data set of a name.

    Args:
        name: as ``ganbench list datasets`` has it.
        bindings: that override its own.

    Raises:
        UsageError: for a name, binding or value that is wrong.
    """
    composition = composed(name, bindings)
    try:
        with Bound(composition.text).entered():
            return gin.query_parameter(f"{ROOT_CONFIGURABLE}.data").scoped_configurable_fn()
    except (ValueError, TypeError) as error:
        raise UsageError(str(error).splitlines()[0]) from error


def composed(name: str, bindings: Sequence[str], judge: str | None = None) -> Composition:
    """The config of a data set and its judge, without anything that is trained on it.

    Args:
        name: as ``ganbench list datasets`` has it.
        bindings: that override.
        judge: as ``ganbench list judges`` has it; None for the data set's own.

    Raises:
        UsageError: for a name or binding that is wrong, or has no effect.
    """
    overrides = [read_option(text, "--gin_bindings") for text in bindings]
    catalogue = Catalogue.of()
    files = [catalogue.find("datasets", name, "DATASET")]
    if judge is not None:
        files.append(catalogue.find("judges", judge, "--judge"))
    composition = on_base(catalogue, *files, overrides=overrides)
    for binding in (binding for layer in overrides for binding in layer.bindings):
        if not composition.uses(binding):
            composition.refuse(binding)
    return composition
