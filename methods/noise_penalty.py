"""How much D's outputs answer to a little noise: gradient penalties in first order."""

from dataclasses import dataclass

from torch import Tensor

from methods.base import GAN, Method


@dataclass
class NoisePenalty(Method):
    """What the approximations of R1 and R2 share; not a method by itself.

    E (f(x) - f(x + sigma n))^2 is sigma^2 E ||grad f||^2 to leading order, where each logit is its
    sample's alone: lambda is a gamma of 2 lambda sigma^2, and no gradient is differentiated. With
    BatchNorm in D the noise of all samples of a batch moves each logit, and the penalty is on its
    whole derivative by all of them, sigma^2 E sum_j ||df_i/dx_j||^2. That is another penalty, and
    a larger one, but still one (R1's own would be on the sum of the logits, and may be nothing), so
    that BatchNorm is not refused.

    Attributes:
        approx_weight: lambda. Shared by both where they are combined.
        approx_sigma: sigma, on the model's scale, where images span [-1, 1]. Shared as well.
    """

    approx_weight: float = 100.0
    approx_sigma: float = 0.01

    def __post_init__(self) -> None:
        """Checks the noise."""
        super().__post_init__()
        if self.approx_sigma <= 0:
            raise ValueError(f"approx_sigma = {self.approx_sigma}: the noise must be positive")

    def answer(self, gan: GAN, samples: Tensor, logits: Tensor) -> Tensor:
        """The penalty, a scalar, at samples (N, ...) of these logits, lambda included."""
        noisy = gan.discriminator(samples + self.approx_sigma * gan.normal(samples))
        return self.approx_weight * (logits - noisy).square().mean()
