"""Samples of the fixed latents, the same for every method at one seed, and how each run ended."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures.generated import samples_of
from bench.figures.panels import show, side_by_side
from bench.figures.subject import Subject

PICTURES, POINTS, ACROSS = 64, 2000, 8


def draw(subjects: Sequence[Subject]) -> Figure:
    """A grid of pictures for each run, or its points over the real ones."""
    figure, panels = side_by_side(subjects, 1, 4.0)
    for panel, subject in zip(panels[0], subjects, strict=True):
        if len(subject.experiment.data.shape) == 3:
            show(panel, samples_of(subject, PICTURES), ACROSS)
        else:
            _scatter(panel, subject)
        record = subject.record
        panel.set_title(f"{panel.get_title(loc='left')}\n{record['status']}, step {record['step']}")
    return figure


def _scatter(panel: Axes, subject: Subject) -> None:
    for points, colour in ((subject.real(POINTS), "#BBBBBB"), (samples_of(subject, POINTS), "C0")):
        panel.plot(*points.T, ".", color=colour, markersize=2, alpha=0.5)
    panel.set_aspect("equal", "datalim")
