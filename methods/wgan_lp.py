"""WGAN-LP: a Wasserstein critic whose gradient is held from growing, and free to be small."""

from dataclasses import dataclass

import gin
from torch import Tensor
from torch.nn import functional as F

from methods.wgan_gp import WGANGP


@gin.register
@dataclass
class WGANLP(WGANGP):
    """WGAN-GP with a one-sided penalty: lambda E max(0, ||grad f(x~)|| - 1)^2.

    A critic of Lipschitz constant 1 need not have a gradient of norm 1, on such lines or elsewhere.

    Source: Petzka, Fischer and Lukovnikov 2018 (arXiv:1709.08894), the Lipschitz penalty. An
    author's public code has lambda = 10 on lines, one alpha a sample, with 10 critic steps and
    WGAN's long phases (lukovnikov/qelos at 0c57dfb, qelos/gan.py and scripts/wgan/gan.py); lambda
    = 10 and 5 steps, as here, are those of a public comparison on CIFAR-10
    (dterjek/adversarial_lipschitz_regularization, wgan_alp.py).

    Attributes:
        penalty: lambda, the weight of the penalty.
    """

    def excess(self, lengths: Tensor) -> Tensor:
        """How far lengths of gradients are above 1, of their shape."""
        return F.relu(lengths - 1)
