"""A probability that follows how far the discriminator has overfitted."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from methods.base import GAN, Logs, Method
from methods.remembering import Remembering


@dataclass
class Adaptive(Method):
    """Keeps a probability p that moves so that E sign f(x), over real samples, comes to a target.

    After every few of D's steps p takes one step: up where D gave more of the real samples a
    positive logit than the target says, which is what an overfitted D does, and else down. p lies
    in [0, 1]; the public code of both methods bounds it from below alone, so that a p that has
    risen above 1 first has to come back. Not a method by itself.

    Source: Karras, Aittala, Hellsten, Laine, Lehtinen and Aila 2020 (arXiv:2006.06676), section 3,
    the heuristic r_t; values as in their public code (NVlabs/stylegan2-ada-pytorch,
    training/training_loop.py).

    Attributes:
        adaptive_target: of E sign f(x).
        adaptive_interval: D steps from one step of p to the next.
        adaptive_kimg: thousands of real samples given to D over which p can go from 0 to 1.
        adaptive_start: p at first. All four, and p, are shared where two such methods are combined.
    """

    adaptive_target: float = 0.6
    adaptive_interval: int = 4
    adaptive_kimg: float = 500.0
    adaptive_start: float = 0.0

    def __post_init__(self) -> None:
        """Checks the numbers, and starts without statistics."""
        super().__post_init__()
        for name in ("adaptive_interval", "adaptive_kimg"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} = {getattr(self, name)}: it must be above 0")
        if not -1 <= self.adaptive_target <= 1:
            raise ValueError(
                f"adaptive_target = {self.adaptive_target}: a mean of signs lies in [-1, 1]"
            )
        if not 0 <= self.adaptive_start <= 1:
            raise ValueError(f"adaptive_start = {self.adaptive_start}: it is a probability")
        self._adaptive: dict[str, Any] = {}
        self._adaptive_signs: list[Tensor] = []

    @property
    def adaptive_p(self) -> Tensor | float:
        """The probability: a scalar on the device once D has had a step."""
        p: Tensor | float = self._adaptive.get("p", self.adaptive_start)
        return p

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss; what D says of ``real`` on the way is looked at."""
        remembering = Remembering(gan.discriminator)
        loss = super().d_loss(replace(gan, discriminator=remembering), real, fake)
        self._adaptive_signs.append(remembering.of(real).detach().sign().mean())
        return loss

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The discriminator's step; only here, and not in a probe of its loss, p moves."""
        self._adaptive_signs.clear()
        logs = super().d_step(gan, real)
        self._adapt(torch.stack(self._adaptive_signs).mean(), len(real))
        return logs | {"adaptive_p": self._adaptive["p"]}

    def _adapt(self, signs: Tensor, images: int) -> None:
        """Adds one step's mean sign to the statistics; at the end of an interval p moves."""
        kept = self._adaptive
        p = torch.as_tensor(self.adaptive_p).to(signs)
        signs = signs + kept["signs"].to(signs) if kept else signs
        images, steps = images + kept.get("images", 0), 1 + kept.get("steps", 0)
        if steps >= self.adaptive_interval:
            excess = signs / steps - self.adaptive_target
            p = (p + excess.sign() * images / (1000 * self.adaptive_kimg)).clamp(0, 1)
            signs, images, steps = torch.zeros_like(signs), 0, 0
        self._adaptive = {"p": p, "signs": signs, "images": images, "steps": steps}

    def state_dict(self) -> dict[str, Any]:
        """The probability and the statistics since it moved, if D has had a step."""
        own = {"adaptive": self._adaptive} if self._adaptive else {}
        return super().state_dict() | own

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the probability and the statistics, from wherever they were kept."""
        super().load_state_dict(state)
        self._adaptive = state.get("adaptive", {})
