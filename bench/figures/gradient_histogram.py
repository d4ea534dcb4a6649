"""How large the entries of D's input gradient are, their sum, and how unequal, over training."""

from collections.abc import Callable, Sequence
from math import pi, sqrt
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from bench.figures.facets import facets, from_zero, styles
from bench.figures.probe import SAMPLES, input_gradient
from bench.figures.subject import Subject
from bench.report.style import FLOOR

BINS = 81
NOISE = 1 - sqrt(2 / pi)
"""The sparsity of very many independent entries of one normal distribution around 0."""
MEASURES = {
    "entries of the gradient\nof D's output, density": "entry",
    "entries of the gradient\nof sigmoid D, density": "entry",
    "L1 norm of the gradient\nof D's output": "generator steps",
    "Hoyer sparsity of it, 0: all\nequal, 1: a single entry": "generator steps",
}


def draw(subjects: Sequence[Subject]) -> Figure:
    """Two histograms at the end of training, and two curves over it; a line a run.

    The paper's D ends in a sigmoid, whose gradient shrinks where D is sure of a sample, and not
    only where D is smooth: so the gradient before it stands beside. Histograms are of held-out
    samples and leave out the outermost thousandth; curves are the record's, means of a batch of
    training samples. Source: Figure 5 of arXiv:1912.09670, which judges by the histogram and by
    the L1 norm that gradients become sparse; Hoyer's measure does not depend on their size.
    """
    figure, rows = facets(subjects, MEASURES, [Line2D([], [], label="normal noise", **FLOOR)])
    looks = styles(subjects)
    _histograms({setting: row[0] for setting, row in rows.items()}, subjects, looks, None)
    sure = [subject for subject in subjects if subject.has_confidence]
    _histograms({setting: row[1] for setting, row in rows.items()}, sure, looks, torch.sigmoid)
    for subject in subjects:
        _, _, norm, sparsity = rows[subject.record["setting"]]
        steps = subject.curve("diagnostics", "step")
        for panel, name in ((norm, "gradient_l1"), (sparsity, "gradient_sparsity")):
            curve = subject.curve("diagnostics", name)
            look = looks[subject.record["method"]]
            panel.plot(steps, curve, marker=".", label=subject.label, **look)
    for _, _, norm, sparsity in rows.values():
        from_zero(norm)
        from_zero(sparsity)
        sparsity.axhline(NOISE, **FLOOR)
    return figure


def _histograms(
    panels: dict[str, Axes],
    subjects: Sequence[Subject],
    looks: dict[str, dict[str, Any]],
    of: Callable[[Tensor], Tensor] | None,
) -> None:
    """Every run's, in the panel of its setting, all on one scale."""
    entries = [
        input_gradient(subject.gan, subject.real(SAMPLES), of).flatten().numpy()
        for subject in subjects
    ]
    reach = max((float(np.quantile(np.abs(found), 0.999)) for found in entries), default=0) or 1.0
    for subject, found in zip(subjects, entries, strict=True):
        counts, edges = np.histogram(found, BINS, (-reach, reach))
        density = np.where(counts > 0, counts, np.nan) / len(found) / np.diff(edges)
        panel = panels[subject.record["setting"]]
        look = looks[subject.record["method"]]
        panel.plot((edges[1:] + edges[:-1]) / 2, density, label=subject.label, **look)
        panel.set_yscale("log")
