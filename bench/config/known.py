"""What methods of a known name are made of, by the gin files that are here."""

from functools import cache

from bench.config.compose import Composition
from bench.config.contents import contents
from bench.config.names import available, base
from bench.config.statements import read_file


@cache
def known_method(name: str) -> str | None:
    """What a method's own gin file puts in the place of ``Experiment.method``; None of no such."""
    path = available("methods").get(name)
    if path is None:
        return None
    return contents(Composition([read_file(base()), read_file(path)])).get("Experiment.method")
