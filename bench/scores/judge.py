"""What a judge is: it turns a generator's samples into scores, and says what they depend on."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, Self

import torch
from torch import Tensor

from bench.data.dataset import Dataset


@dataclass(frozen=True)
class Span:
    """The values that a score can have: from ``low`` to ``high``, only integers if ``whole``."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False


SHARE = Span(0, 1)

SPLITS = {"training": "samples to train on", "evaluation": "samples held out to score against"}
"""What a split is there for, in words."""


@dataclass(frozen=True)
class Metric:
    """One score.

    Attributes:
        name: its key among the scores.
        label: how tables call it, with the judge and the number of samples it depends on.
        better: which way is an improvement.
        span: the values it can have. Neither it nor ``noise`` is part of the protocol: they tell
            which scores cannot be true, and change none.
        noise: of a distance from the data, whose floor is nothing but the noise of sampling: how
            far below the floor chance may bring a score, as a share of the floor. None where
            samples may well beat real ones.
    """

    name: str
    label: str
    better: Literal["lower", "higher"]
    span: Span = Span()
    noise: float | None = None


class Judge(ABC):
    """Scores samples by fixed means: no score depends on the run's seed or on global state.

    Attributes:
        metrics: what it scores, in the order of a table.
        headline: the name of the metric that ranks methods.
        samples: how many generated samples a score takes.
        modes: how many modes the data has.
        coverage: the name of the metric that counts the modes a generator covers.
        algorithm: how scores are computed; raised when a change of the code gives the same samples
            another score, so that earlier scores do not stand beside later ones.
    """

    metrics: tuple[Metric, ...]
    headline: str
    samples: int
    modes: int
    coverage: str
    algorithm: int = 1

    @abstractmethod
    def measure(self, samples: Tensor) -> dict[str, float]:
        """Scores any number of encoded samples; what cannot be computed is nan."""

    @abstractmethod
    def real(self) -> Tensor:
        """Encoded real samples, whose scores are the floors.

        At most ``samples`` of them, where a score depends on how many it is of.
        """

    @abstractmethod
    def identity(self) -> dict[str, str]:
        """The judge's name and sha256."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What else scores depend on: "reference_samples", and whatever the metrics take."""

    def score(self, samples: Tensor) -> dict[str, float]:
        """Scores a generator.

        Args:
            samples: encoded: uint8 (N, C, H, W), or float32 (N, 2), on any device.

        Returns:
            A number for each metric, nan for one that is undefined on these samples.

        Raises:
            ValueError: other than ``self.samples`` samples, since a score depends on how many.
        """
        if len(samples) != self.samples:
            raise ValueError(f"a score takes {self.samples} samples, not {len(samples)}")
        with torch.no_grad():
            return self.measure(samples)

    def floors(self) -> dict[str, float]:
        """The same scores of real samples; the protocol says of how many."""
        with torch.no_grad():
            return self.measure(self.real())

    @property
    def collapse(self) -> str:
        """What ``collapsed`` finds, as the reason in a record; empty where it never does."""
        return f"its samples cover fewer than half of {self.modes} modes"

    def collapsed(self, scores: dict[str, float]) -> bool:
        """Whether the generator covers fewer than half of the modes."""
        return not scores[self.coverage] >= self.modes / 2

    def protocol(self) -> dict[str, Any]:
        """What scores depend on beside the data set, and what they are called, in JSON's types."""
        return {
            "judge": {**self.identity(), "algorithm": self.algorithm},
            "samples": self.samples,
            "floor_samples": len(self.real()),
            **self.settings(),
            "headline": self.headline,
            "metrics": {
                metric.name: {"label": metric.label, "better": metric.better}
                for metric in self.metrics
            },
        }

    def to(self, device: torch.device | str) -> Self:
        """Moves what it computes with to ``device``, and returns the judge."""
        return self


def require_samples(data: Dataset, least: int, **splits: int) -> None:
    """Checks that a data set has as many samples as its scores take.

    Args:
        data: the data set.
        least: of each split.
        splits: how many samples there are of "training" and "evaluation", of those that count.

    Raises:
        ValueError: says which split has too few, and how many are needed.
    """
    for split, n in splits.items():
        if n < least:
            raise ValueError(
                f"data = {data.name!r}: {SPLITS[split]}: {n}, and a score takes {least} or more: "
                "add samples, or divide them otherwise"
            )


def thousands(n: int) -> str:
    """Writes a number of samples short: 500, 2k, 2.5k."""
    return f"{n / 1000:g}k" if n >= 1000 else str(n)
