"""What D makes of samples and of their adversarial neighbours, without leaving a trace on it."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from methods.base import GAN, ghost

PGD_STEPS = 20


def input_gradient(gan: GAN, samples: Tensor) -> Tensor:
    """The gradient of each sample's logit with respect to it, of the samples' shape (N, ...)."""
    samples = samples.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(_ghost(gan)(samples).sum(), samples)
    return gradient


def fgsm(gan: GAN, samples: Tensor, epsilon: float) -> Tensor:
    """Samples moved by ``epsilon`` in every coordinate to where D believes them least at once.

    Source: Goodfellow et al. 2015 (arXiv:1412.6572), for the label "real".
    """
    return samples - epsilon * input_gradient(gan, samples).sign()


def pgd(gan: GAN, samples: Tensor, epsilon: float, noise: torch.Generator) -> Tensor:
    """The same in ``PGD_STEPS`` small steps from a random start, within ``epsilon``.

    It finds neighbours that one step misses where D's gradient is masked: flat at the sample, and
    steep beside it. Source: Madry et al. 2018 (arXiv:1706.06083).
    """
    start = torch.rand(samples.shape, generator=noise) * 2 - 1
    moved = samples + epsilon * start
    for _ in range(PGD_STEPS):
        moved = moved - 2.5 * epsilon / PGD_STEPS * input_gradient(gan, moved).sign()
        moved = samples + (moved - samples).clamp(-epsilon, epsilon)
    return moved


@torch.no_grad()
def confidence(gan: GAN, samples: Tensor) -> Tensor:
    """Sigmoid D of each sample, shape (N,)."""
    return _ghost(gan)(samples).sigmoid()


def _ghost(gan: GAN) -> Callable[[Tensor], Tensor]:
    return ghost(cast(nn.Module, gan.discriminator))
