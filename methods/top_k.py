"""Top-k training: G learns from the best samples of its batch alone."""

from dataclasses import dataclass, replace
from typing import ClassVar

import gin
from torch import Tensor

from methods.base import GAN, Incompatible, Method
from methods.gn_gan import GNGAN


@gin.register
@dataclass
class TopK(Method):
    """G's loss, whatever it is, is that of the k samples which D holds for the most real.

    k is max(gamma^epoch, nu) of the batch, rounded down. The whole batch passes through D, once,
    and the gradient of the others is dropped. Where G's loss compares pairs, or means, of real and
    generated samples, it is that of the k pairs: the dropped ones take theirs with them. D's loss
    is untouched.

    Source: Sinha et al. 2020 (arXiv:2002.06224). gamma = .99 and nu = .5 are the defaults of
    lucidrains/stylegan2-pytorch, which counts parts of epochs and rounds up; whole epochs and
    rounding down as in POSTECH-CVLab/PyTorch-StudioGAN, src/worker.py.

    Attributes:
        top_k_gamma: gamma, the factor of k in every epoch.
        top_k_nu: nu, the share of the batch below which k does not fall.
    """

    top_k_gamma: float = 0.99
    top_k_nu: float = 0.5

    accumulates: ClassVar[bool] = False

    def check(self, gan: GAN) -> None:
        """Refuses to pick among logits that are yet to be normalized sample by sample."""
        super().check(gan)
        order = type(self).__mro__
        if GNGAN in order[order.index(TopK) :]:
            raise Incompatible(
                "TopK picks among logits before GNGAN takes each sample's: in combine.methods name "
                "TopK after GNGAN"
            )

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        """The combined method's loss of the k best."""
        logits = gan.discriminator(fake)
        # In their own order, so that all of them are the batch as it was, bit for bit.
        best = logits.detach().topk(self.kept(gan, len(logits))).indices.sort().values

        def discriminator(batch: Tensor) -> Tensor:
            if batch.data_ptr() == fake.data_ptr():
                return logits[best]
            if batch.data_ptr() == real.data_ptr():
                return gan.discriminator(batch)[best]
            raise Incompatible(
                "top-k training has ranked other samples than the generator's loss now asks D "
                "about: in combine.methods name TopK after the method that changes them"
            )

        return super().g_loss(replace(gan, discriminator=discriminator), real, fake)

    def kept(self, gan: GAN, n: int) -> int:
        """k, of ``n`` logits: at least one."""
        epoch = gan.step // gan.steps_per_epoch
        return max(1, int(max(self.top_k_gamma**epoch, self.top_k_nu) * n))

    def __post_init__(self) -> None:
        """Checks the factor and the share."""
        super().__post_init__()
        for name in ("top_k_gamma", "top_k_nu"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} = {getattr(self, name)}: it lies in (0, 1]")
