"""Closed forms against independent numerics, then real methods in the real loop against both."""

import cmath
import dataclasses
from collections.abc import Callable
from math import exp, log, pi, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from records_factory import saved
from torch import Tensor

from architectures.dirac import LinearDiscriminator, LocationGenerator
from bench.config.bound import Bound
from bench.config.plan import make_plan
from bench.config.run import Run
from bench.data.dirac import Dirac, GaussianLocation, quantiles
from bench.report.build import build
from bench.report.theory import ordered
from bench.results.board import boards
from bench.runs import records
from bench.scores.location import LocationJudge
from bench.theory import dirac, normal_forms, rules
from bench.theory.normal_forms import Linear
from bench.theory.prediction import Prediction, Updates
from bench.theory.theory import Theory
from bench.theory.trajectory import Trajectory
from bench.training.execute import execute
from bench.training.experiment import experiment_of
from bench.training.trainer import Trainer
from methods.as_gan import ASGAN
from methods.as_gan_grown import GrownASGAN
from methods.base import GAN, Logs, Method, parameters_of
from methods.cgd import CGD
from methods.combine import combine
from methods.consensus import Consensus
from methods.ema import EMA
from methods.extragradient import Extragradient
from methods.gan_qp import GANQP
from methods.jare import JARE
from methods.label_smoothing import LabelSmoothing
from methods.lookahead import Lookahead
from methods.minimax import Minimax
from methods.optimistic import Optimistic
from methods.r1 import R1
from methods.ra_lsgan import RaLSGAN
from methods.rob_gan import RobGAN
from methods.simultaneous import Simultaneous
from methods.wasserstein import Wasserstein
from methods.weights import assign, copies

Force = Callable[[float, float], float]
Offering = Callable[[str, str, str], tuple[str, str]]

SUITE = """
import bench.theory.dirac
import bench.theory.theory

Suite.dataset = "{data}"
Suite.architecture = "dirac"
Suite.methods = ["{method}"]
Suite.seeds = 1
Experiment.g_optimizer = @generator/SGD
Experiment.d_optimizer = @discriminator/SGD
SGD.lr = {h}
LocationGenerator.start = {start}
Experiment.steps = {steps}
Experiment.evaluations = {evaluations}
Experiment.log_every = {steps}
Experiment.batch_size = 2
Experiment.latent_dim = 1
Experiment.device = "cpu"
Experiment.theory = @Theory()
{more}
"""


def ignore(_: object) -> None:
    """Hears progress and states, and does nothing."""


def planned(
    folder: Path,
    method: str,
    h: float,
    time: float,
    *more: str,
    start: object = 1.0,
    data: str = "dirac",
    every: float = 1.0,
) -> Run:
    """The run of one method over so much time, evaluated ``every`` so much of it."""
    steps = round(time / h)
    suite = folder / "suite.gin"
    suite.write_text(
        SUITE.format(
            method=method,
            h=h,
            start=start,
            data=data,
            steps=steps,
            evaluations=steps // max(1, round(every / h)),
            more="\n".join(more),
        )
    )
    return make_plan(str(suite)).runs[0]


def trainer_of(run: Run, method: Method | None = None) -> Trainer:
    experiment = experiment_of(Bound(run.config))
    if method is not None:
        experiment = dataclasses.replace(experiment, method=method)
    return Trainer(experiment, run.seed, experiment.judge(experiment.data))


def trajectory_of(trainer: Trainer) -> Trajectory:
    """Trains to the end; the parameters themselves at each evaluation's step, of what is scored."""
    evaluated = trainer.experiment.evaluation_steps
    discriminator = trainer.gan.discriminator
    assert isinstance(discriminator, LinearDiscriminator)
    points = []
    for until in evaluated:
        trainer.advance(until, ignore)
        generator = trainer.experiment.method.evaluated(trainer.gan)
        assert isinstance(generator, LocationGenerator)
        points.append((generator.theta[0].item(), discriminator.linear.weight[0, 0].item()))
    return Trajectory(np.array(evaluated, dtype=np.float64), *np.array(points).T)


def trajectory(run: Run, method: Method | None = None) -> Trajectory:
    return trajectory_of(trainer_of(run, method))


def observed(run: Run) -> tuple[Prediction, float, Trajectory]:
    """What theory says of the run, what was measured on it, and its trajectory."""
    trainer = trainer_of(run)
    theory = trainer.experiment.theory
    assert theory is not None
    prediction = theory.predict(run.method, trainer.experiment.method, trainer.gan)
    assert prediction is not None
    seen = trajectory_of(trainer)
    return prediction, prediction.measure(seen), seen


@pytest.fixture
def simultaneous(offer: Callable[[str, str], str]) -> Offering:
    """Offers a method whose players update at once, and binds its theory."""

    def offered(method: str, configurable: str, theory: str) -> tuple[str, str]:
        name = offer(
            f"at_once_{method}",
            f'include "methods/{method}.gin"\n'
            "import methods.combine\n"
            "import methods.simultaneous\n"
            "Experiment.method = @combine()\n"
            f"combine.methods = [@Simultaneous(), @{configurable}()]",
        )
        return name, f'Theory.simultaneous = {{"{name}": @{theory}}}'

    return offered


# --- closed forms against numerics that know nothing of them


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def descend(
    d_force: Force,
    g_force: Force,
    h: float,
    steps: int,
    *,
    at_once: bool = False,
    start: tuple[float, float] = (1.0, 0.0),
) -> Trajectory:
    """The recurrence itself, in double precision."""
    theta, psi = start
    trajectory = []
    for _ in range(steps):
        old = psi
        psi = psi + h * d_force(theta, psi)
        theta = theta + h * g_force(theta, old if at_once else psi)
        trajectory.append((theta, psi))
    found = np.array(trajectory)
    return Trajectory(np.arange(1.0, steps + 1), found[:, 0], found[:, 1])


def logistic_d(theta: float, psi: float) -> float:
    return -theta * sigmoid(psi * theta)


def logistic_g(theta: float, psi: float) -> float:
    return psi * sigmoid(-psi * theta)


def saturating_g(theta: float, psi: float) -> float:
    return psi * sigmoid(psi * theta)


def unrolled_g(k: int, eta: float) -> Force:
    def loss(theta: float, psi: float) -> float:
        for _ in range(k):
            psi -= eta * theta * sigmoid(psi * theta)
        return float(np.logaddexp(0, -psi * theta))

    return lambda theta, psi: -(loss(theta + 1e-5, psi) - loss(theta - 1e-5, psi)) / 2e-5


def consensus_force(gamma: float, player: int) -> Force:
    def length(theta: float, psi: float) -> float:
        return gamma / 2 * (logistic_d(theta, psi) ** 2 + logistic_g(theta, psi) ** 2)

    def force(theta: float, psi: float) -> float:
        step = 1e-5
        if player:
            slope = length(theta, psi + step) - length(theta, psi - step)
            return logistic_d(theta, psi) - slope / (2 * step)
        slope = length(theta + step, psi) - length(theta - step, psi)
        return logistic_g(theta, psi) - slope / (2 * step)

    return force


def weighted_d(gamma: float) -> Force:
    def regularizer(theta: float, psi: float) -> float:
        """Data at 0, where f = 0; G at theta."""
        return gamma / 2 * psi**2 * ((1 - sigmoid(0)) ** 2 + sigmoid(psi * theta) ** 2)

    def force(theta: float, psi: float) -> float:
        step = 1e-5
        slope = regularizer(theta, psi + step) - regularizer(theta, psi - step)
        return logistic_d(theta, psi) - slope / (2 * step)

    return force


