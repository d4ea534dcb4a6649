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

    Training knows nothing of it. What is averaged is the generator that would be scored otherwise,
    from its first weights on; its buffers, such as BatchNorm's statistics, are scored as they are.

    Source: Yazici et al. 2019 (arXiv:1806.04498). Public code has a decay of .999 from
    the start on (LMescheder/GAN_stability, configs/default.yaml), or of .9999 from step 1000 on
    (POSTECH-CVLab/PyTorch-StudioGAN, configs/CIFAR10/BigGAN-Mod.yaml), where buffers are averaged
    too; or a half-life of .05 of the training so far until it is its full one
    (NVlabs/stylegan2-ada-pytorch, train.py and training/training_loop.py, "cifar"), so that an
    average of a short training is not of its first weights.

    Attributes:
        ema_decay: of the average, in generator steps.
        ema_start: generator steps before which the average is the weights themselves.
        ema_rampup: the largest half-life, as a share of the steps so far; 0 for no such bound.
    """

    ema_decay: float = 0.999
    ema_start: int = 0
    ema_rampup: float = 0.0

    def __post_init__(self) -> None:
        """Checks decay and ramp-up, and starts without an average."""
        super().__post_init__()
        if not 0 <= self.ema_decay < 1:
            raise ValueError(f"ema_decay = {self.ema_decay}: it lies in [0, 1)")
        if self.ema_rampup < 0:
            raise ValueError(f"ema_rampup = {self.ema_rampup}: it is 0 or more")
        self._average: dict[str, Tensor] = {}

    def step(self, gan: GAN, batches: Iterator[Tensor]) -> Logs:
        """The combined method's step, after which the average moves."""
        old = self._average or _weights(super().evaluated(gan))
        logs = super().step(gan, batches)
        new = _weights(super().evaluated(gan))
        share = 1 - self._decay(gan)
        self._average = {name: old[name].to(now).lerp(now, share) for name, now in new.items()}
        return logs

    def evaluated(self, gan: GAN) -> nn.Module:
        """The generator that would be scored otherwise, with its weights averaged."""
        network = super().evaluated(gan)
        if not self._average:
            return network
        averaged = copy.deepcopy(network)
        averaged.load_state_dict(self._average, strict=False)
        return averaged

    def state_dict(self) -> dict[str, Any]:
        """The average, on the device, if there has been a step."""
        own = {"ema_average": self._average} if self._average else {}
        return super().state_dict() | own

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the average, from wherever it was kept."""
        super().load_state_dict(state)
        self._average = dict(state.get("ema_average", {}))

    def _decay(self, gan: GAN) -> float:
        """Of the average, in the step that follows ``gan.step``."""
        if gan.step < self.ema_start:
            return 0.0
        if not self.ema_rampup:
            return self.ema_decay
        return min(self.ema_decay, 0.5 ** (1 / max(self.ema_rampup * gan.step, 1e-8)))


def _weights(network: nn.Module) -> dict[str, Tensor]:
    """Copies, by name."""
    return {name: value.detach().clone() for name, value in network.named_parameters()}
