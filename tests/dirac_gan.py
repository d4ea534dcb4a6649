"""The Dirac-GAN: each player is one number, so that every derivative is a line by hand."""

import math

import torch
from gan_factory import linear, make_gan, sgd
from torch import Tensor, nn

from methods.base import GAN

N, H = 4, 0.1
THETA, PSI = 0.9, -0.7
ZEROS = torch.zeros(N, 1, dtype=torch.float64)


class Point(nn.Module):
    """G(z) = theta, a point on the line whatever z is."""

    def __init__(self, theta: float) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta))

    def forward(self, latents: Tensor) -> Tensor:
        return self.theta.expand(len(latents), 1)


def dirac(theta: float, psi: float) -> GAN:
    """f(x) = psi x, G(z) = theta, data at 0; plain gradient steps of size H."""
    critic = linear(torch.tensor([psi]))
    return make_gan(Point(theta), critic, g_optimizer=sgd(H), d_optimizer=sgd(H))


def position(gan: GAN) -> tuple[float, float]:
    (theta,), (psi,) = gan.generator.parameters(), gan.discriminator.parameters()
    return theta.item(), psi.item()


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))
