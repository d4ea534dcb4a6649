"""The figures by name. Numbers are those of the AS-GAN paper (arXiv:1912.09670)."""

from collections.abc import Callable, Sequence
from importlib import import_module

from matplotlib.figure import Figure

from bench.errors import UsageError, nearest
from bench.figures.subject import Subject

FIGURES = {
    "curves": "the headline score over training, methods together (Figure 4)",
    "ablation": "inception and headline score over training, a line a run (Figure 7)",
    "epsilon": "best score, and that of the last tenth, against epsilon (Figure 3)",
    "samples": "samples of fixed latents and how each run ended (Figures 8 and 10 to 13)",
    "interpolation": "samples between pairs of latents (Figure 9)",
    "gradients": "D's gradient at real samples (Figure 1)",
    "gradient_histogram": "its distribution, L1 norm and sparsity over training (Figure 5)",
    "confidence": "D's confidence and loss over training (Figure 6)",
    "adversarial": "real pictures and their FGSM neighbours, as D sees them (Figures 14 and 15)",
    "robustness": "D's accuracy, confidence and ranking under FGSM and PGD of growing size",
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
