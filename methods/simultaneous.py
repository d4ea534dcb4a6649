"""Simultaneous instead of alternating gradient steps."""

from collections.abc import Iterator
from dataclasses import dataclass

import gin
from torch import Tensor

from methods.base import GAN, Logs, Method, parameters_of
from methods.weights import assign, copies


@gin.register
@dataclass
class Simultaneous(Method):
    """Both players' updates are computed where both stood before the step.

    The generator steps first, against the old discriminator; then its old weights are put back
    while the discriminator steps. Networks keep their buffers, which record both passes. Where the
    discriminator takes several steps, all see the old generator, and the generator's update is on
    the first of their batches.

    Source: simultaneous gradient descent, Mescheder, Nowozin and Geiger 2017 (arXiv:1705.10461),
    Algorithm 1.
    """

    def step(self, gan: GAN, batches: Iterator[Tensor]) -> Logs:
        """One generator step and the discriminator's, from the same start."""
        parameters = parameters_of(gan.g_optimizer)
        old = copies(parameters)
        real = next(batches)
        logs = self.g_step(gan, real)
        new = copies(parameters)
        assign(parameters, old)
        logs |= self.d_step(gan, real)
        for _ in range(self.d_steps_at(gan) - 1):
            logs |= self.d_step(gan, next(batches))
        assign(parameters, new)
        return logs
