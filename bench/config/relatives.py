"""What a method's gin file says that it is of another: a control, or a recipe."""

from dataclasses import dataclass

import gin

from bench.config.catalogue import Catalogue
from bench.config.description import describe
from bench.config.statements import Layer


@gin.register
@dataclass(frozen=True)
class Control:
    """What the gin file of a control says about it.

    Attributes:
        of: the method that it is a control of, below which leaderboards show it.
    """

    of: str


@gin.register
@dataclass(frozen=True)
class Recipe:
    """What the gin file of a recipe says about it: a method with its own paper's training.

    A recipe has its optimizers, batch and schedules wherever it runs: its file stands above the
    suite's, where a method's stands below, and what it binds anything of, an optimizer, say, the
    suite binds nothing of. A suite's remedies for the method are its remedies too.

    Attributes:
        of: the method.
    """

    of: str


def control_of(layer: Layer, catalogue: Catalogue) -> str | None:
    """The method that a method's layer calls itself a control of; None where it is none.

    Raises:
        UsageError: there is no such method, or no such parameter.
    """
    return _of(Control, layer, catalogue)


def recipe_of(layer: Layer, catalogue: Catalogue) -> str | None:
    """The method that a method's layer calls itself a recipe of; None where it is none.

    Raises:
        UsageError: there is no such method, or no such parameter.
    """
    return _of(Recipe, layer, catalogue)


def _of(kind: type[Control | Recipe], layer: Layer, catalogue: Catalogue) -> str | None:
    """The method that a layer names as what it is a control, or a recipe, of."""
    description = describe(kind.__name__, [layer])
    named: str | None = description.values.get("of")
    if named is not None:
        catalogue.find("methods", named, description.where("of"))
    return named
