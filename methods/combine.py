"""Several methods as one, where each changes something else."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import gin

from methods.base import Incompatible, Method


@gin.register
def combine(methods: Sequence[Method]) -> Method:
    """Stacks methods: the first named overrides the next, and each calls on the next by super().

    Example: ``combine.methods = [@SpectralNorm(), @ASGAN()]``.

    Args:
        methods: one instance of each, with its own hyper-parameters.

    Returns:
        An instance of a class that inherits from all of theirs.

    Raises:
        Incompatible: if there is none, if two set one hyper-parameter to different values, or if
            their classes cannot be put in one order.
    """
    if not methods:
        raise Incompatible("combine.methods is empty: name at least one method")
    name = "+".join(type(method).__name__ for method in methods)
    try:
        combined: type[Method] = dataclass(
            type(name, tuple(type(method) for method in methods), {})
        )
    except TypeError as error:
        raise Incompatible(
            f"{name} cannot be combined: each method may be named once, the more specific first "
            f"({error})"
        ) from error
    values: dict[str, Any] = {}
    for field in fields(combined):
        held = [getattr(method, field.name) for method in methods if hasattr(method, field.name)]
        inherited = _first_default(combined, field.name)
        chosen = [value for value in held if value != inherited] or held[:1]
        if any(value != chosen[0] for value in chosen):
            raise Incompatible(
                f"{name}: the combined methods disagree on {field.name} ({held}); bind one value"
            )
        values[field.name] = chosen[0]
    return combined(**values)


def _first_default(combined: type, name: str) -> Any:
    """A field's default where it was first declared: the value of a method that says nothing."""
    declared = [vars(parent).get("__dataclass_fields__", {}) for parent in combined.__mro__]
    return next(known[name].default for known in reversed(declared) if name in known)
