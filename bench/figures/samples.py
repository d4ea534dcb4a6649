"""Samples of the fixed latents, the same for every method at one seed, and how each run ended."""

from collections import defaultdict
from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures.panels import require_few, show
from bench.figures.subject import Subject
from bench.report.style import STYLE, plain

PICTURES, POINTS, ACROSS = 36, 2000, 6
WIDTH, HEIGHT = 2.1, 2.5  # inches, of a panel and its title


def draw(subjects: Sequence[Subject]) -> Figure:
    """A panel for each run, a row for each method where one has several.

    Pictures, or points over the real ones, of the last checkpoint, whose step is named. Of two
    methods in hard settings it shows who collapses where: Figures 12 and 13 of arXiv:1912.09670.

    Raises:
        UsageError: more runs of a method than can be read.
    """
    methods: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        methods[subject.record["method"]].append(subject)
    rows = list(methods.values())
    if len(rows) == len(subjects):
        rows = [list(subjects)]
    across = max(map(len, rows))
    require_few(across)
    with matplotlib.rc_context(STYLE):
        size = (WIDTH * max(across, 2), HEIGHT * len(rows))
        figure = Figure(figsize=size, layout="compressed")
        alike = len({subject.experiment.data.shape for subject in subjects}) == 1
        grid = figure.subplots(len(rows), across, sharex=alike, sharey=alike, squeeze=False)
        for row, runs in zip(grid, rows, strict=True):
            for panel, subject in zip(row, runs, strict=False):
                _draw(panel, subject)
            for panel in row[len(runs) :]:
                panel.set_visible(False)
    return figure


def _draw(panel: Axes, subject: Subject) -> None:
    if subject.has_pictures:
        show(panel, subject.samples(PICTURES), ACROSS)
    else:
        real, drawn = subject.real(POINTS), subject.samples(POINTS)
        for points, colour in ((real, "#BBBBBB"), (drawn, "C0")):
            panel.plot(*points.T, ".", color=colour, markersize=2, alpha=0.5)
        panel.set_aspect("equal")
    record = subject.record
    ending = f"seed {record['seed']}, {record['status']}, step {subject.gan.step}"
    title = f"{record['method']}, {record['setting']}\n{ending}"
    panel.set_title(plain(title), fontsize=8)
