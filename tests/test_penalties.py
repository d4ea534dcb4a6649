"""R1, R2, R3GAN, DRAGAN and the L1 penalty: values, gradients, where taken, what refused."""

import numpy as np
import pytest
import torch
from gan_factory import (
    Quadratic,
    changed,
    discriminator,
    draw,
    fakes_of,
    generator,
    generator_state,
    linear,
    make_gan,
    other_batch,
    random_state,
    sgd,
    sigmoid,
    watch,
    weight_of,
)
from torch import Tensor

from methods.alr import ALR
from methods.approx_r1 import ApproxR1
from methods.approx_r2 import ApproxR2
from methods.as_gan import ASGAN
from methods.base import GAN, Incompatible, Method
from methods.combine import combine
from methods.dragan import DRAGAN
from methods.gp0 import GP0
from methods.hinge import Hinge
from methods.js_reg import JSReg
from methods.l1_penalty import L1Penalty
from methods.linf_gp import LinfGP
from methods.max_gp import MaxGP
from methods.r1 import R1
from methods.r2 import R2
from methods.r3gan import R3GAN
from methods.relativistic import Relativistic
from methods.wgan_lp import WGANLP

pytestmark = pytest.mark.usefixtures("_float64")

N, SHAPE = 5, (3, 4, 4)
PER_SAMPLE = [R1, R2, R3GAN, DRAGAN, WGANLP, GP0, MaxGP, LinfGP, JSReg, ALR]
PENALTIES = [R1, R2, DRAGAN, L1Penalty, GP0, MaxGP, JSReg, ApproxR1, ApproxR2]


def pair() -> tuple[Tensor, Tensor]:
    return draw(N, *SHAPE, seed=1), 2 * draw(N, *SHAPE, seed=2)


