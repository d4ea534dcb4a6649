"""What a data set is, and how its pictures become numbers in [-1, 1] and come back."""

from abc import ABC, abstractmethod
from hashlib import sha256
from typing import Any, ClassVar

import torch
from torch import Tensor


class Dataset(ABC):
    """Samples for training and others, disjoint from them, to score against.

    A class may name in ``NOT_CONTENT`` the parameters that no sample depends on, such as a folder,
    and in ``OPEN`` those that the data set's name leaves open.

    An instance is cheap to construct and knows its shape; it loads when it is asked for samples.
    Its samples depend on its own arguments alone, never on a run's seed.

    Attributes:
        name: what records and tables call it.
        shape: of one sample: (C, H, W) for pictures, (2,) for points.
        exact: whether its samples are the distribution itself, so that there is nothing to
            overfit, and those to score against may be those to train on.
    """

    name: str
    shape: tuple[int, ...]
    exact: ClassVar[bool] = False

    @abstractmethod
    def training(self) -> Tensor:
        """The samples to train on: uint8 (N, C, H, W), or float32 (N, 2)."""

    @abstractmethod
    def evaluation(self) -> Tensor:
        """The samples to score against, disjoint from training, in the same form."""

    def described(self) -> dict[str, Any]:
        """What a record says of it, in JSON's types."""
        return {
            "name": self.name,
            "checksum": self.checksum(),
            "shape": list(self.shape),
            "training_samples": len(self.training()),
        }

    def checksum(self) -> str:
        """The sha256 of the bytes of the training, then the evaluation samples."""
        digest = sha256()
        for samples in (self.training(), self.evaluation()):
            digest.update(samples.contiguous().numpy().tobytes())
        return digest.hexdigest()


def require_positive(data: Dataset, *parameters: str) -> None:
    """Checks parameters of a data set that count something.

    Raises:
        ValueError: names the first that is less than 1.
    """
    for parameter in parameters:
        if getattr(data, parameter) < 1:
            raise ValueError(f"{parameter} = {getattr(data, parameter)}: it must be at least 1")


def decode(batch: Tensor) -> Tensor:
    """Maps uint8 pictures to float32 in [-1, 1]; points are floats already and pass through."""
    if batch.dtype != torch.uint8:
        return batch
    return batch.float() / 127.5 - 1


def encode(samples: Tensor) -> Tensor:
    """Maps float pictures (N, C, H, W) in [-1, 1] to uint8, and passes points (N, 2) through.

    It rounds, and clamps what lies outside, so that it undoes ``decode`` exactly. A pixel that is
    not a number becomes black.
    """
    if samples.dim() == 2:
        return samples
    levels = (samples.float().nan_to_num(nan=-1.0) + 1) * 127.5
    return levels.round().clamp(0, 255).to(torch.uint8)