def gaussian_d(s: float) -> Force:
    z = quantiles(999).double().numpy()

    def force(theta: float, psi: float) -> float:
        real, fake = s * z, theta + s * z
        pull = (real / (1 + np.exp(psi * real))).mean() - (fake / (1 + np.exp(-psi * fake))).mean()
        return float(pull)

    return force


def critic_d(theta: float, psi: float) -> float:
    return -theta


def critic_g(theta: float, psi: float) -> float:
    return psi


def factor(system: Linear, d_rate: float, g_rate: float, at_once: bool) -> float:
    return rules.spectral_radius(rules.descent(system, Updates(d_rate, g_rate, at_once)))


SYSTEMS: dict[str, tuple[Linear, Force, Force, complex]] = {
    "logistic": (dirac.LOGISTIC, logistic_d, logistic_g, 0.5j),
    "saturating": (dirac.LOGISTIC, logistic_d, saturating_g, 0.5j),
    "critic": (dirac.WASSERSTEIN, critic_d, critic_g, 1j),
    "two time scales, 3": (
        Linear(1.5, 0.5),
        lambda t, p: 3 * logistic_d(t, p),
        logistic_g,
        0.5j * sqrt(3),
    ),
    "r1, 0.6": (
        Linear(0.5, 0.5, d_damping=0.6),
        lambda t, p: logistic_d(t, p) - 0.6 * p,
        logistic_g,
        -0.3 + 1j * sqrt(0.25 - 0.09),
    ),
    "r1 and r2, 2": (
        Linear(0.5, 0.5, d_damping=4.0),
        lambda t, p: logistic_d(t, p) - 4 * p,
        logistic_g,
        -2 + sqrt(4 - 0.25),
    ),
    "wgan_div, p = 2": (
        Linear(1.0, 1.0, d_damping=1.4),
        lambda t, p: critic_d(t, p) - 1.4 * p,
        critic_g,
        -0.7 + 1j * sqrt(1 - 0.49),
    ),
    "unrolled, 3 x 0.4": (
        Linear(0.5, 0.5, g_damping=0.6),
        logistic_d,
        unrolled_g(3, 0.4),
        -0.3 + 1j * sqrt(0.25 - 0.09),
    ),
    "consensus, 1": (
        Linear(0.5, 0.5, 0.25, 0.25),
        consensus_force(1.0, 1),
        consensus_force(1.0, 0),
        -0.25 + 0.5j,
    ),
    "js_reg, 1.2": (
        Linear(0.5, 0.5, d_damping=0.6),
        weighted_d(1.2),
        logistic_g,
        -0.3 + 1j * sqrt(0.25 - 0.09),
    ),
    "gaussian, 0.8": (
        Linear(0.5, 0.5, d_damping=0.32),
        gaussian_d(0.8),
        logistic_g,
        -0.16 + 1j * sqrt(0.25 - 0.0256),
    ),
}


def jacobian(map_: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    steps = 1e-4 * np.eye(2)
    return np.stack([(map_(e) - map_(-e)) / 2e-4 for e in steps], axis=1)


@pytest.mark.parametrize("name", SYSTEMS)
def test_eigenvalues_are_those_of_the_vector_field(name: str) -> None:
    system, d_force, g_force, known = SYSTEMS[name]
    field = jacobian(lambda x: np.array([g_force(x[0], x[1]), d_force(x[0], x[1])]))
    numeric = np.linalg.eigvals(field)
    for value in system.eigenvalues:
        assert np.abs(numeric - value).min() < 1e-5
    assert min(abs(value - known) for value in system.eigenvalues) < 1e-12


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("name", SYSTEMS)
def test_factors_are_those_of_one_step(name: str, at_once: bool) -> None:
    system, d_force, g_force, _ = SYSTEMS[name]
    h = 0.3

    def step(x: np.ndarray) -> np.ndarray:
        trajectory = descend(d_force, g_force, h, 1, at_once=at_once, start=(x[0], x[1]))
        return np.array([trajectory.theta[0], trajectory.psi[0]])

    numeric = np.abs(np.linalg.eigvals(jacobian(step))).max()
    assert factor(system, h, h, at_once) == pytest.approx(numeric, abs=1e-5)


@pytest.mark.parametrize("h", [0.05, 0.1, 0.4])
def test_textbook_factors(h: float) -> None:
    assert factor(dirac.LOGISTIC, h, h, True) == pytest.approx(sqrt(1 + h**2 / 4))
    assert factor(dirac.WASSERSTEIN, h, h, True) == pytest.approx(sqrt(1 + h**2))
    assert factor(dirac.LOGISTIC, h, h, False) == pytest.approx(1)


def test_alternating_steps_are_neutral_up_to_four_and_no_farther() -> None:
    assert factor(dirac.LOGISTIC, 3.99, 3.99, False) == pytest.approx(1)
    assert factor(dirac.LOGISTIC, 4.01, 4.01, False) > 1.05


@pytest.mark.parametrize(("gamma", "limit"), [(0.5, 2.0), (0.9, 3.6), (10.0, 0.2005)])
def test_simultaneous_r1_is_stable_up_to_a_step(gamma: float, limit: float) -> None:
    system = Linear(0.5, 0.5, d_damping=gamma)
    assert factor(system, 0.999 * limit, 0.999 * limit, True) < 1
    assert factor(system, 1.001 * limit, 1.001 * limit, True) > 1


# --- update rules, as matrices, against their recurrences and against known polynomials

Player = Callable[[np.ndarray], float]
"""A player's force, at (psi, theta)."""

SKEWED = Linear(pull=0.7, push=1.2, d_damping=0.3, g_damping=0.2)
D_RATE, G_RATE = 0.3, 0.2


def forces(w: np.ndarray) -> np.ndarray:
    """Of ``SKEWED``, D's first, each times its player's rate."""
    psi, theta = w
    return np.array([D_RATE * (-0.7 * theta - 0.3 * psi), G_RATE * (1.2 * psi - 0.2 * theta)])


def in_turn(move: Callable[[np.ndarray], np.ndarray], w: np.ndarray, at_once: bool) -> np.ndarray:
    """Adds the moves of both players, the second's where the first now is, or where it was."""
    first = np.array([move(w)[0], 0.0])
    return w + first + np.array([0.0, move(w if at_once else w + first)[1]])


def extragradient(state: np.ndarray, at_once: bool) -> np.ndarray:
    return state + forces(state + forces(state))


def optimistic(state: np.ndarray, at_once: bool) -> np.ndarray:
    w, last = state[:2], state[2:]
    after = in_turn(lambda at: 2 * forces(at) - last, w, at_once)
    return np.concatenate([after, (after - w + last) / 2])


def with_momentum(state: np.ndarray, at_once: bool) -> np.ndarray:
    w, before = state[:2], state[2:]
    return np.concatenate([in_turn(lambda at: forces(at) - 0.4 * (w - before), w, at_once), w])


def looking_ahead(state: np.ndarray, at_once: bool) -> np.ndarray:
    fast = state
    for _ in range(4):
        fast = in_turn(forces, fast, at_once)
    return state + 0.3 * (fast - state)


def competitive(state: np.ndarray, at_once: bool) -> np.ndarray:
    """Each move is the other's best answer's best answer, and so on for long."""
    psi, theta = move = forces(state)
    for _ in range(200):
        psi, theta = move + np.array([-D_RATE * 0.7 * theta, G_RATE * 1.2 * psi])
    return state + np.array([psi, theta])


RULES: dict[str, tuple[Callable[[Updates], np.ndarray], Callable[..., np.ndarray], int]] = {
    "extragradient": (lambda u: rules.extragradient(SKEWED, u), extragradient, 2),
    "optimistic": (lambda u: rules.optimistic(SKEWED, u), optimistic, 4),
    "momentum": (lambda u: rules.momentum(SKEWED, u, -0.4), with_momentum, 4),
    "lookahead": (lambda u: rules.lookahead(rules.descent(SKEWED, u), 4, 0.3), looking_ahead, 2),
    "competitive": (lambda u: rules.competitive(SKEWED, u), competitive, 2),
}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("name", RULES)
def test_a_rules_matrix_is_its_recurrence(name: str, at_once: bool) -> None:
    """By their characteristic polynomials, since what a rule remembers can be put in many ways."""
    matrix, recurrence, size = RULES[name]
    columns = [recurrence(unit, at_once) for unit in np.eye(size)]
    expected = np.poly(np.stack(columns, axis=1))
    assert np.poly(matrix(Updates(D_RATE, G_RATE, at_once))) == pytest.approx(expected, abs=1e-12)


LOOKAHEAD_LIMIT = 0.7425725
"""Of k = 5 and alpha = 1/2: |1 + (1 + i x)^5| = 2, where x^8 + 5 x^6 + 10 x^4 + 20 x^2 = 15."""


def largest(*coefficients: complex) -> float:
    return float(np.abs(np.roots(coefficients)).max())


def lookahead_of(x: float) -> float:
    return abs(0.5 + 0.5 * (1 + 1j * x) ** 5) ** (1 / 5)


BILINEAR: dict[str, tuple[Callable[..., Prediction], bool, Callable[[float], float]]] = {
    "extragradient": (dirac.extragradient, True, lambda x: sqrt(1 - x**2 + x**4)),
    "optimistic": (dirac.optimistic, True, lambda x: largest(1, -1 - 2j * x, 1j * x)),
    "optimistic in turn": (
        dirac.optimistic,
        False,
        lambda x: largest(1, 4 * x**2 - 2, 1 - 4 * x**2, x**2),
    ),
    "momentum": (dirac.negative_momentum, True, lambda x: largest(1, -0.5 - 1j * x, -0.5)),
    "momentum in turn": (
        dirac.negative_momentum,
        False,
        lambda x: largest(1, x**2 - 1, -0.75, 0.5, 0.25),
    ),
    "lookahead": (dirac.lookahead, True, lookahead_of),
    "lookahead in turn": (
        dirac.lookahead,
        False,
        lambda x: abs(0.5 + 0.5 * cmath.exp(10j * cmath.asin(x / 2))) ** (1 / 5),
    ),
    "competitive": (dirac.competitive, True, lambda x: 1 / sqrt(1 + x**2)),
}
OPTIONS = {"negative_momentum": -0.5, "lookahead_k": 5, "lookahead_alpha": 0.5}


def predicted(name: str, x: float, system: Linear = dirac.LOGISTIC) -> Prediction:
    """Of a rule at x = h omega."""
    theory, at_once, _ = BILINEAR[name]
    h = x / system.pull
    return theory(type("", (), OPTIONS), Updates(h, h, at_once), system)


@pytest.mark.parametrize("system", [dirac.LOGISTIC, dirac.WASSERSTEIN])
@pytest.mark.parametrize("x", [0.05, 0.3, 0.8])
@pytest.mark.parametrize("name", BILINEAR)
def test_factors_of_a_bilinear_game_are_the_textbooks(name: str, x: float, system: Linear) -> None:
    assert predicted(name, x, system).value == pytest.approx(BILINEAR[name][2](x), rel=1e-7)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("extragradient", 1.0),
        ("optimistic", 1 / sqrt(3)),
        ("optimistic in turn", 2 / 3),
        ("momentum in turn", 1.0),
        ("lookahead", LOOKAHEAD_LIMIT),
    ],
)
def test_a_rule_is_stable_up_to_its_limit(name: str, limit: float) -> None:
    assert predicted(name, 0.999 * limit).behaviour == "converges"
    assert predicted(name, 1.001 * limit).behaviour == "diverges"
    assert all(predicted(name, x).value < 1 for x in np.linspace(0.02, 0.999 * limit, 50))


