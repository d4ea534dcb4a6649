"""Consensus optimization on the Dirac-GAN, where every derivative is a line by hand."""

import math

import pytest
import torch
from dirac_gan import PSI, THETA, ZEROS, H, N, dirac, position, sigmoid
from gan_factory import (
    DIM,
    changed,
    discriminator,
    discriminator_state,
    draw,
    generator,
    generator_state,
    make_gan,
    watch,
)

from methods.base import Method
from methods.combine import combine
from methods.consensus import Consensus
from methods.simultaneous import Simultaneous
from methods.wgan_gp import WGANGP

pytestmark = pytest.mark.usefixtures("_float64")

GAMMA = 3.0


def slopes(theta: float, psi: float, gamma: float) -> tuple[float, float]:
    """By theta and by psi: own loss + gamma/2 (v_D^2 + v_G^2), with v_D = theta s(u),
    v_G = -psi s(-u) and u = theta psi."""
    u = theta * psi
    s, t, ds = sigmoid(u), sigmoid(-u), sigmoid(u) * sigmoid(-u)
    v_d, v_g = theta * s, -psi * t
    by_theta = v_g + gamma * (v_d * (s + u * ds) + v_g * psi**2 * ds)
    by_psi = v_d + gamma * (v_d * theta**2 * ds + v_g * (-t + u * ds))
    return by_theta, by_psi


def test_each_players_step_descends_its_loss_and_the_whole_regularizer() -> None:
    gan = dirac(THETA, PSI)
    Consensus(consensus_gamma=GAMMA).d_step(gan, ZEROS)
    theta, psi = position(gan)
    assert psi == pytest.approx(PSI - H * slopes(THETA, PSI, GAMMA)[1], rel=1e-10)
    assert theta == THETA
    Consensus(consensus_gamma=GAMMA).g_step(gan, ZEROS)
    assert position(gan)[0] == pytest.approx(THETA - H * slopes(THETA, psi, GAMMA)[0], rel=1e-10)
    assert position(gan)[1] == psi


def test_with_simultaneous_steps_it_is_the_published_algorithm() -> None:
    gan = dirac(THETA, PSI)
    method = combine([Simultaneous(), Consensus(consensus_gamma=GAMMA)])
    method.check(gan)
    theta, psi = THETA, PSI
    for _ in range(5):
        method.step(gan, iter([ZEROS]))
        by_theta, by_psi = slopes(theta, psi, GAMMA)
        theta, psi = theta - H * by_theta, psi - H * by_psi
        assert position(gan) == pytest.approx((theta, psi), rel=1e-10)


def test_it_converges_where_gradient_descent_does_not() -> None:
    def distance(method: Method) -> float:
        gan = dirac(0.5, 0.5)
        for _ in range(150):
            method.step(gan, iter([ZEROS]))
        return math.hypot(*position(gan))

    assert distance(combine([Simultaneous(), Consensus(consensus_gamma=1.0)])) < 0.03
    assert distance(Simultaneous()) > 0.3


def test_without_weight_it_is_the_combined_method() -> None:
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    for method, own in ((Consensus(consensus_gamma=0.0), gan), (Method(), twin)):
        for seed in range(3):
            method.step(own, iter([draw(N, DIM, seed=seed)]))
    for state in (discriminator_state, generator_state):
        ours, theirs = state(gan), state(twin)
        assert all(torch.allclose(ours[name], theirs[name], rtol=1e-10) for name in ours)


def test_the_logged_losses_are_without_the_regularizer() -> None:
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    real = draw(N, DIM)
    logs = [method.d_step(own, real) for method, own in ((Consensus(), gan), (Method(), twin))]
    assert logs[0]["d_loss"].item() == pytest.approx(logs[1]["d_loss"].item(), rel=1e-12)
    assert not logs[0]["d_loss"].requires_grad


def test_each_step_moves_its_own_player_alone() -> None:
    gan, real = make_gan(generator(), discriminator()), draw(N, DIM)
    before = generator_state(gan)
    Consensus().d_step(gan, real)
    assert not changed(before, generator_state(gan))
    assert all(p.grad is None for p in gan.generator.parameters())
    before = discriminator_state(gan)
    for parameter in gan.discriminator.parameters():
        parameter.grad = None
    Consensus().g_step(gan, real)
    assert not changed(before, discriminator_state(gan))
    assert all(p.grad is None for p in gan.discriminator.parameters())


def test_it_regularizes_another_methods_losses() -> None:
    gan = make_gan(generator(), discriminator())
    method = combine([Consensus(), WGANGP(d_steps=1)])
    method.check(gan)
    seen = watch(gan.discriminator)
    method.d_step(gan, draw(N, DIM))
    assert len(seen) == 4  # real, fake and between for D's loss; fake for G's
    assert torch.isfinite(method.g_step(gan, draw(N, DIM))["g_loss"])
