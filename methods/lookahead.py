"""Lookahead for games: every k steps both players go back part of the way they came."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gin
import torch
from torch import Tensor, nn

from methods.base import GAN, Logs, Method
from methods.weights import assign, copies, of_both


@gin.register
@dataclass
class Lookahead(Method):
    """Every k steps, slow += alpha (fast - slow) and fast = slow, with both players at once.

    Training moves the fast weights; a step is the generator's with all of the discriminator's that
    come with it. The slow weights start where both players do, and the generator's are scored.
    Optimizers keep their state, and networks their buffers: both are those of the fast weights.

    Source: Chavdarova, Pagliardini, Stich, Fleuret and Jaggi 2021 (arXiv:2006.14567), Algorithm 1;
    k = 5 and alpha = 1/2 for alternating steps on CIFAR-10 as in their public code
    (Chavdarova/LAGAN-Lookahead_Minimax, lagan), where the slow weights start from the fast ones
    after the first k steps; with extragradient steps it has k = 5000.

    Attributes:
        lookahead_k: k, in generator steps.
        lookahead_alpha: the share of the way that is kept.
    """

    lookahead_k: int = 5
    lookahead_alpha: float = 0.5

    def __post_init__(self) -> None:
        """Checks both, and starts without slow weights."""
        super().__post_init__()
        if self.lookahead_k < 1:
            raise ValueError(f"lookahead_k = {self.lookahead_k}: it is at least 1")
        if not 0 < self.lookahead_alpha <= 1:
            raise ValueError(f"lookahead_alpha = {self.lookahead_alpha}: it lies in (0, 1]")
        self._slow: list[Tensor] = []

    def step(self, gan: GAN, batches: Iterator[Tensor]) -> Logs:
        """The combined method's step; after every k-th, both players go back."""
        self._slow = self._slow or copies(of_both(gan))
        logs = super().step(gan, batches)
        if (gan.step + 1) % self.lookahead_k == 0:
            self._go_back(gan)
        return logs

    def evaluated(self, gan: GAN) -> nn.Module:
        """The generator with its slow weights."""
        if not self._slow:
            return gan.generator
        generator = copy.deepcopy(gan.generator)
        weights = list(generator.parameters())
        assign(weights, self._slow[: len(weights)])
        return generator

    def state_dict(self) -> dict[str, Any]:
        """The slow weights of both players, if there has been a step."""
        own = {"lookahead_slow": self._slow} if self._slow else {}
        return super().state_dict() | own

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the slow weights, from wherever they were kept."""
        super().load_state_dict(state)
        self._slow = list(state.get("lookahead_slow", []))

    @torch.no_grad()
    def _go_back(self, gan: GAN) -> None:
        """Moves the slow weights towards the fast ones, and these to them."""
        parameters = of_both(gan)
        pairs = zip(self._slow, parameters, strict=True)
        self._slow = [slow.to(fast).lerp(fast, self.lookahead_alpha) for slow, fast in pairs]
        assign(parameters, self._slow)
