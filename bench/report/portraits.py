"""A picture of what was observed of each run that theory speaks of: its trajectory."""

from itertools import pairwise
from math import ceil, isfinite
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from scipy.interpolate import CubicSpline

from bench.report.style import STYLE, plain
from bench.report.theory import ordered
from bench.results.board import Board
from bench.results.entry import Entry
from bench.theory.trajectory import Trajectory

COLOURS = {
    "converges": "#009E73",
    "stops": "#0072B2",
    "slows": "#56B4E9",
    "circles": "#999933",
    "cycles": "#E69F00",
    "sticks": "#882255",
    "diverges": "#D55E00",
}
"""Of a trajectory, by the behaviour that theory expects."""

UNKNOWN = "#888888"
THEORY: dict[str, Any] = {"color": "#222222", "linewidth": 0.9, "zorder": 4}
COLUMNS = 6
PANEL, HEAD = 1.9, 0.45  # inches, a panel's side and the height of the text above it
FINE = 8  # points of a curve between two evaluations
BANDS = 12  # shades, each as long as the others
LEAVING = 3.0  # half side of the panel of a run that leaves


def portraits(board: Board) -> Figure:
    """Each run's trajectory through the plane of theta and psi, pale at its beginning."""
    records = ordered(board)
    columns = min(COLUMNS, len(records))
    rows = ceil(len(records) / columns)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(columns * PANEL, rows * (PANEL + HEAD)))
        grid = figure.subplots(
            rows,
            columns,
            squeeze=False,
            gridspec_kw={
                "left": 0.01,
                "right": 0.99,
                "bottom": 0.01,
                "top": 1 - HEAD / (rows * (PANEL + HEAD)),
                "wspace": 0.06,
                "hspace": HEAD / PANEL,
            },
        )
        for panel, record in zip(grid.flat, records, strict=False):
            _draw(panel, record)
        for panel in grid.flat[len(records) :]:
            panel.set_visible(False)
    return figure


def _draw(panel: Axes, record: Entry) -> None:
    trajectory, word = record.trajectory, record.expectation
    colour = COLOURS[word["verdict"]] if word else UNKNOWN
    side = 1.2
    if trajectory and len(trajectory.steps) > 3:
        side = max(side, min(LEAVING, 1.15 * float(trajectory.radius().max())))
        if word and word["verdict"] == "sticks":
            side = max(side, 1.2 * word["predicted"])
        _curve(panel, trajectory, colour)
    panel.set(xlim=(-side, side), ylim=(-side, side), aspect="equal", xticks=[], yticks=[])
    for spine in panel.spines.values():
        spine.set(visible=True, color="#DDDDDD")
    panel.axhline(0, color="#E6E6E6", linewidth=0.8, zorder=0)
    panel.axvline(0, color="#E6E6E6", linewidth=0.8, zorder=0)
    panel.add_patch(Circle((0, 0), 1, fill=False, color="#CFCFCF", linestyle=":", zorder=0))
    if word:
        _theory(panel, word["verdict"], word["quantity"], word["predicted"])
    panel.set_title(plain(record.method.replace("simultaneous_", "sim. ")), fontsize=9, pad=16)
    panel.text(0, 1.035, _caption(record), transform=panel.transAxes, fontsize=7.5, color=colour)


def _curve(panel: Axes, trajectory: Trajectory, colour: str) -> None:
    """The trajectory as a spline through the evaluations, which darkens towards its end."""
    at = np.arange(len(trajectory.steps))
    fine = np.linspace(0, at[-1], FINE * at[-1] + 1)
    points = CubicSpline(at, np.stack([trajectory.theta, trajectory.psi], axis=1))(fine)
    walked = np.concatenate([[0], np.linalg.norm(np.diff(points, axis=0), axis=1).cumsum()])
    edges = np.searchsorted(walked, np.linspace(0, walked[-1], BANDS + 1))
    ink, white = np.array(to_rgb(colour)), np.ones(3)
    shades = [ink + (white - ink) * 0.7 * (1 - i / (BANDS - 1)) for i in range(BANDS)]
    bands = [points[a : b + 1] for a, b in pairwise(edges)]
    panel.add_collection(LineCollection(bands, colors=shades, linewidths=1.1, zorder=2))
    panel.plot(*points[-1], marker="o", markersize=4, color=colour, zorder=5)


def _theory(panel: Axes, behaviour: str, quantity: str, value: float) -> None:
    """Where theory says that the trajectory ends."""
    if behaviour == "cycles" and quantity == "radius":
        panel.add_patch(Circle((0, 0), value, fill=False, linestyle=(0, (4, 3)), **THEORY))
    elif behaviour == "sticks":
        panel.plot([-value, value], [0, 0], "x", markersize=6, **THEORY)
    elif behaviour in ("converges", "stops", "slows"):
        panel.plot([0], [0], "+", markersize=7, **THEORY)


def _caption(record: Entry) -> str:
    word = record.expectation
    if word is None:
        return "no theory"
    seen = word["observed"]
    observed = f"{seen:.3g}" if seen is not None and isfinite(seen) else record.status
    return f"{word['verdict']}: {word['predicted']:.3g}, seen {observed}"
