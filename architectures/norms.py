"""Normalization layers by name, so that a gin file can choose one."""

from collections.abc import Callable

from torch import nn

NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "layer": lambda features: nn.GroupNorm(1, features),
    "instance": lambda features: nn.InstanceNorm2d(features, affine=True),
    "none": lambda features: nn.Identity(),
}
"""For feature maps (N, features, H, W). "layer" normalizes each sample over all its features."""

VECTOR_NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
    "none": lambda features: nn.Identity(),
}
"""For feature vectors (N, features)."""


def make_norm(name: str, features: int, table: dict[str, Callable[[int], nn.Module]]) -> nn.Module:
    """Builds the normalization ``name`` of ``table`` for so many features.

    Raises:
        ValueError: for a name that is not in the table.
    """
    if name not in table:
        raise ValueError(f"norm = {name!r}: valid are {', '.join(table)}")
    return table[name](features)
