"""ALR: the direction by power iteration, the lengths, the one-sided penalty on slopes."""

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
    linear,
    make_gan,
    random_state,
    sgd,
    watch,
)

from methods.alr import ALR
from methods.base import GAN
from methods.wasserstein import Wasserstein

pytestmark = pytest.mark.usefixtures("_float64")

N, LR = 5, 0.3


def draws_of(gan: GAN, *shape: int) -> tuple[np.ndarray, np.ndarray]:
    """What a GAN's noise gives for real samples, then fakes: uniform numbers, then one a sample.

    The stream stays put.
    """
    stream = torch.Generator()
    stream.set_state(gan.noise.get_state())
    sizes = [shape, (shape[0], 1)] * 2
    a, b, c, d = (torch.rand(*size, generator=stream).numpy() for size in sizes)
    return np.concatenate([a, c]), np.concatenate([b, d])


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(_norm(x), 1e-10)[:, None]


def _norm(x: np.ndarray) -> np.ndarray:
    return np.sqrt((x**2).sum(1))


@pytest.mark.parametrize("slope", [0.5, 2.0])
def test_a_whole_step_on_a_linear_critic_bounds_its_norm_from_above(slope: float) -> None:
    """One iteration finds +-w / |w|, in which the slope is |w| whatever its length."""
    weight, strength = torch.tensor([0.8, -1.1, 0.6]), 0.7
    gan = make_gan(generator(dim=3), linear(weight), d_optimizer=sgd(LR))
    real = draw(N, 3)
    w, x, fake = weight.numpy(), real.numpy(), fakes_of(gan, N).numpy()
    before = random_state(gan)
    method = ALR(alr_weight=strength, alr_slope=slope)
    logs = method.d_step(gan, real)
    assert changed(before, random_state(gan)) == {"noise", "latents"}
    length = np.sqrt(w @ w)
    excess = max(0, length - slope)
    means = fake.mean(0) - x.mean(0)
    (layer,) = gan.discriminator.parameters()
    expected = w - LR * (means + 2 * strength * excess * w / length)
    assert np.allclose(layer.detach().numpy()[0], expected, rtol=1e-10)
    assert logs["d_loss"].item() == pytest.approx(means @ w + strength * excess**2, rel=1e-10)

    before = random_state(gan)
    bias = gan.generator[-1].bias.detach().clone()
    w = layer.detach().clone()[0]
    method.g_step(gan, real)
    assert torch.allclose(gan.generator[-1].bias, bias + 0.1 * w)
    assert changed(before, random_state(gan)) == {"latents"}


@pytest.mark.parametrize("shape", [(3,), (3, 1, 1)])
@pytest.mark.parametrize("iterations", [0, 1, 2])
def test_on_a_quadratic_critic_all_of_it_is_the_one_computed_by_hand(
    iterations: int, shape: tuple[int, ...]
) -> None:
    """f = a |x|^2 / 2: by d, |f(x + xi d) - f(x)| has the direction +-(x + xi d).

    Except where pictures are clamped: there nothing depends on d.
    """
    clamp = len(shape) == 3
    a, xi, least, most, slope, strength = 0.6, 0.8, 0.2, 1.5, 0.4, 0.7
    gan = make_gan(generator(), Quadratic(a))
    seen = watch(gan.discriminator)
    real, fake = 0.6 * draw(N, *shape, seed=1), draw(N, *shape, seed=2)
    x = torch.cat([real, fake]).flatten(1).numpy()
    uniform, share = draws_of(gan, N, 3)

    def within(points: np.ndarray) -> np.ndarray:
        return np.clip(points, -1, 1) if clamp else points

    def half(points: np.ndarray) -> np.ndarray:
        return (points**2).sum(1) / 2

    d = unit(uniform - 0.5)
    for _ in range(iterations):
        probed = within(x + xi * d)
        free = np.abs(x + xi * d) <= 1 if clamp else True
        d = unit(np.sign(half(probed) - half(x))[:, None] * probed * free)
    moved = within(x + (least + (most - least) * share) * d)
    slopes = np.abs(half(moved) - half(x)) / np.maximum(_norm(moved - x), 1e-10)
    excess = np.maximum(a * slopes - slope, 0)
    assert 0 < (excess > 0).mean() <= 1

    method = ALR(
        alr_weight=strength,
        alr_slope=slope,
        alr_xi=xi,
        alr_iterations=iterations,
        alr_epsilon_min=least,
        alr_epsilon_max=most,
    )
    loss = method.d_loss(gan, real, fake)
    ends = torch.cat([seen[-2 - iterations], seen[-1]])
    assert np.allclose(ends.detach().flatten(1).numpy(), moved, rtol=1e-9)
    base = Wasserstein().d_loss(gan, real, fake)
    by_a = [torch.autograd.grad(z, gan.discriminator.parameters())[0] for z in (loss, base)]
    assert (loss - base).item() == pytest.approx(strength * (excess**2).mean(), rel=1e-9)
    expected = strength * 2 * (excess * slopes).mean()
    assert (by_a[0] - by_a[1]).item() == pytest.approx(expected, rel=1e-9)


