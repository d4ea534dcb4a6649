"""Performance profiles: the share of a method's runs that are at least as good as a score."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.report.style import STYLE, canvas, log_axis, look, plain
from bench.results.results import Results
from bench.statistics import performance_profile

THRESHOLDS = 200


def profile_figure(results: Results) -> Figure | None:
    """Each method's profile over all runs and settings; None where no run has a score.

    Without bands: with few runs each covers most of the panel. Source: Agarwal et al. 2021, "Deep
    Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS.
    """
    badness = results.badness
    finite = badness[np.isfinite(badness)]
    if not len(finite):
        return None
    edges = np.quantile(finite, np.linspace(0, 1, THRESHOLDS))
    margin = max(float(np.ptp(edges)) * 0.03, 1e-9)
    edges = np.concatenate([[edges[0] - margin], edges, [edges[-1] + margin]])
    scores = results.score_of(edges)
    board = results.board
    metric = board.metrics[board.headline]
    with matplotlib.rc_context(STYLE):
        figure, ((panel,),) = canvas((1, 1), (6.4, 3.4), board.methods)
        for index in range(len(board.methods)):
            share, _, _ = performance_profile(badness[..., index], edges)
            panel.add_line(Line2D(scores, share, drawstyle="steps-post", **look(index)))
        ends = sorted((float(scores[0]), float(scores[-1])))
        panel.set(ylim=(0, 1.02), xlim=ends)
        if results.logarithmic:
            log_axis(panel, "x", *ends)
        panel.set_xlabel(plain(metric["label"]))
        word = "at most" if metric["better"] == "lower" else "at least"
        panel.set_ylabel(f"share of runs with {word} this")
    return figure
