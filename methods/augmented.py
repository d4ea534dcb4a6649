"""Augmentation of what the discriminator is given, told apart from the discriminator itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from methods.base import GAN, Logs, Method


@dataclass
class Augmented(Method):
    """All that passes through D in a step passes through an augmentation T first.

    Real and generated samples alike, in both players' losses: every loss and penalty is one of
    D o T, the gradient reaches G through T, and a virtual discriminator has it too. Outside of a
    step, where D is probed, drawn or exported, there is no T. Not a method by itself.
    """

    def augment(self, gan: GAN, batch: Tensor) -> Tensor:
        """T of a batch (N, ...), of its shape, differentiable twice.

        Each sample has a draw of its own, from ``gan.noise``. A subclass transforms what the next
        one gives by super(), so that augmentations stack.
        """
        return batch

    def step(self, gan: GAN, batches: Iterator[Tensor]) -> Logs:
        """The combined method's step, in which whatever D is given is augmented."""
        hook = cast(nn.Module, gan.discriminator).register_forward_pre_hook(
            lambda network, inputs: self.augment(gan, *inputs)
        )
        try:
            return super().step(gan, batches)
        finally:
            hook.remove()
