"""D's gradient at real samples: what the generator is told to change."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from bench.figures.panels import show, side_by_side
from bench.figures.probe import input_gradient
from bench.figures.subject import Subject

PICTURES, ACROSS, POINTS = 32, 8, 300


def draw(subjects: Sequence[Subject]) -> Figure:
    """Above real pictures, below their gradients, grey where these are 0; for points, arrows."""
    if all(len(subject.experiment.data.shape) == 3 for subject in subjects):
        return _pictures(subjects)
    figure, panels = side_by_side(subjects, 1, 3.6)
    for panel, subject in zip(panels[0], subjects, strict=True):
        real = subject.real(POINTS)
        gradient = input_gradient(subject.gan, real)
        panel.quiver(*real.T, *gradient.T, angles="xy", width=0.004)
        panel.set_aspect("equal", "datalim")
    return figure


def _pictures(subjects: Sequence[Subject]) -> Figure:
    figure, panels = side_by_side(subjects, 2, 2.2)
    for (above, below), subject in zip(panels.T, subjects, strict=True):
        real = subject.real(PICTURES)
        show(above, real, ACROSS)
        show(below, scaled(input_gradient(subject.gan, real)), ACROSS)
    return figure


def scaled(gradients: Tensor) -> Tensor:
    """Each gradient (N, C, H, W) divided by its largest entry, so that all fill [-1, 1]."""
    largest = gradients.abs().flatten(1).amax(1).clamp(min=1e-30)
    return gradients / largest[:, None, None, None]
