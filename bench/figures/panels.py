"""Figures of panels side by side, a run each, and of rows of pictures."""

from collections.abc import Sequence
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from bench.data.dataset import encode
from bench.errors import UsageError
from bench.figures.subject import Subject
from bench.report.style import STYLE, plain

MOST = 8
"""Runs side by side that can still be read."""


def side_by_side(
    subjects: Sequence[Subject],
    rows: int,
    height: float,
    layout: Literal["constrained", "compressed"] = "constrained",
) -> tuple[Figure, NDArray]:
    """A column of ``rows`` panels for each run, with its name above, sharing axes along rows.

    Args:
        subjects: the runs.
        rows: panels of each.
        height: of a panel, in inches.
        layout: "compressed" for panels of a fixed aspect, such as pictures.

    Raises:
        UsageError: more runs than can be read.
    """
    require_few(len(subjects))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1 + 3.4 * len(subjects), rows * height), layout=layout)
        panels = figure.subplots(rows, len(subjects), sharex="row", sharey="row", squeeze=False)
    for column, subject in zip(panels.T, subjects, strict=True):
        column[0].set_title(plain(subject.label))
        for panel in column:
            panel.set_label(subject.label)
    return figure, panels


def require_few(across: int) -> None:
    """Refuses more runs side by side than can be read.

    Raises:
        UsageError: says how many can.
    """
    if across > MOST:
        raise UsageError(f"{across} runs: this figure shows at most {MOST} side by side")


def show(panel: Axes, pictures: Tensor, across: int) -> None:
    """Shows decoded pictures (N, C, H, W) as a grid, ``across`` a row, with a line between."""
    n, channels, height, width = pictures.shape
    down = -(-n // across)
    sheet = np.full((down * (height + 1) - 1, across * (width + 1) - 1, channels), 96, np.uint8)
    tiles = encode(pictures).permute(0, 2, 3, 1).numpy()
    for index, tile in enumerate(tiles):
        y, x = index // across * (height + 1), index % across * (width + 1)
        sheet[y : y + height, x : x + width] = tile
    panel.imshow(sheet.squeeze(-1) if channels == 1 else sheet, cmap="gray", vmin=0, vmax=255)
    panel.set_axis_off()
