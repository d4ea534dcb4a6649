"""Curves of the headline metric, one panel a setting, the same bytes whenever they are drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from math import ceil, isfinite
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from bench.records import Record
from bench.report.frame import Floats, values
from bench.report.selection import Board, methods_of, settings_of

# Okabe and Ito's colours without yellow, which white swallows, and two of Tol's: all differ for
# the colour-blind. Vanilla, which sorts first, is black.
COLOURS = (
    "#000000",
    "#D55E00",
    "#0072B2",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#882255",
    "#999933",
)
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)))
STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#888888",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "ganbench",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
}
FLOOR: dict[str, Any] = {
    "color": "#888888",
    "linestyle": (0, (3, 3)),
    "linewidth": 1.2,
    "zorder": 1,
}
COLUMNS = 3
PANEL = 3.9  # inches, the width of one of several

End = Callable[[Record], float]


@dataclass(frozen=True)
class Curve:
    """The seeds of one method in one setting.

    Attributes:
        x: evaluations, shape (E,).
        middle: the median over all seeds, shape (E,), NaN from where most have failed: a failed
            seed counts as worse than any other.
        low, high: the range of the seeds still running, shape (E,).
        ends: where each failed seed ended, (x, last score or NaN).
    """

    x: Floats
    middle: Floats
    low: Floats
    high: Floats
    ends: list[tuple[float, float]]


def steps_figure(board: Board) -> Figure | None:
    """The headline metric against generator steps; None where no run has a score."""
    return _panels(board, "step", "generator steps", lambda record: float(record["step"]))


def cost_figure(board: Board) -> Figure | None:
    """The headline metric against batches differentiated through D; None without scores."""

    def end(record: Record) -> float:
        return float(values([record.get("cost") or {}], "d_gradients")[0])

    return _panels(board, "d_gradients", "batches differentiated through D", end)


def svg(figure: Figure) -> bytes:
    """The figure as an SVG without a date in it."""
    file = BytesIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def curve(records: list[Record], axis: str, metric: str, better: str, end: End) -> Curve:
    """Draws the seeds of one method and setting together.

    Args:
        records: one a seed, of one protocol, hence evaluated at the same steps.
        axis: the column of the scores that is x.
        metric: the column that is y.
        better: "lower" or "higher".
        end: where on x a failed run ended.
    """
    columns = [values(record["scores"], axis) for record in records]
    x = np.unique(np.concatenate(columns))
    x = x[~np.isnan(x)]
    alive = np.full((len(records), len(x)), np.nan)
    for row, known, record in zip(alive, columns, records, strict=True):
        scores = dict(zip(known, values(record["scores"], metric), strict=True))
        row[:] = [scores.get(at, np.nan) for at in x]
    worst = np.inf if better == "lower" else -np.inf
    middle = np.median(np.where(np.isnan(alive), worst, alive), axis=0)
    seen = ~np.isnan(alive).all(axis=0)
    low, high = np.full((2, len(x)), np.nan)
    low[seen], high[seen] = np.nanmin(alive[:, seen], axis=0), np.nanmax(alive[:, seen], axis=0)
    ends = []
    for row, record in zip(alive, records, strict=True):
        if record["status"] != "completed":
            known = row[~np.isnan(row)]
            ends.append((end(record), float(known[-1]) if len(known) else np.nan))
    return Curve(x, np.where(np.isfinite(middle), middle, np.nan), low, high, ends)


def _panels(board: Board, axis: str, label: str, end: End) -> Figure | None:
    methods, settings = methods_of(board.records), settings_of(board.records)
    scores = np.concatenate([values(r["scores"], board.headline) for r in board.records])
    if np.isnan(scores).all():
        return None
    metric, floor = board.metrics[board.headline], board.floors.get(board.headline)
    columns = min(COLUMNS, len(settings))
    rows = ceil(len(settings) / columns)
    handles = [Line2D([], [], label=method, **_look(i)) for i, method in enumerate(methods)]
    if floor is not None:
        handles.append(Line2D([], [], label="real data", **FLOOR))
    with matplotlib.rc_context(STYLE):
        width = max(columns * PANEL, 7.5)
        tall = min(3.8, 0.75 * width / columns)
        across = min(len(handles), int(width // 1.45))
        height = rows * tall + 0.24 * ceil(len(handles) / across)
        figure = Figure(figsize=(width, height), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        log = bool((scores[~np.isnan(scores)] > 0).all()) and (floor is None or floor > 0)
        for panel, setting in zip(grid.flat, settings, strict=False):
            panel.set_title(plain(setting))
            if log:
                _log_axis(panel)
            if floor is not None:
                panel.axhline(floor, **FLOOR)
            for index, method in enumerate(methods):
                cell = [
                    record
                    for record in board.records
                    if record["method"] == method and record["setting"] == setting
                ]
                if cell:
                    drawn = curve(cell, axis, board.headline, metric["better"], end)
                    _draw(panel, drawn, index, min(0.13, 0.8 / len(methods)))
        grid[0, 0].set_xlim(left=0)
        for panel in grid.flat[len(settings) :]:
            panel.set_visible(False)
        for column in range(columns):
            lowest = grid[(len(settings) - 1 - column) // columns, column]
            lowest.tick_params(labelbottom=True)
            lowest.set_xlabel(label)
        for panel in grid[:, 0]:
            panel.set_ylabel(f"{plain(metric['label'])}\n{metric['better']} is better")
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=across,
            frameon=False,
            handlelength=2.6,
            columnspacing=1.4,
        )
    return figure


def _look(index: int) -> dict[str, Any]:
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[(index // len(COLOURS)) % len(DASHES)],
    }


def _draw(panel: Axes, drawn: Curve, index: int, opacity: float) -> None:
    look = _look(index)
    band = {"color": look["color"], "alpha": opacity, "linewidth": 0}
    panel.fill_between(drawn.x, drawn.low, drawn.high, **band)
    panel.plot(drawn.x, drawn.middle, **look)
    for x, y in drawn.ends:
        seen = isfinite(y)
        panel.plot(
            [x],
            [y if seen else 0.97],
            transform=panel.transData if seen else panel.get_xaxis_transform(),
            marker="x",
            markersize=8,
            markeredgewidth=2.2,
            color=look["color"],
            clip_on=False,
            zorder=4,
        )


def _log_axis(panel: Axes) -> None:
    panel.set_yscale("log")
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.yaxis.set_minor_formatter(NullFormatter())


def plain(text: str) -> str:
    """Text that matplotlib does not read as mathematics."""
    return text.replace("$", r"\$")
