"""D's gradient at real samples: what the generator is told to change."""

from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure
from torch import Tensor

from bench.errors import UsageError
from bench.figures.panels import show, side_by_side
from bench.figures.probe import SAMPLES, input_gradient
from bench.figures.subject import Subject
from bench.report.style import STYLE, plain

ACROSS, POINTS = 12, 300
WIDTH, HEIGHT = 7.0, 0.79  # inches, of a row of pictures with its name


def draw(subjects: Sequence[Subject]) -> Figure:
    """Real pictures, and below them a row of gradients for each run; for points, arrows.

    Each gradient is drawn on its own scale, and the arrows of each run on theirs. Source: Figure 1
    of arXiv:1912.09670.

    Raises:
        UsageError: runs of pictures beside runs of points.
    """
    kinds = {subject.has_pictures for subject in subjects}
    if len(kinds) > 1:
        raise UsageError("the figure 'gradients' is of pictures or of points; these runs have both")
    if kinds == {True}:
        return _pictures(subjects)
    figure, panels = side_by_side(subjects, 1, 3.6)
    for panel, subject in zip(panels[0], subjects, strict=True):
        real = subject.real(POINTS)
        gradient = input_gradient(subject.gan, real)
        panel.quiver(*real.T, *gradient.T, angles="xy", width=0.004)
        panel.set_aspect("equal")
    return figure


def _pictures(subjects: Sequence[Subject]) -> Figure:
    rows: list[tuple[str, Tensor]] = []
    shown = None
    for subject in subjects:
        real = subject.real(SAMPLES)
        if subject.record["dataset"] != shown:
            shown = subject.record["dataset"]
            rows.append((f"real samples of {shown}", real))
        rows.append((subject.label, shades(input_gradient(subject.gan, real))))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT * len(rows)), layout="compressed")
        panels = figure.subplots(len(rows), squeeze=False)[:, 0]
        for panel, (name, pictures) in zip(panels, rows, strict=True):
            panel.set_title(plain(name), fontsize=9, pad=2)
            show(panel, pictures[:ACROSS], ACROSS)
    return figure


def shades(gradients: Tensor) -> Tensor:
    """Gradients (N, C, H, W) as grey pictures (N, 1, H, W): black where 0, white the largest.

    Each is clipped to 3 standard deviations around its mean, and the absolute values averaged over
    channels, as in Figure 1 of arXiv:1912.09670. Only its pattern is left: a factor such as that
    of a sigmoid or a loss behind the logit changes nothing.
    """
    flat = gradients.flatten(1)
    mean, reach = flat.mean(1, keepdim=True), 3 * flat.std(1, keepdim=True)
    clipped = flat.clamp(mean - reach, mean + reach).unflatten(1, gradients.shape[1:])
    size = clipped.abs().mean(1, keepdim=True)
    largest = size.amax((1, 2, 3), keepdim=True).clamp(min=1e-30)
    return 2 * size / largest - 1
