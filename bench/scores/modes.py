"""The exact judge of mixtures: which modes a generator covers, how closely, how evenly."""

import json
import math
from hashlib import sha256
from typing import Any

import gin
import torch
from torch import Tensor

from bench.data.mixtures import Mixture
from bench.errors import UsageError
from bench.scores.coverage import covered, divergence, least_divergence
from bench.scores.judge import SHARE, Judge, Metric, Span, thousands

RADIUS = 3.0
"""In standard deviations of a mode: the reach of a high-quality sample."""
WITHIN = 1 - math.exp(-(RADIUS**2) / 2)
"""The share of a planar Gaussian within that reach."""


def overlap(counts: Tensor, n: int) -> float:
    """How much of a perfect sampler's mass ``n`` samples share, in [0, 1].

    Args:
        counts: (K,), high-quality samples of each mode.
        n: all samples.
    """
    shares = counts.double() / n
    inside = shares.clamp(max=WITHIN / len(counts)).sum()
    outside = min(1 - float(shares.sum()), 1 - WITHIN)
    return float(inside) + outside


@gin.register
class ModeJudge(Judge):
    """Assigns each point to the nearest mode.

    A point is of high quality within 3 sigma of a mode; a perfect sampler in the plane reaches a
    share of 1 - exp(-4.5) = 98.89%, and more means samples that spread too little. A mode counts
    as covered with one such point, or, for ``modes_fair``, with 20% of its fair share of them.

    No one of these can rank methods: a collapsed generator may be all of high quality, and a vague
    one may touch every mode. ``overlap`` can: it is one minus the total variation distance between
    the samples' and the data's distribution over K + 1 parts, the high-quality points of each mode
    and all the rest, so that 1 is perfect and a lone mode of K scores about 1/K.

    Sources: high quality and modes: Srivastava et al. 2017 (VEEGAN, arXiv:1705.07761), section
    4.1, on 2,500 samples. Reverse KL: Lin et al. 2018 (PacGAN, arXiv:1712.04086), section 4.1,
    here against the true weights; a perfect sampler's is about (K - 1) / 2N.
    """

    headline = "overlap"
    coverage = "modes"

    def __init__(self, data: Mixture, samples: int = 2500):
        """Takes the modes from the data set.

        Args:
            data: the mixture that the generator learns.
            samples: how many points a score takes.

        Raises:
            UsageError: fewer real points than a score takes, so that it would have no floor.
        """
        if not 1 <= samples <= data.evaluation_points:
            raise UsageError(
                f"samples = {samples} is out of range: "
                f"choose between 1 and the data's {data.evaluation_points} evaluation points"
            )
        n = thousands(samples)
        self.samples = samples
        self.modes = len(data.centres)
        count = Span(0, self.modes, whole=True)
        kl = Span(least_divergence(self.modes, samples), math.log(self.modes))
        self.metrics = (
            Metric("overlap", f"overlap ({n})", "higher", SHARE),
            Metric("modes", f"modes of {self.modes} ({n})", "higher", count),
            Metric("modes_fair", f"modes with 20% of their share ({n})", "higher", count),
            Metric("hq", f"high quality, perfect .9889 ({n})", "higher", SHARE),
            Metric("kl", f"reverse KL of modes ({n})", "lower", kl),
        )
        self._data = data
        self._centres = data.centres.double()

    def measure(self, samples: Tensor) -> dict[str, float]:
        """Scores points (N, 2); one that is not finite belongs to no mode."""
        points = samples.detach().cpu().double()
        points = points[points.isfinite().all(dim=1)]
        distance, nearest = torch.cdist(points, self._centres).min(dim=1)
        good = nearest[distance <= RADIUS * self._data.sigma]
        everyone = torch.bincount(nearest, minlength=self.modes)
        counts = torch.bincount(good, minlength=self.modes)
        uniform = torch.full((self.modes,), 1 / self.modes, dtype=torch.double)
        return {
            "overlap": overlap(counts, len(samples)),
            "modes": covered(counts),
            "modes_fair": covered(counts, len(samples) * uniform),
            "hq": len(good) / len(samples),
            "kl": divergence(everyone, uniform),
        }

    def real(self) -> Tensor:
        """As many evaluation points as a score takes."""
        return self._data.evaluation()[: self.samples]

    def identity(self) -> dict[str, str]:
        """Named after the mixture, with the sha256 of its centres and sigma."""
        centres = [[round(x, 6) for x in centre] for centre in self._centres.tolist()]
        modes = json.dumps([centres, self._data.sigma])
        return {"name": f"{self._data.name} oracle", "sha256": sha256(modes.encode()).hexdigest()}

    def settings(self) -> dict[str, Any]:
        """No reference samples: the modes are known."""
        return {"reference_samples": 0}
