"""Real pictures and their FGSM neighbours, with D's confidence that each is real."""

from collections.abc import Sequence
from itertools import product

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, cat, stack

from bench.figures.panels import show, side_by_side
from bench.figures.probe import SAMPLES, fgsm, output
from bench.figures.subject import Subject, require_pictures

ACROSS, PAIRS_OF_ROWS = 6, 3
EPSILON = 4 / 255
"""On [-1, 1]: two of 256 grey levels. The paper does not name its size."""


def draw(subjects: Sequence[Subject]) -> Figure:
    """Odd rows real, even rows moved by FGSM, D's confidence in the corner.

    Where D has no confidence the number is its plain output. Source: Figures 14 and 15 of
    arXiv:1912.09670.

    Raises:
        UsageError: a run whose samples are no pictures.
    """
    require_pictures(subjects, "adversarial")
    figure, panels = side_by_side(subjects, 1, 4.1, "compressed")
    for panel, subject in zip(panels[0], subjects, strict=True):
        real = subject.real(SAMPLES)
        batches = (real, fgsm(subject.gan, real, EPSILON))
        outputs = [output(subject.gan, batch) for batch in batches]
        if subject.has_confidence:
            outputs = [one.sigmoid() for one in outputs]
        shown = ACROSS * PAIRS_OF_ROWS
        _mark(
            panel,
            _interleaved([batch[:shown] for batch in batches]),
            _interleaved([one[:shown] for one in outputs]),
        )
        number = "confidence" if subject.has_confidence else "output (no confidence)"
        panel.set_title(f"{panel.get_title(loc='left')}\nD's {number}; FGSM, 4/255 on [-1, 1]")
    return figure


def _interleaved(pair: Sequence[Tensor]) -> list[Tensor]:
    """Rows of ``ACROSS`` entries, in turns of the first and of the second."""
    rows = zip(*(one.split(ACROSS) for one in pair), strict=True)
    return [row for both in rows for row in both]


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
