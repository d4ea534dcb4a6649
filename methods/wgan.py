"""WGAN: a Wasserstein critic whose weights are clipped."""

from dataclasses import dataclass

import gin
import torch
from torch import Tensor

from methods.base import GAN, Logs, parameters_of
from methods.wasserstein import Wasserstein


@gin.register
@dataclass
class WGAN(Wasserstein):
    """The critic's every parameter is clipped after each of its steps.

    After, as in the paper's Algorithm 1, so that the generator always meets a clipped critic; the
    public code clips before each step instead (martinarjovsky/WassersteinGAN, main.py). As there,
    "every parameter" includes the gains of a normalization layer, which start from 1. The code's
    critic has the opposite sign, which changes nothing.

    Source: Arjovsky, Chintala and Bottou 2017 (arXiv:1701.07875), Algorithm 1. The public code adds
    the long critic phases: 100 steps in place of 5 before each of the first 25 generator steps, and
    before every 500th.

    Attributes:
        clip: c, the largest size of any of the critic's parameters.
        long_d_steps: critic steps in a long phase; as many as ``d_steps`` for no such phases.
        long_until: generator steps at the start that each have a long phase.
        long_every: one long phase in so many generator steps after them.
    """

    d_steps: int = 5
    clip: float = 0.01
    long_d_steps: int = 100
    long_until: int = 25
    long_every: int = 500

    def d_steps_at(self, gan: GAN) -> int:
        """``long_d_steps`` in a long phase, else ``d_steps``."""
        long = gan.step < self.long_until or gan.step % self.long_every == 0
        return self.long_d_steps if long else self.d_steps

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The critic's step, then the clipping."""
        logs = super().d_step(gan, real)
        self.constrain(gan)
        return logs

    @torch.no_grad()
    def constrain(self, gan: GAN) -> None:
        """Clips the critic's parameters."""
        super().constrain(gan)
        for parameter in parameters_of(gan.d_optimizer):
            parameter.clamp_(-self.clip, self.clip)

    def __post_init__(self) -> None:
        """Checks the bound and the long phases."""
        super().__post_init__()
        if self.clip <= 0:
            raise ValueError(f"clip = {self.clip}: the bound of the weights is positive")
        for name in ("long_d_steps", "long_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: it must be at least 1")
