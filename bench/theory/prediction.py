"""What theory says a run will do, in one number that can be measured on its trajectory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bench.theory.trajectory import Trajectory

Behaviour = Literal["converges", "stops", "slows", "circles", "cycles", "sticks", "diverges"]
"""To the data at a steady rate; within a distance of it, for good; ever more slowly; or it keeps
its distance; settles on a cycle of its own; comes to rest far off; leaves."""


@dataclass(frozen=True)
class Updates:
    """How gradient descent is done: plain, with one learning rate a player.

    Attributes:
        d_rate: the discriminator's learning rate.
        g_rate: the generator's.
        simultaneous: both update where they stood, or the generator after the discriminator.
    """

    d_rate: float
    g_rate: float
    simultaneous: bool


@dataclass(frozen=True)
class Prediction:
    """A behaviour, and the number behind it.

    Attributes:
        behaviour: what becomes of the run.
        quantity: what the number is, in words.
        formula: what it was computed by.
        value: the number.
        tolerance: how far off the measured number may be, in the same unit.
        measure: takes it from a trajectory.
        eigenvalues: of the continuous system at the equilibrium; none where that is not smooth.
    """

    behaviour: Behaviour
    quantity: str
    formula: str
    value: float
    tolerance: float
    measure: Callable[[Trajectory], float]
    eigenvalues: tuple[complex, ...] = ()

    def agrees(self, observed: float) -> bool:
        """Whether a measured number, NaN included, is what was predicted."""
        return abs(observed - self.value) <= self.tolerance
