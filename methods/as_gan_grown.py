"""AS-GAN with a stronger adversary: more than one step, and the fakes too."""

from dataclasses import dataclass
from functools import partial

import gin
import torch
from torch import Tensor

from methods.as_gan import ASGAN
from methods.attack import Loss, box, sign_steps
from methods.base import GAN, Logs, descend


@gin.register
@dataclass
class GrownASGAN(ASGAN):
    """AS-GAN whose x_hat is the end of several steps, or whose fakes are moved against D as well.

    Ours: what the paper's second step becomes where its one sign step grows. The first step is
    AS-GAN's, along the gradient that the usual D step leaves: with no other it is that method. Each
    later one takes the sign of the gradient of D's loss where the last one led, at D's weights
    after the usual step, and no value ends more than epsilon from where it was. Each costs one more
    pass through D. Fakes are moved by the same rule: D's loss on them rises, and so does D(fake).

    Source: Liu et al. 2021 (arXiv:1912.09670) for what grows; Madry et al. 2018 (arXiv:1706.06083)
    for the steps.

    Attributes:
        attack_steps: steps from x to x_hat; more than one go along the gradient's sign alone.
        attack_step: the size of each after the first, in epsilons.
        attack_fakes: whether the second D step's fakes are moved too.
    """

    attack_steps: int = 1
    attack_step: float = 1.0
    attack_fakes: bool = False

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The usual step on (x, fake), then one on (x_hat, the same fake, or what it became)."""
        reals = [part.detach().requires_grad_() for part in gan.parts(real)]
        fakes = [gan.fakes(len(x)).requires_grad_(self.attack_fakes) for x in reals]
        inputs = [*reals, *fakes] if self.attack_fakes else reals
        loss = descend(gan.d_optimizer, map(partial(self.d_loss, gan), reals, fakes), *inputs)
        moved = [self.led(gan, x, fake) for x, fake in zip(reals, fakes, strict=True)]
        adversarial = (self.adversarial_loss(gan, *samples) for samples in moved)
        return {
            "d_loss": loss,
            "d_loss_adversarial": descend(gan.d_optimizer, adversarial),
            "zero_signs": torch.cat([x.grad == 0 for x in reals if x.grad is not None])
            .float()
            .mean(),
        }

    def led(self, gan: GAN, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """What the second step is on, where the first left its gradient in ``.grad``."""

        def mirrored(gan: GAN, fake: Tensor, real: Tensor) -> Tensor:
            return self.d_loss(gan, real, fake)

        x_hat = self.climb(gan, self.d_loss, real, fake.detach())
        return x_hat, self.climb(gan, mirrored, fake, real.detach()) if self.attack_fakes else fake

    def climb(self, gan: GAN, loss: Loss, samples: Tensor, others: Tensor) -> Tensor:
        """One side's samples after all steps up D's loss."""
        assert samples.grad is not None
        clean, radius = samples.detach(), self.radius(gan)
        first = self.perturb(gan, clean, samples.grad)
        size, project = self.attack_step * radius, box(clean, radius, self.clamp)
        return sign_steps(gan, loss, first, others, self.attack_steps - 1, size, project)

    def __post_init__(self) -> None:
        """Checks the steps, and that what they move is scored."""
        super().__post_init__()
        if self.attack_steps < 1 or self.attack_step <= 0:
            name = "attack_steps" if self.attack_steps < 1 else "attack_step"
            raise ValueError(f"{name} = {getattr(self, name)}: it must be positive")
        if self.attack_steps > 1 and self.direction != "gradient":
            raise ValueError(
                f"attack_steps = {self.attack_steps}: with direction = {self.direction!r} there is "
                "one; bind ASGAN.direction = 'gradient', or attack_steps = 1"
            )
        if self.attack_fakes and not self.rescore_fake:
            raise ValueError("attack_fakes: fakes are in the second step with rescore_fake = True")
