"""APA: generated samples among the real ones, as many as D's overfitting asks for."""

from dataclasses import dataclass, replace

import gin
import torch
from torch import Tensor

from methods.adaptive import Adaptive
from methods.base import GAN, Logs
from methods.penalty import per_sample_uniform


@gin.register
@dataclass
class APA(Adaptive):
    """Adaptive pseudo augmentation: D is given a generated sample for a real one with chance p.

    Each sample of D's real batch is replaced by itself, and all of D's step takes the result for
    real, the signs that p follows included. As fakes of their own these are drawn from latents of
    the method's own stream, so that the common stream is every method's; the public code takes the
    fakes of G's last step.

    Source: Jiang, Dai, Wu and Loy 2021 (arXiv:2111.06849), section 3.2; its public code
    (EndlessSora/DeceiveD, training/loss.py and training_loop.py), whose p, with ADA's pipeline
    beside it, is that pipeline's too. Of p see ``Adaptive``.
    """

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        """The discriminator's step on the batch in which fakes pass for real samples."""
        pseudo = replace(gan, latent_stream=gan.noise).fakes(len(real))
        deceiving = torch.where(per_sample_uniform(gan, real) < self.adaptive_p, pseudo, real)
        return super().d_step(gan, deceiving)
