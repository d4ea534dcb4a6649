"""D's output on real, adversarial and generated samples, and its loss, over training."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from bench.figures.panels import side_by_side
from bench.figures.subject import Subject

LINES = {
    "d_real": ("D(x)", "#0072B2"),
    "d_adversarial": ("D(x_hat)", "#E69F00"),
    "d_fake": ("D(G(z))", "#D55E00"),
}


def draw(subjects: Sequence[Subject]) -> Figure:
    """Above the three outputs, below the mean loss with the steps' standard deviation around."""
    figure, panels = side_by_side(subjects, 2, 2.6)
    for (above, below), subject in zip(panels.T, subjects, strict=True):
        probed = subject.course("diagnostics", "step")
        for name, (label, colour) in LINES.items():
            above.plot(probed, subject.course("diagnostics", name), color=colour, label=label)
        steps, mean, spread = (
            subject.course("losses", name) for name in ("step", "d_loss", "d_loss_std")
        )
        below.plot(steps, mean, color="#444444")
        below.fill_between(steps, mean - spread, mean + spread, color="#444444", alpha=0.2, lw=0)
        below.set_xlabel("generator steps")
    panels[0, 0].set(ylabel="sigmoid of D", ylim=(0, 1))
    panels[1, 0].set_ylabel("D's loss")
    panels[0, 0].legend(frameon=False)
    return figure
