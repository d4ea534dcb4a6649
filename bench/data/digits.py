"""scikit-learn's handwritten digits, in three splits that share no picture."""

from dataclasses import dataclass
from functools import cache

import gin
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from bench.data.labelled import Labelled

TRAINING, EVALUATION = 80, 50
"""Pictures of each digit to train on and to score against; the 497 left over train the judge."""


@gin.register
@dataclass(frozen=True)
class Digits(Labelled):
    """8x8 pictures of handwritten digits with 17 grey levels, spread over 0..255.

    The 1797 pictures fall into 800 to train the GAN on, 500 to score against (both with equally
    many of each digit), and 497 to train the judge. The splits are the same for every seed.

    Source: Alpaydin and Kaynak 1998 (UCI, Optical Recognition of Handwritten Digits, test set),
    as bundled with scikit-learn.
    """

    name = "digits"
    shape = (1, 8, 8)
    judge_split = "judge"
    mirrors = False

    def training(self) -> Tensor:
        """Uint8 (800, 1, 8, 8)."""
        return labelled_digits("training")[0]

    def evaluation(self) -> Tensor:
        """Uint8 (500, 1, 8, 8)."""
        return labelled_digits("evaluation")[0]

    def labelled(self, split: str) -> tuple[Tensor, Tensor]:
        """The pictures of a split and their digits."""
        return labelled_digits(split)


def labelled_digits(split: str) -> tuple[Tensor, Tensor]:
    """Returns the uint8 pictures (N, 1, 8, 8) and int64 labels (N,) of a split.

    Args:
        split: "training", "evaluation" or "judge".
    """
    images, labels = _pictures()
    members = _splits()[split]
    return images[members], labels[members]


@cache
def _pictures() -> tuple[Tensor, Tensor]:
    images, labels = load_digits(return_X_y=True)
    levels = np.rint(images * (255 / 16)).astype(np.uint8)
    return torch.from_numpy(levels).view(-1, 1, 8, 8), torch.from_numpy(labels).long()


@cache
def _splits() -> dict[str, Tensor]:
    rng = np.random.default_rng(0)
    labels = _pictures()[1].numpy()
    classes = [rng.permutation(np.flatnonzero(labels == digit)) for digit in range(10)]
    bounds = {
        "training": slice(0, TRAINING),
        "evaluation": slice(TRAINING, TRAINING + EVALUATION),
        "judge": slice(TRAINING + EVALUATION, None),
    }
    return {
        split: torch.from_numpy(
            rng.permutation(np.concatenate([members[bound] for members in classes]))
        )
        for split, bound in bounds.items()
    }
