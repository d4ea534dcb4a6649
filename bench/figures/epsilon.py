"""Score against epsilon: methods with one as points, the others as lines across."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from math import isnan, nan
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.errors import UsageError
from bench.figures.subject import Floats, Subject
from bench.report.style import COLOURS, STYLE, plain
from bench.runs.records import Metric, metrics
from bench.statistics import tail_mean

MARKERS = {"completed": "o", "collapsed": "x"}
"""How runs ended whose scores are of the whole training; a diverged one's are not."""


@dataclass(frozen=True)
class _Half:
    """One of the two panels: a run's score from its curve, and what stands for several runs."""

    title: str
    score: Callable[[Floats], Any]
    together: Callable[[Sequence[float]], Any]


def draw(subjects: Sequence[Subject]) -> Figure:
    """Left the best score of each run and of all, right the mean of its last tenth and of all's.

    A mark is a run, a cross one that collapsed; a line stands for all of them. A run that diverged
    has no score of the whole training, and is left out. A method without epsilon is a dashed line,
    its runs beside the greatest epsilon. Source: Figure 3 (a) and (b) of arXiv:1912.09670.

    Raises:
        UsageError: no method of these runs has an epsilon, all diverged, or the runs differ in
            their metric, setting or unit of epsilon.
    """
    label = _one("headline metric", (_headline(subject)["label"] for subject in subjects))
    setting = _one("setting", (subject.record["setting"] for subject in subjects))
    methods = [subject.experiment.method for subject in subjects]
    units = [method.unit for method in methods if hasattr(method, "unit")]
    if not units:
        raise UsageError("the figure 'epsilon' needs runs of a method that has one, such as as_gan")
    unit = _one("unit of epsilon", units)
    groups: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        if subject.record["status"] in MARKERS:
            groups[_options(subject)].append(subject)
    if not groups:
        raise UsageError("the figure 'epsilon' needs runs that did not diverge; all of these did")
    best = np.nanmin if _headline(subjects[0])["better"] == "lower" else np.nanmax
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 4), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for panel, half in zip(
            panels,
            (
                _Half("best of a run, and of all runs", best, best),
                _Half("mean of the last tenth, and over runs", tail_mean, np.mean),
            ),
            strict=True,
        ):
            keys = _draw(panel, list(groups.values()), half)
            title = f"{setting}: {half.title}"
            panel.set(title=plain(title), label=title, xlabel=f"epsilon x 255, unit: {unit}")
        panels[0].set_ylabel(plain(label))
        figure.legend(handles=keys, loc="outside lower center", ncols=5, frameon=False)
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


def _draw(panel: Axes, groups: Sequence[Sequence[Subject]], half: _Half) -> list[Line2D]:
    """Draws one line a group, and beyond the greatest epsilon a place for each without one.

    Returns:
        The lines.
    """
    keys = []
    greatest = max((_place(run) for runs in groups for run in runs if _has_epsilon(run)), default=0)
    beyond: dict[float, str] = {}
    for index, runs in enumerate(groups):
        colour = COLOURS[index % len(COLOURS)]
        name = min((run.record["method"] for run in runs), key=lambda name: (len(name), name))
        aside = greatest + (len(beyond) + 1) * (greatest / 6 or 1)
        scores: dict[float, list[float]] = defaultdict(list)
        for run in runs:
            place = _place(run) if _has_epsilon(run) else aside
            score = float(half.score(_curve(run)))
            mark: dict[str, Any] = {"label": run.label, "markersize": 4, "alpha": 0.6}
            panel.plot(place, score, MARKERS[run.record["status"]], color=colour, **mark)
            scores[place].append(score)
        line = {place: float(half.together(scores[place])) for place in sorted(scores)}
        line_style: dict[str, Any] = {"color": colour, "label": plain(name)}
        if _has_epsilon(runs[0]):
            keys += panel.plot(
                list(line), list(line.values()), marker="_", markersize=12, **line_style
            )
        else:
            beyond[aside] = plain(name)
            keys.append(panel.axhline(line.get(aside, nan), linestyle="--", **line_style))
    ticks = {x: f"{x:g}" for x in panel.get_xticks() if 0 <= x <= greatest} | beyond
    panel.set_xticks(list(ticks), list(ticks.values()))
    return keys


def _has_epsilon(run: Subject) -> bool:
    return not isnan(epsilon_of(run))


def _place(run: Subject) -> float:
    return 255 * epsilon_of(run)


def _curve(run: Subject) -> Floats:
    protocol = run.record.get("protocol") or {}
    return run.curve("scores", protocol["headline"])


def _headline(subject: Subject) -> Metric:
    protocol = subject.record.get("protocol")
    if not protocol:
        raise UsageError(f"{subject.folder}: this run failed before it had a score")
    return metrics(protocol)[protocol["headline"]]


def _one(what: str, values: Iterable[str]) -> str:
    """The one value that all runs share.

    Raises:
        UsageError: they differ.
    """
    found = sorted(set(values))
    if len(found) > 1:
        raise UsageError(f"the figure 'epsilon' is of one {what}; these runs have {found}")
    return found[0]
