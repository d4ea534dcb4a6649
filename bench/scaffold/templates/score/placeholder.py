"""placeholder: a judge of ganbench, which gives scores, to be made your own."""

from hashlib import sha256
from typing import Any

import gin
import numpy as np
import torch
from torch import Tensor

from bench.data.dataset import Dataset, decode
from bench.scores.judge import Judge, Metric, Span, require_samples, thousands

DIRECTIONS, LEVELS = 64, 100
REFERENCE = 10_000
"""Samples of the evaluation split that count, at most."""


@gin.register
class Placeholder(Judge):
    """The sliced Wasserstein distance of samples of any shape, and how much they vary.

    The distance is the mean over fixed random directions of that between quantiles of the samples
    and of the evaluation split. The floors are the scores of training samples: what a generator
    that returns its training set would get.

    Source: Rabin et al. 2011, Wasserstein Barycenter and Its Application to Texture Mixing.
    """

    headline = "swd"  # the metric that ranks methods
    algorithm = 1  # raise it when a change here gives the same samples another score

    def __init__(self, data: Dataset, samples: int = 500):
        """Computes the reference.

        Args:
            data: the data set that the generator learns.
            samples: how many generated samples a score takes.

        Raises:
            ValueError: there are too few samples, or they are all the same.
        """
        if samples < 2:
            raise ValueError(f"samples = {samples} is too few: choose 2 or more")
        held_out = data.evaluation()[:REFERENCE]
        require_samples(data, 2, training=len(data.training()), evaluation=len(held_out))
        self._data = data
        self._references = len(held_out)
        real = _flat(held_out)
        self._spread = float(real.var(dim=0).sum())
        if self._spread == 0:
            raise ValueError(f"data = {data.name!r}: all samples are the same: choose other data")
        self.directions = _directions(real.shape[1])
        self._quantiles = self._quantiles_of(real)
        self.samples = samples
        n = thousands(samples)
        self.metrics = (
            Metric("swd", f"sliced Wasserstein distance ({n})", "lower", Span(low=0)),
            Metric("diversity", f"variance / real ({n})", "higher", Span(low=0)),
        )

    def measure(self, samples: Tensor) -> dict[str, float]:
        """Scores encoded samples, uint8 (N, C, H, W) or float32 (N, d), of any number."""
        flat = _flat(samples)
        return {
            "swd": float((self._quantiles_of(flat) - self._quantiles).abs().mean()),
            "diversity": float(flat.var(dim=0).sum()) / self._spread,
        }

    def real(self) -> Tensor:
        """Training samples, as many as a score takes or as there are."""
        return self._data.training()[: self.samples]

    @property
    def collapse(self) -> str:
        """What ``collapsed`` finds, as the reason in a record."""
        return "its samples vary less than half as much as the data"

    def collapsed(self, scores: dict[str, float]) -> bool:
        """Whether samples vary too little; so they do where that is undefined."""
        return not scores["diversity"] >= 0.5

    def identity(self) -> dict[str, str]:
        """Its name, and the sha256 of all that scores depend on: of weights, if it has some."""
        constants = f"{DIRECTIONS} directions, {LEVELS} levels"
        return {"name": "placeholder", "sha256": sha256(constants.encode()).hexdigest()}

    def settings(self) -> dict[str, Any]:
        """What else scores depend on."""
        return {"reference_samples": self._references}

    def _quantiles_of(self, flat: Tensor) -> Tensor:
        """Of samples (N, d) along each direction, (LEVELS, DIRECTIONS)."""
        places = torch.linspace(0, len(flat) - 1, LEVELS, dtype=torch.float64).round().long()
        return (flat @ self.directions).sort(dim=0).values[places]


def _flat(samples: Tensor) -> Tensor:
    """Encoded samples as a network sees them, float64 (N, d), on the CPU."""
    return decode(samples.cpu()).double().flatten(1)


def _directions(d: int) -> Tensor:
    """Columns of length 1, (d, DIRECTIONS): the same each time, whatever the global streams."""
    normal = np.random.default_rng(0).standard_normal((d, DIRECTIONS))
    return torch.from_numpy(normal / np.linalg.norm(normal, axis=0))
