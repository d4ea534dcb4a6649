"""Three digits as the colours of one picture: a thousand modes that a classifier can count."""

from dataclasses import dataclass

import gin
import numpy as np
import torch
from torch import Tensor

from bench.data.dataset import Dataset, require_positive
from bench.data.digits import labelled_digits


@gin.register
@dataclass(frozen=True)
class StackedDigits(Dataset):
    """Random triples of ``Digits`` in red, green and blue, each triple equally likely.

    Training triples use the training split's pictures and evaluation triples the evaluation
    split's, so that no picture is in both.

    Source: Metz et al. 2017 (Unrolled GAN, arXiv:1611.02163), section 3.3.1, with 8x8 digits.

    Attributes:
        triples: pictures to train on.
        evaluation_triples: pictures to score against.
    """

    name = "stacked_digits"
    shape = (3, 8, 8)
    triples: int = 100_000
    evaluation_triples: int = 26_000

    def __post_init__(self) -> None:
        """Checks the sizes.

        Raises:
            ValueError: with the parameter and what it may be.
        """
        require_positive(self, "triples", "evaluation_triples")

    def training(self) -> Tensor:
        """Uint8 (triples, 3, 8, 8)."""
        return _stack("training", self.triples)

    def evaluation(self) -> Tensor:
        """Uint8 (evaluation_triples, 3, 8, 8)."""
        return _stack("evaluation", self.evaluation_triples)


def _stack(split: str, triples: int) -> Tensor:
    pictures = labelled_digits(split)[0].squeeze(1)
    chosen = np.random.default_rng(0).integers(len(pictures), size=(triples, 3))
    return pictures[torch.from_numpy(chosen)]
