"""One-dimensional data about which theory knows all: a point mass, and a Gaussian."""

from dataclasses import dataclass

import gin
import torch
from torch import Tensor

from bench.data.dataset import Dataset, require_positive


def quantiles(n: int) -> Tensor:
    """``n`` numbers that are as normal as can be: mean 0, variance 1, float32 (n,) in order.

    The standard normal distribution's quantiles, symmetric about 0 and scaled to unit variance.
    """
    levels = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    values = torch.special.ndtri(levels)
    values = (values - values.flip(0)) / 2
    deviation = values.square().mean().sqrt()
    return (values / deviation if deviation > 0 else values).float()


@gin.register
@dataclass(frozen=True)
class Dirac(Dataset):
    """All mass at the origin.

    Source: Mescheder, Geiger and Nowozin 2018 (arXiv:1801.04406), definition 2.1.

    Attributes:
        points: training samples, all the same; how many decides how long an epoch is.
        dimensions: of a sample; 1 in the source.
    """

    name = "dirac"
    exact = True
    points: int = 4096
    dimensions: int = 1

    def __post_init__(self) -> None:
        """Checks the sizes.

        Raises:
            ValueError: with the parameter and what it may be.
        """
        require_positive(self, "points", "dimensions")

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Of one sample: (dimensions,)."""
        return (self.dimensions,)

    def training(self) -> Tensor:
        """Float32 zeros (points, dimensions)."""
        return torch.zeros(self.points, self.dimensions)

    def evaluation(self) -> Tensor:
        """One sample, float32 zeros (1, dimensions)."""
        return torch.zeros(1, self.dimensions)


@gin.register
@dataclass(frozen=True)
class GaussianLocation(Dataset):
    """A Gaussian of known width, of which only the location is to be learned.

    The samples are the distribution's quantiles, so that a batch of all of them has no noise.

    Attributes:
        mean: where it is.
        spread: its standard deviation s.
        points: training samples.
    """

    name = "gaussian_location"
    exact = True
    shape = (1,)
    mean: float = 0.0
    spread: float = 1.0
    points: int = 256

    def __post_init__(self) -> None:
        """Checks the sizes.

        Raises:
            ValueError: with the parameter and what it may be.
        """
        require_positive(self, "points")

    def training(self) -> Tensor:
        """Float32 (points, 1)."""
        return self.mean + self.spread * quantiles(self.points).unsqueeze(1)

    def evaluation(self) -> Tensor:
        """Float32 (points, 1): the same quantiles, since there is nothing to overfit."""
        return self.training()
