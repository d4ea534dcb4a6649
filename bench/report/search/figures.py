"""The pictures of a search: scores against parameters, the best of k trials, the Pareto front."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bench.report.style import STYLE, log_axis, look, plain, svg
from bench.search.findings import Study, Trial, Value
from bench.search.outcomes import Estimate, Outcomes

PANELS = 6
"""Parameters that a picture can show."""

COLUMNS, PANEL = 3, 3.9
"""Panels side by side, and the width of one in inches."""

MARGIN = 1.2
"""A logarithmic axis goes so far beyond its values."""

WORSE = {"lower": 0.98, "higher": 0.02}
"""Where in the panel a run without a score stands, by which way scores are better."""

TRIALS: dict[str, Any] = {"color": "#D55E00", "zorder": 3}
RUN: dict[str, Any] = {"markersize": 3.5, "alpha": 0.45, "linewidth": 0} | TRIALS
LOST: dict[str, Any] = {"markersize": 6, "markeredgewidth": 1.6, "linewidth": 0} | TRIALS
FRESH: dict[str, Any] = {"color": "#0072B2", "zorder": 4}


def figures(outcomes: Outcomes) -> dict[str, bytes]:
    """Every picture there is something to draw for, as SVG, by file name."""
    drawn = {
        "scores.svg": scores(outcomes),
        "best.svg": best(outcomes),
        "front.svg": front(outcomes),
    }
    return {name: svg(figure) for name, figure in drawn.items() if figure is not None}


def scores(outcomes: Outcomes) -> Figure | None:
    """What each value of each parameter scored, with the controls as bands."""
    panels = [(study, name) for study in outcomes.findings.studies for name in study.kinds]
    if not 0 < len(panels) <= PANELS or not any(study.trials for study, _ in panels):
        return None
    columns = min(COLUMNS, len(panels))
    rows = ceil(len(panels) / columns)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(max(columns * PANEL, 7.5), 3.6 * rows + 0.6), layout="constrained")
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for panel, (study, name) in zip(grid.flat, panels, strict=False):
            _bands(panel, outcomes)
            _points(panel, outcomes, study, name)
            panel.set_xlabel(plain(f"{study.method}: {name}" if len(panels) > 1 else name))
        for panel in grid.flat[len(panels) :]:
            panel.set_visible(False)
        for panel in grid[:, 0]:
            panel.set_ylabel(_axis(outcomes))
        named: dict[str, Artist] = {}
        for panel in grid.flat:
            handles, labels = panel.get_legend_handles_labels()
            named |= dict(zip(labels, handles, strict=True))
        figure.legend(
            named.values(), named.keys(), loc="outside lower center", ncols=3, frameon=False
        )
    return figure


def best(outcomes: Outcomes) -> Figure | None:
    """The median best of k trials, a curve a method; for several methods alone."""
    studies = [study for study in outcomes.findings.studies if len(study.trials) > 1]
    if len(studies) < 2:
        return None
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 4.6), layout="constrained")
        panel = figure.subplots()
        for index, study in enumerate(studies):
            drawn = [(one.mean, one.low, one.high) for one in outcomes.best_of(study)]
            middle, low, high = np.transpose(drawn)
            k = np.arange(1, len(middle) + 1)
            colour = look(index)["color"]
            panel.fill_between(k, low, high, color=colour, alpha=0.5 / len(studies), linewidth=0)
            panel.plot(k, middle, label=study.method, **look(index))
        panel.set_xlabel("trials")
        panel.set_ylabel(f"median best\n{_axis(outcomes)}")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(loc="outside lower center", ncols=5, frameon=False)
    return figure


def front(outcomes: Outcomes) -> Figure | None:
    """Two objectives against each other, with the front; None where there is one alone."""
    aims = outcomes.findings.objectives
    if len(aims) < 2:
        return None
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 4.2), layout="constrained")
        panel = figure.subplots()
        for index, study in enumerate(outcomes.findings.studies):
            ended = study.ended
            chosen = sorted(study.chosen(aims), key=lambda trial: trial.values[1])
            colour = look(index)["color"]
            panel.scatter(*_plane(outcomes, ended), s=22, color=colour, alpha=0.5, linewidths=0)
            look_of = look(index) | {"marker": "o", "drawstyle": "steps-post"}
            panel.plot(*_plane(outcomes, chosen), label=study.method, **look_of)
        panel.set_xlabel(plain(aims[1].label))
        panel.set_ylabel(_axis(outcomes))
        figure.legend(loc="outside lower center", ncols=5, frameon=False)
    return figure


def _plane(outcomes: Outcomes, trials: Sequence[Trial]) -> tuple[list[float], list[float]]:
    first, second = outcomes.findings.objectives[:2]
    x, y = ([outcomes.of(trial, aim).mean for trial in trials] for aim in (second, first))
    return x, y


def _bands(panel: Axes, outcomes: Outcomes) -> None:
    controls = [g for g in outcomes.groups(fresh=False) if g.role == "control"]
    for index, group in enumerate(controls):
        estimate, style = outcomes.estimate(group.runs), look(index)
        if index:  # vermilion is the trials', blue the winner's
            style = look(index + 2)
        if np.isfinite(estimate.low):
            panel.axhspan(
                estimate.low, estimate.high, color=style["color"], alpha=0.08, linewidth=0
            )
        if np.isfinite(estimate.mean):
            panel.axhline(estimate.mean, label=group.label, linewidth=1.4, **_line(style))


def _line(style: dict[str, Any]) -> dict[str, Any]:
    return {"color": style["color"], "linestyle": (0, (5, 1.5))}


def _points(panel: Axes, outcomes: Outcomes, study: Study, name: str) -> None:
    """The trials, each seed a dot and their mean with its interval, and the winner anew."""
    place = _places(panel, study, name)
    ended = sorted(study.ended, key=lambda trial: place(trial.parameters[name]))
    x = [place(trial.parameters[name]) for trial in ended]
    estimates = [outcomes.of(trial) for trial in ended]
    for at, trial in zip(x, ended, strict=True):
        _runs(panel, at, outcomes.frame(trial.runs), WORSE[outcomes.better])
    joined = "-" if len(study.kinds) == 1 else "none"
    panel.errorbar(
        x,
        [estimate.mean for estimate in estimates],
        yerr=_margins(estimates),
        fmt="o",
        linestyle=joined,
        capsize=3,
        label=f"{study.method}, seeds that chose",
        **TRIALS,
    )
    for group in outcomes.groups(fresh=True):
        if group.role == "tuned" and group.method == study.method:
            estimate = outcomes.estimate(group.runs)
            at = place(group.parameters[name])
            beside = at + 0.15 if study.kinds[name] in ("grid", "categorical") else at
            panel.errorbar(
                [beside],
                [estimate.mean],
                yerr=_margins([estimate]),
                fmt="D",
                capsize=5,
                label=f"{group.method}, tuned, fresh seeds",
                **FRESH,
            )


def _runs(panel: Axes, at: float, runs: pd.DataFrame, edge: float) -> None:
    """One trial's runs at their scores, hollow where they collapsed; at the edge without one."""
    collapsed = runs["failure"] == "collapsed"
    for part, fill in ((~collapsed, "full"), (collapsed, "none")):
        scores = runs.loc[part & runs["scored"], "last"]
        panel.plot([at] * len(scores), scores, "o", fillstyle=fill, **RUN)
    without = int((~runs["scored"]).sum())
    beside = panel.get_xaxis_transform()
    panel.plot([at] * without, [edge] * without, "x", transform=beside, **LOST)


