"""Unrolled GAN: the generator looks ahead at how the discriminator would respond."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, cast

import gin
import torch
from torch import Tensor, nn
from torch.func import functional_call

from methods.base import GAN, Logs, Method, descend
from methods.virtual import virtual_steps


@gin.register
@dataclass
class Unrolled(Method):
    """The generator minimises its loss against a discriminator ``k`` imagined steps ahead.

    The imagined steps are those of D's own optimizer from its present state, all on one real
    batch and one batch of latents, and the generator's gradient flows through every one of them.
    The real discriminator takes one ordinary step per iteration.

    Source: Metz et al. 2017 (arXiv:1611.02163), eqs. 7-10.

    Attributes:
        k: unrolling steps; 0 is the vanilla GAN.
    """

    k: int = 5

    accumulates: ClassVar[bool] = False
    differentiates: ClassVar[bool] = True

    def check(self, gan: GAN) -> None:
        """Refuses a discriminator's optimizer that cannot be differentiated through."""
        super().check(gan)
        virtual_steps(gan.d_optimizer)

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        """Updates the generator by the surrogate loss; D ends bit-identical to how it began."""
        fake = gan.samples(len(real))
        surrogate = replace(gan, discriminator=self.unroll(gan, real, fake))
        return {"g_loss": descend(gan.g_optimizer, self.g_loss(surrogate, real, fake))}

    def unroll(self, gan: GAN, real: Tensor, fake: Tensor) -> Callable[[Tensor], Tensor]:
        """The discriminator after ``k`` virtual steps, differentiable in ``fake``."""
        network = cast(nn.Module, gan.discriminator)
        names = [name for name, _ in network.named_parameters()]
        parameters: list[Tensor] = list(network.parameters())
        buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
        advance = virtual_steps(gan.d_optimizer)

        def virtual(batch: Tensor) -> Tensor:
            state = dict(zip(names, parameters, strict=True)) | buffers
            return functional_call(network, state, (batch,))

        for _ in range(self.k):
            loss = self.d_loss(replace(gan, discriminator=virtual), real, fake)
            gradients = torch.autograd.grad(loss, parameters, create_graph=True)
            parameters = advance(parameters, gradients)
        return virtual

    def __post_init__(self) -> None:
        """Checks the number of unrolling steps."""
        super().__post_init__()
        if self.k < 0:
            raise ValueError(f"k = {self.k}: the number of unrolling steps is 0 or more")
