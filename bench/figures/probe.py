"""What D makes of samples and of their adversarial neighbours, without leaving a trace on it.

D is in train mode and sees batches of the size that it was trained on, so that BatchNorm
normalizes as it did when the generator followed D's gradient.
"""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from bench.training.diagnostics import sign_step
from methods.base import GAN, ghost

SAMPLES = 256
"""Samples that a figure probes, also where it shows fewer."""
PGD_STEPS = 20


def output(gan: GAN, samples: Tensor) -> Tensor:
    """D's plain output on samples (N, ...), a logit where D learns by cross-entropy, (N,)."""
    with torch.no_grad():
        return _by_batch(gan, samples, _ghost(gan))


def input_gradient(
    gan: GAN, samples: Tensor, of: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """The gradient of D's summed output with respect to the samples, of their shape (N, ...).

    It is each sample's own output's but for what BatchNorm passes on between those of a batch.
    With ``of``, such as ``torch.sigmoid``, it is that of this function of each output.
    """

    def gradient(batch: Tensor) -> Tensor:
        batch = batch.detach().requires_grad_()
        outputs = _ghost(gan)(batch)
        total = (of(outputs) if of else outputs).sum()
        return torch.autograd.grad(total, batch)[0]

    return _by_batch(gan, samples, gradient)


def fgsm(gan: GAN, samples: Tensor, epsilon: float) -> Tensor:
    """Samples moved by ``epsilon`` in every coordinate to where D believes them least at once.

    Pictures stay pictures, in [-1, 1]. Source: Goodfellow et al. 2015 (arXiv:1412.6572), for the
    label "real"; AS-GAN's x_hat (arXiv:1912.09670, eq. 9) is the same without the bounds.
    """
    return _valid(sign_step(samples, input_gradient(gan, samples), epsilon))


def pgd(gan: GAN, samples: Tensor, epsilon: float, noise: torch.Generator) -> Tensor:
    """The least believed of ``PGD_STEPS`` small steps from a random start, and of ``fgsm``.

    It finds neighbours that one step misses where D's gradient is masked: flat at the sample, and
    steep beside it. Source: Madry et al. 2018 (arXiv:1706.06083), projected onto the same bounds.
    """
    best = fgsm(gan, samples, epsilon)
    lowest = output(gan, best)
    start = torch.rand(samples.shape, generator=noise) * 2 - 1
    moved = _valid(samples + epsilon * start)
    for _ in range(PGD_STEPS):
        moved = sign_step(moved, input_gradient(gan, moved), 2.5 * epsilon / PGD_STEPS)
        moved = _valid(samples + (moved - samples).clamp(-epsilon, epsilon))
        outputs = output(gan, moved)
        lower = outputs < lowest
        best[lower], lowest[lower] = moved[lower], outputs[lower]
    return best


def ranking(real: Tensor, fake: Tensor) -> float:
    """How often D's output on a real sample (N,) is above that on a generated one (M,).

    1/2 where it tells nothing. Unlike a confidence it exists for any D, a Wasserstein critic's
    output without a zero included: it is the area under the ROC curve, ties counted as halves.
    """
    return float((real[:, None] - fake[None, :]).sign().mean() / 2 + 0.5)


def _valid(samples: Tensor) -> Tensor:
    return samples.clamp(-1, 1) if samples.dim() == 4 else samples


def _by_batch(gan: GAN, samples: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.cat([function(batch) for batch in samples.split(gan.batch_size)])


def _ghost(gan: GAN) -> Callable[[Tensor], Tensor]:
    return ghost(cast(nn.Module, gan.discriminator))
