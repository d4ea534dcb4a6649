"""LeCam: D's outputs are tied to moving averages of what it said of the other side."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import gin
import torch
from torch import Tensor
from torch.nn import functional as F

from methods.base import GAN, Logs, Method
from methods.remembering import Remembering


@gin.register
@dataclass
class LeCam(Method):
    """Adds lambda [E (f(x) - a_F)^2 + E (f(G(z)) - a_R)^2] to D's loss, whatever that is.

    a_R and a_F are moving averages of f(x) and f(G(z)), without gradient: each side is anchored to
    the other's. The averages include the batch at hand, as in the authors' public code; there,
    each square is also rectified, and before the start the averages are those of the last batch
    (google/lecam-gan, biggan_cifar/losses.py and third_party/train_fns.py).

    Source: Tseng et al. 2021 (arXiv:2104.03310), section 3, the regularizer R_LC.

    Attributes:
        lecam_weight: lambda.
        lecam_decay: of the averages, in discriminator steps.
        lecam_start: generator steps before the penalty and the averaging begin.
        lecam_rectified: whether only f(x) above a_F and f(G(z)) below a_R are penalised.
    """

    lecam_weight: float = 0.3
    lecam_decay: float = 0.99
    lecam_start: int = 1000
    lecam_rectified: bool = False

    accumulates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Checks the decay, and starts without averages."""
        super().__post_init__()
        if not 0 <= self.lecam_decay < 1:
            raise ValueError(f"lecam_decay = {self.lecam_decay}: it lies in [0, 1)")
        self._averages: Tensor | None = None
        self._advanced: Tensor | None = None

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss + lambda [E (f(x) - a_F)^2 + E (f(G(z)) - a_R)^2]."""
        remembering = Remembering(gan.discriminator)
        loss = super().d_loss(replace(gan, discriminator=remembering), real, fake)
        on_real, on_fake = remembering.of(real), remembering.of(fake)
        averages = self._advance(gan, torch.stack([on_real.mean(), on_fake.mean()]).detach())
        self._advanced = averages
        if gan.step < self.lecam_start:
            return loss
        average_real, average_fake = averages
        above, below = on_real - average_fake, average_real - on_fake
        if self.lecam_rectified:
            above, below = F.relu(above), F.relu(below)
        return loss + self.lecam_weight * (above.square().mean() + below.square().mean())

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The discriminator's step; only here, and not in a probe of its loss, averages move."""
        logs = super().d_step(gan, real)
        self._averages = self._advanced
        return logs

    def state_dict(self) -> dict[str, Any]:
        """The averages, on the device, if there has been a step."""
        own = {} if self._averages is None else {"lecam_averages": self._averages}
        return super().state_dict() | own

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the averages, from wherever they were kept."""
        super().load_state_dict(state)
        self._averages = state.get("lecam_averages")

    def _advance(self, gan: GAN, means: Tensor) -> Tensor:
        """The averages of f(x) and f(G(z)) with one more batch's means in them, both (2,)."""
        if self._averages is None or gan.step < self.lecam_start:
            return means
        return self._averages.to(means).lerp(means, 1 - self.lecam_decay)
