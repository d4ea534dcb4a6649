"""Figures with a row of panels for each setting, a column for each measure, a colour a method."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from bench.figures.subject import Subject
from bench.report.style import COLOURS, STYLE, plain

WIDTH, HEIGHT = 2.9, 2.5  # inches, of a panel


def facets(
    subjects: Sequence[Subject], measures: Mapping[str, str], keys: Sequence[Line2D] = ()
) -> tuple[Figure, dict[str, NDArray[Any]]]:
    """Panels that share the axes of their column, with a legend of the methods below.

    Args:
        subjects: the runs that will be drawn, in the order of their methods and settings.
        measures: the titles of the columns, and what is along their x.
        keys: further lines of the legend.

    Returns:
        The figure, and each setting's row of panels.
    """
    settings = list(dict.fromkeys(str(subject.record["setting"]) for subject in subjects))
    handles = [
        Line2D([], [], color=style["color"], label=plain(method))
        for method, style in styles(subjects).items()
    ]
    with matplotlib.rc_context(STYLE):
        size = (max(6.6, WIDTH * len(measures)), HEIGHT * len(settings) + 0.5)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(
            len(settings), len(measures), sharex="col", sharey="col", squeeze=False
        )
        for panel, measure in zip(grid[0], measures, strict=True):
            panel.set_title(plain(measure))
        for row, setting in zip(grid, settings, strict=True):
            row[0].set_ylabel(plain(setting), fontweight="bold")
            for panel, measure in zip(row, measures, strict=True):
                panel.set_label(f"{setting}: {measure}")
        for panel, label in zip(grid[-1], measures.values(), strict=True):
            panel.set_xlabel(label)
        figure.legend(
            handles=[*handles, *keys],
            loc="outside lower center",
            ncols=min(6, len(handles) + len(keys)),
            frameon=False,
        )
    return figure, dict(zip(settings, grid, strict=True))


def styles(subjects: Sequence[Subject]) -> dict[str, dict[str, Any]]:
    """Each method's style of a run's line, in the order in which the methods first come."""
    methods = dict.fromkeys(str(subject.record["method"]) for subject in subjects)
    return {
        method: {"color": COLOURS[index % len(COLOURS)], "linewidth": 1.3}
        for index, method in enumerate(methods)
    }


def from_zero(panel: Axes) -> None:
    """Starts both axes of a panel, and of those that share them, at 0."""
    panel.update_datalim([(0, 0)])
    panel.autoscale_view()
    panel.set(xlim=(0, None), ylim=(0, None))
