"""The judge of stacked digits: a classifier reads each colour, and the triples are counted."""

from __future__ import annotations

import math
from typing import Any, Self

import gin
import torch
from torch import Tensor

from bench.data.dataset import Dataset
from bench.errors import UsageError
from bench.scores.coverage import covered, divergence, least_divergence
from bench.scores.frozen import FrozenClassifier
from bench.scores.judge import Judge, Metric, Span, require_samples, thousands


@gin.register
class StackedJudge(Judge):
    """Modes covered of 1000, and KL(q || uniform) of the triples of digits.

    A perfect sampler's KL is about (K - 1) / 2N, .0192 at the customary 26,000 samples. The
    classifier's errors inflate the plain count of modes, so that the floors, of real evaluation
    pictures, and the modes with 20% of their fair share stand beside it.

    Source: Srivastava et al. 2017 (VEEGAN, arXiv:1705.07761), section 4.2; Lin et al. 2018
    (PacGAN, arXiv:1712.04086), section 4.2.
    """

    headline = "kl"
    coverage = "modes_fair"
    NOT_CONTENT = ("weights",)

    def __init__(self, data: Dataset, samples: int = 26_000, weights: str = "digits-cnn"):
        """Loads the classifier.

        Args:
            data: the data set that the generator learns, of pictures in three colours.
            samples: how many pictures a score takes.
            weights: a shipped judge's name, or the path of one's description.

        Raises:
            UsageError: no samples, no such judge, or one for pictures of another shape.
            ValueError: no picture to score, so that there would be no floor.
        """
        if samples < 1:
            raise UsageError(f"samples = {samples} is too few: choose 1 or more")
        self._classifier = FrozenClassifier(weights)
        self._classifier.check(data, pictures=3)
        require_samples(data, 1, evaluation=len(data.evaluation()))
        self._data = data
        self.samples = samples
        self.modes = self._classifier.classes**3
        judge = f"{self._classifier.name}, {thousands(samples)}"
        count = Span(0, self.modes, whole=True)
        kl = Span(least_divergence(self.modes, samples), math.log(self.modes))
        self.metrics = (
            Metric("kl", f"KL of modes ({judge})", "lower", kl),
            Metric("modes", f"modes of {self.modes} ({judge})", "higher", count),
            Metric("modes_fair", f"modes with 20% of their share ({judge})", "higher", count),
        )

    def measure(self, samples: Tensor) -> dict[str, float]:
        """Scores pictures, uint8 (N, 3, size, size)."""
        logits = self._classifier(samples.flatten(0, 1).unsqueeze(1))[1]
        places = self._classifier.classes ** torch.tensor([2, 1, 0])
        triples = (logits.argmax(dim=1).view(-1, 3) * places).sum(dim=1)
        counts = torch.bincount(triples, minlength=self.modes)
        uniform = torch.full((self.modes,), 1 / self.modes, dtype=torch.double)
        return {
            "kl": divergence(counts, uniform),
            "modes": covered(counts),
            "modes_fair": covered(counts, len(samples) * uniform),
        }

    def real(self) -> Tensor:
        """Evaluation pictures, as many as a score takes or as there are."""
        return self._data.evaluation()[: self.samples]

    def identity(self) -> dict[str, str]:
        """The classifier's name and the sha256 of its weights."""
        return {"name": self._classifier.name, "sha256": self._classifier.sha256}

    def settings(self) -> dict[str, Any]:
        """No reference samples: the modes are equally likely by construction."""
        return {"reference_samples": 0}

    def to(self, device: torch.device | str) -> Self:
        """Moves the classifier."""
        self._classifier.to(device)
        return self
