"""Data sets whose classes are known, so that a judge can be trained on them."""

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor

from bench.data.dataset import Dataset


class Labelled(Dataset):
    """Pictures with the number of their class.

    Attributes:
        judge_split: the split a judge is trained on, which is never the one it scores against.
        mirrors: whether a picture's mirror image is of the same class.
    """

    judge_split: ClassVar[str] = "training"
    mirrors: ClassVar[bool] = True

    @abstractmethod
    def labelled(self, split: str) -> tuple[Tensor, Tensor]:
        """The uint8 pictures (N, C, H, W) of a split, and int64 (N,), their classes from 0 on.

        Args:
            split: "training", "evaluation" or ``judge_split``.

        Raises:
            UsageError: the classes are not known.
        """
