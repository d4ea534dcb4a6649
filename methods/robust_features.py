"""Robust features: D's last features may not follow an adversary's small step."""

from dataclasses import dataclass, replace
from typing import ClassVar

import gin
import torch
from torch import Tensor

from methods.attack import unit
from methods.base import GAN, Method
from methods.features import Featured, require_features
from methods.penalty import as_input


@gin.register
@dataclass
class RobustFeatures(Method):
    """Adds lambda (||phi(x') - phi(x)|| + the same for fakes) to D's loss, whatever that is.

    x' = x + epsilon g / ||g||, with g the gradient of D's loss at x, of each sample by itself and
    without a graph; phi is what enters D's last layer. The norm is one of the whole batch's
    features, the root of the sum of all squares, so that lambda counts for more in a larger batch.
    Both phi(x') and phi(x) learn. It costs a pass through D of either side.

    Source: Zhou and Krähenbühl 2019, ICLR (openreview.net HJE6X305Fm), Don't let your
    Discriminator be fooled; norm, epsilon and lambda as in the first author's public code
    (bradyz/robust-discriminator-pytorch at 106c34b, src/train.py). There, phi is the last hidden
    convolution's output, before its BatchNorm and leaky ReLU.

    Attributes:
        robust_weight: lambda.
        robust_epsilon: the Euclidean length of the step, on the model's scale.
    """

    robust_weight: float = 10.0
    robust_epsilon: float = 1e-4

    accumulates: ClassVar[bool] = False

    def check(self, gan: GAN) -> None:
        """Refuses a discriminator without features."""
        super().check(gan)
        require_features(gan, "RobustFeatures")

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda (||phi(x') - phi(x)|| + ||phi(G') - phi(G)||)."""
        featured = Featured(gan.discriminator)
        samples = [as_input(batch) for batch in (real, fake)]
        loss = super().d_loss(replace(gan, discriminator=featured), *samples)
        gradients = torch.autograd.grad(loss, samples, retain_graph=True)
        distances = [
            torch.linalg.vector_norm(
                featured.of(batch.detach() + self.robust_epsilon * unit(gradient))
                - featured.of(batch)
            )
            for batch, gradient in zip(samples, gradients, strict=True)
        ]
        return loss + self.robust_weight * torch.stack(distances).sum()

    def __post_init__(self) -> None:
        """Checks the step; a negative one would be the adversary's help."""
        super().__post_init__()
        self.refuse_negative("robust_weight", "robust_epsilon")
