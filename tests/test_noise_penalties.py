"""R1 and R2 in first order: the penalty, both of its branches, its cost, and BatchNorm."""

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
    other_batch,
    random_state,
    sgd,
    sigmoid,
    watch,
)
from torch import Tensor, nn

from bench.training.cost import PassCounter
from methods.alr import ALR
from methods.approx_r1 import ApproxR1
from methods.approx_r2 import ApproxR2
from methods.base import GAN, Method
from methods.combine import combine
from methods.r1 import R1
from methods.relativistic import Relativistic

pytestmark = pytest.mark.usefixtures("_float64")

N, LR = 5, 0.3


def noise_of(gan: GAN, *shape: int) -> Tensor:
    """The first normal numbers of a GAN's noise; its stream stays put."""
    stream = torch.Generator()
    stream.set_state(gan.noise.get_state())
    return torch.randn(*shape, generator=stream)


@pytest.mark.parametrize("method", [ApproxR1, ApproxR2])
def test_a_whole_d_step_is_the_one_computed_by_hand(method: type[Method]) -> None:
    """Where f(x) = w . x the penalty is lambda sigma^2 E (w . n)^2."""
    weight, sigma, strength = torch.tensor([0.8, -1.1, 0.6]), 0.2, 3.0
    gan = make_gan(generator(dim=3), linear(weight), d_optimizer=sgd(LR))
    real = draw(N, 3)
    n = noise_of(gan, N, 3).numpy()
    w, x, fake = weight.numpy(), real.numpy(), fakes_of(gan, N).numpy()
    before = random_state(gan)
    logs = method(approx_weight=strength, approx_sigma=sigma).d_step(gan, real)
    assert changed(before, random_state(gan)) == {"noise", "latents"}
    on_real, on_fake = -sigmoid(-(x @ w)) / N, sigmoid(fake @ w) / N
    penalty = 2 * strength * sigma**2 * (n @ w) @ n / N
    (layer,) = gan.discriminator.parameters()
    expected = w - LR * (on_real @ x + on_fake @ fake + penalty)
    assert np.allclose(layer.detach().numpy()[0], expected, rtol=1e-10)
    base = np.log1p(np.exp(-x @ w)).mean() + np.log1p(np.exp(fake @ w)).mean()
    value = base + strength * sigma**2 * ((n @ w) ** 2).mean()
    assert logs["d_loss"].item() == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize(("method", "side"), [(ApproxR1, 0), (ApproxR2, 1)])
def test_on_a_quadratic_critic_it_tells_where_it_is_taken(method: type[Method], side: int) -> None:
    """At its own samples alone; by a both branches have a gradient, the noisy one's too."""
    a, sigma, strength = 0.4, 0.3, 3.0
    gan = make_gan(generator(), Quadratic(a))
    samples = draw(N, 3, 2, seed=1), 2 * draw(N, 3, 2, seed=2)
    noisy = samples[side] + sigma * noise_of(gan, N, 3, 2)
    halves = [x.flatten(1).square().sum(1) / 2 for x in (samples[side], noisy)]
    penalised = method(approx_weight=strength, approx_sigma=sigma)
    penalty = penalised.d_loss(gan, *samples) - Method().d_loss(gan, *samples)
    (slope,) = torch.autograd.grad(penalty, gan.discriminator.parameters())
    square = (halves[0] - halves[1]).square().mean().item()
    assert penalty.item() == pytest.approx(strength * a**2 * square, rel=1e-9)
    assert slope.item() == pytest.approx(strength * 2 * a * square, rel=1e-9)


def test_on_average_lambda_is_a_gamma_of_two_lambda_sigma_squared() -> None:
    gan = make_gan(generator(), discriminator())
    real = draw(1, 4).expand(100_000, 4).contiguous()
    loss = Method().d_loss(gan, real, real)
    approximate = ApproxR1(approx_weight=1e6, approx_sigma=1e-3).d_loss(gan, real, real) - loss
    exact = R1(gamma=2.0).d_loss(gan, real[:1], real[:1]) - Method().d_loss(gan, real[:1], real[:1])
    assert approximate.item() == pytest.approx(exact.item(), rel=0.02)


