"""EMA: an average of the generator's weights over its last steps is scored in its place."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gin
from torch import Tensor, nn

from methods.base import GAN, Logs, Method


@gin.register
@dataclass
class EMA(Method):
    """Scores average = decay average + (1 - decay) weights, moved once a generator step.

    Training knows nothing of it. Buffers that are real numbers, such as BatchNorm's statistics, are
    averaged too: to first order they are those of the averaged weights, which the present ones are
    not. What is averaged is the generator that would be scored otherwise.

    Source: Yazici et al. 2019 (arXiv:1806.04498), eq. 6. Public code has a decay of .999 from the
    start on (LMescheder/GAN_stability, configs/default.yaml) or of .9999 from step 1000 on
    (ajbrock/BigGAN-PyTorch, of which the buffers' average is known too).

    Attributes:
        ema_decay: of the average, in generator steps.
        ema_start: generator steps before which the average is the weights themselves.
    """

    ema_decay: float = 0.999
    ema_start: int = 0

    def __post_init__(self) -> None:
        """Checks the decay, and starts without an average."""
        super().__post_init__()
        if not 0 <= self.ema_decay < 1:
            raise ValueError(f"ema_decay = {self.ema_decay}: it lies in [0, 1)")
        self._average: dict[str, Tensor] = {}

    def step(self, gan: GAN, batches: Iterator[Tensor]) -> Logs:
        """The combined method's step, after which the average moves."""
        self._average = self._average or _copied(super().evaluated(gan))
        logs = super().step(gan, batches)
        decay = self.ema_decay if gan.step >= self.ema_start else 0.0
        self._average = {
            name: self._average[name].to(now).lerp(now, 1 - decay)
            if now.is_floating_point()
            else now.clone()
            for name, now in super().evaluated(gan).state_dict().items()
        }
        return logs

    def evaluated(self, gan: GAN) -> nn.Module:
        """The generator that would be scored otherwise, with the average in place of its state."""
        network = super().evaluated(gan)
        if not self._average:
            return network
        averaged = copy.deepcopy(network)
        averaged.load_state_dict(self._average)
        return averaged

    def state_dict(self) -> dict[str, Any]:
        """The average, on the device, if there has been a step."""
        own = {"ema_average": self._average} if self._average else {}
        return super().state_dict() | own

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the average, from wherever it was kept."""
        super().load_state_dict(state)
        self._average = dict(state.get("ema_average", {}))


def _copied(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}
