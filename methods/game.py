"""Both players' losses on one batch, and how long their gradients are: what regularizes a game."""

import torch
from torch import Tensor
from torch.optim import Optimizer

from methods.base import GAN, Method, parameters_of


def losses(method: Method, gan: GAN, real: Tensor) -> tuple[Tensor, Tensor]:
    """D's loss and G's, on one batch of fakes that carry the generator's graph."""
    fake = gan.samples(len(real))
    return method.d_loss(gan, real, fake), method.g_loss(gan, real, fake)


def squares(loss: Tensor, optimizer: Optimizer) -> list[Tensor]:
    """The squared length of a loss's gradient by each of one player's parameters, differentiable.

    The sum of the list is the squared length of the player's gradient.
    """
    gradients = torch.autograd.grad(loss, parameters_of(optimizer), create_graph=True)
    return [gradient.square().sum() for gradient in gradients]
