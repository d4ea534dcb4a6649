"""Competitive gradient descent against a dense solve, on the Dirac-GAN and on two networks."""

import itertools
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from dirac_gan import PSI, THETA, ZEROS, N, dirac, position, sigmoid
from gan_factory import (
    DIM,
    LATENT,
    Optimizers,
    changed,
    discriminator,
    discriminator_state,
    draw,
    generator,
    generator_state,
    make_gan,
    random_state,
    sgd,
)
from torch import Tensor
from torch.func import functional_call, grad
from torch.nn import functional as F
from torch.optim import SGD, Adam, RMSprop

from bench.training.cost import PassCounter
from methods.base import GAN, Incompatible, Method
from methods.cgd import CGD, gmres
from methods.combine import combine
from methods.lecam import LeCam
from methods.simultaneous import Simultaneous
from methods.wasserstein import Wasserstein

pytestmark = pytest.mark.usefixtures("_float64")

EXACT = {"cgd_iterations": 200, "cgd_tolerance": 1e-13}
BETA = 0.9
ACGD = partial(Adam, lr=0.02, betas=(0.0, BETA), eps=1e-5)


def test_on_the_dirac_gan_a_step_is_the_local_games_equilibrium() -> None:
    """u = theta psi; G's loss is softplus(-u), and D's softplus(u) and a constant."""
    gan, h = dirac(THETA, PSI), 0.8
    for optimizer in (gan.d_optimizer, gan.g_optimizer):
        optimizer.param_groups[0]["lr"] = h
    gan.g_optimizer.param_groups[0]["lr"] = h / 2
    theta, psi = THETA, PSI
    for _ in range(3):
        CGD().step(gan, iter([ZEROS]))
        s, t = sigmoid(theta * psi), sigmoid(-theta * psi)
        curve = theta * psi * s * t
        slopes = np.array([-psi * t, theta * s])
        game = np.array([[2 / h, curve - t], [curve + s, 1 / h]])
        theta, psi = np.array([theta, psi]) - np.linalg.solve(game, slopes)
        assert position(gan) == pytest.approx((theta, psi), rel=1e-10)


@pytest.mark.parametrize("h", [0.1, 1.0, 30.0])
def test_a_bilinear_game_is_stepped_through_backwards_in_time(h: float) -> None:
    """x' = x - h A x', the proximal point: theta^2 + psi^2 falls by 1 + h^2, whatever h is."""
    gan = dirac(THETA, PSI)
    for optimizer in (gan.d_optimizer, gan.g_optimizer):
        optimizer.param_groups[0]["lr"] = h
    method = combine([CGD(), Wasserstein()])
    for _ in range(3):
        before = np.array(position(gan))
        method.step(gan, iter([ZEROS]))
        after = np.array(position(gan))
        assert after == pytest.approx(before + h * np.array([after[1], -after[0]]), rel=1e-9)


def game_of(
    gan: GAN, at: tuple[Tensor, Tensor], real: Tensor, z: Tensor
) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """Both players' gradients, G's first, and how each changes with the other's weights, densely.

    The matrix has D_xy of G's loss above the diagonal, D_yx of D's below it, and zeros elsewhere.
    """
    networks = (gan.generator, gan.discriminator)
    shapes = [[(n, p.shape, p.numel()) for n, p in net.named_parameters()] for net in networks]

    def output(player: int, values: Tensor, batch: Tensor) -> Tensor:
        parts = values.split([size for _, _, size in shapes[player]])
        named = {n: p.view(s) for (n, s, _), p in zip(shapes[player], parts, strict=True)}
        return functional_call(networks[player], named, (batch,))

    def g_loss(x: Tensor, y: Tensor) -> Tensor:
        return F.softplus(-output(1, y, output(0, x, z))).mean()

    def d_loss(x: Tensor, y: Tensor) -> Tensor:
        on_fake = F.softplus(output(1, y, output(0, x, z))).mean()
        return F.softplus(-output(1, y, real)).mean() + on_fake

    def differences(slope: Callable[[Tensor], Tensor], around: Tensor) -> Tensor:
        steps = 1e-5 * torch.eye(len(around))
        return torch.stack([(slope(around + e) - slope(around - e)) / 2e-5 for e in steps], dim=1)

    (x, y), by_x, by_y = at, grad(g_loss, argnums=0), grad(d_loss, argnums=1)
    size = len(x)
    mixed = torch.zeros(size + len(y), size + len(y))
    mixed[:size, size:] = differences(lambda moved: by_x(x, moved), y)
    mixed[size:, :size] = differences(lambda moved: by_y(moved, y), x)
    return (by_x(x, y), by_y(x, y)), mixed


