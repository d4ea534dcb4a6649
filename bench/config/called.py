"""What the data and networks of a run are called: by what they are, not by what a suite says."""

import json
from dataclasses import dataclass

from bench.config.compose import ROOT_CONFIGURABLE, Composition
from bench.config.composer import Composer
from bench.config.contents import Contents, contents, within
from bench.config.registry import attribute

CHANGED = "-modified"
"""Ends the name of a data set whose parameters are not those of the gin file of that name."""

PLAYERS = ("generator", "discriminator")


@dataclass(frozen=True)
class Called:
    """The names of a run's data and networks."""

    dataset: str
    architecture: str


def called(composer: Composer, composition: Composition) -> Called:
    """Names the data and the networks of a composed config."""
    found = contents(composition)
    return Called(_dataset(composer, composition, found), _architecture(composer, found))


def _dataset(composer: Composer, composition: Composition, found: Contents) -> str:
    data = within(found, "data")
    kind = _class(found, "data")
    selector = next(s for s in composition.selectors if f".{s}".endswith(f".{kind}"))
    bound = data.get(f"data/{kind}.name")
    name = json.loads(bound) if bound else attribute(selector, "name")
    if not isinstance(name, str):
        name = kind
    left_open = {f"data/{kind}.{parameter}" for parameter in attribute(selector, "OPEN") or ()}
    known = name in composer.catalogue.available("datasets")
    if known and _differing(data, _by_itself(composer, name)) <= left_open:
        return name
    chosen = composer.bound.suite.dataset
    if not _differing(data, _by_itself(composer, chosen)):  # a gin file that changes a known class
        return chosen
    return f"{name}{CHANGED}" if known else name


def _by_itself(composer: Composer, name: str) -> Contents:
    """What the data set of a gin file is."""
    return within(contents(composer.alone("datasets", name, "dataset")), "data")


def _differing(one: Contents, other: Contents) -> set[str]:
    return {key for key in one.keys() | other if one.get(key) != other.get(key)}


def _architecture(composer: Composer, found: Contents) -> str:
    known = contents(composer.architecture())
    if all(_class(found, player) == _class(known, player) for player in PLAYERS):
        return composer.bound.suite.architecture
    return "-".join(_class(found, player) for player in PLAYERS)


def _class(found: Contents, slot: str) -> str:
    """The name of what stands in a slot."""
    return found.get(f"{ROOT_CONFIGURABLE}.{slot}", "nothing").strip("@()")