def _places(panel: Axes, study: Study, name: str) -> Callable[[Value], float]:
    """Where on the axis a value stands: at its number, or at its place among the choices."""
    values = sorted({trial.parameters[name] for trial in study.trials}, key=_order)
    if study.kinds[name] not in ("grid", "categorical"):
        if study.kinds[name] == "log_uniform":
            log_axis(panel, "x", float(values[0]) / MARGIN, float(values[-1]) * MARGIN)
        if study.kinds[name] == "integer":
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        return float
    unit = study.units.get(name)
    panel.set_xticks(range(len(values)), [_tick(value, unit) for value in values])
    return {value: index for index, value in enumerate(values)}.__getitem__


def _order(value: Value) -> tuple[int, float, str]:
    return (1, 0.0, value) if isinstance(value, str) else (0, value, "")


def _tick(value: Value, unit: float | None) -> str:
    if isinstance(value, str):
        return plain(value)
    return f"{value:g}" if unit is None else f"{value:g}\n{value / unit:g}x"


def _margins(estimates: Sequence[Estimate]) -> list[list[float]]:
    """Below and above the means, 0 where there is no interval."""
    below = [np.nan_to_num(e.mean - e.low) for e in estimates]
    above = [np.nan_to_num(e.high - e.mean) for e in estimates]
    return [below, above]


def _axis(outcomes: Outcomes) -> str:
    return f"{plain(outcomes.objective.label)}\n{outcomes.better} is better"
