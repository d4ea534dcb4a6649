"""AS-GAN: a second discriminator step on adversarially perturbed real samples."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import gin
import torch
from torch import Tensor
from torch.nn import functional as F

from methods.attack import unit
from methods.base import GAN, Logs, Method, descend

UNITS = {"model": 1.0, "unit_interval": 2.0, "grey_level": 2.0 / 255.0}
"""The size of one unit of epsilon on the model's scale, where images span [-1, 1]."""

CLOCKS: dict[str, Callable[[GAN], int]] = {
    "global": lambda gan: gan.step,
    "per_epoch": lambda gan: gan.step % gan.steps_per_epoch,
}
"""What the warm-up's length is counted against."""


DIRECTIONS: dict[str, Callable[[GAN, Tensor], Tensor]] = {
    "gradient": lambda gan, gradient: gradient.sign(),
    "random_sign": lambda gan, gradient: gan.normal(gradient).sign(),
    "gaussian": lambda gan, gradient: gan.normal(gradient),
    "none": lambda gan, gradient: torch.zeros_like(gradient),
    "gradient_l2": lambda gan, gradient: gradient[0].numel() ** 0.5 * unit(gradient),
}
"""The direction of ascent of D's loss, the controls that cost the same, and the ascent in L2."""


@gin.register
@dataclass
class ASGAN(Method):
    """Adversarial symmetric GAN: D also learns from real samples moved against it.

    After D's usual step, x_hat = x + epsilon sign(grad_x loss_D), which lowers D(x), and D takes
    a second step on x_hat. The gradient comes from the first step's own backward pass, at the
    weights before that step. The paper writes x - epsilon sign(grad_x V) for V = -loss_D.

    Source: Liu et al. 2021, Neural Networks 133 (arXiv:1912.09670), eqs. 8-9 and Algorithm 1.

    Attributes:
        epsilon: the largest change of any value of x, in ``unit``.
        unit: "model" (images in [-1, 1]), "unit_interval" ([0, 1]) or "grey_level" (0 to 255).
            The paper's 1/255 is in "model" units by its text, half a grey level.
        direction: "gradient"; or a control: "random_sign" (the same norm), "gaussian" (epsilon
            times standard normal noise, the paper's), "none" (the step repeated on x itself).
            "gradient_l2" is ours: each sample's gradient itself, made as long as its sign, so that
            epsilon is the root mean square change of the sample's values and not the largest.
        rescore_fake: whether the second step scores the fakes again, as in Algorithm 1, or the
            perturbed real samples alone, as in the author's public code.
        clamp: whether x_hat is clamped to [-1, 1]; neither source does.
        warmup_steps: generator steps during which epsilon is 0.
        warmup_clock: "global", or "per_epoch" to warm up again in every epoch.
    """

    epsilon: float = 1 / 255
    unit: str = "model"
    direction: str = "gradient"
    rescore_fake: bool = True
    clamp: bool = False
    warmup_steps: int = 0
    warmup_clock: str = "global"

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The usual step on (x, fake), then one on (x_hat, the same fake)."""
        real = real.detach().requires_grad_()
        fakes = [gan.fakes(len(part)) for part in gan.parts(real)]
        losses = map(partial(self.d_loss, gan), gan.parts(real), fakes)
        loss = descend(gan.d_optimizer, losses, real)
        assert real.grad is not None
        x_hat = self.perturb(gan, real.detach(), real.grad)
        adversarial = map(partial(self.adversarial_loss, gan), gan.parts(x_hat), fakes)
        return {
            "d_loss": loss,
            "d_loss_adversarial": descend(gan.d_optimizer, adversarial),
            "zero_signs": (real.grad == 0).float().mean(),
        }

    def perturb(self, gan: GAN, real: Tensor, gradient: Tensor) -> Tensor:
        """x_hat for samples x and the gradient of D's loss there, both (N, ...)."""
        x_hat = real + self.radius(gan) * DIRECTIONS[self.direction](gan, gradient)
        return x_hat.clamp(-1, 1) if self.clamp else x_hat

    def radius(self, gan: GAN) -> float:
        """Epsilon on the model's scale, in the step to come."""
        warming = CLOCKS[self.warmup_clock](gan) < self.warmup_steps
        return 0.0 if warming else self.epsilon * UNITS[self.unit]

    def adversarial_loss(self, gan: GAN, x_hat: Tensor, fake: Tensor) -> Tensor:
        """The second step's loss: D's own on (x_hat, fake), or -log D(x_hat) alone."""
        if self.rescore_fake:
            return self.d_loss(gan, x_hat, fake)
        return F.softplus(-gan.discriminator(x_hat)).mean()

    def __post_init__(self) -> None:
        """Checks the options; a negative epsilon would be the wrong sign."""
        super().__post_init__()
        self.refuse_negative("epsilon", "warmup_steps")
        for option, choices in (
            ("unit", UNITS),
            ("direction", DIRECTIONS),
            ("warmup_clock", CLOCKS),
        ):
            if getattr(self, option) not in choices:
                raise ValueError(
                    f"{option} = {getattr(self, option)!r}: valid are {', '.join(choices)}"
                )
