"""The L1 input-gradient penalty that AS-GAN's perturbation amounts to."""

from dataclasses import dataclass
from typing import ClassVar

import gin
import torch
from torch import Tensor

from methods.base import GAN, Method


@gin.register
@dataclass
class L1Penalty(Method):
    """Adds epsilon ||grad_x loss_D||_1 to D's loss, whatever that is.

    A control for AS-GAN: loss_D at x_hat = x + epsilon sign(grad_x loss_D) is this to first order
    in epsilon. The norm is that of the whole batch's loss, a mean, so it is the mean over samples
    of epsilon ||grad f(x)||_1 weighted by the loss's slope there: for the non-saturating loss,
    softplus(-f(x) + epsilon ||grad f(x)||_1) to first order. The equivalence does not ask for
    samples to be independent, so that BatchNorm in D is as welcome here as in AS-GAN.

    Source: the expansion of eqs. 8-9 of Liu et al. 2021 (arXiv:1912.09670).

    Attributes:
        l1_epsilon: epsilon, on the model's scale, where images span [-1, 1].
    """

    l1_epsilon: float = 1 / 255

    differentiates: ClassVar[bool] = True

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + epsilon ||grad_x of it||_1."""
        if not real.requires_grad:
            real = real.detach().requires_grad_()
        loss = super().d_loss(gan, real, fake)
        (gradient,) = torch.autograd.grad(loss, real, create_graph=True)
        return loss + self.l1_epsilon * gradient.abs().sum()

    def __post_init__(self) -> None:
        """Checks the weight."""
        super().__post_init__()
        self.refuse_negative("l1_epsilon")
