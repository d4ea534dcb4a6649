"""DRAGAN: D is held near unit gradient norm around the data."""

from dataclasses import dataclass

import gin
import torch
from torch import Tensor
from torch.nn import functional as F

from methods.base import GAN
from methods.penalty import PerSample, input_gradients, norms, per_sample_uniform


@gin.register
@dataclass
class DRAGAN(PerSample):
    """Adds lambda E (||grad f(x + delta)|| - 1)^2 to D's loss, on the logit.

    delta = alpha c std U, with alpha from U[0, 1) for each sample, U from U[0, 1) for each of its
    values, and std the standard deviation of the whole batch, one number: so all of delta is
    positive, and larger for brighter data.

    Source: Kodali et al. 2017 (arXiv:1705.07215), section 2.3; delta, c, lambda and the two sides
    as in the authors' public code (kodalinaveen3/DRAGAN at 29fb907, DRAGAN.ipynb).

    Attributes:
        dragan_weight: lambda.
        dragan_scale: c, the largest delta in standard deviations of the batch.
        one_sided: whether only norms above 1 are penalised.
    """

    dragan_weight: float = 10.0
    dragan_scale: float = 0.5
    one_sided: bool = False

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda E (||grad f(x + delta)|| - 1)^2."""
        excess = norms(input_gradients(gan, self.around(gan, real))) - 1
        if self.one_sided:
            excess = F.relu(excess)
        return super().d_loss(gan, real, fake) + self.dragan_weight * excess.square().mean()

    def around(self, gan: GAN, real: Tensor) -> Tensor:
        """The points x + delta for a batch (N, ...), of its shape."""
        uniform = torch.rand(real.shape, generator=gan.noise, device=real.device)
        size = self.dragan_scale * real.std(correction=0)
        return real + per_sample_uniform(gan, real) * size * uniform
