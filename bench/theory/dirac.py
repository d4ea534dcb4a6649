"""The Dirac-GAN's theory of each method: from its hyper-parameters to what it will do.

A gin file binds each to a method by name. Hyper-parameters are read from the method as trained.
"""

from dataclasses import replace
from math import nan, pi
from typing import Any

import gin

from bench.theory import normal_forms, rules
from bench.theory.normal_forms import Floats, Linear, logistic_loss, rest_distance
from bench.theory.prediction import Behaviour, Prediction, Updates
from bench.theory.trajectory import Trajectory

LOGISTIC = Linear(pull=0.5, push=0.5)
"""The non-saturating and the relativistic GAN near the equilibrium, where the sigmoid is 1/2."""

WASSERSTEIN = Linear(pull=1.0, push=1.0)

NOISY = 0.3
"""How far off the rate of a damping that is drawn anew in each step may be, as a share of it."""

LOGISTIC_DAMPING = 1 / 8
"""E' = -2 u tanh(u / 2) for u = psi theta, about -u^2, whose mean over a circle is E^2 / 8."""


@gin.register
def non_saturating(method: Any, updates: Updates) -> Prediction:
    """Logistic losses, relativistic ones included.

    As f(0) = 0, the lead of a pair is u = psi theta, the lead over an average too, and the best of
    a batch that is one point is that point.
    """
    return _weakly_damped(LOGISTIC, LOGISTIC_DAMPING, 1, "1/8", updates)


@gin.register
def zero_sum(method: Any, updates: Updates) -> Prediction | None:
    """The minimax GAN: (psi', theta') = s(u) (-theta, psi), a turn alone, so that E' = 0.

    What alternating steps add averages to 0 over a turn: in first order of h at any distance, and
    in every order up to E^2. With vanilla's loss for G, E falls.
    """
    if updates.simultaneous:
        return None
    return Prediction(
        "circles",
        "gain of 1/r^2",
        "0, of vanilla's 1/8",
        value=0.0,
        tolerance=0.05 * LOGISTIC_DAMPING,
        measure=lambda trajectory: trajectory.growth(1) / updates.g_rate,
        eigenvalues=LOGISTIC.eigenvalues,
    )


@gin.register
def smoothed(method: Any, updates: Updates) -> Prediction:
    """Label smoothing with a bias b in D: without one it is vanilla, since no f(0) depends on psi.

    At rest s(b) = p = alpha / 2, the optimal D, and theta = 0 still: pull = p, push = q = 1 - p.
    E' = -2 q u (u + b) with b' = -p q (2 b + u), b from there, averaged over a turn.
    """
    p = method.real_label / 2
    turn = p * (1 - p)
    rate = p / 4 * (1 - turn / (2 * (1 + turn)))
    formula = "p (1 - p q / 2 (1 + p q)) / 4"
    return _weakly_damped(Linear(pull=p, push=1 - p), rate, 1, formula, updates)


@gin.register
def repeated_step(method: Any, updates: Updates) -> Prediction:
    """AS-GAN with epsilon = 0: D takes the same step twice, and nothing is damped by it."""
    return _weakly_damped(Linear(pull=1.0, push=0.5), 2 * LOGISTIC_DAMPING, 1, "2/8", updates)


@gin.register
def critic(method: Any, updates: Updates) -> Prediction:
    """A critic whose loss is linear: WGAN inside its clipping, hinge inside its margin.

    RaHinge too, where the leads over both averages are u.
    """
    return _linear(WASSERSTEIN, updates)


@gin.register
def least_squares(method: Any, updates: Updates) -> Prediction:
    """LSGAN with a bias in D: E' = -2 u (2 u + b) with b' = -2 (b + u), averaged over a circle."""
    return _weakly_damped(LOGISTIC, 3 / 10, 1, "3/10", updates)


@gin.register
def relativistic_squares(method: Any, updates: Updates) -> Prediction:
    """RaLSGAN: (u + 1)^2 and, for G, (u - 1)^2 without a bias: E' = -8 u^2, averaged."""
    return _weakly_damped(Linear(pull=2.0, push=2.0), 8 * LOGISTIC_DAMPING, 1, "1", updates)


@gin.register
def quadratic_potential(method: Any, updates: Updates) -> Prediction:
    """GAN-QP: u + u^2 / (2 lambda |theta|), which draws psi to -lambda sign(theta).

    psi' = -theta - |theta| psi / lambda on a critic's loss. E' = -2 |theta| psi^2 / lambda, about
    -4 E^1.5 / (3 pi lambda) by its mean over a circle.
    """
    rate = 4 / (3 * pi * method.qp_lambda)
    return _weakly_damped(WASSERSTEIN, rate, 0.5, "2 / (3 pi lambda)", updates)