def test_some_rules_have_no_limit() -> None:
    assert predicted("competitive", 1e3).value == pytest.approx(1e-3, rel=1e-3)
    assert all(predicted("momentum", x).value > 1 for x in (1e-3, 0.1, 1.0, 10.0))


@pytest.mark.parametrize(("system", "rate"), [(dirac.WASSERSTEIN, 0.2), (SKEWED, 0.5)])
def test_an_average_has_a_smaller_share_of_a_mode(system: Linear, rate: float) -> None:
    updates, decay = Updates(rate, rate, False), 0.6
    values, vectors = np.linalg.eig(rules.descent(system, updates))
    psi, theta = vectors[:, 0]
    average = 0.0
    for _ in range(100):
        psi = psi - rate * (system.pull * theta + system.d_damping * psi)
        theta = theta + rate * (system.push * psi - system.g_damping * theta)
        average = decay * average + (1 - decay) * theta
    assert abs(average / psi) == pytest.approx(
        rules.filtered(rules.descent(system, updates), decay)
    )
    assert abs(average) < abs(theta)
    if system is dirac.WASSERSTEIN:
        assert abs(average / psi) == pytest.approx((1 - decay) / abs(values[0] - decay))


WEAK: dict[str, tuple[Prediction, Prediction, Force, Force]] = {}
"""Filled below: the predictions of each weakly damped system, alternating and simultaneous."""

STEP = 0.05


def _weak(name: str, theory: Callable[..., Prediction], d: Force, g: Force, **options: float):
    method = type(name, (), options)
    both = [theory(method, Updates(STEP, STEP, at_once)) for at_once in (False, True)]
    WEAK[name] = (both[0], both[1], d, g)


_weak("logistic", dirac.non_saturating, logistic_d, logistic_g)
_weak(
    "lecam",
    dirac.lecam,
    lambda t, p: logistic_d(t, p) - 0.6 * p * t**2,
    logistic_g,
    lecam_weight=0.3,
    lecam_rectified=False,
)
_weak(
    "lecam, rectified",
    dirac.lecam,
    lambda t, p: logistic_d(t, p) - 0.6 * min(p * t, 0) * t,
    logistic_g,
    lecam_weight=0.3,
    lecam_rectified=True,
)
_weak(
    "wgan_div",
    dirac.power_penalty,
    lambda t, p: -t - 12 * p**5,
    critic_g,
    div_k=2.0,
    div_p=6.0,
)
_weak(
    "wgan_div, p = 3",
    dirac.power_penalty,
    lambda t, p: -t - 6 * p * abs(p),
    critic_g,
    div_k=2.0,
    div_p=3.0,
)
_weak(
    "repeated step",
    dirac.repeated_step,
    lambda t, p: logistic_d(t, p) + logistic_d(t, p + STEP * logistic_d(t, p)),
    logistic_g,
)
_weak(
    "ra_lsgan",
    dirac.relativistic_squares,
    lambda t, p: -2 * t * (1 + p * t),
    lambda t, p: 2 * p * (1 - p * t),
)
_weak(
    "gan_qp",
    dirac.quadratic_potential,
    lambda t, p: -t - p * abs(t) / 3,
    critic_g,
    qp_lambda=3.0,
)


