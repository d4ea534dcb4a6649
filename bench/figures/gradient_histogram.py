"""How large the entries of D's input gradient are, and their sum over training."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from bench.figures.probe import input_gradient
from bench.figures.subject import Subject
from bench.report.style import STYLE, look, plain

SAMPLES, BINS = 256, 101


def draw(subjects: Sequence[Subject]) -> Figure:
    """Left the density of the logit's gradient at the end, right its L1 norm over training."""
    entries = [
        input_gradient(subject.gan, subject.real(SAMPLES)).flatten().numpy() for subject in subjects
    ]
    reach = max(float(np.quantile(np.abs(found), 0.999)) for found in entries) or 1.0
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.5, 3.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        for index, (subject, found) in enumerate(zip(subjects, entries, strict=True)):
            density, edges = np.histogram(found, BINS, (-reach, reach), density=True)
            left.stairs(density, edges, label=plain(subject.label), **look(index))
            steps, norms = (subject.course("diagnostics", key) for key in ("step", "gradient_l1"))
            right.plot(steps, norms, **look(index))
        left.set(yscale="log", xlabel="entry of the gradient of D's logit", ylabel="density")
        right.set(xlabel="generator steps", ylabel="L1 norm of the gradient, mean", ylim=(0, None))
        left.legend(frameon=False, fontsize=8)
    return figure