@gin.register
def lecam(method: Any, updates: Updates) -> Prediction:
    """LeCam's penalty lambda u^2, half of the time where it is rectified."""
    share = 2 if method.lecam_rectified else 4
    rate = LOGISTIC_DAMPING * (1 + share * method.lecam_weight)
    return _weakly_damped(LOGISTIC, rate, 1, f"(1 + {share} lambda) / 8", updates)


@gin.register
def real_penalty(method: Any, updates: Updates) -> Prediction:
    """R1, or R2: gamma/2 psi^2 on one side."""
    return _linear(Linear(0.5, 0.5, d_damping=method.gamma), updates)


@gin.register
def two_penalties(method: Any, updates: Updates) -> Prediction:
    """R1 and R2 together, as in R3GAN: gamma psi^2."""
    return _linear(Linear(0.5, 0.5, d_damping=2 * method.gamma), updates)


@gin.register
def consensus(method: Any, updates: Updates) -> Prediction:
    """gamma/2 of the squared gradients, which are (theta/2)^2 and (psi/2)^2."""
    damping = method.consensus_gamma / 4
    return _linear(Linear(0.5, 0.5, d_damping=damping, g_damping=damping), updates)


@gin.register
def unrolled(method: Any, updates: Updates) -> Prediction:
    """G sees psi - k d_rate theta/2, and differentiates through it."""
    return _linear(Linear(0.5, 0.5, g_damping=method.k * updates.d_rate / 2), updates)


@gin.register
def other_gradient_penalty(method: Any, updates: Updates) -> Prediction:
    """JARE: alpha/2 of the other's squared gradient, which is (theta/2)^2 to G, (psi/2)^2 to D."""
    damping = method.jare_alpha / 4
    return _linear(Linear(0.5, 0.5, d_damping=damping, g_damping=damping), updates)


@gin.register
def extragradient(method: Any, updates: Updates, system: Linear = LOGISTIC) -> Prediction:
    """Each update is that of a step ahead."""
    return _factor(system, rules.extragradient(system, updates), "|1 + i x - x^2|")


@gin.register
def optimistic(method: Any, updates: Updates, system: Linear = LOGISTIC) -> Prediction:
    """Each update is doubled, and the one before it taken back."""
    formula = (
        "l^2 - (1 + 2 i x) l + i x = 0"
        if updates.simultaneous
        else "l (l - 1)^2 + x^2 (2 l - 1)^2 = 0"
    )
    return _factor(system, rules.optimistic(system, updates), formula)


@gin.register
def negative_momentum(method: Any, updates: Updates, system: Linear = LOGISTIC) -> Prediction:
    """Each update takes back a part of the one before."""
    formula = (
        "l^2 - (1 + beta + i x) l + beta = 0"
        if updates.simultaneous
        else "(l - 1)^2 (l - beta)^2 + x^2 l^3 = 0"
    )
    step = rules.momentum(system, updates, method.negative_momentum)
    return _factor(system, step, formula)


@gin.register
def lookahead(method: Any, updates: Updates, system: Linear = LOGISTIC) -> Prediction:
    """Every k steps of descent, by l each, both players go back a part of the way."""
    k = method.lookahead_k
    step = rules.lookahead(rules.descent(system, updates), k, method.lookahead_alpha)
    return _factor(system, step, "|1 - alpha + alpha l^k|^(1/k)", k)


@gin.register
def critic_negative_momentum(method: Any, updates: Updates) -> Prediction:
    """The same on a critic's losses."""
    return negative_momentum(method, updates, WASSERSTEIN)


@gin.register
def critic_lookahead(method: Any, updates: Updates) -> Prediction:
    """The same on a critic's losses."""
    return lookahead(method, updates, WASSERSTEIN)


@gin.register
def competitive(method: Any, updates: Updates, system: Linear = LOGISTIC) -> Prediction:
    """Each step answers the other's, which here makes it the step from where it leads."""
    return _factor(system, rules.competitive(system, updates), "1 / sqrt(1 + x^2)")


@gin.register
def averaged(method: Any, updates: Updates, system: Linear = LOGISTIC) -> Prediction:
    """EMA of a GAN that is not damped, or hardly: what is scored circles closer to the data."""
    share = rules.filtered(rules.descent(system, updates), method.ema_decay)
    return Prediction(
        "slows" if system is LOGISTIC else "circles",
        "theta over psi",
        "(1 - decay) / |l - decay|",
        value=share,
        tolerance=0.02 * share,
        measure=lambda trajectory: trajectory.flatness(),
        eigenvalues=system.eigenvalues,
    )


