"""The inception score and the headline score over training, of methods and their controls."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from bench.errors import UsageError
from bench.figures.facets import facets, styles
from bench.figures.subject import Subject
from bench.identity import canonical
from bench.runs.records import metrics


def draw(subjects: Sequence[Subject]) -> Figure:
    """A panel for each of the two scores, a line a run, with a cross where it ended badly.

    Source: Figure 7 of arXiv:1912.09670. Where samples have no inception score the headline stands
    alone.

    Raises:
        UsageError: the runs' scores are not of one protocol.
    """
    protocols = {canonical(subject.record.get("protocol")) for subject in subjects}
    protocol = subjects[0].record.get("protocol")
    if len(protocols) > 1 or not protocol:
        raise UsageError("the figure 'ablation' compares scores of one protocol")
    known = metrics(protocol)
    names = [name for name in dict.fromkeys(("is", protocol["headline"])) if name in known]
    titles = [f"{known[name]['label']}\n{known[name]['better']} is better" for name in names]
    figure, rows = facets(subjects, dict.fromkeys(titles, "generator steps"))
    looks = styles(subjects)
    for subject in subjects:
        record = subject.record
        look = looks[record["method"]]
        steps = subject.curve("scores", "step")
        for panel, name in zip(rows[record["setting"]], names, strict=True):
            score = subject.curve("scores", name)
            panel.plot(steps, score, marker=".", label=subject.label, **look)
            if record["status"] != "completed":
                panel.plot(steps[-1:], score[-1:], "x", color=look["color"], markersize=8)
    for panel in list(rows.values())[-1]:
        panel.set_xlim(0, None)
    return figure
