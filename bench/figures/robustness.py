"""What is left of D's judgement of real samples when they are moved against it."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from bench.figures.facets import facets, styles
from bench.figures.probe import SAMPLES, fgsm, output, pgd, ranking
from bench.figures.subject import Subject
from bench.streams import stream

LEVELS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Sizes of the perturbation in 1/255 of the model's scale, where pictures span [-1, 1]."""
ATTACKS: dict[str, Any] = {"FGSM": "-", "PGD": (0, (3, 1.5))}
MEASURES = dict.fromkeys(
    (
        "share of real samples\nthat D takes for real",
        "D's mean confidence\nthat they are real",
        "how often D ranks them\nabove generated samples",
    ),
    "epsilon x 255, on the model's scale",
)


def draw(subjects: Sequence[Subject]) -> Figure:
    """Accuracy, confidence and ranking against the size of the perturbation, a line a run.

    FGSM solid and PGD dashed: PGD far below FGSM means that D hides its gradient rather than being
    robust. The accuracy is that on real samples, by sigmoid D > 1/2; what D makes of generated
    ones, which are not moved, is in the ranking. Of methods whose D has no confidence there is the
    ranking alone. Source: the curves behind Figures 14 and 15 of arXiv:1912.09670, which shows
    confidences at one size that it does not name.
    """
    keys = [Line2D([], [], color="#888888", linestyle=d, label=a) for a, d in ATTACKS.items()]
    figure, rows = facets(subjects, MEASURES, keys)
    looks = styles(subjects)
    for subject in subjects:
        row = rows[subject.record["setting"]]
        look = looks[subject.record["method"]]
        fake = output(subject.gan, subject.samples(SAMPLES))
        for attack, dashes in ATTACKS.items():
            judged = [attacked(subject, attack, level / 255) for level in LEVELS]
            curves = [
                [float((one > 0).float().mean()) for one in judged],
                [float(one.sigmoid().mean()) for one in judged],
                [ranking(one, fake) for one in judged],
            ]
            first = 0 if subject.has_confidence else 2
            for panel, curve in zip(row[first:], curves[first:], strict=True):
                label = f"{subject.label}, {attack}"
                panel.plot(LEVELS, curve, linestyle=dashes, label=label, **look)
    for row in rows.values():
        for panel in row:
            panel.set_ylim(-0.02, 1.02)
    return figure


def attacked(subject: Subject, attack: str, epsilon: float) -> Tensor:
    """D's output on real samples moved by ``epsilon`` on the model's scale, shape (N,)."""
    gan, real = subject.gan, subject.real(SAMPLES)
    if attack == "FGSM":
        return output(gan, fgsm(gan, real, epsilon))
    return output(gan, pgd(gan, real, epsilon, stream(0, "PGD")))
