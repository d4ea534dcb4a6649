"""Simultaneous steps: both updates where both players stood before, on the Dirac-GAN and beyond."""

import math

import pytest
from dirac_gan import PSI, THETA, ZEROS, H, N, dirac, position, sigmoid
from gan_factory import (
    DIM,
    LATENT,
    changed,
    discriminator,
    discriminator_state,
    draw,
    generator,
    generator_state,
    make_gan,
)
from torch import nn
from torch.optim import Adam

from methods.as_gan import ASGAN
from methods.base import GAN, Method
from methods.combine import combine
from methods.r1 import R1
from methods.simultaneous import Simultaneous
from methods.unrolled import Unrolled
from methods.wasserstein import Wasserstein

pytestmark = pytest.mark.usefixtures("_float64")


def test_both_updates_are_computed_at_the_old_weights() -> None:
    gan = dirac(THETA, PSI)
    theta, psi = THETA, PSI
    for _ in range(5):
        Simultaneous().step(gan, iter([ZEROS]))
        u = theta * psi
        theta, psi = theta + H * psi * sigmoid(-u), psi - H * theta * sigmoid(u)
        assert position(gan) == pytest.approx((theta, psi), rel=1e-12)


def test_alternating_steps_differ() -> None:
    gan = dirac(THETA, PSI)
    Method().step(gan, iter([ZEROS]))
    psi = PSI - H * THETA * sigmoid(THETA * PSI)
    theta = THETA + H * psi * sigmoid(-THETA * psi)
    assert position(gan) == pytest.approx((theta, psi), rel=1e-12)


def test_wasserstein_losses_spiral_outwards_by_the_known_factor() -> None:
    """theta^2 + psi^2 grows by 1 + h^2 a step (Mescheder et al. 2018, section 2)."""
    gan = dirac(THETA, PSI)
    method = combine([Simultaneous(), Wasserstein()])
    energy = THETA**2 + PSI**2
    for _ in range(20):
        method.step(gan, iter([ZEROS]))
        energy *= 1 + H**2
        assert math.hypot(*position(gan)) ** 2 == pytest.approx(energy, rel=1e-10)


@pytest.mark.parametrize(("gamma", "stable"), [(0.02, False), (0.03, True)])
def test_r1_is_stable_exactly_below_the_step_size_of_theory(gamma: float, stable: bool) -> None:
    """Stable if and only if h < 4 gamma, for gamma < 1."""
    gan = dirac(1e-4, 1e-4)
    method = combine([Simultaneous(), R1(gamma=gamma)])
    for _ in range(500):
        method.step(gan, iter([ZEROS]))
    assert (math.hypot(*position(gan)) < math.hypot(1e-4, 1e-4)) == stable


def test_every_one_of_ds_steps_sees_the_old_generator() -> None:
    gan = dirac(THETA, PSI)
    logs = Simultaneous(d_steps=3).step(gan, iter([ZEROS] * 3))
    psi = PSI
    for _ in range(3):
        psi -= H * THETA * sigmoid(THETA * psi)
    theta = THETA + H * PSI * sigmoid(-THETA * PSI)
    assert position(gan) == pytest.approx((theta, psi), rel=1e-12)
    assert set(logs) == {"d_loss", "g_loss"}


@pytest.mark.parametrize("with_", [Method, ASGAN, lambda **options: Unrolled(k=2, **options)])
def test_each_players_update_is_its_own_methods_at_the_old_weights(with_) -> None:
    """With Adam, BatchNorm in D and another method: each against a GAN that takes one step only."""

    def build() -> GAN:
        return make_gan(
            generator(), discriminator(norm="batch"), g_optimizer=Adam, d_optimizer=Adam
        )

    gan, only_g, only_d = (build() for _ in range(3))
    real = draw(N, DIM)
    combine([Simultaneous(), with_()]).step(gan, iter([real]))
    with_().g_step(only_g, real)
    only_d.latents(N)
    with_().d_step(only_d, real)
    assert not changed(generator_state(only_g), generator_state(gan))
    ours, theirs = discriminator_state(gan), discriminator_state(only_d)
    weights = [name for name in ours if "running" not in name and "tracked" not in name]
    assert not changed({n: ours[n] for n in weights}, {n: theirs[n] for n in weights})


def test_buffers_of_the_generator_record_both_passes() -> None:
    own = nn.Sequential(nn.Linear(LATENT, DIM), nn.BatchNorm1d(DIM))
    gan = make_gan(own, discriminator())
    Simultaneous().step(gan, iter([draw(N, DIM)]))
    assert own[1].num_batches_tracked.item() == 2


def test_the_generator_keeps_its_parameters_as_objects() -> None:
    gan = make_gan(generator(), discriminator())
    before = list(gan.generator.parameters())
    Simultaneous().step(gan, iter([draw(N, DIM)]))
    assert all(a is b for a, b in zip(before, gan.generator.parameters(), strict=True))
