"""What methods of a known name are made of, by the gin files that are here."""

from functools import cache

from bench.config.catalogue import Catalogue
from bench.config.compose import Composition
from bench.config.contents import contents
from bench.config.statements import read_file
from bench.config.trees import base


@cache
def known_method(catalogue: Catalogue, name: str) -> str | None:
    """What a method's own gin file puts in the place of ``Experiment.method``; None of no such."""
    path = catalogue.available("methods").get(name)
    if path is None:
        return None
    layers = [read_file(one, catalogue) for one in (base(), path)]
    return contents(Composition(layers)).get("Experiment.method")
