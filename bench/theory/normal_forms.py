"""Closed forms of the Dirac-GAN's trajectory, for each way in which a method can damp it.

Notation: psi' = -pull theta - d_damping psi + ..., theta' = push psi - g_damping theta, near the
equilibrium at the origin; h is the learning rate, and time is h times steps. The forms for weak
damping, friction and kinks are to leading order in h and in the distance.

Source of the linear systems: Mescheder, Geiger and Nowozin 2018 (arXiv:1801.04406), sections 2-3
and appendix D. The others follow by averaging the energy balance over a turn.
"""

from cmath import sqrt as complex_sqrt
from dataclasses import dataclass
from math import acos, cos, gamma, pi, sqrt, tanh

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """A linear system of two players.

    Attributes:
        pull: of theta on psi.
        push: of psi on theta.
        d_damping: of psi.
        g_damping: of theta.
    """

    pull: float
    push: float
    d_damping: float = 0.0
    g_damping: float = 0.0

    @property
    def eigenvalues(self) -> tuple[complex, complex]:
        """Of the continuous system."""
        damping = self.d_damping + self.g_damping
        return _roots(-damping, self.pull * self.push + self.d_damping * self.g_damping)

    @property
    def field(self) -> Floats:
        """The matrix F of (psi', theta') = F (psi, theta)."""
        return np.array([[-self.d_damping, -self.pull], [self.push, -self.g_damping]])


def weak_radius(h: float, turn: float, rate: float, power: float) -> float:
    """Where the growth that simultaneous steps cause meets a weak damping: a cycle's radius.

    From E' = h turn E - rate E^(1 + power), for E = theta^2 + psi^2 push / pull.

    Args:
        h: both learning rates.
        turn: pull times push.
        rate: the damping's.
        power: of E in the damping, beyond the first.
    """
    return float((h * turn / rate) ** (1 / (2 * power)))


def power_damping(k: float, p: float) -> tuple[float, float]:
    """Rate and power of the damping that the penalty k |psi|^p causes, where pull = push = 1.

    From E' = -2 k p |psi|^p, averaged over a circle; p > 2.
    """
    mean = gamma((p + 1) / 2) / (sqrt(pi) * gamma(p / 2 + 1))
    return 2 * k * p * mean, p / 2 - 1


def friction_loss(epsilon: float, pulls: float) -> float:
    """What theta's amplitude loses in a half-cycle under AS-GAN's friction.

    psi' = -pulls theta s(psi theta) - epsilon sign(psi) s(epsilon |psi|), s the sigmoid.

    Args:
        epsilon: size of the perturbation.
        pulls: how often in a step D sees the fakes: 2 in the paper, 1 in the author's code.
    """
    return 2 * epsilon / pulls


def logistic_loss(amplitude: Floats, pulls: float, h: float = 0.0) -> Floats:
    """What theta's amplitude r loses in a half-cycle without any friction.

    By the logistic damping, E' = -pulls E^2 / 8, less the growth by simultaneous steps,
    E' = h pulls E / 4, over a time of 2 pi / sqrt(pulls).

    Args:
        amplitude: r, of any shape.
        pulls: as in ``friction_loss``.
        h: the learning rate, where steps are simultaneous, or 0.
    """
    return pi * sqrt(pulls) * (amplitude**3 / 8 - h * amplitude / 4)


def rest_distance(epsilon: float, pulls: float) -> float:
    """The farthest from the data that friction can hold theta: where its pull is no stronger."""
    return epsilon / pulls


def critical_epsilon(h: float, pulls: float) -> float:
    """The friction that beats the growth by simultaneous steps at every amplitude, or only just.

    The largest epsilon at which r^3 - 2 h r + 16 epsilon / (pi pulls^1.5) has a positive root.
    """
    return pi / 12 * h * sqrt(2 * h / 3) * pulls**1.5


def friction_radius(h: float, epsilon: float, pulls: float) -> float:
    """The radius of the cycle that is left below ``critical_epsilon``: the largest such root."""
    third = 2 * h / 3
    ratio = 8 * epsilon / (pi * pulls**1.5) / third**1.5
    return 2 * sqrt(third) * cos(acos(-ratio) / 3)


def kink_rest(weight: float, pull: float) -> float:
    """Where weight (|psi| - 1)^2 can hold theta: its push at psi = 0 equals the pull."""
    return 2 * weight / pull


def kink_amplitude(weight: float, pull: float) -> float:
    """Theta's amplitude on the cycle that weight (|psi| - 1)^2 sustains in a linear GAN.

    Half-turns, damped by exp(-pi weight / omega), about centres at +-``kink_rest``: for
    pull = push > weight, and small steps.
    """
    omega = sqrt(pull**2 - weight**2)
    return kink_rest(weight, pull) / tanh(pi * weight / (2 * omega))


def _roots(trace: float, determinant: float) -> tuple[complex, complex]:
    """The eigenvalues of a 2 x 2 matrix."""
    root = complex_sqrt(trace**2 / 4 - determinant)
    return trace / 2 + root, trace / 2 - root
