"""Negative momentum: each player's next update takes back a part of its last."""

from dataclasses import dataclass

import gin
from torch import Tensor
from torch.optim import SGD, Optimizer

from methods.base import GAN, Incompatible, Logs, Method


@gin.register
@dataclass
class NegativeMomentum(Method):
    """Both optimizers' momentum is below zero, which torch's own constructors refuse.

    It is the first of an optimizer's betas, or SGD's momentum, and takes the place of what is
    bound there. In alternating steps, as the loop's are, gradient descent then converges on a
    bilinear game: with momentum beta for steps below 2 (1 + beta) over its largest singular value,
    which at -1/2 is one over it. In simultaneous steps it does not.

    Source: Gidel, Askari Hemmat, Pezeshki, Le Priol, Huang, Lacoste-Julien and Mitliagkas 2019
    (arXiv:1807.04740).

    Attributes:
        negative_momentum: below 0 and above -1.
    """

    negative_momentum: float = -0.5

    def __post_init__(self) -> None:
        """Checks the range."""
        super().__post_init__()
        if not -1 < self.negative_momentum < 0:
            raise ValueError(f"negative_momentum = {self.negative_momentum}: it lies in (-1, 0)")

    def check(self, gan: GAN) -> None:
        """Refuses an optimizer that knows no momentum, or takes a negative one for none."""
        for optimizer in (gan.g_optimizer, gan.d_optimizer):
            if isinstance(optimizer, SGD):
                for group in optimizer.param_groups:
                    # A number that tells the other methods' checks what the steps will set.
                    group["momentum"] = NegativeMomentum.negative_momentum
        super().check(gan)
        for optimizer in (gan.g_optimizer, gan.d_optimizer):
            if "betas" not in optimizer.param_groups[0] and not isinstance(optimizer, SGD):
                raise Incompatible(
                    f"{type(optimizer).__name__} takes no negative momentum; bind "
                    "Experiment.g_optimizer and d_optimizer to SGD, or to Adam or one of its kin"
                )

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The combined method's step, with negative momentum."""
        self._set(gan.d_optimizer)
        return super().d_step(gan, real)

    def g_step(self, gan: GAN, real: Tensor) -> Logs:
        """The combined method's step, with negative momentum."""
        self._set(gan.g_optimizer)
        return super().g_step(gan, real)

    def _set(self, optimizer: Optimizer) -> None:
        for group in optimizer.param_groups:
            if "betas" in group:
                group["betas"] = (self.negative_momentum, *group["betas"][1:])
            else:
                group["momentum"] = self.negative_momentum
