"""Curves of the headline metric, one panel a setting, the same bytes whenever they are drawn."""

from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from bench.report.style import FLOOR, STYLE, canvas, log_axis, look, plain
from bench.results.board import Board
from bench.results.entry import Entry, Floats
from bench.wording import number

COLUMNS = 3
PANEL, ALONE = 3.2, 6.4  # inches, the width of one of several panels, and of a single one
CROSS: dict[str, Any] = {
    "linestyle": "none",
    "marker": "x",
    "markersize": 8,
    "markeredgewidth": 2.2,
    "clip_on": False,
    "zorder": 4,
}


@dataclass(frozen=True)
class Curve:
    """The seeds of one method in one setting.

    Attributes:
        x: evaluations, shape (E,).
        middle: the median over all seeds, shape (E,), NaN from where most have no score: a seed
            without one counts as worse than any other.
        low, high: the range of the seeds that have a score, shape (E,).
        ends: where each seed diverged, collapsed or failed, (x, last score or NaN).
    """

    x: Floats
    middle: Floats
    low: Floats
    high: Floats
    ends: list[tuple[float, float]]


def steps_figure(board: Board) -> Figure | None:
    """The headline metric against generator steps; None where no run has a score."""
    return _panels(board, "step", "generator steps")


def cost_figure(board: Board) -> Figure | None:
    """The headline metric against batches differentiated through D; None without scores."""
    return _panels(board, "d_gradients", "batches differentiated through D")


def curve(records: list[Entry], axis: str, better: str) -> Curve:
    """Draws the seeds of one method and setting together.

    Args:
        records: one a seed, of one protocol, hence evaluated at the same steps.
        axis: what x is, one of ``entry.AXES``.
        better: "lower" or "higher".
    """
    columns = [record.along(axis) for record in records]
    x = np.unique(np.concatenate(columns))
    x = x[~np.isnan(x)]
    alive = np.full((len(records), len(x)), np.nan)
    for row, known, record in zip(alive, columns, records, strict=True):
        there = ~np.isnan(known)
        row[np.searchsorted(x, known[there])] = record.scores[there]
    worst = np.inf if better == "lower" else -np.inf
    middle = np.median(np.where(np.isnan(alive), worst, alive), axis=0)
    seen = ~np.isnan(alive).all(axis=0)
    low, high = np.full((2, len(x)), np.nan)
    low[seen], high[seen] = np.nanmin(alive[:, seen], axis=0), np.nanmax(alive[:, seen], axis=0)
    ends = []
    for row, record in zip(alive, records, strict=True):
        if record.status != "completed":
            known = row[~np.isnan(row)]
            ends.append((record.spent(axis), float(known[-1]) if len(known) else np.nan))
    return Curve(x, np.where(np.isfinite(middle), middle, np.nan), low, high, ends)


def _panels(board: Board, axis: str, label: str) -> Figure | None:
    methods, settings = board.methods, board.settings
    scores = np.concatenate([record.scores for record in board.records])
    if np.isnan(scores).all():
        return None
    metric, floor = board.metrics[board.headline], board.floors.get(board.headline)
    columns = min(COLUMNS, len(settings))
    rows = ceil(len(settings) / columns)
    seen = scores[~np.isnan(scores)]
    log = bool((seen > 0).all()) and (floor is None or floor > 0)
    limits = _limits(seen, floor, log)
    with matplotlib.rc_context(STYLE):
        wide = PANEL if columns > 1 else ALONE
        figure, grid = canvas((rows, columns), (wide, 0.62 * wide), methods, _legend(floor, limits))
        grid[0, 0].set(xlim=(0, _furthest(board, axis)), ylim=limits)
        for panel, setting in zip(grid.flat, settings, strict=False):
            panel.set_title(plain(setting))
            if log:
                log_axis(panel, "y", *limits)
            if floor is not None:
                panel.axhline(floor, **FLOOR)
            for index, method in enumerate(methods):
                if (method, setting) in board.cells:
                    drawn = curve(board.cells[method, setting], axis, metric["better"])
                    _draw(panel, drawn, index, min(0.13, 0.8 / len(methods)))
        for panel in grid.flat[len(settings) :]:
            panel.set_visible(False)
        for column in range(columns):
            lowest = grid[(len(settings) - 1 - column) // columns, column]
            lowest.tick_params(labelbottom=True)
            lowest.set_xlabel(label)
        for panel in grid[:, 0]:
            panel.set_ylabel(f"{plain(metric['label'])}\n{metric['better']} is better")
    return figure


def _furthest(board: Board, axis: str) -> float:
    """The right end of an axis: a little further than the longest run."""
    ends = [end for record in board.records if isfinite(end := record.spent(axis))]
    ends += [float(np.nanmax(r.along(axis), initial=0)) for r in board.records]
    return max(1.03 * max(ends), 1e-9)


def _limits(scores: Floats, floor: float | None, log: bool) -> tuple[float, float]:
    """The ends of the axis of scores: all of them, and a margin.

    Real data too, unless that would leave the scores less than half of the axis.
    """
    ends = np.array([scores.min(), scores.max()], dtype=np.float64)
    if log:
        low, high = np.exp(_limits(np.log(ends), None if floor is None else np.log(floor), False))
        return float(low), float(high)
    if floor is not None:
        wider = np.array([min(ends[0], floor), max(ends[1], floor)])
        ends = wider if np.ptp(wider) <= 2 * np.ptp(ends) else ends
    margin = 0.04 * np.ptp(ends) or 0.02
    return float(ends[0] - margin), float(ends[1] + margin)


def _legend(floor: float | None, limits: tuple[float, float]) -> str:
    """What the line of real data is called, and that it is not to be seen where it is not."""
    if floor is None:
        return ""
    beyond = "" if limits[0] <= floor <= limits[1] else ", off the scale"
    return f"real data ({number(floor)}{beyond})"


def _draw(panel: Axes, drawn: Curve, index: int, opacity: float) -> None:
    style = look(index)
    known = np.isfinite(drawn.low)
    x, low, high = drawn.x[known], drawn.low[known], drawn.high[known]
    if len(x):
        outline = np.concatenate([np.stack([x, low], 1), np.stack([x, high], 1)[::-1]])
        band = {"facecolor": style["color"], "alpha": opacity, "linewidth": 0}
        panel.add_patch(Polygon(outline, **band))
    panel.add_line(Line2D(drawn.x, drawn.middle, **style))
    for seen, transform in ((True, panel.transData), (False, panel.get_xaxis_transform())):
        ends = [(x, y if seen else 0.97) for x, y in drawn.ends if isfinite(y) is seen]
        if ends:
            cross = Line2D(*zip(*ends, strict=True), transform=transform, **CROSS)
            cross.set_color(style["color"])
            panel.add_line(cross)