def next_latents(gan: GAN) -> tuple[Tensor, Tensor]:
    """Those of G's step, which comes first, and of D's; the stream stays where it is."""
    stream = torch.Generator()
    stream.set_state(gan.latent_stream.get_state())
    first = torch.randn(N, LATENT, generator=stream)
    return first, torch.randn(N, LATENT, generator=stream)


def weights(gan: GAN) -> tuple[Tensor, Tensor]:
    networks = (gan.generator, gan.discriminator)
    g, d = (torch.cat([p.detach().flatten() for p in net.parameters()]) for net in networks)
    return g, d


@pytest.mark.parametrize(
    ("g_optimizer", "d_optimizer", "adaptive"),
    [(sgd(0.6), sgd(1.2), False), (ACGD, partial(ACGD, lr=0.05), True)],
)
def test_whole_steps_are_those_of_a_dense_solve(
    g_optimizer: Optimizers, d_optimizer: Optimizers, adaptive: bool
) -> None:
    """With Adam's second moments, of plain gradients and without momentum, it is ACGD."""
    gan = make_gan(generator(), discriminator(), g_optimizer, d_optimizer)
    rates = [optimizer.param_groups[0]["lr"] for optimizer in (gan.g_optimizer, gan.d_optimizer)]
    moments = [torch.zeros(len(w)) for w in weights(gan)]
    for count in (1, 2, 3):
        real = draw(N, DIM, seed=count)
        latents = next_latents(gan)
        start = weights(gan)
        CGD(**EXACT).step(gan, iter([real]))
        for player, z in enumerate(latents):
            slopes, mixed = game_of(gan, start, real, z)
            a, b = rates
            if adaptive:
                counts = (count, count) if player == 0 else (count + 1, count)
                seen = [BETA * v + (1 - BETA) * s**2 for v, s in zip(moments, slopes, strict=True)]
                moments[player] = seen[player]
                roots = [(v / (1 - BETA**n)).sqrt() for v, n in zip(seen, counts, strict=True)]
                a, b = (rate / (root + 1e-5) for rate, root in zip(rates, roots, strict=True))
            plain = torch.cat([a * slopes[0], b * slopes[1]])
            scale = torch.cat([a + torch.zeros_like(slopes[0]), b + torch.zeros_like(slopes[1])])
            moves = torch.linalg.solve(torch.eye(len(scale)) + scale[:, None] * mixed, plain)
            assert (moves - plain).norm() > 0.02 * plain.norm()
            move = moves.split([len(slopes[0]), len(slopes[1])])[player]
            moved = start[player] - weights(gan)[player]
            assert torch.allclose(moved, move, rtol=1e-5, atol=1e-8)


def test_an_iteration_budget_stops_the_solver_and_gmres_never_does_worse_with_more() -> None:
    matrix, right = torch.eye(9) + draw(9, 9), draw(9, seed=1)
    residuals = [
        (matrix @ gmres(lambda s: matrix @ s, right, k, 0.0) - right).norm() for k in range(1, 12)
    ]
    assert all(after <= before + 1e-12 for before, after in itertools.pairwise(residuals))
    assert residuals[4] > 1e-3 * right.norm()
    assert residuals[-1] < 1e-10 * right.norm()
    assert gmres(lambda s: 0 * s, right, 5, 0.0).norm() == 0  # nothing to be had, and no NaN
    loose = gmres(lambda s: matrix @ s, right, 9, 0.5)
    assert 1e-3 < (matrix @ loose - right).norm() / right.norm() <= 0.5


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_what_has_no_direction_is_passed_on(value: float) -> None:
    right = torch.full((3,), value)
    found = gmres(lambda s: 2 * s, right, 5, 0.0)
    assert torch.equal(torch.nan_to_num(found, 7), torch.nan_to_num(right, 7))
    assert gmres(lambda s: s * float("nan"), torch.ones(3), 5, 0.0).isnan().all()


