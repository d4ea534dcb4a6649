"""The judge of data about which only the location is to be learned."""

import json
from hashlib import sha256
from typing import Any

import gin
import torch
from torch import Tensor

from bench.data.dataset import Dataset
from bench.scores.judge import Judge, Metric, Span, require_samples


@gin.register
class LocationJudge(Judge):
    """Measures how far the samples' mean is from the data's.

    Beside its metric it gives ``location``, the signed offset along the first dimension, from
    which a trajectory through the plane of generator and discriminator can be drawn.
    """

    headline = "distance"
    coverage = "distance"
    modes = 1

    def __init__(self, data: Dataset, samples: int = 2):
        """Takes the location from the data.

        Args:
            data: points (N, d).
            samples: how many generated samples a score takes.

        Raises:
            ValueError: no samples, or no data.
        """
        if samples < 1:
            raise ValueError(f"samples = {samples} is too few: choose 1 or more")
        require_samples(data, 1, evaluation=len(data.evaluation()))
        self.samples = samples
        self.metrics = (Metric("distance", "distance from the data", "lower", Span(low=0)),)
        self._data = data
        self._mean = data.evaluation().double().mean(0)

    def measure(self, samples: Tensor) -> dict[str, float]:
        """Scores points (N, d)."""
        offset = samples.detach().cpu().double().mean(0) - self._mean
        return {"distance": float(offset.norm()), "location": float(offset[0])}

    def real(self) -> Tensor:
        """All evaluation points, whose mean is the location."""
        return self._data.evaluation()

    @property
    def collapse(self) -> str:
        """Nothing: there is nothing to cover."""
        return ""

    def collapsed(self, scores: dict[str, float]) -> bool:
        """Never."""
        return False

    def identity(self) -> dict[str, str]:
        """Named after the data, with the sha256 of the location."""
        location = json.dumps([round(x, 12) for x in torch.atleast_1d(self._mean).tolist()])
        return {
            "name": f"{self._data.name} oracle",
            "sha256": sha256(location.encode()).hexdigest(),
        }

    def settings(self) -> dict[str, Any]:
        """No reference samples: the location is known."""
        return {"reference_samples": 0}
