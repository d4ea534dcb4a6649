"""The kinds of plug-ins that are held to something, by the word that a command has for each."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

from bench.config.catalogue import Catalogue
from bench.config.run import Run
from bench.config.trees import PLUGINS
from bench.conformance import architecture, dataset, judge, method
from bench.conformance.requirements import Check
from bench.conformance.toys import Tell
from bench.errors import UsageError, nearest


@dataclass(frozen=True)
class Kind:
    """One kind of plug-in.

    Attributes:
        tree: the folder of its gin files.
        subject: from a name, and who is told what it is tried on, to the run that it is tried in.
        checks: what it is held to, in the order of what breaks first.
    """

    tree: str
    subject: Callable[[str, Tell], Run]
    checks: tuple[Check, ...]


KINDS = {
    "method": Kind(PLUGINS["method"], method.subject, method.CHECKS),
    "architecture": Kind(PLUGINS["architecture"], architecture.subject, architecture.CHECKS),
    "dataset": Kind(PLUGINS["dataset"], dataset.subject, dataset.CHECKS),
    "score": Kind(PLUGINS["score"], judge.subject, judge.CHECKS),
}


def kind_of(name: str, catalogue: Catalogue) -> Kind:
    """The kind of a plug-in, by the folder of a tree that has a gin file of its name.

    Raises:
        UsageError: there is none of that name, or of two kinds.
    """
    known = {word: dict(catalogue.files(kind.tree)) for word, kind in KINDS.items()}
    found = [word for word in KINDS if name in known[word]]
    if len(found) == 1:
        return KINDS[found[0]]
    if found:
        ways = " or ".join(f"--kind {word}" for word in found)
        raise UsageError(f"NAME: {name!r} is of the kinds {' and '.join(found)}: say {ways}")
    none = f"NAME: no {' or '.join(KINDS)} named {name!r}; {nearest(name, chain(*known.values()))}"
    raise UsageError("; ".join([none, *catalogue.faults]))
