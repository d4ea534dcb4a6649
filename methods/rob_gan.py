"""Rob-GAN: D is trained on real samples that an adversary has moved."""

from dataclasses import dataclass
from functools import partial

import gin
from torch import Tensor

from methods.attack import box, sign_steps
from methods.base import GAN, Logs, Method, descend


@gin.register
@dataclass
class RobGAN(Method):
    """D's step is on x' in place of x: the worst real samples within epsilon, by signed steps.

    D's loss rises from x to x' (PGD in the L-infinity ball), and D never sees x itself; the fakes
    and G's step are as they were. AS-GAN differs in that D also takes a step on x.

    Source: Liu and Hsieh 2019, CVPR (arXiv:1807.10454), whose D classifies as well. Here it is the
    form without classes of the authors' public code (xuanqing94/RobGAN at 0713033,
    train_cifar_nosup.py and miscs/pgd.py): no random start, and pictures stay in [-1, 1]. There, D
    is in eval mode during the steps, and here in train mode, as for any other loss.

    Attributes:
        rob_epsilon: the largest change of any value of x, on the model's scale, where pictures span
            [-1, 1].
        rob_steps: of the adversary; each costs a pass through D.
        rob_step: the size of each.
    """

    rob_epsilon: float = 0.03125
    rob_steps: int = 5
    rob_step: float = 0.0078

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """Updates the discriminator once on x' and fresh fakes of the same size."""
        losses = map(partial(self.robust_loss, gan), gan.parts(real))
        return {"d_loss": descend(gan.d_optimizer, losses)}

    def robust_loss(self, gan: GAN, real: Tensor) -> Tensor:
        """D's loss on x' and fresh fakes."""
        fake = gan.fakes(len(real))
        return self.d_loss(gan, self.attack(gan, real.detach(), fake), fake)

    def attack(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """Where the adversary moves real samples (N, ...)."""
        project = box(real, self.rob_epsilon, clamp=real.dim() == 4)
        return sign_steps(gan, self.d_loss, real, fake, self.rob_steps, self.rob_step, project)

    def __post_init__(self) -> None:
        """Checks the adversary; a negative size would be its help."""
        super().__post_init__()
        self.refuse_negative("rob_epsilon", "rob_steps", "rob_step")
