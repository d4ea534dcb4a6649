"""What the discriminator makes of real and generated samples, probed without a trace."""

from typing import cast

import torch
from torch import Tensor, nn

from methods.base import GAN, ghost


def diagnose(gan: GAN, real: Tensor, fake: Tensor, epsilon: float) -> dict[str, float]:
    """Probes D in train mode on a fixed batch of real and one of generated samples.

    Args:
        gan: the networks; nothing about them changes, buffers included.
        real: (N, ...) decoded samples.
        fake: (N, ...) generated samples.
        epsilon: size of the step that makes x_hat, on the model's scale.

    Returns:
        ``d_real``, ``d_adversarial`` and ``d_fake``: the mean of sigmoid D at x, at
        x_hat = x - epsilon sign(grad f) and at G(z); ``logit_real`` and ``logit_fake``: the mean
        logits at x and at G(z), which keep their sign where the sigmoid no longer tells
        them from 1/2 or has saturated. ``gradient_l1``: the mean over samples of the
        L1 norm of the logit's gradient, and ``gradient_sparsity``: the mean of its Hoyer sparsity,
        which is 0 for equal entries and 1 for a single one.
    """
    discriminator = cast(nn.Module, gan.discriminator)
    real = real.detach().requires_grad_()
    logits = ghost(discriminator)(real)
    (gradient,) = torch.autograd.grad(logits.sum(), real)
    with torch.no_grad():
        x_hat = sign_step(real, gradient, epsilon)
        fake_logits = ghost(discriminator)(fake)
        values = {
            "d_real": logits.sigmoid().mean(),
            "d_adversarial": ghost(discriminator)(x_hat).sigmoid().mean(),
            "d_fake": fake_logits.sigmoid().mean(),
            "logit_real": logits.mean(),
            "logit_fake": fake_logits.mean(),
            "gradient_l1": gradient.flatten(1).abs().sum(1).mean(),
            "gradient_sparsity": hoyer(gradient.flatten(1)).mean(),
        }
    return {name: float(value) for name, value in values.items()}


def sign_step(samples: Tensor, gradient: Tensor, size: float) -> Tensor:
    """Samples moved against a gradient of their shape by ``size`` in every coordinate: FGSM's step.

    Source: Goodfellow et al. 2015 (arXiv:1412.6572).
    """
    return samples - size * gradient.sign()


def hoyer(rows: Tensor) -> Tensor:
    """Hoyer's sparsity of each row of (N, d), shape (N,): (sqrt d - L1/L2) / (sqrt d - 1).

    A row of zeros counts as 0. Source: Hoyer 2004, JMLR 5, section 3.1.
    """
    root = rows.shape[1] ** 0.5
    length = rows.norm(dim=1)
    ratio = rows.abs().sum(1) / length.clamp(min=torch.finfo(rows.dtype).tiny)
    return torch.where(length > 0, (root - ratio) / (root - 1), torch.zeros_like(length))