def added(method: Method, base: Method, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
    """What the method adds to the loss of ``base``."""
    return method.d_loss(gan, real, fake) - base.d_loss(gan, real, fake)


@pytest.mark.parametrize("method", [R1, R2])
def test_on_a_linear_critic_it_is_half_gamma_times_the_square_of_all_of_the_weight(
    method: type,
) -> None:
    """gamma/2 |w|^2, and by w: gamma w."""
    weight, gamma = weight_of(1.7, SHAPE), 3.0
    gan = make_gan(generator(), linear(weight))
    penalty = added(method(gamma=gamma), Method(), gan, *pair())
    (gradient,) = torch.autograd.grad(penalty, gan.discriminator.parameters())
    assert penalty.item() == pytest.approx(gamma / 2 * 1.7**2, rel=1e-9)
    assert torch.allclose(gradient.view(SHAPE), gamma * weight, rtol=1e-9)


@pytest.mark.parametrize(("method", "side"), [(R1, 0), (R2, 1)])
def test_on_a_quadratic_critic_it_tells_at_which_samples_it_is_taken(
    method: type, side: int
) -> None:
    """gamma/2 a^2 E |x|^2, on the data for R1 and on generated samples for R2."""
    a, gamma = 0.2, 3.0
    gan = make_gan(generator(), Quadratic(a))
    samples = pair()
    penalty = added(method(gamma=gamma), Method(), gan, *samples)
    (gradient,) = torch.autograd.grad(penalty, gan.discriminator.parameters())
    energy = samples[side].flatten(1).square().sum(1).mean().item()
    assert penalty.item() == pytest.approx(gamma / 2 * a**2 * energy, rel=1e-9)
    assert gradient.item() == pytest.approx(gamma * a * energy, rel=1e-9)


def test_r1_and_r2_combine_with_each_other_and_any_loss() -> None:
    gan = make_gan(generator(), Quadratic(0.2))
    real, fake = pair()
    method = combine([R1(gamma=3.0), R2(gamma=3.0), Hinge()])
    method.check(gan)
    parts = [added(part(gamma=3.0), Method(), gan, real, fake).item() for part in (R1, R2)]
    both = added(method, Hinge(), gan, real, fake).item()
    assert both == pytest.approx(sum(parts), rel=1e-9)
    assert min(parts) > 0.1


def test_a_whole_r3gan_step_is_the_one_computed_by_hand() -> None:
    weight, gamma, lr = torch.tensor([0.8, -1.1, 0.6]), 0.7, 0.3
    gan = make_gan(generator(dim=3), linear(weight), d_optimizer=sgd(lr))
    real = draw(N, 3)
    w, x, fake = weight.numpy(), real.numpy(), fakes_of(gan, N).numpy()
    slopes = sigmoid(fake @ w - x @ w) / N
    stepped = w - lr * (slopes @ (fake - x) + 2 * gamma * w)
    R3GAN(gamma=gamma).d_step(gan, real)
    (layer,) = gan.discriminator.parameters()
    assert np.allclose(layer.detach().numpy()[0], stepped, rtol=1e-10)


def test_r3gan_penalises_at_both_sides_and_its_g_step_at_none() -> None:
    a, gamma = 0.2, 0.7
    gan = make_gan(generator(), Quadratic(a))
    real, fake = pair()
    energies = [x.flatten(1).square().sum(1).mean().item() for x in (real, fake)]
    penalty = added(R3GAN(gamma=gamma), Relativistic(), gan, real, fake)
    assert penalty.item() == pytest.approx(gamma / 2 * a**2 * sum(energies), rel=1e-9)
    losses = [method.g_loss(gan, real, fake) for method in (R3GAN(), Relativistic())]
    assert torch.equal(*losses)
    assert R3GAN().gamma == 0.05


@pytest.mark.parametrize(
    ("length", "one_sided", "expected"),
    [(0.3, False, 0.7**2), (2.5, False, 1.5**2), (0.3, True, 0), (2.5, True, 1.5**2)],
)
def test_dragan_on_a_linear_critic_is_the_closed_form(
    length: float, one_sided: bool, expected: float
) -> None:
    """lambda (|w| - 1)^2 over all of w, and by w: 2 lambda (|w| - 1) w / |w|."""
    weight = weight_of(length, SHAPE)
    gan = make_gan(generator(), linear(weight))
    method = DRAGAN(dragan_weight=4, one_sided=one_sided)
    penalty = added(method, Method(), gan, *pair())
    (gradient,) = torch.autograd.grad(penalty, gan.discriminator.parameters())
    assert penalty.item() == pytest.approx(4 * expected, rel=1e-9, abs=1e-12)
    slope = 8 * (length - 1) * weight / length if expected else torch.zeros(SHAPE)
    assert torch.allclose(gradient.view(SHAPE), slope, atol=1e-9)


def test_dragan_is_taken_around_the_real_samples() -> None:
    a = 0.4
    gan = make_gan(generator(), Quadratic(a))
    real, fake = pair()
    seen = watch(gan.discriminator)
    loss = DRAGAN().d_loss(gan, real, fake)
    around = other_batch(seen, real, fake)
    lengths = around.detach().flatten(1).norm(dim=1)
    penalty = 10 * (a * lengths - 1).square().mean()
    alone = Method().d_loss(gan, real, fake)
    assert loss.item() == pytest.approx((alone + penalty).item(), rel=1e-10)
    assert 0 < (around - real).abs().max() <= 0.5 * real.std(correction=0)


def test_dragans_delta_is_one_alpha_a_sample_times_one_uniform_number_a_value() -> None:
    n, d = 400, 2000
    real = draw(n, d)
    gan = make_gan(generator(), linear(torch.ones(d)))
    shares = (DRAGAN().around(gan, real) - real) / (0.5 * real.std(correction=0))
    assert shares.min() > 0
    assert shares.max() < 1
    alphas = 2 * shares.mean(1)
    assert alphas.mean().item() == pytest.approx(0.5, abs=0.06)
    assert alphas.std().item() == pytest.approx((1 / 12) ** 0.5, abs=0.03)
    uniform = shares / alphas[:, None]
    assert uniform.std(1).mean().item() == pytest.approx((1 / 12) ** 0.5, abs=0.01)
    assert uniform.std(0).mean().item() == pytest.approx((1 / 12) ** 0.5, abs=0.01)


def test_dragans_std_is_one_number_for_the_batch_and_not_a_pixels() -> None:
    real = draw(500, 2) * torch.tensor([1.0, 1e-6])
    gan = make_gan(generator(), linear(torch.ones(2)))
    sizes = (DRAGAN().around(gan, real) - real).amax(0)
    assert torch.allclose(sizes, 0.5 * real.std().expand(2), rtol=0.2)


def test_dragans_std_is_the_populations() -> None:
    """Of -1 and 1 it is 1, so that delta stays below 1/2; the sample's is 1.41."""
    real = torch.tensor([[-1.0], [1.0]])
    gan = make_gan(generator(), linear(torch.ones(1)))
    deltas = torch.cat([DRAGAN().around(gan, real) - real for _ in range(2000)])
    assert 0.45 < deltas.max() < 0.5


def test_dragan_is_part_of_both_losses_of_as_gan() -> None:
    gan = make_gan(generator(), Quadratic(0.4))
    seen = watch(gan.discriminator)
    combine([ASGAN(), DRAGAN()]).d_step(gan, draw(N, 4))
    assert len(seen) == 2 * 3  # real, around it, and fake; x_hat, around it, and fake


def test_dragan_draws_from_the_methods_stream_alone() -> None:
    gan = make_gan(generator(), Quadratic(0.4))
    before = random_state(gan)
    DRAGAN().d_loss(gan, *pair())
    assert changed(before, random_state(gan)) == {"noise"}


def test_a_whole_step_with_the_l1_penalty_is_the_one_computed_by_hand() -> None:
    """epsilon |w|_1 E s(-f(x)): by w both its norm and its slope's share."""
    weight, bias, lr, epsilon = torch.tensor([0.8, -1.1, 0.6]), 0.2, 0.3, 0.05
    gan = make_gan(generator(dim=3), linear(weight, bias), d_optimizer=sgd(lr))
    real = draw(N, 3)
    w, x, fake = weight.numpy(), real.numpy(), fakes_of(gan, N).numpy()
    p, q = sigmoid(-(x @ w + bias)), sigmoid(fake @ w + bias)
    length = np.abs(w).sum()
    by_real = (-p - epsilon * length * p * (1 - p)) / N
    slope = by_real @ x + q @ fake / N + epsilon * p.mean() * np.sign(w)
    logs = L1Penalty(l1_epsilon=epsilon).d_step(gan, real)
    own, own_bias = (parameter.detach().numpy() for parameter in gan.discriminator.parameters())
    expected = -np.log(1 - p).mean() - np.log(1 - q).mean() + epsilon * length * p.mean()
    assert logs["d_loss"].item() == pytest.approx(expected, rel=1e-10)
    assert np.allclose(own[0], w - lr * slope, rtol=1e-10)
    assert own_bias.item() == pytest.approx(bias - lr * (by_real.sum() + q.mean()), rel=1e-10)


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("loss", [Method, Hinge, Relativistic])
def test_the_l1_penalty_is_as_gans_second_loss_to_first_order(loss: type, norm: str) -> None:
    gan = make_gan(generator(), discriminator(norm=norm))
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    leaf = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss().d_loss(gan, leaf, fake), leaf)
    clean = loss().d_loss(gan, real, fake).item()
    errors = []
    for epsilon in (1e-3, 1e-4):
        x_hat = ASGAN(epsilon=epsilon).perturb(gan, real, gradient)
        second = loss().d_loss(gan, x_hat, fake).item()
        method = combine([L1Penalty(l1_epsilon=epsilon), loss()])
        method.check(gan)
        penalised = method.d_loss(gan, real, fake).item()
        assert second - clean > 0.01 * epsilon
        assert penalised - clean == pytest.approx(second - clean, rel=0.05)
        errors.append(abs(second - penalised))
    assert errors[1] < errors[0] / 50 or errors[1] < 1e-13


