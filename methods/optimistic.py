"""Optimistic updates: each step is taken twice, and the step before it is taken back once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import gin
import torch
from torch import Tensor
from torch.optim import Optimizer

from methods.base import GAN, Logs, Method, parameters_of
from methods.weights import copies


@gin.register
@dataclass
class Optimistic(Method):
    """Every step u_t of either optimizer becomes 2 u_t - u_(t-1), with 2 u_1 as the first.

    The gradient of the step to come is foretold to change as it changed last. u is the optimizer's
    own update, so that with Adam this is Optimistic Adam: its moments see the plain gradients. The
    loop's alternation stays; combine with ``Simultaneous`` for the algorithm that is analysed.

    Source: Daskalakis, Ilyas, Syrgkanis and Zeng 2018 (arXiv:1711.00141), Algorithm 1.
    The first step is the double one in public code too (GauthierGidel/Variational-Inequality-GAN,
    optim/omd.py), which scales the step that it takes back by the learning rate of the present
    one: another number only while that changes.
    """

    def __post_init__(self) -> None:
        """Starts without a step to take back."""
        super().__post_init__()
        self._updates: dict[str, list[Tensor]] = {}

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The combined method's step, each update of it optimistic."""
        with self._optimistic("discriminator", gan.d_optimizer):
            return super().d_step(gan, real)

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        """The combined method's step, each update of it optimistic."""
        with self._optimistic("generator", gan.g_optimizer):
            return super().g_step(gan, real)

    def state_dict(self) -> dict[str, Any]:
        """Each player's last update, on the device, if there has been one."""
        own = {"optimistic_updates": self._updates} if self._updates else {}
        return super().state_dict() | own

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the updates, from wherever they were kept."""
        super().load_state_dict(state)
        self._updates = dict(state.get("optimistic_updates", {}))

    @contextmanager
    def _optimistic(self, player: str, optimizer: Optimizer) -> Iterator[None]:
        """Makes every step that the optimizer takes in the block an optimistic one."""
        parameters = parameters_of(optimizer)
        before: list[Tensor] = []

        def remember(*_: Any) -> None:
            before[:] = copies(parameters)

        @torch.no_grad()
        def overshoot(*_: Any) -> None:
            updates = [now - then for now, then in zip(parameters, before, strict=True)]
            last = self._updates.get(player) or [torch.zeros_like(update) for update in updates]
            for parameter, update, previous in zip(parameters, updates, last, strict=True):
                parameter.add_(update - previous.to(update))
            self._updates[player] = updates

        hooks = (
            optimizer.register_step_pre_hook(remember),
            optimizer.register_step_post_hook(overshoot),
        )
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
