"""Features of a discriminator: what enters its last layer, whichever architecture has it."""

from collections.abc import Callable
from typing import Any, cast

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from methods.base import GAN, Incompatible
from methods.layers import WEIGHTED, weighted_layers


class Featured:
    """A discriminator that remembers the features of each batch that passes through it.

    They are the input of the linear or convolutional layer that ran last, so that D is linear in
    them. It is found while D runs, by torch's hook on all modules: D may be wrapped, virtual, or
    made of several networks.

    Args:
        discriminator: gives logits; any callable.
    """

    def __init__(self, discriminator: Callable[[Tensor], Tensor]) -> None:
        self._discriminator = discriminator
        self._features: dict[int, Tensor] = {}

    def __call__(self, batch: Tensor) -> Tensor:
        """The logits of a batch."""
        inputs: list[Tensor] = []

        def remember(module: nn.Module, arguments: Any) -> None:
            if isinstance(module, WEIGHTED):
                inputs[:] = arguments[:1]

        hook = register_module_forward_pre_hook(remember)
        try:
            logits = self._discriminator(batch)
        finally:
            hook.remove()
        self._features.setdefault(batch.data_ptr(), inputs[0].flatten(1))
        return logits

    def of(self, batch: Tensor) -> Tensor:
        """The features (N, d) of a batch, or of one that shares its memory, such as a detached one.

        A batch that no loss gave to D passes through it now.
        """
        if batch.data_ptr() not in self._features:
            self(batch)
        return self._features[batch.data_ptr()]


def require_features(gan: GAN, method: str) -> None:
    """Refuses a discriminator that has no features, for a method of this name.

    Raises:
        Incompatible: with the remedy in the message.
    """
    if not weighted_layers(cast(nn.Module, gan.discriminator)):
        raise Incompatible(
            f"{method} asks for D's features, the input of its last linear or convolutional layer, "
            "and D has no such layer; end D with an nn.Linear or nn.Conv2d, or name another method"
        )
