"""Score against epsilon: methods with one as points, the others as lines across."""

from collections import defaultdict
from collections.abc import Sequence
from math import nan

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.errors import UsageError
from bench.figures.subject import Subject
from bench.records import metrics
from bench.report.style import STYLE, look, plain
from bench.statistics import mean_interval


def draw(subjects: Sequence[Subject]) -> Figure:
    """Left the last score, right the best one: means of the runs that finished, 95% intervals.

    Raises:
        UsageError: no method of these runs has an epsilon, or the runs' metrics differ.
    """
    labels = {_headline(subject) for subject in subjects}
    if len(labels) != 1:
        raise UsageError(f"these runs have different headline metrics: {sorted(labels)}")
    swept: dict[str, dict[float, list[Subject]]] = defaultdict(lambda: defaultdict(list))
    across: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        epsilon = getattr(subject.experiment.method, "epsilon", None)
        if epsilon is None:
            across[subject.record["method"]].append(subject)
        else:
            swept[subject.record["method"]][epsilon].append(subject)
    if not swept:
        raise UsageError("the figure 'epsilon' needs runs of a method that has one, such as as_gan")
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for panel, which in zip(panels, ("last", "best"), strict=True):
            _draw(panel, swept, across, which)
            panel.set(title=which, xlabel="epsilon, on the model's scale")
        panels[0].set_ylabel(plain(labels.pop()))
        panels[0].legend(frameon=False)
    return figure


def _draw(
    panel: Axes,
    swept: dict[str, dict[float, list[Subject]]],
    across: dict[str, list[Subject]],
    which: str,
) -> None:
    for index, (method, runs) in enumerate(sorted(across.items())):
        mean, low, high = _interval(runs, which)
        colour = look(index)["color"]
        panel.axhline(mean, color=colour, linestyle="--", label=plain(method))
        panel.axhspan(low, high, color=colour, alpha=0.12, linewidth=0)
    for index, (method, points) in enumerate(sorted(swept.items()), start=len(across)):
        grid = sorted(points)
        means, lows, highs = np.array([_interval(points[e], which) for e in grid]).T
        errors = np.abs(np.nan_to_num([means - lows, highs - means]))
        panel.errorbar(
            grid, means, errors, marker="o", capsize=3, label=plain(method), **look(index)
        )


def _interval(runs: list[Subject], which: str) -> tuple[float, float, float]:
    scores = [_score(run, which) for run in runs if run.record["status"] == "completed"]
    return mean_interval(scores) if scores else (nan, nan, nan)


def _score(subject: Subject, which: str) -> float:
    protocol = subject.record.get("protocol") or {}
    name = protocol["headline"]
    course = subject.course("scores", name)
    if which == "last":
        return float(course[-1])
    lower = metrics(protocol)[name]["better"] == "lower"
    return float(np.nanmin(course) if lower else np.nanmax(course))


def _headline(subject: Subject) -> str:
    protocol = subject.record.get("protocol")
    if not protocol:
        raise UsageError(f"{subject.folder}: this run failed before it had a score")
    return metrics(protocol)[protocol["headline"]]["label"]
