"""What methods of a known name are made of, by the gin files that are here."""

from functools import cache

from bench.config.catalogue import Catalogue
from bench.config.compose import on_base
from bench.config.contents import contents


@cache
def known_method(catalogue: Catalogue, name: str) -> str | None:
    """What a method's own gin file puts in the place of ``Experiment.method``; None of no such."""
    path = catalogue.available("methods").get(name)
    if path is None:
        return None
    return contents(on_base(catalogue, path)).get("Experiment.method")
