"""Extragradient: each update is computed where both players are about to be."""

from collections.abc import Iterator
from dataclasses import dataclass

import gin
import torch
from torch import Tensor

from methods.base import GAN, Logs
from methods.simultaneous import Simultaneous
from methods.weights import assign, copies, of_both


@gin.register
@dataclass
class Extragradient(Simultaneous):
    """Both players look one step ahead, and take the step that they would take from there.

    A simultaneous step to the look-ahead point w' = w + u(w), and a second one there, on batches of
    its own; the second update is applied where the players stood: w + u(w'). With Adam that is
    ExtraAdam: both halves move its moments, and both count as steps for the correction of their
    bias. Where the discriminator takes several steps, it takes all of them in either half, and
    what a method constrains D's weights to, such as WGAN's bound, holds in either half and for what
    results. Networks keep their buffers, and a method its averages; both record both halves.

    Source: Gidel, Berard, Vignoud, Vincent and Lacoste-Julien 2019 (arXiv:1802.10551),
    Algorithm 4. As there, and in the public code (GauthierGidel/Variational-Inequality-GAN,
    optim/extragradient.py and train_extraadam.py), either half has a mini-batch of its own. Their
    recipe for CIFAR-10 is WGAN-GP on a ResNet, learning rates 5e-4 (D) and 5e-5 (G), betas
    (.5, .9).
    """

    def step(self, gan: GAN, batches: Iterator[Tensor]) -> Logs:
        """Looks ahead, and steps by what is seen there; the logs are of the second half."""
        parameters = of_both(gan)
        old = copies(parameters)
        super().step(gan, batches)
        ahead = copies(parameters)
        logs = super().step(gan, batches)
        with torch.no_grad():
            updates = [now - then for now, then in zip(parameters, ahead, strict=True)]
            assign(parameters, [start + u for start, u in zip(old, updates, strict=True)])
        self.constrain(gan)
        return logs