@gin.register
def power_penalty(method: Any, updates: Updates) -> Prediction:
    """WGAN-div: k |psi|^p."""
    if method.div_p == 2:
        return _linear(Linear(1.0, 1.0, d_damping=2 * method.div_k), updates)
    rate, power = normal_forms.power_damping(method.div_k, method.div_p)
    formula = "k p (p - 2) mean |sin|^p"
    return _weakly_damped(WASSERSTEIN, rate, power, formula, updates)


@gin.register
def unit_penalty(method: Any, updates: Updates) -> Prediction | None:
    """WGAN-GP: lambda (|psi| - 1)^2 on a critic's loss."""
    if method.penalty >= 1:
        return _sticks(normal_forms.kink_rest(method.penalty, pull=1.0), "2 lambda")
    if updates.simultaneous:
        return None
    return Prediction(
        "cycles",
        "amplitude",
        "2 lambda coth(pi lambda / 2 sqrt(1 - lambda^2))",
        value=normal_forms.kink_amplitude(method.penalty, pull=1.0),
        tolerance=0.35 * updates.g_rate,
        measure=lambda trajectory: trajectory.amplitude(),
    )


@gin.register
def unit_penalty_logistic(method: Any, updates: Updates) -> Prediction | None:
    """DRAGAN: the same on logistic losses; sticks where 4 lambda^2 + 2 lambda >= 1.

    Near (theta, psi) = (4 lambda, 0) psi is damped by the penalty, 2 lambda, and by the logistic
    loss, theta^2 / 4; theta is held where that is enough for no oscillation.
    """
    weight = method.dragan_weight
    if 4 * weight**2 + 2 * weight < 1:
        return None
    return _sticks(normal_forms.kink_rest(weight, pull=0.5), "4 lambda")


@gin.register
def line_penalty(method: Any, updates: Updates) -> Prediction:
    """0-GP: lambda psi^2, without a half, wherever it is taken."""
    return _linear(Linear(0.5, 0.5, d_damping=2 * method.gp0_weight), updates)


@gin.register
def largest_penalty(method: Any, updates: Updates) -> Prediction:
    """MaxGP: the same, since the gradient is psi everywhere."""
    return _linear(Linear(0.5, 0.5, d_damping=2 * method.max_gp_weight), updates)


@gin.register
def weighted_penalty(method: Any, updates: Updates) -> Prediction:
    """The JS regularizer: gamma/2 (1/4 + 1/4) psi^2 where the sigmoid is 1/2."""
    return _linear(Linear(0.5, 0.5, d_damping=method.js_gamma / 2), updates)


@gin.register
def noise_penalty(method: Any, updates: Updates) -> Prediction:
    """R1 or R2 in first order: lambda sigma^2 psi^2 times a batch's mean square of noise.

    The mean over the noise is of one gamma, 2 lambda sigma^2. A batch of two moves the damping by
    as much as itself from step to step, and its mean over a run by about 9%.
    """
    damping = 2 * method.approx_weight * method.approx_sigma**2
    mean = _linear(Linear(0.5, 0.5, d_damping=damping), updates)
    return replace(mean, tolerance=NOISY * abs(mean.value - 1))


@gin.register
def bounded_slope(method: Any, updates: Updates) -> Prediction | None:
    """WGAN-LP, or the L-infinity penalty: a critic that is free while |psi| <= 1."""
    return _bounded(1.0, updates)


@gin.register
def bounded_difference(method: Any, updates: Updates) -> Prediction | None:
    """ALR: the same below K, since (f(x) - f(x + r)) / r is psi for any r."""
    return _bounded(method.alr_slope, updates)


@gin.register
def perturbed_pair(method: Any, updates: Updates) -> Prediction:
    """AS-GAN as in its paper: D sees the fakes in both of its steps.

    On a line the gradient has two directions: its own, and those of all steps of a stronger
    adversary, lead to the same x_hat as its sign.
    """
    return _friction(method.epsilon, 2, updates)


@gin.register
def perturbed_both(method: Any, updates: Updates) -> Prediction:
    """AS-GAN whose fakes, theta + epsilon sign(psi), resist as much as x_hat."""
    return _friction(method.epsilon, 2, updates, sides=2)


@gin.register
def perturbed_real(method: Any, updates: Updates) -> Prediction:
    """AS-GAN as in its author's code: D's second step sees x_hat alone."""
    return _friction(method.epsilon, 1, updates)


@gin.register
def robust(method: Any, updates: Updates) -> Prediction:
    """Rob-GAN: D's only step sees x' = -epsilon sign(psi), or as far as the adversary's steps lead.

    psi' = -theta s(u) - epsilon sign(psi) s(epsilon |psi|): AS-GAN's friction, from one step.
    """
    reach = min(method.rob_epsilon, method.rob_steps * method.rob_step)
    return _friction(reach, 1, updates)


@gin.register
def l1_penalty(method: Any, updates: Updates) -> Prediction:
    """What AS-GAN is to first order: a friction, and D sees the fakes once."""
    return _friction(method.l1_epsilon, 1, updates)


