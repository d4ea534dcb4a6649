"""JARE on the Dirac-GAN, where every derivative is a line by hand."""

import numpy as np
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

from methods.base import Incompatible
from methods.combine import combine
from methods.jare import JARE
from methods.simultaneous import Simultaneous
from methods.wasserstein import Wasserstein
from methods.wgan_gp import WGANGP

pytestmark = pytest.mark.usefixtures("_float64")

ALPHA = 3.0


def slopes(theta: float, psi: float) -> tuple[float, float]:
    """By theta v_G + alpha v_D dv_D/dtheta, by psi v_D + alpha v_G dv_G/dpsi, of the slopes
    v_D = theta s(u), v_G = -psi s(-u) and u = theta psi."""
    u = theta * psi
    s, t, ds = sigmoid(u), sigmoid(-u), sigmoid(u) * sigmoid(-u)
    v_d, v_g = theta * s, -psi * t
    return v_g + ALPHA * v_d * (s + u * ds), v_d + ALPHA * v_g * (-t + u * ds)


def test_each_player_descends_the_length_of_the_others_gradient_from_where_both_stood() -> None:
    gan, method = dirac(THETA, PSI), JARE(jare_alpha=ALPHA)
    theta, psi = THETA, PSI
    for _ in range(5):
        method.step(gan, iter([ZEROS]))
        by_theta, by_psi = slopes(theta, psi)
        theta, psi = theta - H * by_theta, psi - H * by_psi
        assert position(gan) == pytest.approx((theta, psi), rel=1e-10)


def test_it_damps_the_bilinear_game_by_the_known_factor() -> None:
    """The Jacobian's eigenvalues +-i become -alpha +- i."""
    columns = []
    for start in ((1.0, 0.0), (0.0, 1.0)):
        gan = dirac(*start)
        combine([JARE(jare_alpha=ALPHA), Wasserstein()]).step(gan, iter([ZEROS]))
        columns.append(position(gan))
    sizes = np.abs(np.linalg.eigvals(np.array(columns)))
    assert sizes**2 == pytest.approx([(1 - H * ALPHA) ** 2 + H**2] * 2, rel=1e-12)


def test_without_weight_it_is_the_simultaneous_method() -> None:
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    for method, own in ((JARE(jare_alpha=0.0), gan), (Simultaneous(), twin)):
        for seed in range(3):
            logs = method.step(own, iter([draw(N, DIM, seed=seed)]))
            assert not any(value.requires_grad for value in logs.values())
    for state in (discriminator_state, generator_state):
        ours, theirs = state(gan), state(twin)
        assert all(torch.allclose(ours[name], theirs[name], rtol=1e-10) for name in ours)


def test_each_step_moves_its_own_player_alone() -> None:
    gan, real = make_gan(generator(), discriminator()), draw(N, DIM)
    for step, state, network in (
        (JARE().d_step, generator_state, gan.generator),
        (JARE().g_step, discriminator_state, gan.discriminator),
    ):
        before = state(gan)
        for parameter in network.parameters():
            parameter.grad = None
        step(gan, real)
        assert not changed(before, state(gan))
        assert all(parameter.grad is None for parameter in network.parameters())


def test_the_logged_losses_are_without_the_regularizer_and_either_step_scores_both_losses() -> None:
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    real, seen = draw(N, DIM), watch(gan.discriminator)
    logs = [
        method.step(own, iter([real])) for method, own in ((JARE(), gan), (Simultaneous(), twin))
    ]
    assert logs[0]["g_loss"].item() == pytest.approx(logs[1]["g_loss"].item(), rel=1e-12)
    assert logs[0]["d_loss"].item() == pytest.approx(logs[1]["d_loss"].item(), rel=1e-12)
    assert len(seen) == 2 * 3  # real and fake for D's loss, fake for G's


def test_it_regularizes_another_methods_losses_and_takes_a_batch_whole() -> None:
    gan = make_gan(generator(), discriminator())
    method = combine([JARE(), WGANGP(d_steps=1)])
    method.check(gan)
    assert all(value.isfinite() for value in method.step(gan, iter([draw(N, DIM)])).values())
    gan.accumulation = 2
    with pytest.raises(Incompatible, match="JARE's step takes a batch whole"):
        method.check(gan)