@pytest.mark.parametrize("name", WEAK)
def test_weak_damping_is_what_the_recurrence_does(name: str) -> None:
    slows, cycles, d_force, g_force = WEAK[name]
    start = (cycles.value, 0.0)
    trajectory = descend(d_force, g_force, STEP, 12_000, start=start)
    assert slows.measure(trajectory) == pytest.approx(slows.value, rel=0.03)
    trajectory = descend(d_force, g_force, STEP, 12_000, at_once=True, start=start)
    assert cycles.measure(trajectory) == pytest.approx(cycles.value, rel=0.01)


@pytest.mark.parametrize(("h", "start"), [(0.05, 2.0), (0.2, 1.0), (0.4, 0.6)])
def test_a_zero_sum_keeps_its_distance_where_two_losses_do_not(h: float, start: float) -> None:
    prediction = dirac.zero_sum(Minimax(), Updates(h, h, False))
    assert prediction is not None
    seen = {}
    for g_force in (saturating_g, logistic_g):
        trajectory = descend(logistic_d, g_force, h, round(200 / h), start=(start, 0.0))
        seen[g_force] = prediction.measure(trajectory)
        assert prediction.agrees(seen[g_force]) == (g_force is saturating_g)
    assert abs(seen[saturating_g]) < 0.02 * seen[logistic_g]
    assert dirac.zero_sum(Minimax(), Updates(h, h, True)) is None


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("alpha", [0.3, 0.9])
def test_smoothed_labels_move_the_bias_and_not_the_generator(alpha: float, at_once: bool) -> None:
    h, steps = 0.05, 16_000
    prediction = dirac.smoothed(LabelSmoothing(real_label=alpha), Updates(h, h, at_once))
    theta, psi, bias = 0.6, 0.0, 0.5
    places = []
    for _ in range(steps):
        old_psi, old_bias, on_fake = psi, bias, sigmoid(bias + psi * theta)
        psi, bias = psi - h * theta * on_fake, bias + h * (alpha - sigmoid(bias) - on_fake)
        seen_psi, seen_bias = (old_psi, old_bias) if at_once else (psi, bias)
        theta += h * seen_psi * sigmoid(-seen_bias - seen_psi * theta)
        places.append((theta, psi, bias))
    thetas, psis, biases = np.array(places).T
    value = prediction.measure(Trajectory(np.arange(1.0, steps + 1), thetas, psis))
    assert value == pytest.approx(prediction.value, rel=0.01)
    assert thetas[-2000:].mean() == pytest.approx(0, abs=0.02)
    optimal = log(alpha / (2 - alpha))  # D* = alpha / 2
    assert biases[-2000:].mean() == pytest.approx(optimal, abs=0.03)
    assert prediction.eigenvalues[0] == pytest.approx(0.5j * sqrt(alpha * (2 - alpha)))


def test_known_constants() -> None:
    assert normal_forms.weak_radius(0.1, 1 / 4, 1 / 8, 1) == pytest.approx(sqrt(2 * 0.1))
    assert normal_forms.power_damping(2, 6) == pytest.approx((7.5, 2))
    assert normal_forms.weak_radius(0.1, 1, 7.5, 2) == pytest.approx((0.1 / 7.5) ** 0.25)
    assert normal_forms.critical_epsilon(0.1, 1) == pytest.approx(pi / 12 * 0.1 * sqrt(0.2 / 3))
    assert normal_forms.friction_radius(0.1, 1 / 255, 1) == pytest.approx(0.3848, abs=5e-5)
    assert normal_forms.friction_radius(0.1, 1e-12, 1) == pytest.approx(sqrt(0.2))
    assert normal_forms.kink_amplitude(1e-6, 1) == pytest.approx(4 / pi, rel=1e-3)
    assert normal_forms.kink_amplitude(1 - 1e-9, 1) == pytest.approx(2)


@pytest.mark.parametrize("weight", [0.2, 0.5, 0.8])
def test_the_cycle_of_a_kink_is_what_small_steps_tend_to(weight: float) -> None:
    def force(theta: float, psi: float) -> float:
        return -theta - 2 * weight * (abs(psi) - 1) * np.sign(psi)

    coarse, fine = (descend(force, critic_g, h, round(200 / h)).amplitude() for h in (0.04, 0.02))
    closed = normal_forms.kink_amplitude(weight, 1.0)
    assert 2 * fine - coarse == pytest.approx(closed, abs=2e-3)
    assert abs(coarse - closed) <= 0.35 * 0.04


@pytest.mark.parametrize(("weight", "rests"), [(0.30, False), (0.33, True)])
def test_dragan_sticks_from_a_third_on(weight: float, rests: bool) -> None:
    def force(theta: float, psi: float) -> float:
        return logistic_d(theta, psi) - 2 * weight * (abs(psi) - 1) * np.sign(psi)

    trajectory = descend(force, logistic_g, 0.05, 6000)
    late = np.abs(trajectory.theta[-2000:])
    assert (np.ptp(late) < 1e-3) == rests
    theory = dirac.unit_penalty_logistic(
        type("", (), {"dragan_weight": weight}), Updates(0.05, 0.05, False)
    )
    assert (theory is not None) == rests
    if theory is not None:
        assert theory.value == pytest.approx(late[-1], rel=1e-3)


# --- the instruments


def test_a_trajectory_is_read_from_a_runs_evaluations() -> None:
    rows = [{"step": 1.0, "location": -0.5}, {"step": 2.0, "location": 0.5}]
    rows.append({"step": 3.0, "location": None})
    probes = [
        {"gradient_l1": 2.0, "logit_real": 0.5, "logit_fake": 1.5},
        {"gradient_l1": 3.0, "logit_real": 0.5, "logit_fake": 2.0},
        {"gradient_l1": 3.0, "logit_real": 0.5, "logit_fake": None},
    ]
    trajectory = Trajectory.of(rows, probes)
    assert trajectory.theta.tolist() == [-0.5, 0.5]
    assert trajectory.psi.tolist() == [-2.0, 3.0]


def test_evaluations_show_the_parameters_themselves(tmp_path: Path) -> None:
    bias = ("LinearDiscriminator.bias = True", "LinearDiscriminator.bias_start = 0.5")
    run = planned(tmp_path, "lsgan", 0.2, 20, *bias)
    trainer = trainer_of(run)
    trainer.train(ignore, ignore)
    read = Trajectory.of(trainer.history.scores, trainer.history.diagnostics)
    true = trajectory(run)
    assert read.theta == pytest.approx(true.theta, abs=1e-6)
    assert read.psi == pytest.approx(true.psi, abs=1e-6)


def test_what_cannot_be_measured_is_nan() -> None:
    empty = Trajectory.of([], [])
    for value in (empty.factor(), empty.growth(1), empty.amplitude(), empty.distance()):
        assert np.isnan(value)
    constant = Trajectory(np.arange(9.0), np.ones(9), np.zeros(9))
    assert np.isnan(constant.amplitude())


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.05])
def test_the_factor_of_a_spiral_is_found_at_any_stride(factor: float) -> None:
    steps = np.arange(0.0, 120, 4)
    turn = (factor * np.exp(0.3j)) ** steps
    trajectory = Trajectory(steps, 0.05 * turn.real, 0.05 * turn.imag)
    assert trajectory.factor() == pytest.approx(factor, abs=1e-9)


