"""Score against epsilon: methods with one as points, the others as lines across."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from math import isnan, nan

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.errors import UsageError
from bench.figures.subject import Subject
from bench.records import metrics
from bench.report.style import COLOURS, STYLE, plain

ENDED = ("completed", "collapsed")
"""How runs ended whose scores are of the whole training; a diverged one's are not."""
BEST, TAIL = "best", "mean of the last tenth"


def draw(subjects: Sequence[Subject]) -> Figure:
    """Left the best score, right the mean of the last tenth: a mark a run, and their means.

    A cross is a run that collapsed; one that diverged is left out. A method without epsilon is
    a dashed line at its mean, with the range of its runs around. Source: Figure 3 of
    arXiv:1912.09670.

    Raises:
        UsageError: no method of these runs has an epsilon, or the runs differ in their metric,
            setting or unit of epsilon.
    """
    label = _one("headline metric", (_headline(subject) for subject in subjects))
    setting = _one("setting", (subject.record["setting"] for subject in subjects))
    methods = [subject.experiment.method for subject in subjects]
    units = [method.unit for method in methods if hasattr(method, "unit")]
    if not units:
        raise UsageError("the figure 'epsilon' needs runs of a method that has one, such as as_gan")
    unit = _one("unit of epsilon", units)
    groups: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        if subject.record["status"] in ENDED:
            groups[_options(subject)].append(subject)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 4), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for panel, which in zip(panels, (BEST, TAIL), strict=True):
            for index, runs in enumerate(groups.values()):
                _draw(panel, runs, which, COLOURS[index % len(COLOURS)])
            panel.set(title=f"{plain(setting)}, {which}", xlabel=f"epsilon x 255, unit: {unit}")
        panels[0].set_ylabel(plain(label))
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=5, frameon=False)
    return figure


def epsilon_of(subject: Subject) -> float:
    """The run's epsilon, 0 where the step is repeated on unmoved samples, NaN without one."""
    method = subject.experiment.method
    if getattr(method, "direction", None) == "none":
        return 0.0
    return float(getattr(method, "epsilon", nan))


def _options(subject: Subject) -> str:
    """What the runs of one line share: the method's kind and its options but for epsilon."""
    method = subject.experiment.method
    options = asdict(method) | {"epsilon": None}
    if options.get("direction") == "none":
        options["direction"] = "gradient"
    return f"{type(method).__name__} {options}"


def _draw(panel: Axes, runs: list[Subject], which: str, colour: str) -> None:
    label = plain(min((run.record["method"] for run in runs), key=lambda name: (len(name), name)))
    points: dict[float, list[float]] = defaultdict(list)
    for run in runs:
        epsilon, score = 255 * epsilon_of(run), _score(run, which)
        if isnan(epsilon):
            points[nan].append(score)
            continue
        points[epsilon].append(score)
        marker = "o" if run.record["status"] == "completed" else "x"
        panel.plot(epsilon, score, marker, color=colour, markersize=4, alpha=0.6)
    if nan in points:
        panel.axhline(float(np.mean(points[nan])), color=colour, linestyle="--", label=label)
        panel.axhspan(min(points[nan]), max(points[nan]), color=colour, alpha=0.1, linewidth=0)
    else:
        grid = sorted(points)
        means = [np.mean(points[epsilon]) for epsilon in grid]
        panel.plot(grid, means, color=colour, marker="_", markersize=12, label=label)


def _score(subject: Subject, which: str) -> float:
    protocol = subject.record.get("protocol") or {}
    course = subject.course("scores", protocol["headline"])
    if which == TAIL:
        return float(course[-max(1, len(course) // 10) :].mean())
    lower = metrics(protocol)[protocol["headline"]]["better"] == "lower"
    return float(np.nanmin(course) if lower else np.nanmax(course))


def _headline(subject: Subject) -> str:
    protocol = subject.record.get("protocol")
    if not protocol:
        raise UsageError(f"{subject.folder}: this run failed before it had a score")
    return metrics(protocol)[protocol["headline"]]["label"]


def _one(what: str, values: Iterable[str]) -> str:
    """The one value that all runs share.

    Raises:
        UsageError: they differ.
    """
    found = sorted(set(values))
    if len(found) > 1:
        raise UsageError(f"the figure 'epsilon' is of one {what}; these runs have {found}")
    return found[0]