def test_without_a_rate_of_the_other_it_is_simultaneous_descent() -> None:
    for frozen in ("g_optimizer", "d_optimizer"):
        gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
        for own in (gan, twin):
            getattr(own, frozen).param_groups[0]["lr"] = 0.0
        for method, own in ((CGD(), gan), (Simultaneous(), twin)):
            for seed in range(3):
                method.step(own, iter([draw(N, DIM, seed=seed)]))
        for ours, theirs in zip(weights(gan), weights(twin), strict=True):
            assert torch.allclose(ours, theirs, rtol=1e-10)


def test_momentum_stays_the_optimizers_own() -> None:
    """Adam with beta1 steps as it would, and its state is that of plain gradients."""
    gan, twin = (make_gan(generator(), discriminator(), Adam, Adam) for _ in range(2))
    for method, own in ((CGD(), gan), (Method(), twin)):
        for _ in range(2):
            method.g_step(own, draw(N, DIM))
            with torch.no_grad():  # the weights back, so that the next gradient is the same
                for p, q in zip(own.generator.parameters(), generator().parameters(), strict=True):
                    p.copy_(q)
    states = [
        {k: v for k, v in generator_state(own).items() if "optim" in k} for own in (gan, twin)
    ]
    assert states[0].keys() == states[1].keys()
    assert all(torch.allclose(states[0][k], states[1][k], rtol=1e-10) for k in states[0])


def test_each_step_moves_its_own_player_and_draws_its_latents_alone() -> None:
    gan, twin = (make_gan(generator(), discriminator(), Adam, Adam) for _ in range(2))
    before = generator_state(gan)
    CGD().d_step(gan, draw(N, DIM))
    assert not changed(before, generator_state(gan))
    assert all(p.grad is None for p in gan.generator.parameters())
    for parameter in gan.discriminator.parameters():
        parameter.grad = None
    before = discriminator_state(gan)
    CGD().g_step(gan, draw(N, DIM))
    assert not changed(before, discriminator_state(gan))
    assert all(p.grad is None for p in gan.discriminator.parameters())
    for _ in range(2):
        twin.latents(N)
    assert not changed(random_state(twin), random_state(gan))


def test_a_step_costs_six_passes_through_d_and_products_beside_them() -> None:
    gan, passes = make_gan(generator(), discriminator()), PassCounter()
    with passes.counting(gan.discriminator):
        CGD().step(gan, iter([draw(N, DIM)]))
    assert passes.samples == 6 * N


def test_it_combines_with_another_methods_losses() -> None:
    gan = make_gan(generator(), discriminator())
    method = combine([LeCam(lecam_start=0), CGD()])
    method.check(gan)
    logs = method.step(gan, iter([draw(N, DIM)]))
    assert method.state_dict()["lecam_averages"].isfinite().all()
    assert all(value.isfinite() and not value.requires_grad for value in logs.values())


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (RMSprop, "no step of RMSprop; bind Experiment.d_optimizer to SGD or Adam"),
        (partial(SGD, momentum=0.9), "momentum = 0.9; leave momentum of Experiment.d_optimizer"),
        (partial(Adam, amsgrad=True), "amsgrad = True"),
        (lambda p: SGD([{"params": p, "max_norm": 1.0}]), "max_norm = 1.0"),
    ],
)
def test_an_optimizer_whose_step_is_not_foreseen_is_refused(
    optimizer: Optimizers, message: str
) -> None:
    gan = make_gan(generator(), discriminator(), d_optimizer=optimizer)
    with pytest.raises(Incompatible, match=message):
        CGD().check(gan)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"cgd_iterations": 0}, "at least 1"), ({"cgd_tolerance": -1.0}, "0 or more")],
)
def test_a_solver_that_never_starts_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CGD(**options)
