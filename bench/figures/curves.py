"""The headline score over training, as on a leaderboard, of just these runs."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from bench.errors import UsageError
from bench.figures.subject import Subject
from bench.report.figures import steps_figure
from bench.results.board import boards


def draw(subjects: Sequence[Subject]) -> Figure:
    """One panel a setting, one line a method.

    Raises:
        UsageError: the runs are not of one suite, or have no score.
    """
    found = boards(subject.record for subject in subjects)
    if len(found) != 1:
        raise UsageError("the figure 'curves' compares runs of one suite")
    figure = steps_figure(found[0])
    if figure is None:
        raise UsageError("none of these runs has a score")
    return figure