def test_the_l1_penalty_leaves_the_real_batch_alone_and_costs_no_pass() -> None:
    gan, real = make_gan(generator(), discriminator()), draw(N, 4)
    seen = watch(gan.discriminator)
    L1Penalty().d_step(gan, real)
    assert len(seen) == 2
    assert not real.requires_grad
    assert real.grad is None


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_penalty_is_part_of_ds_one_step_and_absent_from_gs(penalty: type[Method]) -> None:
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    steps: list[int] = []
    gan.d_optimizer.register_step_post_hook(lambda *arguments: steps.append(1))
    real = draw(N, 4)
    before = generator_state(gan)
    logs = penalty().d_step(gan, real)
    assert steps == [1]
    assert not changed(before, generator_state(gan))
    assert all(p.grad is None for p in gan.generator.parameters())
    assert logs["d_loss"] > Method().d_step(twin, real)["d_loss"]
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    penalty().g_step(gan, real)
    Method().g_step(twin, real)
    assert not changed(generator_state(gan), generator_state(twin))


@pytest.mark.parametrize("penalty", [R1, R2, DRAGAN, GP0, MaxGP, LinfGP, JSReg])
def test_a_penalty_reaches_neither_the_real_nor_the_fake_samples(penalty: type[Method]) -> None:
    gan = make_gan(generator(), Quadratic(0.4))
    samples = [x.requires_grad_() for x in pair()]
    gradients = [
        torch.autograd.grad(method.d_loss(gan, *samples), samples)
        for method in (penalty(), Method())
    ]
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


@pytest.mark.parametrize("penalty", [R1, R2, GP0, JSReg])
def test_the_penalty_of_a_batch_is_the_mean_of_its_samples_own(penalty: type[Method]) -> None:
    gan = make_gan(generator(), discriminator())
    real = draw(N, 4)
    together = added(penalty(), Method(), gan, real, real).item()
    alone = [added(penalty(), Method(), gan, x[None], x[None]).item() for x in real]
    assert together == pytest.approx(sum(alone) / N, rel=1e-9)


@pytest.mark.parametrize("penalty", PER_SAMPLE)
def test_batch_norm_in_d_is_refused_with_the_remedy(penalty: type[Method]) -> None:
    gan = make_gan(generator(), discriminator(norm="batch"))
    with pytest.raises(Incompatible, match=r"penalises .*BatchNorm.*d_norm"):
        penalty().check(gan)
    penalty().check(make_gan(generator(), discriminator()))


def test_a_negative_l1_epsilon_is_refused() -> None:
    with pytest.raises(ValueError, match=r"l1_epsilon = -0.1"):
        L1Penalty(l1_epsilon=-0.1)