def test_power_iteration_finds_a_steeper_way_than_chance() -> None:
    slopes = []
    for iterations in (0, 1):
        gan = make_gan(generator(), discriminator())
        seen = watch(gan.discriminator)
        real, fake = draw(40, 4, seed=1), draw(40, 4, seed=2)
        ALR(alr_iterations=iterations).d_loss(gan, real, fake)
        moved = seen[-1].detach()
        change = (gan.discriminator(moved) - gan.discriminator(fake)).abs()
        slopes.append((change / (moved - fake).norm(dim=1)).mean().item())
    assert slopes[1] > 1.3 * slopes[0]


def test_lengths_are_uniform_one_a_sample_and_nothing_is_differentiated_through_them() -> None:
    gan = make_gan(generator(), discriminator())
    samples = draw(2000, 4).requires_grad_()
    with torch.no_grad():
        logits = gan.discriminator(samples)
    step = ALR().adversary(gan, samples.detach(), logits)
    assert not step.requires_grad
    lengths = step.norm(dim=1)
    assert 0.1 <= lengths.min() < 0.2
    assert 9.9 < lengths.max() <= 10
    assert lengths.mean().item() == pytest.approx(5.05, abs=0.2)


def test_the_penalty_belongs_to_d_at_both_ends_of_a_step() -> None:
    """Its gradient by the samples is that of a slope between x and x + r with r held."""
    gan = make_gan(generator(), discriminator())
    real, fake = (draw(N, 4, seed=s).requires_grad_() for s in (1, 2))
    method = ALR(alr_slope=0.0)
    stream = gan.noise.get_state()
    loss = method.d_loss(gan, real, fake) - Wasserstein().d_loss(gan, real, fake)
    found = torch.autograd.grad(loss, (real, fake))
    gan.noise.set_state(stream)
    squares = []
    for x in (real, fake):
        step = method.adversary(gan, x.detach(), gan.discriminator(x).detach())
        change = gan.discriminator(x + step) - gan.discriminator(x)
        squares.append((change / step.norm(dim=1)).square())
    expected = torch.autograd.grad(10 * torch.cat(squares).mean(), (real, fake))
    assert all(torch.allclose(a, b, atol=1e-10) for a, b in zip(found, expected, strict=True))


def test_a_critic_constant_in_x_gives_no_direction_and_no_nan() -> None:
    gan = make_gan(generator(dim=3), linear(torch.zeros(3)), d_optimizer=sgd(LR))
    ALR().d_step(gan, draw(N, 3))
    (layer,) = gan.discriminator.parameters()
    assert torch.isfinite(layer).all()
    assert layer.abs().max() > 0


def test_reference_values_and_what_is_refused() -> None:
    method = ALR()
    assert (method.d_steps, method.alr_weight, method.alr_slope, method.alr_xi) == (5, 10, 1, 10)
    assert (method.alr_epsilon_min, method.alr_epsilon_max) == (0.1, 10)
    assert method.alr_iterations == 1
    with pytest.raises(ValueError, match=r"alr_epsilon_min = 3.0: .* alr_epsilon_max = 2.0"):
        ALR(alr_epsilon_min=3.0, alr_epsilon_max=2.0)
    with pytest.raises(ValueError, match=r"alr_iterations = -1: it is 0 or more"):
        ALR(alr_iterations=-1)
