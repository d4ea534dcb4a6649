"""The trajectory of a run through the plane of theta and psi, and what can be measured on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bench.missing import Numbers

Floats = NDArray[np.float64]

SMALL = 0.1
"""Distance from the equilibrium below which a nonlinear system counts as linear."""

RESOLVED = 1e-5
"""Distance down to which single precision resolves it."""


@dataclass(frozen=True)
class Trajectory:
    """What a run's evaluations saw.

    Attributes:
        steps: generator steps done at each evaluation, evenly spaced, shape (E,).
        theta: the generator's location, relative to the data's, shape (E,).
        psi: the discriminator's slope, shape (E,).
    """

    steps: Floats
    theta: Floats
    psi: Floats

    @classmethod
    def of(cls, scores: Sequence[Numbers], diagnostics: Sequence[Numbers]) -> Self:
        """Reads a run's evaluations; those without a location are left out.

        The slope's size is the input gradient's, and its sign is that of the difference of mean
        logits between generated and real samples, over theta.
        """
        seen = [
            (score["step"], score["location"], probe["gradient_l1"], _rise(probe))
            for score, probe in zip(scores, diagnostics, strict=True)
        ]
        known = [row for row in seen if None not in row]
        steps, theta, size, rise = np.array(known, dtype=np.float64).reshape(-1, 4).T
        return cls(steps, theta, size * np.sign(rise * theta))

    def radius(self, ratio: float = 1.0) -> Floats:
        """sqrt(theta^2 + psi^2 / ratio) at each evaluation."""
        return np.sqrt(self.theta**2 + self.psi**2 / ratio)

    def factor(self) -> float:
        """By what a step multiplies the distance from the equilibrium, once that is small.

        The spectral radius of the linear map that fits consecutive evaluations best, each pair
        weighted alike; NaN for fewer than four pairs.
        """
        points, distance = np.stack([self.theta, self.psi], axis=1), self.radius()
        limit = max(SMALL, 3 * distance.min(initial=np.inf))
        near = (distance <= limit) & (distance >= RESOLVED)
        pairs = near[:-1] & near[1:]
        if pairs.sum() < 4:
            return np.nan
        before = points[:-1][pairs] / distance[:-1][pairs, None]
        after = points[1:][pairs] / distance[:-1][pairs, None]
        fitted = np.linalg.lstsq(before, after, rcond=1e-6)[0]
        stride = self.steps[1] - self.steps[0]
        return float(np.abs(np.linalg.eigvals(fitted)).max() ** (1 / stride))

    def growth(self, power: float, ratio: float = 1.0) -> float:
        """By what a step raises the distance to the power -2 ``power``, over the second half."""
        half = len(self.steps) // 2
        if len(self.steps) - half < 3:
            return np.nan
        inverse = self.radius(ratio)[half:] ** (-2 * power)
        return float(np.polyfit(self.steps[half:], inverse, 1)[0])

    def cycle(self, ratio: float = 1.0) -> float:
        """The root mean square distance over the last quarter."""
        return float(np.sqrt((self.radius(ratio)[-max(1, len(self.steps) // 4) :] ** 2).mean()))

    def flatness(self) -> float:
        """The root mean square of theta over that of psi, in the second half."""
        half = len(self.steps) // 2
        theta, psi = (np.square(values[half:]).sum() for values in (self.theta, self.psi))
        return float(np.sqrt(theta / psi)) if psi else np.nan

    def amplitude(self) -> float:
        """The mean size of theta at its turns in the second half; NaN where it does not turn."""
        turns = self.extremes()
        late = turns[len(turns) // 2 :]
        return float(late.mean()) if len(late) else np.nan

    def distance(self) -> float:
        """The last |theta|."""
        return float(abs(self.theta[-1])) if len(self.theta) else np.nan

    def half_cycles(self, least: float) -> tuple[Floats, Floats]:
        """The size of theta before and after each half-cycle, while it is above ``least``."""
        turns = self.extremes()
        small = np.flatnonzero(turns <= least)
        turns = turns[: small[0]] if len(small) else turns
        return turns[:-1], turns[1:]

    def extremes(self) -> Floats:
        """The size of theta at each of its turns, by a parabola through three evaluations."""
        size = np.abs(self.theta)
        left, middle, right = size[:-2], size[1:-1], size[2:]
        turns = (middle >= left) & (middle > right)
        left, middle, right = left[turns], middle[turns], right[turns]
        return middle + (right - left) ** 2 / (8 * (2 * middle - left - right))


def _rise(probe: Numbers) -> float | None:
    """How much larger the mean logit of generated samples is than that of real ones."""
    fake, real = probe.get("logit_fake"), probe.get("logit_real")
    return None if fake is None or real is None else fake - real
