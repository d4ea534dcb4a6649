"""Features of a discriminator: what enters its last layer, whichever architecture has it."""

from typing import Any, cast

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from methods.base import GAN, Incompatible
from methods.layers import WEIGHTED, weighted_layers
from methods.remembering import Remembering


class Featured(Remembering):
    """A discriminator that keeps the features (N, d) of each batch that passes through it.

    They are the input of the linear or convolutional layer that ran last, so that D is linear in
    them. It is found while D runs, by torch's hook on all modules: D may be wrapped, virtual, or
    made of several networks.
    """

    def read(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of a batch, and its features."""
        inputs: list[Tensor] = []

        def remember(module: nn.Module, arguments: Any) -> None:
            if isinstance(module, WEIGHTED):
                inputs[:] = arguments[:1]

        hook = register_module_forward_pre_hook(remember)
        try:
            logits, _ = super().read(batch)
        finally:
            hook.remove()
        return logits, inputs[0].flatten(1)


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
