"""The L-infinity gradient penalty: no input may move D's output by much more than its own size."""

from dataclasses import dataclass
from math import inf

import gin
import torch
from torch import Tensor
from torch.nn import functional as F

from methods.base import GAN
from methods.penalty import PerSample, gradients_between


@gin.register
@dataclass
class LinfGP(PerSample):
    """Adds lambda E max(0, ||grad f(x~)||_inf - 1) on lines between real and fake samples.

    The largest of a gradient's absolute values is bounded by 1, which maximizes a margin in the
    dual norm, L1. The excess is not squared. Of the source's variants (L1, L2 or L-infinity norms;
    least squares or hinge penalties; Wasserstein, hinge or relativistic losses) this is the one
    that its public code calls best, combined with the hinge loss: "HingeGAN Linfinity grad norm
    penalty with max(0, ||grad||-1)", of weight 20, one D step (AlexiaJM/MaximumMarginGANs,
    README.md). The script there, Code/GAN.py at e742875, has the absolute values the wrong way
    round and bounds the largest signed value; here it is as in the README and the paper.

    Source: Jolicoeur-Martineau and Mitliagkas 2019 (arXiv:1910.06922).

    Attributes:
        linf_weight: lambda.
    """

    linf_weight: float = 20.0

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda E max(0, ||grad f(x~)||_inf - 1)."""
        gradients = gradients_between(gan, real, fake)
        excess = F.relu(torch.linalg.vector_norm(gradients, ord=inf, dim=1) - 1)
        return super().d_loss(gan, real, fake) + self.linf_weight * excess.mean()
