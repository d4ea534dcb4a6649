"""Real pictures and their FGSM neighbours, with D's confidence that each is real."""

from collections.abc import Sequence
from itertools import product

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, cat, stack

from bench.figures.panels import show, side_by_side
from bench.figures.probe import confidence, fgsm
from bench.figures.subject import Subject, require_pictures

ACROSS, PAIRS_OF_ROWS = 6, 3
EPSILON = 4 / 127.5
"""Four of 256 grey levels on [-1, 1]."""


def draw(subjects: Sequence[Subject]) -> Figure:
    """Odd rows real, even rows moved by four grey levels, D's confidence in the corner.

    Raises:
        UsageError: a run whose samples are no pictures.
    """
    require_pictures(subjects, "adversarial")
    figure, panels = side_by_side(subjects, 1, 3.8)
    for panel, subject in zip(panels[0], subjects, strict=True):
        real = subject.real(ACROSS * PAIRS_OF_ROWS)
        moved = fgsm(subject.gan, real, EPSILON)
        rows = [rows.split(ACROSS) for rows in (real, moved)]
        beliefs = [confidence(subject.gan, batch).split(ACROSS) for batch in (real, moved)]
        pictures = [row for pair in zip(*rows, strict=True) for row in pair]
        numbers = [row for pair in zip(*beliefs, strict=True) for row in pair]
        _mark(panel, pictures, numbers)
    return figure


def _mark(panel: Axes, pictures: list[Tensor], numbers: list[Tensor]) -> None:
    show(panel, cat(pictures), ACROSS)
    table, side = stack(numbers), pictures[0].shape[-1] + 1
    for y, x in product(range(len(pictures)), range(ACROSS)):
        panel.text(
            x * side + 0.5,
            y * side + 0.5,
            f"{float(table[y, x]):.2f}",
            color="white",
            fontsize=7,
            va="top",
            bbox={"facecolor": "black", "alpha": 0.6, "pad": 0.6, "linewidth": 0},
        )
