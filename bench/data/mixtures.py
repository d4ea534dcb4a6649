"""Mixtures of Gaussians in the plane, whose modes are known."""

from dataclasses import dataclass
from math import cos, pi, sin

import gin
import numpy as np
import torch
from torch import Tensor

from bench.data.dataset import Dataset, require_positive


class Mixture(Dataset):
    """Equally likely round Gaussians.

    Attributes:
        sigma: the standard deviation of each, along each axis.
        points: how many to train on.
        evaluation_points: how many, drawn apart, to score.
    """

    shape = (2,)
    sigma: float
    points: int
    evaluation_points: int

    @property
    def centres(self) -> Tensor:
        """The modes' centres, float32 (K, 2)."""
        raise NotImplementedError

    def training(self) -> Tensor:
        """Float32 (points, 2)."""
        return self._draw(self.points, split=0)

    def evaluation(self) -> Tensor:
        """Float32 (evaluation_points, 2)."""
        return self._draw(self.evaluation_points, split=1)

    def _draw(self, n: int, split: int) -> Tensor:
        # NumPy's generator, since torch's normals differ in the last bit from CPU to CPU.
        rng = np.random.default_rng(split)
        centres = self.centres
        modes = torch.from_numpy(rng.integers(len(centres), size=n))
        return centres[modes] + self.sigma * torch.from_numpy(
            rng.standard_normal((n, 2), dtype=np.float32)
        )


@gin.register
@dataclass(frozen=True)
class Ring(Mixture):
    """Eight Gaussians around a circle.

    Source: Lin et al. 2018 (PacGAN, arXiv:1712.04086), section 4.1: radius 1, sigma .01,
    100,000 training points.
    """

    name = "ring"
    modes: int = 8
    radius: float = 1.0
    sigma: float = 0.01
    points: int = 100_000
    evaluation_points: int = 10_000

    def __post_init__(self) -> None:
        """Checks the sizes.

        Raises:
            ValueError: with the parameter and what it may be.
        """
        require_positive(self, "modes", "points", "evaluation_points")

    @property
    def centres(self) -> Tensor:
        """The modes' centres, float32 (modes, 2), evenly spaced: the first is not repeated."""
        angles = [2 * pi * k / self.modes for k in range(self.modes)]
        return self.radius * torch.tensor([(cos(angle), sin(angle)) for angle in angles])


@gin.register
@dataclass(frozen=True)
class Grid(Mixture):
    """Twenty-five Gaussians on a square grid around the origin.

    Source: Lin et al. 2018 (PacGAN, arXiv:1712.04086), section 4.1: spacing 2, sigma .05,
    100,000 training points.
    """

    name = "grid"
    side: int = 5
    spacing: float = 2.0
    sigma: float = 0.05
    points: int = 100_000
    evaluation_points: int = 10_000

    def __post_init__(self) -> None:
        """Checks the sizes.

        Raises:
            ValueError: with the parameter and what it may be.
        """
        require_positive(self, "side", "points", "evaluation_points")

    @property
    def centres(self) -> Tensor:
        """The modes' centres, float32 (side**2, 2)."""
        axis = self.spacing * (torch.arange(self.side) - (self.side - 1) / 2)
        return torch.cartesian_prod(axis, axis)
