"""One step of each update rule on a linear system, as a matrix: its spectral radius is the factor.

The state is (psi, theta), and behind it what a rule remembers of either, in the same order. In
simultaneous steps a bilinear game turns the plane of the players by an angle: what such a rule
makes of an eigenvalue +-i omega is known in closed form, with x = h omega.

| rule | roots in simultaneous steps | stable |
|-|-|-|
| descent | 1 + i x | never |
| extragradient | 1 + i x - x^2 | x < 1 |
| optimistic | of l^2 - (1 + 2 i x) l + i x | x < 1 / sqrt(3) |
| competitive | 1 / (1 - i x) | always |
| momentum beta | of l^2 - (1 + beta + i x) l + beta | never |
| lookahead | 1 - alpha + alpha (1 + i x)^k | depends on k and alpha |

In alternating steps descent is neutral for x < 2, optimistic steps are stable for x < 2 / 3, and
negative momentum for x < 2 (1 + beta).

Sources: Gidel et al. 2019 (arXiv:1802.10551), propositions 1 and 2, for extragradient; Daskalakis
et al. 2018 (arXiv:1711.00141) and Mokhtari, Ozdaglar and Pattathil 2020 (arXiv:1901.08511) for
optimistic steps and the proximal point, which competitive steps are here; Gidel et al. 2019
(arXiv:1807.04740) for momentum; Chavdarova et al. 2021 (arXiv:2006.14567) for lookahead; Schaefer
and Anandkumar 2019 (arXiv:1905.12103) for competitive steps. The limits are derived here.
"""

import numpy as np
from numpy.typing import NDArray

from bench.theory.normal_forms import Linear
from bench.theory.prediction import Updates

Floats = NDArray[np.float64]


def spectral_radius(step: Floats) -> float:
    """By what a step multiplies the distance from the equilibrium, in the end."""
    return float(np.abs(np.linalg.eigvals(step)).max())


def descent(system: Linear, updates: Updates) -> Floats:
    """Gradient descent, w' = w + h F w."""
    return _in_turn(np.eye(2) + _pull(system, updates), updates)


def extragradient(system: Linear, updates: Updates) -> Floats:
    """W' = w + h F (w + h F w), always simultaneous."""
    pull = _pull(system, updates)
    return np.eye(2) + pull + pull @ pull


def optimistic(system: Linear, updates: Updates) -> Floats:
    """W' = w + 2 u' - u, with u' = h F w."""
    return _remembering(system, updates, taken=2.0, returned=1.0)


def momentum(system: Linear, updates: Updates, beta: float) -> Floats:
    """W' = w + u', with u' = beta u + h F w."""
    return _remembering(system, updates, kept=beta)


def competitive(system: Linear, updates: Updates) -> Floats:
    """W' = w + d, with d = h (F w + the part of F d that is about the other player)."""
    pull = _pull(system, updates)
    mixed = pull - np.diag(np.diag(pull))
    return np.eye(2) + np.linalg.solve(np.eye(2) - mixed, pull)


def lookahead(step: Floats, k: int, alpha: float) -> Floats:
    """``k`` steps, of which the share ``alpha`` of the way is kept: the matrix of all of them."""
    return (1 - alpha) * np.eye(len(step)) + alpha * np.linalg.matrix_power(step, k)


def averaged(step: Floats, decay: float) -> Floats:
    """A step on (psi, theta), and behind them the average of theta that is scored."""
    average = np.array([[*(1 - decay) * step[1], decay]])
    return np.concatenate([np.pad(step, ((0, 0), (0, 1))), average])


def filtered(step: Floats, decay: float) -> float:
    """The amplitude of theta's average over psi's, on the slowest of a step's own modes."""
    values, vectors = np.linalg.eig(step)
    slowest = np.abs(values).argmax()
    gain = (1 - decay) * values[slowest] / (values[slowest] - decay)
    return float(abs(gain * vectors[1, slowest] / vectors[0, slowest]))


def _pull(system: Linear, updates: Updates) -> Floats:
    return np.array([[updates.d_rate], [updates.g_rate]]) * system.field


def _remembering(
    system: Linear,
    updates: Updates,
    kept: float = 0.0,
    taken: float = 1.0,
    returned: float = 0.0,
) -> Floats:
    """U' = kept u + h F w, then w' = w + taken u' - returned u: on w and, behind it, u."""
    pull, one = _pull(system, updates), np.eye(2)
    weights = np.hstack([one + taken * pull, (taken * kept - returned) * one])
    return _in_turn(np.vstack([weights, np.hstack([pull, kept * one])]), updates)


def _in_turn(both: Floats, updates: Updates) -> Floats:
    """A step of both players as it is, or the discriminator's rows of it before the generator's."""
    if updates.simultaneous:
        return both
    first, second = np.eye(len(both)), np.eye(len(both))
    first[0::2], second[1::2] = both[0::2], both[1::2]
    return second @ first
