"""Samples along the arcs between pairs of latents."""

from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from bench.figures.panels import show, side_by_side
from bench.figures.subject import Subject, require_pictures

PAIRS, STEPS = 8, 10


def draw(subjects: Sequence[Subject]) -> Figure:
    """A row for each pair of the run's fixed latents, from one to the other.

    Raises:
        UsageError: a run whose samples are no pictures.
    """
    require_pictures(subjects, "interpolation")
    figure, panels = side_by_side(subjects, 1, 3.2, "compressed")
    for panel, subject in zip(panels[0], subjects, strict=True):
        ends = subject.run.latents(2 * PAIRS)
        show(panel, subject.run.generate(arcs(ends[:PAIRS], ends[PAIRS:], STEPS)), STEPS)
    return figure


def arcs(first: Tensor, second: Tensor, steps: int) -> Tensor:
    """Points along great arcs, so that all are as likely under a normal distribution as the ends.

    Args:
        first: latents (P, d).
        second: latents (P, d).
        steps: points of an arc, both ends included.

    Returns:
        Latents (P * steps, d), arc after arc. Source: White 2016 (arXiv:1609.04468).
    """
    cosine = torch.cosine_similarity(first, second, dim=1)
    angle = cosine.clamp(-1, 1).arccos()[:, None, None]
    t = torch.linspace(0, 1, steps)[None, :, None]
    weights = torch.sin((1 - t) * angle), torch.sin(t * angle)
    points = (weights[0] * first[:, None] + weights[1] * second[:, None]) / torch.sin(angle)
    return points.flatten(0, 1)
