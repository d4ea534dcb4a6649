"""D's confidence in real, adversarial and generated samples, and its loss, over training."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.figures.panels import side_by_side
from bench.figures.subject import Subject

LINES = {
    "d_real": ("D(x)", "#0072B2"),
    "d_adversarial": ("D(x_hat)", "#E69F00"),
    "d_fake": ("D(G(z))", "#CC79A7"),
}
"""Label and colour of the record's means of sigmoid D."""


def draw(subjects: Sequence[Subject]) -> Figure:
    """Above the three confidences, below the mean loss with the steps' standard deviation around.

    A panel says so where D has no confidence. x_hat is a FGSM step of the run's ``probe_epsilon``
    away from x, for every method.
    Source: Figure 6 of arXiv:1912.09670.
    """
    figure, panels = side_by_side(subjects, 2, 2.6)
    for (above, below), subject in zip(panels.T, subjects, strict=True):
        if not subject.has_confidence:
            words = "no confidence: this method's\nD puts out no logit"
            above.text(0.5, 0.5, words, transform=above.transAxes, ha="center", va="center")
        else:
            probed = subject.curve("diagnostics", "step")
            for name, (label, colour) in LINES.items():
                curve = subject.curve("diagnostics", name)
                above.plot(probed, curve, marker=".", color=colour, label=label)
        steps, mean, spread = (
            subject.curve("losses", name) for name in ("step", "d_loss", "d_loss_std")
        )
        below.plot(steps, mean, color="#444444", label="D's loss")
        below.fill_between(steps, mean - spread, mean + spread, color="#444444", alpha=0.2, lw=0)
        below.set_xlabel("generator steps")
    panels[0, 0].set(ylabel="mean sigmoid of D", ylim=(0, 1), xlim=(0, None))
    panels[1, 0].set(ylabel="D's loss, mean and\nstandard deviation", xlim=(0, None))
    keys = [Line2D([], [], color=colour, label=label) for label, colour in LINES.values()]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys), frameon=False)
    return figure