def test_turns_are_found_between_evaluations() -> None:
    steps = np.arange(0.0, 60)
    trajectory = Trajectory(steps, 0.7 * np.cos(0.37 * steps + 0.1), steps)
    assert trajectory.extremes() == pytest.approx(0.7, rel=2e-3)


def test_quantiles_are_as_normal_as_can_be() -> None:
    for n in (2, 5, 256):
        z = quantiles(n).double()
        assert float(z.mean()) == pytest.approx(0, abs=1e-7)
        assert float(z.square().mean()) == pytest.approx(1, abs=1e-6)
    assert quantiles(1).tolist() == [0]
    assert GaussianLocation(mean=2.0, spread=0.5).training().mean() == pytest.approx(2)
    assert Dirac(dimensions=3).training().shape == (4096, 3)


def test_the_judge_measures_the_offset_of_the_mean() -> None:
    judge = LocationJudge(GaussianLocation(mean=1.0, spread=0.5), samples=3)
    scores = judge.score(torch.tensor([[0.0], [0.5], [1.0]]))
    assert scores == pytest.approx({"distance": 0.5, "location": -0.5})
    assert judge.floors()["distance"] == pytest.approx(0, abs=1e-7)
    assert not judge.collapsed({"distance": 9.0, "location": 9.0})
    planar = LocationJudge(Dirac(dimensions=2))
    assert planar.score(torch.tensor([[3.0, -4.0], [3.0, -4.0]])) == {"distance": 5, "location": 3}
    assert judge.identity() != planar.identity()


def test_closed_forms_refuse_other_optimizers(tmp_path: Path) -> None:
    run = planned(
        tmp_path,
        "vanilla",
        0.1,
        1,
        'Theory.alternating = {"vanilla": @non_saturating}',
        "SGD.momentum = 0.5",
    )
    trainer = trainer_of(run)
    assert trainer.experiment.theory is not None
    with pytest.raises(ValueError, match="plain gradient descent"):
        trainer.experiment.theory.predict("vanilla", Method(), trainer.gan)
    assert Theory().predict("vanilla", Method(), trainer.gan) is None


# --- the real methods in the real loop


def rows_of_the_suite(each: bool) -> list[Run]:
    """The suite's runs; or those of the first row that each closed form speaks of."""
    runs = make_plan("dirac").runs
    theory = experiment_of(Bound(runs[0].config)).theory
    assert theory is not None
    forms = {**theory.alternating, **theory.simultaneous}
    first = {(forms[run.method], run.method in theory.alternating): run for run in reversed(runs)}
    return list(runs) if each else [run for run in runs if run in first.values()]