def test_both_combine_as_published_with_the_relativistic_loss() -> None:
    gan = make_gan(generator(), Quadratic(0.4))
    seen = watch(gan.discriminator)
    real, fake = draw(N, 4, seed=1), 2 * draw(N, 4, seed=2)
    method = combine([ApproxR1(), ApproxR2(), Relativistic()])
    method.check(gan)
    loss = method.d_loss(gan, real, fake) - Relativistic().d_loss(gan, real, fake)
    noisy = seen[2:4]
    assert not torch.allclose(noisy[0] - fake, noisy[1] - real)
    q = [x.square().sum(1) / 2 for x in (fake, noisy[0], real, noisy[1])]
    expected = 100 * 0.4**2 * ((q[0] - q[1]).square().mean() + (q[2] - q[3]).square().mean())
    assert loss.item() == pytest.approx(expected.item(), rel=1e-9)


class Shown(Method):
    """Shows D something else than the batches that it is given."""

    def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        return super().d_loss(gan, real + 1, fake + 1)


def test_where_the_loss_shows_d_other_batches_the_sample_has_a_pass_of_its_own() -> None:
    gan = make_gan(generator(), linear(draw(4)))
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    penalties = []
    for base in (Method(), Shown()):
        gan.noise.manual_seed(1)
        method = combine([ApproxR1(), base])
        penalties.append((method.d_loss(gan, real, fake) - base.d_loss(gan, real, fake)).item())
    assert penalties[0] == pytest.approx(penalties[1])
    assert penalties[0] > 0


class Once(torch.autograd.Function):
    """The identity, whose derivative has no derivative."""

    @staticmethod
    def forward(context, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        if torch.is_grad_enabled():  # a graph of the derivative is being made
            raise RuntimeError("differentiated twice")
        return gradient


class FirstOrder(nn.Module):
    """A discriminator that cannot be differentiated twice."""

    def __init__(self) -> None:
        super().__init__()
        self.network = discriminator()

    def forward(self, x: Tensor) -> Tensor:
        return Once.apply(self.network(Once.apply(x)))


@pytest.mark.parametrize(
    ("method", "batches"), [(ApproxR1, 3), (ApproxR2, 3), (ALR, 6), (R1, None)]
)
def test_no_derivative_is_differentiated_and_few_batches_pass_through_d(
    method: type[Method], batches: int | None
) -> None:
    gan, counter = make_gan(generator(), FirstOrder()), PassCounter()
    with counter.counting(gan.discriminator):
        if batches is None:
            with pytest.raises(RuntimeError, match="differentiated twice"):
                method().d_step(gan, draw(N, 4))
            return
        method().d_step(gan, draw(N, 4))
    assert counter.samples == batches * N


def test_batch_norm_leaves_a_penalty_on_what_all_of_the_noise_does() -> None:
    """sigma^2 E sum_j |df_i/dx_j|^2, where the summed logits' gradient, as R1 has it, is 0."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 1), nn.Flatten(0))
    gan, real = make_gan(generator(), network), draw(N, 4)
    jacobian = torch.autograd.functional.jacobian(network, real)  # (N, N, 4)
    assert jacobian.sum(0).abs().max() < 1e-12
    whole, own = jacobian.square().sum((1, 2)).mean(), jacobian.diagonal().square().sum(0).mean()
    method = ApproxR1(approx_weight=1e8, approx_sigma=1e-4)
    method.check(gan)
    base = Method().d_loss(gan, real, real)
    penalties = [(method.d_loss(gan, real, real) - base).item() for _ in range(1000)]
    assert np.mean(penalties) == pytest.approx(whole.item(), rel=0.1)
    assert own < 0.95 * whole


def test_the_noise_is_new_for_each_value_of_each_sample() -> None:
    gan = make_gan(generator(), Quadratic(0.4))
    seen = watch(gan.discriminator)
    real, fake = draw(200, 3, 2, seed=1), draw(200, 3, 2, seed=2)
    ApproxR1(approx_sigma=0.5).d_loss(gan, real, fake)
    noise = (other_batch(seen, real, fake) - real) / 0.5
    assert noise.std().item() == pytest.approx(1, abs=0.05)
    assert noise.flatten(1).std(1).mean().item() == pytest.approx(0.95, abs=0.05)
    assert noise.flatten(1).std(0).min() > 0.8


def test_reference_values_and_no_noise_is_refused() -> None:
    for method in (ApproxR1, ApproxR2):
        assert (method().approx_weight, method().approx_sigma) == (100, 0.01)
        with pytest.raises(ValueError, match=r"approx_sigma = 0.0: the noise must be positive"):
            method(approx_sigma=0.0)
