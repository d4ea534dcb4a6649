"""The judge for pictures that no trained network knows: their colours at 4 x 4 pixels."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import gin
from torch import Tensor
from torch.nn import functional as F

from bench.data.dataset import Dataset, decode
from bench.scores.features import LEAST, FeatureScores, Sizes, feature_metrics
from bench.scores.judge import Judge, Metric, Span, require_samples, thousands

SIDE = 4


@gin.register
class ThumbnailJudge(Judge):
    """FID, KID, precision and recall of pictures averaged down to 4 x 4 pixels.

    It sees colours and where they are, and nothing finer: enough to tell noise or a single
    picture from the data, not to rank good generators. A generator has collapsed when its
    thumbnails vary too little beside the evaluation split's.
    """

    headline = "fid"

    def __init__(self, data: Dataset, samples: int = 200, least_variance: float = 0.5):
        """Computes the reference.

        Args:
            data: the data set that the generator learns.
            samples: how many pictures a score takes.
            least_variance: of the samples, as a share of the reference's; below it is a collapse.

        Raises:
            ValueError: there are too few samples or pictures, or these are none, or all the same.
        """
        if samples < LEAST:
            raise ValueError(f"samples = {samples} is too few: choose {LEAST} or more")
        if len(data.shape) != 3:
            raise ValueError(f"data = {data.name!r}: thumbnails are made of pictures only")
        self._data = data
        held_out = data.evaluation()
        require_samples(data, LEAST, training=len(data.training()), evaluation=len(held_out))
        reference = _thumbnails(held_out)
        self._scores = FeatureScores(reference)
        self._spread = float(reference.var(dim=0).sum())
        if self._spread == 0:
            raise ValueError(
                f"data = {data.name!r}: the pictures held out to score against are all the same, "
                "and scores tell how much samples vary beside them: choose others"
            )
        self._references = len(reference)
        self._least_variance = least_variance
        self.samples = samples
        label = f"thumbnails, {thousands(samples)}"
        self.metrics = (
            *feature_metrics(label),
            Metric("diversity", f"variance / real ({label})", "higher", Span(low=0)),
        )

    def measure(self, samples: Tensor) -> dict[str, float]:
        """Scores pictures, uint8 (N, C, size, size)."""
        features = _thumbnails(samples)
        return {
            **self._scores(features),
            "diversity": float(features.var(dim=0).sum()) / self._spread,
        }

    def real(self) -> Tensor:
        """Training pictures, as many as a score takes or as there are."""
        return self._data.training()[: self.samples]

    @property
    def collapse(self) -> str:
        """What ``collapsed`` finds; nothing, where no variance is too little."""
        if not self._least_variance:
            return ""
        return f"its thumbnails vary less than {self._least_variance:g} of the reference's variance"

    def collapsed(self, scores: dict[str, float]) -> bool:
        """Whether thumbnails vary too little."""
        return not scores["diversity"] >= self._least_variance

    def identity(self) -> dict[str, str]:
        """Its name, and the sha256 of its resolution, in place of weights."""
        resolution = f"{SIDE} x {SIDE}".encode()
        return {"name": "thumbnails", "sha256": sha256(resolution).hexdigest()}

    def settings(self) -> dict[str, Any]:
        """The reference's size and torch-fidelity's settings."""
        return {"reference_samples": self._references, **Sizes().protocol()}


def _thumbnails(pictures: Tensor) -> Tensor:
    """Features (N, C * 16) in [-1, 1], in float64, on the CPU."""
    return F.adaptive_avg_pool2d(decode(pictures.cpu()).double(), SIDE).flatten(1)
