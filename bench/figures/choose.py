"""The figures by name. Numbers are those of the AS-GAN paper (arXiv:1912.09670)."""

from collections.abc import Callable, Sequence
from importlib import import_module

from matplotlib.figure import Figure

from bench.errors import UsageError, nearest
from bench.figures.subject import Subject

FIGURES = {
    "curves": "the headline score over training, methods together (Figures 4 and 7)",
    "epsilon": "last and best score against epsilon (Figure 3)",
    "samples": "samples of fixed latents and how the run ended (Figures 8 and 10 to 13)",
    "interpolation": "samples between pairs of latents (Figure 9)",
    "gradients": "D's gradient at real samples (Figure 1)",
    "gradient_histogram": "its distribution, and its L1 norm over training (Figure 5)",
    "confidence": "D's output and loss over training (Figure 6)",
    "adversarial": "real pictures and their FGSM neighbours, as D sees them (Figures 14 and 15)",
    "robustness": "D's accuracy and confidence under FGSM and PGD of growing size",
}
"""Each is a module of this package."""

Draw = Callable[[Sequence[Subject]], Figure]


def drawer(name: str) -> Draw:
    """What draws the figure ``name``.

    Raises:
        UsageError: there is no such figure.
    """
    if name not in FIGURES:
        raise UsageError(f"there is no figure {name!r}; {nearest(name, FIGURES)}")
    draw: Draw = import_module(f"bench.figures.{name}").draw
    return draw
