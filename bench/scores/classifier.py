"""The judge of labelled pictures: a small frozen classifier's features, and the classes it sees."""

from __future__ import annotations

from typing import Any, Self

import gin
import torch
from torch import Tensor

from bench.data.dataset import Dataset
from bench.errors import UsageError
from bench.scores.coverage import covered, divergence, least_divergence
from bench.scores.features import LEAST, FeatureScores, Sizes, feature_metrics
from bench.scores.frozen import FrozenClassifier
from bench.scores.judge import Judge, Metric, Span, require_samples, thousands


@gin.register
class ClassifierJudge(Judge):
    """FID and its kin in a classifier's features, and the coverage of its classes.

    The classes' true weights are those that the classifier sees in the evaluation split, so that
    its own errors cancel. The floors are the scores of training pictures against that split: what
    a generator that returns its training set would get. KID is unbiased, so that good samples may
    score below 0. Coverage counts a class with 20% of its share, since a classifier's errors put
    a few samples in every class. One that errs often puts more there: to cifar10_jpeg-cnn, right
    on 80%, pictures of cats alone are of six classes, and so no collapse; FID and KL tell.
    """

    headline = "fid"
    coverage = "modes_fair"
    NOT_CONTENT = ("weights", "trained_on")

    def __init__(
        self,
        data: Dataset,
        samples: int = 2000,
        weights: str = "digits-cnn",
        trained_on: str = "",
    ):
        """Loads the classifier and computes the reference.

        Args:
            data: the data set that the generator learns.
            samples: how many pictures a score takes.
            weights: a shipped judge's name, or the path of one's description.
            trained_on: the name of the data set that the judge learned from, to be bound where
                it is another than ``data``: a judge looks for what its own pictures taught it.

        Raises:
            UsageError: too few samples, no such judge, or one of pictures of another shape, or of
                another data set that ``trained_on`` does not name.
            ValueError: the data set has too few pictures.
        """
        if samples < LEAST:
            raise UsageError(f"samples = {samples} is too few: choose {LEAST} or more")
        self._classifier = FrozenClassifier(weights)
        self._classifier.check(data)
        self._require_trained_on(trained_on or data.name)
        self._data = data
        held_out = data.evaluation()
        require_samples(data, LEAST, training=len(data.training()), evaluation=len(held_out))
        reference, logits = self._classifier(held_out)
        self._scores = FeatureScores(reference)
        self._weights = self._classes(logits) / len(logits)
        self._references = len(logits)
        self.samples = samples
        self.modes = self._classifier.classes
        judge = f"{self._classifier.name}, {thousands(samples)}"
        count = Span(0, self.modes, whole=True)
        kl = Span(low=least_divergence(self.modes, samples))
        self.metrics = (
            *feature_metrics(judge, self.modes),
            Metric("modes", f"classes of {self.modes} ({judge})", "higher", count),
            Metric("modes_fair", f"classes with 20% of their share ({judge})", "higher", count),
            Metric("kl", f"KL of classes ({judge})", "lower", kl),
        )

    def measure(self, samples: Tensor) -> dict[str, float]:
        """Scores pictures, uint8 (N, channels, size, size)."""
        features, logits = self._classifier(samples)
        counts = self._classes(logits)
        return {
            **self._scores(features, logits),
            "modes": covered(counts),
            "modes_fair": covered(counts, len(samples) * self._weights),
            "kl": divergence(counts, self._weights),
        }

    def real(self) -> Tensor:
        """Training pictures, as many as a score takes or as there are."""
        return self._data.training()[: self.samples]

    def identity(self) -> dict[str, str]:
        """The classifier's name and the sha256 of its weights."""
        return {"name": self._classifier.name, "sha256": self._classifier.sha256}

    def settings(self) -> dict[str, Any]:
        """The reference's size and torch-fidelity's settings."""
        return {"reference_samples": self._references, **Sizes().protocol()}

    def to(self, device: torch.device | str) -> Self:
        """Moves the classifier."""
        self._classifier.to(device)
        return self

    def _require_trained_on(self, name: str) -> None:
        learned = self._classifier.trained_on
        if name != learned:
            raise UsageError(
                f"the judge {self._classifier.name!r} learned from {learned}, not {name}: train "
                f"one with ganbench judge train {name}, or bind ClassifierJudge.trained_on = "
                f'"{learned}" to score with it all the same'
            )

    def _classes(self, logits: Tensor) -> Tensor:
        return torch.bincount(logits.argmax(dim=1), minlength=self._classifier.classes)
