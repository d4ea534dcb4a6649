"""Samples moved so that D's loss rises, against which a discriminator is made robust."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import cast

import torch
from torch import Tensor, nn

from methods.base import GAN, ghost
from methods.penalty import norms

Loss = Callable[[GAN, Tensor, Tensor], Tensor]
"""Of a GAN, samples, and those of the other side."""


def sign_steps(
    gan: GAN,
    loss: Loss,
    start: Tensor,
    others: Tensor,
    steps: int,
    size: float,
    project: Callable[[Tensor], Tensor],
) -> Tensor:
    """Samples moved up a loss by projected steps along the gradient's sign: PGD.

    D leaves no trace of it. A step costs one pass of the samples through D, in the mode that D is
    in; the others pass once, without a gradient.

    Source: Madry et al. 2018 (arXiv:1706.06083), section 2.1.

    Args:
        gan: whose discriminator is attacked, as it stands.
        loss: D's, called with the GAN, the samples and the others.
        start: samples (N, ...) where the first step starts, without a graph.
        others: the other side's batch, which stays where it is.
        steps: how many.
        size: of a step, in every value.
        project: takes samples back to where they may be, after each step.
    """
    gan, moved = _holding(gan, others), start
    for _ in range(steps):
        moved = moved.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(gan, moved, others), moved)
        moved = project(moved.detach() + size * gradient.sign())
    return moved


def box(samples: Tensor, radius: float, clamp: bool) -> Callable[[Tensor], Tensor]:
    """The projection to no more than ``radius`` from samples in any value, and into [-1, 1]."""

    def project(moved: Tensor) -> Tensor:
        within = samples + (moved - samples).clamp(-radius, radius)
        return within.clamp(-1, 1) if clamp else within

    return project


def unit(gradient: Tensor, least: float | None = None) -> Tensor:
    """Each sample's gradient (N, ...) over its own Euclidean norm; zero where that is zero.

    Args:
        gradient: or any other batch of vectors.
        least: that a norm counts for; None for the smallest number that the precision has.
    """
    smallest = torch.finfo(gradient.dtype).tiny if least is None else least
    lengths = norms(gradient.flatten(1)).clamp(min=smallest)
    return gradient / lengths.view(-1, *[1] * (gradient.dim() - 1))


def _holding(gan: GAN, batch: Tensor) -> GAN:
    """The GAN with a ghost of its D, of which this batch has logits that are computed once."""
    discriminator = ghost(cast(nn.Module, gan.discriminator))

    @cache
    @torch.no_grad()
    def held() -> Tensor:
        return discriminator(batch)

    def holding(other: Tensor) -> Tensor:
        return held() if other is batch else discriminator(other)

    return replace(gan, discriminator=holding)