def _linear(system: Linear, updates: Updates) -> Prediction:
    return _factor(system, rules.descent(system, updates))


def _factor(
    system: Linear, step: Floats, formula: str = "spectral radius", count: int = 1
) -> Prediction:
    """Shrinks or grows at a steady rate.

    Args:
        system: the linear one.
        step: what is done to it, as a matrix.
        formula: of the factor, or the equation whose largest root l it is; x is h times the
            eigenvalues' size.
        count: steps that the matrix stands for.
    """
    factor = rules.spectral_radius(step) ** (1 / count)
    drift = factor - 1
    behaviour: Behaviour = (
        "converges" if drift < -1e-9 else "diverges" if drift > 1e-9 else "circles"
    )
    return Prediction(
        behaviour,
        "factor a step",
        formula,
        value=factor,
        tolerance=1e-4 + 0.01 * abs(drift),
        measure=lambda trajectory: trajectory.factor(),
        eigenvalues=system.eigenvalues,
    )


def _weakly_damped(
    system: Linear, rate: float, power: float, formula: str, updates: Updates
) -> Prediction:
    """Slows down without end where steps alternate, and cycles where they are simultaneous.

    Args:
        system: the linear one, a centre.
        rate: of the damping: E' = -rate E^(1 + power) for E = r^2.
        power: of the damping.
        formula: of power times rate, by which E^-power grows in a unit of time.
        updates: how descent is done.
    """
    ratio, turn = system.pull / system.push, system.pull * system.push
    if updates.simultaneous:
        radius = normal_forms.weak_radius(updates.g_rate, turn, rate, power)
        return Prediction(
            "cycles",
            "radius",
            f"(h / {rate / turn:g})^(1/{2 * power:g})",
            value=radius,
            tolerance=0.01 * radius,
            measure=lambda trajectory: trajectory.cycle(ratio),
            eigenvalues=system.eigenvalues,
        )
    slope = power * rate
    return Prediction(
        "slows",
        "gain of 1/r" if power == 0.5 else f"gain of 1/r^{2 * power:g}",
        formula,
        value=slope,
        tolerance=0.05 * slope,
        measure=lambda trajectory: trajectory.growth(power, ratio) / updates.g_rate,
        eigenvalues=system.eigenvalues,
    )


def _bounded(slope: float, updates: Updates) -> Prediction | None:
    """Circles that are no larger than ``slope`` are kept, and larger ones shrink to it.

    E' = -2 |psi| p(|psi|) for the penalty's derivative p, which is 0 up to ``slope``: damping ends
    where a circle's psi stays within. Started at this distance or farther out.
    """
    if updates.simultaneous:
        return None
    return Prediction(
        "cycles",
        "amplitude",
        "largest free slope",
        value=slope,
        tolerance=0.1 * updates.g_rate,
        measure=lambda trajectory: trajectory.amplitude(),
        eigenvalues=WASSERSTEIN.eigenvalues,
    )


def _sticks(rest: float, formula: str) -> Prediction:
    return Prediction(
        "sticks",
        "rest",
        formula,
        value=rest,
        tolerance=0.01 * rest,
        measure=lambda trajectory: trajectory.distance(),
    )


def _friction(epsilon: float, pulls: int, updates: Updates, sides: int = 1) -> Prediction:
    """Stops where friction wins: the loss to it is measured on runs that end in the rest set.

    Args:
        epsilon: the size of the perturbation.
        pulls: how often in a step D sees the fakes.
        sides: how many of D's samples are perturbed: real ones, or fakes too.
        updates: how descent is done.
    """
    h, epsilon = updates.g_rate, sides * epsilon
    if updates.simultaneous and epsilon < normal_forms.critical_epsilon(h, pulls):
        radius = normal_forms.friction_radius(h, epsilon, pulls)
        return Prediction(
            "cycles",
            "radius",
            f"largest root of r^3 - 2 h r + {16 * sides} epsilon / (pi c^1.5)",
            value=radius,
            tolerance=0.01 * radius,
            measure=lambda trajectory: trajectory.cycle(pulls),
        )
    loss, rest = normal_forms.friction_loss(epsilon, pulls), rest_distance(epsilon, pulls)
    growing = h if updates.simultaneous else 0.0

    def measure(trajectory: Trajectory) -> float:
        if not trajectory.distance() <= rest:
            return nan
        before, after = trajectory.half_cycles(rest)
        if not len(before):
            return nan
        others = logistic_loss((before + after) / 2, pulls, growing)
        return float((before - after - others).mean())

    return Prediction(
        "stops",
        "friction",
        f"{2 * sides} epsilon / {pulls}",
        value=loss,
        tolerance=0.06 * loss,
        measure=measure,
    )
