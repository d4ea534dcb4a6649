"""What is left of D's judgement of real samples when they are moved against it."""

from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure
from torch import Tensor

from bench.figures.probe import confidence, fgsm, pgd
from bench.figures.subject import Subject
from bench.report.style import COLOURS, STYLE, plain
from bench.training.streams import stream

SAMPLES = 256
LEVELS = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)


def draw(subjects: Sequence[Subject]) -> Figure:
    """Left the share of real samples that D takes for real, right its mean confidence.

    Against the size of the perturbation in grey levels, 2/255 of the model's scale; FGSM solid and
    PGD dashed. PGD far below FGSM means that D hides its gradient rather than being robust.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.5, 3.8), layout="constrained")
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        for index, subject in enumerate(subjects):
            for attack, dashes in (("FGSM", "-"), ("PGD", "--")):
                beliefs = [belief(subject, attack, level / 127.5) for level in LEVELS]
                colour = COLOURS[index % len(COLOURS)]
                label = f"{plain(subject.label)}, {attack}"
                accuracy = [float((one > 0.5).float().mean()) for one in beliefs]
                left.plot(LEVELS, accuracy, dashes, color=colour, label=label)
                means = [float(one.mean()) for one in beliefs]
                right.plot(LEVELS, means, dashes, color=colour)
        left.set(xlabel="perturbation, grey levels", ylabel="real samples taken for real")
        right.set(xlabel="perturbation, grey levels", ylabel="mean sigmoid of D", ylim=(0, 1.02))
        left.legend(frameon=False, fontsize=8)
    return figure


def belief(subject: Subject, attack: str, epsilon: float) -> Tensor:
    """D's confidence in real samples moved by ``epsilon`` on the model's scale, shape (N,)."""
    gan, real = subject.gan, subject.real(SAMPLES)
    attacks = {
        "FGSM": lambda: fgsm(gan, real, epsilon),
        "PGD": lambda: pgd(gan, real, epsilon, stream(0, "PGD")),
    }
    return confidence(gan, attacks[attack]())