@pytest.mark.parametrize("each", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_methods_of_the_suite_do_what_theory_says(each: bool) -> None:
    wrong = []
    for run in rows_of_the_suite(each):
        prediction, value, _ = observed(run)
        if not prediction.agrees(value):
            wrong.append((run.method, prediction.quantity, prediction.value, value))
    assert wrong == []


@pytest.mark.parametrize(("h", "stable"), [(0.195, True), (0.206, False)])
def test_simultaneous_r1_of_ten_is_stable_up_to_its_step(
    h: float, stable: bool, tmp_path: Path, simultaneous: Offering
) -> None:
    method, theory = simultaneous("r1", "R1", "real_penalty")
    start = "0.02\nLinearDiscriminator.start = 0.01"
    run = planned(tmp_path, method, h, 30, theory, "R1.gamma = 10.0", start=start, every=0.3)
    seen = trajectory(run)
    assert (seen.radius()[-1] < seen.radius()[0]) == stable


LIMITS = {
    "extra_adam": ("simultaneous", "extragradient", 2.0),
    "optimistic_adam": ("alternating", "optimistic", 4 / 3),
    "simultaneous_optimistic_adam": ("simultaneous", "optimistic", 2 / sqrt(3)),
    "jare": ("simultaneous", "other_gradient_penalty", 8 / 5),
    "negative_momentum_wgan": ("alternating", "critic_negative_momentum", 1.0),
    "simultaneous_lookahead_wgan": ("simultaneous", "critic_lookahead", LOOKAHEAD_LIMIT),
}
"""Up to which learning rate a row of the suite is stable, with omega = 1/2, or 1 for a critic."""

MORE = {"jare": ("JARE.jare_alpha = 1.0",)} | {
    method: ("WGAN.d_steps = 1", "WGAN.long_d_steps = 1", "WGAN.clip = 1e6")
    for method in LIMITS
    if "wgan" in method
}


@pytest.mark.parametrize("share", [0.95, 1.05])
@pytest.mark.parametrize("method", LIMITS)
def test_an_update_rule_is_stable_up_to_its_step(method: str, share: float, tmp_path: Path) -> None:
    updates, theory, limit = LIMITS[method]
    more = [f'Theory.{updates} = {{"{method}": @{theory}}}', *MORE.get(method, ())]
    h, start = share * limit, "0.02\nLinearDiscriminator.start = 0.01"
    run = planned(tmp_path, method, h, 45 * h, *more, start=start, every=5 * h)
    prediction, _, seen = observed(run)
    assert prediction.behaviour == ("converges" if share < 1 else "diverges")
    assert (seen.radius()[-1] < seen.radius()[0]) == (share < 1)


@pytest.mark.parametrize("h", [2.0, 6.0, 40.0])
def test_competitive_steps_are_stable_whatever_their_size(h: float, tmp_path: Path) -> None:
    theory = 'Theory.simultaneous = {"cgd": @competitive}'
    start = "0.02\nLinearDiscriminator.start = 0.01"
    run = planned(tmp_path, "cgd", h, 8 * h, theory, start=start, every=h)
    prediction, value, seen = observed(run)
    assert prediction.value == pytest.approx(1 / sqrt(1 + h**2 / 4))
    assert prediction.agrees(value) or h == 40  # too fast to be followed
    assert seen.radius()[-1] < 1e-3 * seen.radius()[0] or h == 2


@pytest.mark.parametrize("decay", [0.5, 0.98])
def test_what_is_scored_of_a_damped_gan_lags_by_its_decay_where_that_is_slower(
    decay: float, tmp_path: Path
) -> None:
    method = combine([EMA(ema_decay=decay), R1(gamma=0.5)])
    seen = trajectory(planned(tmp_path, "ema", 0.2, 40, start=0.1), method)
    own = factor(Linear(0.5, 0.5, d_damping=0.5), 0.2, 0.2, False)
    assert (own < decay) == (decay == 0.98)
    assert seen.factor() == pytest.approx(max(own, decay), abs=1e-3)


def test_a_critics_average_circles_closer(tmp_path: Path) -> None:
    method = combine([EMA(ema_decay=0.95), Wasserstein()])
    seen = trajectory(planned(tmp_path, "ema", 0.1, 60, every=0.5), method)
    prediction = dirac.averaged(method, Updates(0.1, 0.1, False), dirac.WASSERSTEIN)
    assert prediction.behaviour == "circles"
    assert prediction.agrees(prediction.measure(seen)), (prediction, prediction.measure(seen))


@pytest.mark.parametrize("p", [2.0, 6.0])
@pytest.mark.parametrize("at_once", [False, True])
def test_wgan_div(p: float, at_once: bool, tmp_path: Path, simultaneous: Offering) -> None:
    method, theory = (
        simultaneous("wgan_div", "WGANDiv", "power_penalty")
        if at_once
        else ("wgan_div", 'Theory.alternating = {"wgan_div": @power_penalty}')
    )
    bindings = ("WGANDiv.d_steps = 1", f"WGANDiv.div_p = {p}", "WGANDiv.div_k = 0.3")
    prediction, value, _ = observed(planned(tmp_path, method, 0.2, 60, theory, *bindings))
    assert prediction.agrees(value), (prediction, value)


BOUNDED: dict[str, tuple[str, tuple[str, ...]]] = {
    "wgan_lp": ("bounded_slope", ("WGANLP.d_steps = 1", "WGANLP.penalty = 1.5")),
    "linf_gp": ("bounded_slope", ("LinfGP.linf_weight = 0.1",)),
    "alr": (
        "bounded_difference",
        ("ALR.d_steps = 1", "ALR.alr_weight = 1.5", "ALR.alr_slope = 0.7"),
    ),
}


@pytest.mark.parametrize("method", BOUNDED)
def test_what_bounds_a_slope_shrinks_a_circle_until_it_is_free(method: str, tmp_path: Path) -> None:
    """Alone a Wasserstein critic keeps its 1.8, and one with a hinge its sqrt(2)."""
    theory, more = BOUNDED[method]
    theories = f'Theory.alternating = {{"{method}": @{theory}}}'
    run = planned(tmp_path, method, 0.1, 80, theories, *more, start=1.8, every=0.3)
    prediction, value, _ = observed(run)
    assert prediction.value == (0.7 if method == "alr" else 1.0)
    assert prediction.agrees(value), (prediction, value)


@pytest.mark.parametrize("method", BOUNDED)
def test_a_circle_within_the_bound_is_left_alone(method: str, tmp_path: Path) -> None:
    run = planned(tmp_path, method, 0.1, 40, *BOUNDED[method][1], start=0.6, every=0.3)
    seen = trajectory(run)
    assert seen.amplitude() == pytest.approx(0.6, abs=0.01)
    assert seen.factor() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("method", ["approx_r1", "approx_r2"])
def test_noise_on_average_damps_as_the_gradients_square_does(method: str, tmp_path: Path) -> None:
    """With more samples the same closed form holds to more digits than with the suite's two."""
    name = "ApproxR" + method[-1]
    more = (
        f'Theory.alternating = {{"{method}": @noise_penalty}}',
        f"{name}.approx_sigma = 0.05",
        "Experiment.batch_size = 4096",
    )
    prediction, value, _ = observed(planned(tmp_path, method, 0.2, 40, *more))
    exact = sqrt(1 - 0.2 * 2 * 100 * 0.05**2)  # the root of what D's step keeps of psi
    assert prediction.value == pytest.approx(exact)
    assert value == pytest.approx(exact, abs=0.03 * (1 - exact))


@pytest.mark.parametrize("rectified", [False, True])
def test_lecam(rectified: bool, tmp_path: Path) -> None:
    more = (
        'Theory.alternating = {"lecam": @lecam}',
        "LeCam.lecam_start = 0",
        "LeCam.lecam_weight = 0.5",
        f"LeCam.lecam_rectified = {rectified}",
    )
    prediction, value, _ = observed(planned(tmp_path, "lecam", 0.2, 100, *more))
    assert prediction.agrees(value), (prediction, value)


def test_simultaneous_lsgan_cycles(tmp_path: Path, simultaneous: Offering) -> None:
    method, theory = simultaneous("lsgan", "LSGAN", "least_squares")
    bias = ("LinearDiscriminator.bias = True", "LinearDiscriminator.bias_start = 0.5")
    prediction, value, _ = observed(planned(tmp_path, method, 0.2, 120, theory, *bias))
    assert prediction.behaviour == "cycles"
    assert prediction.agrees(value), (prediction, value)


def test_clipping_bounds_a_critic_that_never_converges(tmp_path: Path) -> None:
    more = ("WGAN.d_steps = 1", "WGAN.long_d_steps = 1", "WGAN.clip = 0.3")
    seen = trajectory(planned(tmp_path, "wgan", 0.1, 60, *more, every=0.5))
    assert np.abs(seen.psi).max() <= 0.3 + 1e-6
    assert seen.cycle() == pytest.approx(0.3, rel=0.02)


def test_wgan_gp_cycles_below_one(tmp_path: Path) -> None:
    more = (
        'Theory.alternating = {"wgan_gp": @unit_penalty}',
        "WGANGP.d_steps = 1",
        "WGANGP.penalty = 0.5",
    )
    prediction, value, _ = observed(planned(tmp_path, "wgan_gp", 0.1, 60, *more, every=0.5))
    assert prediction.behaviour == "cycles"
    assert prediction.agrees(value), (prediction, value)


@pytest.mark.parametrize(("weight", "rests"), [(0.2, False), (0.35, True)])
def test_dragan_cycles_or_sticks(weight: float, rests: bool, tmp_path: Path) -> None:
    run = planned(tmp_path, "dragan", 0.2, 80, f"DRAGAN.dragan_weight = {weight}")
    seen = trajectory(run)
    late = np.abs(seen.theta[-20:])
    assert (np.ptp(late) < 1e-2) == rests
    assert late.max() > 0.9
    if rests:
        assert late[-1] == pytest.approx(4 * weight, rel=0.01)


@pytest.mark.parametrize("at_once", [False, True])
def test_two_time_scales_damp_nothing(at_once: bool, tmp_path: Path) -> None:
    method = "simultaneous" if at_once else "vanilla"
    start = "0.02\ndiscriminator/SGD.lr = 0.3"
    seen = trajectory(planned(tmp_path, method, 0.1, 60, start=start, every=0.5))
    expected = factor(Linear(0.5, 0.5), 0.3, 0.1, at_once)
    assert seen.factor() == pytest.approx(expected, abs=1e-4)
    assert (expected > 1.001) == at_once


def test_the_saturating_game_is_neutral(tmp_path: Path) -> None:
    seen = trajectory(planned(tmp_path, "minimax", 0.2, 60, start=0.05))
    assert seen.factor() == pytest.approx(1, abs=1e-4)
    assert seen.radius().min() > 0.045


SAME = {
    "rp_gan": "vanilla",
    "ra_gan": "vanilla",
    "top_k": "vanilla",
    "label_smoothing": "vanilla",  # without a bias
    "ra_hinge": "hinge",
    "as_gan_l2": "as_gan",
}


@pytest.mark.parametrize("method", SAME)
def test_on_one_point_some_methods_are_one(method: str, tmp_path: Path) -> None:
    seen, other = (trajectory(planned(tmp_path, name, 0.2, 20)) for name in (method, SAME[method]))
    assert seen.theta == pytest.approx(other.theta, abs=1e-5)
    assert seen.psi == pytest.approx(other.psi, abs=1e-5)


def test_a_normalized_discriminator_does_not_decay(tmp_path: Path) -> None:
    """In two dimensions, since in one the norm of psi is all there is of it."""
    more = ("Dirac.dimensions = 2", "LinearDiscriminator.start = [0.0, 1.0]")
    run = planned(tmp_path, "spectral_norm", 0.2, 100, *more, start=[1.0, 0.0])
    trainer = trainer_of(run)
    trainer.train(ignore, ignore)
    distance = [row["distance"] for row in trainer.history.scores]
    late = distance[len(distance) // 2 :]
    assert min(late) > 0.5
    assert late[-1] > 0.9 * max(distance[: len(distance) // 4])


# --- the Gaussian whose location is to be learned


@pytest.mark.parametrize(("share", "stable"), [(0.9, True), (1.1, False)])
@pytest.mark.parametrize("s", [0.3, 0.5])
def test_vanilla_learns_a_location_up_to_a_step(
    s: float, share: float, stable: bool, tmp_path: Path
) -> None:
    h = share * 2 * s**2
    start = f"0.02\nLocationGenerator.spread = {s}\nGaussianLocation.spread = {s}"
    size = "Experiment.batch_size = 256"
    run = planned(
        tmp_path, "simultaneous", h, 500 * h, size, start=start, data="gaussian_location", every=1
    )
    seen = trajectory(run).factor()
    expected = factor(Linear(0.5, 0.5, d_damping=s**2 / 2), h, h, True)
    assert seen == pytest.approx(expected, abs=0.1 * abs(expected - 1) + 1e-4)
    assert (seen < 1) == stable == (h < 2 * s**2)


def test_a_critic_circles_a_location(tmp_path: Path) -> None:
    more = ("WGAN.d_steps = 1", "WGAN.long_d_steps = 1", "WGAN.clip = 10.0")
    start = "1.0\nLocationGenerator.spread = 0.5\nGaussianLocation.spread = 0.5"
    size = "Experiment.batch_size = 256"
    run = planned(
        tmp_path, "wgan", 0.1, 50, *more, size, start=start, data="gaussian_location", every=0.5
    )
    seen = trajectory(run)
    assert seen.factor() == pytest.approx(1, abs=1e-4)
    turns = np.diff(np.unwrap(np.arctan2(seen.psi, seen.theta))) / 0.5
    assert abs(turns.mean()) == pytest.approx(1, rel=0.01)


# --- AS-GAN


FRICTIONS = {
    "as_gan": (2, 1, 2),
    "as_gan_pgd": (2, 1, 1),
    "as_gan_fakes": (2, 2, 2),
    "as_gan_repo": (1, 1, 1),
    "rob_gan": (1, 1, 1),
}
"""How often in a step D sees the fakes, how many sides of what it sees are perturbed, and how often
it sees the fakes after the sign of psi was last taken: psi's mean is what these pull it to."""


def rubbed(folder: Path, method: str, epsilon: float, h: float, time: float, start: float) -> Run:
    """The run of a method of ``FRICTIONS``."""
    more = (
        (f"RobGAN.rob_epsilon = {epsilon}", f"RobGAN.rob_step = {0.3 * epsilon}")
        if method == "rob_gan"
        else (f"ASGAN.epsilon = {epsilon}", "ASGAN.warmup_steps = 0")
    )
    return planned(folder, method, h, time, *more, start=start, every=0.4)


@pytest.mark.parametrize(
    ("method", "epsilon"),
    [
        ("as_gan", 0.02),
        ("as_gan", 0.01),
        ("as_gan_pgd", 0.02),
        ("as_gan_fakes", 0.01),
        ("as_gan_repo", 0.01),
        ("rob_gan", 0.01),
    ],
)
def test_friction_takes_as_much_of_every_half_cycle(
    method: str, epsilon: float, tmp_path: Path
) -> None:
    pulls, sides, _ = FRICTIONS[method]
    rest = sides * epsilon / pulls
    seen = trajectory(rubbed(tmp_path, method, epsilon, 0.04, 20, start=0.1))
    before, after = seen.half_cycles(rest)
    assert len(before) >= 2
    assert before - after == pytest.approx(2 * rest, rel=0.06)


@pytest.mark.parametrize("method", FRICTIONS)
def test_friction_holds_what_is_in_the_rest_set_and_nothing_else(
    method: str, tmp_path: Path
) -> None:
    (pulls, sides, later), epsilon, h, time = FRICTIONS[method], 0.1, 0.02, 6.0
    drift = exp(-later * h / 4 * time)
    ends = {}
    for share in (0.9, 1.5):
        begin = share * sides * epsilon / pulls
        seen = trajectory(rubbed(tmp_path, method, epsilon, h, time, start=begin))
        ends[share] = seen.distance() / begin
    assert ends[0.9] == pytest.approx(drift, abs=0.01)
    assert ends[1.5] < 0.75


def critical(
    folder: Path, simultaneous: Offering, h: float, share: float, time: float
) -> tuple[float, Trajectory]:
    """A simultaneous run of the author's variant, started where growth beats friction most."""
    epsilon = share * normal_forms.critical_epsilon(h, 1)
    method, theory = simultaneous("as_gan_repo", "ASGAN", "perturbed_real")
    warm = "ASGAN.warmup_steps = 0"
    run = planned(
        folder,
        method,
        h,
        time,
        theory,
        warm,
        f"ASGAN.epsilon = {epsilon}",
        start=sqrt(2 * h / 3),
        every=4,
    )
    return epsilon, trajectory(run)


@pytest.mark.parametrize("share", [0.95, 1.05])
def test_friction_beats_simultaneous_steps_from_the_critical_epsilon_on(
    share: float, tmp_path: Path, simultaneous: Offering
) -> None:
    h = 0.2
    epsilon, seen = critical(tmp_path, simultaneous, h, share, 450)
    if share > 1:
        assert seen.distance() <= epsilon
    else:
        assert seen.cycle() == pytest.approx(normal_forms.friction_radius(h, epsilon, 1), rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("h", [0.05, 0.1])
@pytest.mark.parametrize("share", [0.95, 1.05])
def test_the_critical_epsilon_at_smaller_steps(
    h: float, share: float, tmp_path: Path, simultaneous: Offering
) -> None:
    epsilon, seen = critical(tmp_path, simultaneous, h, share, 180 / h)
    if share > 1:
        assert seen.distance() <= epsilon
    else:
        assert seen.cycle() == pytest.approx(normal_forms.friction_radius(h, epsilon, 1), rel=0.02)


@pytest.mark.slow
def test_the_papers_epsilon_leaves_a_cycle(tmp_path: Path, simultaneous: Offering) -> None:
    h = 0.1
    share = 1 / 255 / normal_forms.critical_epsilon(h, 1)
    _, seen = critical(tmp_path, simultaneous, h, share, 600)
    assert seen.cycle() == pytest.approx(0.3848, abs=0.002)


class WrongSign(ASGAN):
    """x_hat = x - epsilon sign(grad_x loss_D), which raises D(x)."""

    def perturb(self, gan: GAN, real: Tensor, gradient: Tensor) -> Tensor:
        return super().perturb(gan, real, -gradient)


class Undisturbed(ASGAN):
    """AS-GAN that leaves out its second step, as if the perturbation had been lost."""

    def d_step(self, gan: GAN, real: Tensor) -> Logs:
        return Method.d_step(self, gan, real)


def test_the_wrong_sign_is_anti_friction(tmp_path: Path) -> None:
    run = planned(tmp_path, "as_gan_repo", 0.2, 90, "ASGAN.warmup_steps = 0", every=2)
    ends = {}
    for method in (ASGAN, WrongSign):
        chosen = method(epsilon=0.05, rescore_fake=False)
        ends[method] = trajectory(run, chosen).radius()[-10:]
    assert ends[ASGAN].max() < 0.05
    expected = (16 * 0.05 / pi) ** (1 / 3)  # where r^3 - 16 epsilon / pi = 0
    assert ends[WrongSign].mean() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("method", ["as_gan", "as_gan_none"])
def test_without_epsilon_nothing_is_damped(method: str, tmp_path: Path) -> None:
    more = ("ASGAN.epsilon = 0.0",) if method == "as_gan" else ()
    theory = f'Theory.alternating = {{"{method}": @repeated_step}}'
    prediction, value, _ = observed(planned(tmp_path, method, 0.2, 60, *more, theory))
    assert prediction.behaviour == "slows"
    assert prediction.agrees(value), (prediction, value)


@pytest.mark.parametrize("broken", [WrongSign, Undisturbed])
def test_theory_catches_a_broken_method(broken: type[ASGAN], tmp_path: Path) -> None:
    run = planned(tmp_path, "as_gan", 0.2, 60, "ASGAN.epsilon = 0.1")
    method = broken(epsilon=0.1)
    prediction = dirac.perturbed_pair(method, Updates(0.2, 0.2, False))
    assert not prediction.agrees(prediction.measure(trajectory(run, method)))


# --- update rules


class OneWay(Lookahead):
    """Lookahead that forgets to move the discriminator back."""

    def _go_back(self, gan: GAN) -> None:
        old = copies(parameters_of(gan.d_optimizer))
        super()._go_back(gan)
        assign(parameters_of(gan.d_optimizer), old)


@pytest.mark.parametrize(
    ("theory", "right", "broken"),
    [
        ("extragradient", Extragradient(), Simultaneous()),
        ("competitive", CGD(), combine([Simultaneous(), Consensus(consensus_gamma=0.05)])),
        ("other_gradient_penalty", JARE(jare_alpha=1.0), JARE(jare_alpha=0.8)),
        ("optimistic", Optimistic(), Method()),
        ("lookahead", Lookahead(), OneWay()),
        ("lookahead", Lookahead(), Lookahead(lookahead_k=6)),
        ("averaged", EMA(ema_decay=0.9), EMA(ema_decay=0.92)),
    ],
)
def test_theory_tells_an_update_rule_from_a_broken_one(
    theory: str, right: Method, broken: Method, tmp_path: Path
) -> None:
    h = 0.4
    run = planned(tmp_path, "vanilla", h, 150 * h, start=0.1, every=5 * h)
    prediction = getattr(dirac, theory)(right, Updates(h, h, isinstance(right, Simultaneous)))
    for method, fine in ((right, True), (broken, False)):
        assert prediction.agrees(prediction.measure(trajectory(run, method))) == fine


# --- losses


class Helped(RobGAN):
    """Rob-GAN whose adversary goes the other way."""

    def attack(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        return 2 * real - super().attack(gan, real, fake)


class OneSided(RaLSGAN):
    """RaLSGAN that leaves one of the two sides out."""

    def loss_of(self, leads: Tensor) -> Tensor:
        return super().loss_of(leads) / 2


@pytest.mark.parametrize(
    ("theory", "right", "broken"),
    [
        ("zero_sum", Minimax(), Method()),
        ("non_saturating", Method(), Minimax()),
        ("relativistic_squares", RaLSGAN(), OneSided()),
        ("quadratic_potential", GANQP(1, qp_lambda=2.0), GANQP(1, qp_lambda=4.0)),
        ("smoothed", LabelSmoothing(real_label=0.5), LabelSmoothing(real_label=1.0)),
        ("robust", RobGAN(rob_epsilon=0.1, rob_step=0.03), RobGAN(rob_epsilon=0.1, rob_step=0.01)),
        ("robust", RobGAN(rob_epsilon=0.1, rob_step=0.01), Helped(rob_epsilon=0.1, rob_step=0.01)),
        (
            "perturbed_both",
            GrownASGAN(epsilon=0.1, attack_fakes=True),
            GrownASGAN(epsilon=0.1),
        ),
        ("perturbed_pair", GrownASGAN(epsilon=0.1, attack_steps=3), ASGAN(epsilon=0.3)),
    ],
)
def test_theory_tells_a_loss_from_a_broken_one(
    theory: str, right: Method, broken: Method, tmp_path: Path
) -> None:
    bias = ["LinearDiscriminator.bias = True"] if theory == "smoothed" else []
    run = planned(tmp_path, "vanilla", 0.2, 100, *bias)
    prediction = getattr(dirac, theory)(right, Updates(0.2, 0.2, False))
    for method, fine in ((right, True), (broken, False)):
        value = prediction.measure(trajectory(run, method))
        assert prediction.agrees(value) == fine, (prediction, value)


# --- what a record and its page say


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[records.Record]:
    """Runs with the right theory, with a wrong one, and with none."""
    folder = tmp_path_factory.mktemp("recorded")
    theories = 'Theory.alternating = {"r1": @real_penalty, "vanilla": @critic}'
    gammas = {"r1": ["R1.gamma = 0.5"], "vanilla": [], "r2": ["R2.gamma = 0.5"]}
    return [
        execute(planned(folder, method, 0.2, 20, theories, *gamma), folder / "runs", ignore)
        for method, gamma in gammas.items()
    ]


def test_a_record_keeps_theorys_word(recorded: list[records.Record]) -> None:
    r1, vanilla, r2 = recorded
    assert (r1["oracle"]["verdict"], r1["oracle"]["agrees"]) == ("converges", True)
    assert r1["oracle"]["eigenvalues"][0] == pytest.approx([-0.25, sqrt(0.25 - 0.0625)])
    assert not vanilla["oracle"]["agrees"]
    assert "oracle" not in r2
    assert r2["samples"] is None  # a point on a line is no picture


@pytest.mark.parametrize(
    "changed",
    [
        (
            "import bench.training.schedules",
            "Experiment.lr_factor = @linear()",
            "linear.start = 1.0",
            "linear.end = 0.1",
        ),
        ("Experiment.max_norm = 0.1",),
    ],
)
def test_closed_forms_say_nothing_of_numbers_that_change_or_of_bounded_gradients(
    tmp_path: Path, changed: tuple[str, ...]
) -> None:
    theories = 'Theory.alternating = {"r1": @real_penalty}'
    run = planned(tmp_path, "r1", 0.2, 20, theories, "R1.gamma = 0.5", *changed)
    record = execute(run, tmp_path / "runs", ignore)
    assert record["status"] != "failed", record["reason"]
    assert "oracle" not in record


def test_an_incomplete_word_is_no_record(recorded: list[records.Record]) -> None:
    word = {key: value for key, value in recorded[0]["oracle"].items() if key != "verdict"}
    with pytest.raises(ValueError, match="verdict"):
        records.check(recorded[0] | {"oracle": word})


def test_the_page_leads_with_theory(recorded: list[records.Record], tmp_path: Path) -> None:
    page, above = build(saved(recorded, tmp_path / "runs"), tmp_path / "first")
    text = page.read_text(encoding="utf-8")
    assert "1 of 2 runs do what theory says; not vanilla." in text
    assert "no theory" in text
    assert "## Results" not in text
    assert "rank" not in text.replace("ranks", "")
    assert "runs do what theory says" in above.read_text(encoding="utf-8")
    pictures = {path.suffix for path in page.parent.iterdir()}
    assert pictures == {".csv", ".html", ".json", ".md", ".svg", ""}


def test_the_picture_is_the_same_in_any_order(
    recorded: list[records.Record], tmp_path: Path
) -> None:
    for name, found in (("first", recorded), ("second", recorded[::-1])):
        build(saved(found, tmp_path / f"{name} runs"), tmp_path / name)
    first, second = (
        [path.read_bytes() for path in sorted((tmp_path / name).rglob("*")) if path.is_file()]
        for name in ("first", "second")
    )
    assert first == second


def test_rows_stand_by_behaviour(recorded: list[records.Record]) -> None:
    (board,) = boards(recorded)
    assert [record.method for record in ordered(board)] == ["r1", "vanilla", "r2"]
