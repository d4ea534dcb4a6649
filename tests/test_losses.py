"""Adversarial losses: their values, the whole step of either player, and who may replace whom."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from gan_factory import (
    LATENT,
    changed,
    discriminator,
    draw,
    generator,
    generator_state,
    linear,
    make_gan,
    sgd,
    sigmoid,
    watch,
)
from torch import Tensor, nn
from torch.nn.utils import parametrize

from bench.conformance import toys
from bench.training.cost import PassCounter
from methods.as_gan import ASGAN
from methods.base import GAN, Incompatible, Method
from methods.combine import combine
from methods.gan_qp import GANQP
from methods.hinge import Hinge
from methods.label_smoothing import LabelSmoothing
from methods.lecam import LeCam
from methods.lsgan import LSGAN
from methods.minimax import Minimax
from methods.r1 import R1
from methods.ra_gan import RaGAN
from methods.ra_hinge import RaHinge
from methods.ra_lsgan import RaLSGAN
from methods.relativistic import Relativistic
from methods.wasserstein import Wasserstein
from methods.wgan import WGAN
from methods.wgan_gp import WGANGP

pytestmark = pytest.mark.usefixtures("_float64")

N, WEIGHT, BIAS = 8, torch.tensor([0.8, -1.1, 0.6], dtype=torch.float64), 0.2
LR = 0.3
Array = np.ndarray


def softplus(x: Array) -> Array:
    return np.log1p(np.exp(x))


@dataclass
class Expected:
    """By hand, for the logits r and f: D's loss and its slopes by each, and the same for G."""

    d_loss: Callable[[Array, Array], float]
    by_real: Callable[[Array, Array], Array]
    by_fake: Callable[[Array, Array], Array]
    g_loss: Callable[[Array, Array], float]
    g_by_fake: Callable[[Array, Array], Array]


def averaged(
    one: Callable[[Array], Array],
    by_one: Callable[[Array], Array],
    zero: Callable[[Array], Array],
    by_zero: Callable[[Array], Array],
) -> Expected:
    """As published: what D says of x against the mean of G(z) is to be one, and vice versa zero.

    Args:
        one: the loss of what is to be one.
        by_one: its slope.
        zero: the loss of what is to be zero.
        by_zero: its slope.
    """

    def loss(r: Array, f: Array) -> float:
        return (one(r - f.mean()).mean() + zero(f - r.mean()).mean()) / 2

    def by_first(r: Array, f: Array) -> Array:
        return (by_one(r - f.mean()) - by_zero(f - r.mean()).mean()) / (2 * N)

    def by_second(r: Array, f: Array) -> Array:
        return (by_zero(f - r.mean()) - by_one(r - f.mean()).mean()) / (2 * N)

    def g_loss(r: Array, f: Array) -> float:
        return (zero(r - f.mean()).mean() + one(f - r.mean()).mean()) / 2

    def g_by_fake(r: Array, f: Array) -> Array:
        return (by_one(f - r.mean()) - by_zero(r - f.mean()).mean()) / (2 * N)

    return Expected(loss, by_first, by_second, g_loss, g_by_fake)


LOSSES = {
    Minimax: Expected(
        lambda r, f: softplus(-r).mean() + softplus(f).mean(),
        lambda r, f: -sigmoid(-r) / N,
        lambda r, f: sigmoid(f) / N,
        lambda r, f: np.log(1 - sigmoid(f)).mean(),
        lambda r, f: -sigmoid(f) / N,
    ),
    LabelSmoothing: Expected(
        lambda r, f: (0.9 * softplus(-r) + 0.1 * softplus(r)).mean() + softplus(f).mean(),
        lambda r, f: (sigmoid(r) - 0.9) / N,
        lambda r, f: sigmoid(f) / N,
        lambda r, f: softplus(-f).mean(),
        lambda r, f: -sigmoid(-f) / N,
    ),
    RaGAN: averaged(
        lambda a: softplus(-a),
        lambda a: -sigmoid(-a),
        softplus,
        sigmoid,
    ),
    RaLSGAN: averaged(
        lambda a: (a - 1) ** 2,
        lambda a: 2 * (a - 1),
        lambda a: (a + 1) ** 2,
        lambda a: 2 * (a + 1),
    ),
    RaHinge: averaged(
        lambda a: np.maximum(0, 1 - a),
        lambda a: -1.0 * (a < 1),
        lambda a: np.maximum(0, 1 + a),
        lambda a: 1.0 * (a > -1),
    ),
    Hinge: Expected(
        lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(),
        lambda r, f: -1.0 * (r < 1) / N,
        lambda r, f: 1.0 * (f > -1) / N,
        lambda r, f: -f.mean(),
        lambda r, f: np.full(N, -1 / N),
    ),
    LSGAN: Expected(
        lambda r, f: 0.5 * ((r - 1) ** 2).mean() + 0.5 * (f**2).mean(),
        lambda r, f: (r - 1) / N,
        lambda r, f: f / N,
        lambda r, f: 0.5 * ((f - 1) ** 2).mean(),
        lambda r, f: (f - 1) / N,
    ),
    Relativistic: Expected(
        lambda r, f: softplus(f - r).mean(),
        lambda r, f: -sigmoid(f - r) / N,
        lambda r, f: sigmoid(f - r) / N,
        lambda r, f: softplus(r - f).mean(),
        lambda r, f: -sigmoid(r - f) / N,
    ),
    Wasserstein: Expected(
        lambda r, f: f.mean() - r.mean(),
        lambda r, f: np.full(N, -1 / N),
        lambda r, f: np.full(N, 1 / N),
        lambda r, f: -f.mean(),
        lambda r, f: np.full(N, -1 / N),
    ),
}

RELATIVISTIC = [Relativistic, RaGAN, RaLSGAN, RaHinge]


def build() -> tuple[GAN, Tensor, Array]:
    """A linear GAN, a real batch, and the first latents that it will draw."""
    own = nn.Linear(LATENT, 3)
    with torch.no_grad():
        own.weight.copy_(draw(3, LATENT, seed=3))
        own.bias.copy_(draw(3, seed=4))
    gan = make_gan(own, linear(WEIGHT, BIAS), g_optimizer=sgd(LR), d_optimizer=sgd(LR))
    latents = torch.randn(N, LATENT, generator=torch.Generator().manual_seed(0))
    return gan, draw(N, 3, seed=5), latents.numpy()


def logits(x: Array) -> Array:
    return x @ WEIGHT.numpy() + BIAS


@pytest.mark.parametrize("loss", LOSSES)
def test_a_whole_d_step_is_the_one_computed_by_hand(loss: type[Method]) -> None:
    gan, real, latents = build()
    w, b = (p.detach().numpy().copy() for p in gan.generator.parameters())
    x, fake = real.numpy(), latents @ w.T + b
    r, f = logits(x), logits(fake)
    assert (r < 1).any()
    assert (r > 1).any()
    assert (f < -1).any()
    assert (f > -1).any()
    for leads in (r - f.mean(), r.mean() - f):
        assert (leads < 1).any()
        assert (leads > 1).any()
    expected = LOSSES[loss]
    on_real, on_fake = expected.by_real(r, f), expected.by_fake(r, f)
    logs = loss().d_step(gan, real)
    weight, bias = (p.detach().numpy() for p in gan.discriminator.parameters())
    assert logs["d_loss"].item() == pytest.approx(expected.d_loss(r, f), rel=1e-12)
    assert np.allclose(weight, WEIGHT.numpy() - LR * (on_real @ x + on_fake @ fake), rtol=1e-10)
    assert bias.item() == pytest.approx(BIAS - LR * (on_real.sum() + on_fake.sum()), rel=1e-10)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_whole_g_step_is_the_one_computed_by_hand(loss: type[Method]) -> None:
    gan, real, latents = build()
    w, b = (p.detach().numpy().copy() for p in gan.generator.parameters())
    r, f = logits(real.numpy()), logits(latents @ w.T + b)
    expected = LOSSES[loss]
    slopes = np.outer(expected.g_by_fake(r, f), WEIGHT.numpy())
    logs = loss().g_step(gan, real)
    weight, bias = (p.detach().numpy() for p in gan.generator.parameters())
    assert logs["g_loss"].item() == pytest.approx(expected.g_loss(r, f), rel=1e-12)
    assert np.allclose(weight, w - LR * slopes.T @ latents, rtol=1e-10)
    assert np.allclose(bias, b - LR * slopes.sum(0), rtol=1e-10)


def test_under_the_hinge_g_learns_from_fakes_that_d_is_sure_of() -> None:
    gan = make_gan(generator(dim=3), linear(WEIGHT, -50.0))
    before = generator_state(gan)
    Hinge().g_step(gan, draw(N, 3))
    assert changed(before, generator_state(gan))


def test_lsgan_regresses_the_plain_output() -> None:
    gan = make_gan(generator(dim=3), linear(torch.zeros(3), 5.0))
    points = draw(N, 3)
    assert LSGAN().d_loss(gan, points, points).item() == pytest.approx(0.5 * 16 + 0.5 * 25)
    assert LSGAN().g_loss(gan, points, points).item() == pytest.approx(0.5 * 16)


def test_the_relativistic_loss_is_of_pairs_and_not_of_means() -> None:
    gan = make_gan(generator(dim=3), linear(WEIGHT))
    real, fake = draw(N, 3, seed=1), draw(N, 3, seed=2)
    for loss in (Relativistic().d_loss, Relativistic().g_loss):
        once, other = loss(gan, real, fake), loss(gan, real, fake.flip(0))
        assert abs(once.item() - other.item()) > 1e-3


@pytest.mark.parametrize("loss", RELATIVISTIC)
def test_the_relativistic_g_mirrors_d(loss: type[Method]) -> None:
    gan = make_gan(generator(dim=3), linear(WEIGHT))
    real, fake = draw(N, 3, seed=1), draw(N, 3, seed=2)
    mirrored = loss().d_loss(gan, fake, real)
    assert torch.equal(loss().g_loss(gan, real, fake), mirrored)


@pytest.mark.parametrize("loss", RELATIVISTIC)
def test_the_relativistic_g_step_sends_nothing_to_the_real_samples(loss: type[Method]) -> None:
    gan = make_gan(generator(dim=3), linear(WEIGHT))
    real = draw(N, 3).requires_grad_()
    loss().g_loss(gan, real, draw(N, 3, seed=2).requires_grad_()).backward()
    assert real.grad is None


@pytest.mark.parametrize("loss", [RaGAN, RaLSGAN, RaHinge])
def test_relativistic_averages_are_of_a_whole_batch(loss: type[Method]) -> None:
    """In any order of its samples; and taken in parts, they would be others."""
    gan = make_gan(generator(dim=3), linear(WEIGHT))
    real, fake = draw(N, 3, seed=1), draw(N, 3, seed=2)
    for of in (loss().d_loss, loss().g_loss):
        whole = of(gan, real, fake).item()
        assert of(gan, real, fake.flip(0)).item() == pytest.approx(whole, rel=1e-12)
        halves = zip(real.chunk(2), fake.chunk(2), strict=True)
        assert abs(np.mean([of(gan, *half).item() for half in halves]) - whole) > 1e-3
    with pytest.raises(Incompatible, match=r"takes a batch whole, and accumulation = 2"):
        loss().check(replace(gan, accumulation=2))


def test_under_minimax_g_learns_least_where_d_is_surest() -> None:
    """The slope is the sigmoid of the logit, where the non-saturating one's is 1 less that."""
    for bias, slope in ((-20.0, 0.0), (20.0, 1.0)):
        gan = make_gan(generator(dim=3), linear(torch.zeros(3), bias))
        fake = draw(N, 3)
        logits = gan.discriminator(fake).detach().requires_grad_()
        gan = replace(gan, discriminator=lambda batch, logits=logits: logits)
        Minimax().g_loss(gan, fake, fake).backward()
        assert -N * logits.grad.numpy() == pytest.approx(slope, abs=1e-6)


def test_the_best_smoothed_d_says_half_of_alpha_where_both_sides_are_alike() -> None:
    alpha = 0.8
    gan = make_gan(generator(dim=3), linear(torch.zeros(3), float(np.log(0.4 / 0.6))))
    points = draw(N, 3)
    LabelSmoothing(real_label=alpha).d_loss(gan, points, points).backward()
    weight, bias = gan.discriminator.parameters()
    assert bias.grad.item() == pytest.approx(0, abs=1e-12)
    assert weight.grad.numpy() == pytest.approx(0, abs=1e-12)


def test_labels_are_smoothed_on_request_alone_and_within_reason() -> None:
    gan = make_gan(generator(dim=3), linear(WEIGHT))
    real, fake = draw(N, 3, seed=1), draw(N, 3, seed=2)
    sharp = LabelSmoothing(real_label=1.0).d_loss(gan, real, fake)
    assert torch.equal(sharp, Method().d_loss(gan, real, fake))
    assert LabelSmoothing().real_label == 0.9
    for label in (0.0, 1.1):
        with pytest.raises(ValueError, match=r"real_label = .* \(0, 1\]"):
            LabelSmoothing(real_label=label)


@pytest.mark.parametrize(
    ("loss", "batches"),
    [
        *((loss, 3) for loss in (Method, Minimax, LabelSmoothing, Hinge, GANQP)),
        *((loss, 4) for loss in RELATIVISTIC),
    ],
)
def test_a_step_costs_two_batches_for_d_and_one_or_a_pair_for_g(
    loss: type[Method], batches: int
) -> None:
    gan, counter = make_gan(generator(), discriminator()), PassCounter()
    with counter.counting(gan.discriminator):
        loss(d_steps=1).step(gan, iter([draw(N, 4)]))
    assert counter.samples == batches * N


@pytest.mark.parametrize("loss", LOSSES)
def test_real_and_fake_go_through_d_as_batches_of_their_own(loss: type[Method]) -> None:
    gan = make_gan(generator(), discriminator())
    seen, real = watch(gan.discriminator), draw(N, 4)
    loss().d_step(gan, real)
    assert sorted(len(batch) for batch in seen) == [N, N]
    assert any(batch is real for batch in seen)
    assert not any(batch.requires_grad for batch in seen)


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ([Hinge(), R1()], "R1's d_loss .* name R1 before Hinge"),
        ([Hinge(), LSGAN()], "LSGAN's d_loss .* leave one of them out"),
        ([WGANGP(), LeCam()], "LeCam's d_loss .* name LeCam before WGANGP"),
        ([LabelSmoothing(), Hinge()], "Hinge's d_loss .* leave one of them out"),
        ([ASGAN(), WGAN(clip=1.0)], "WGAN's d_step .* name WGAN before ASGAN"),
        ([RaGAN(), RaHinge()], "RaHinge's loss_of .* next one's: leave one of them out"),
    ],
)
def test_a_combination_that_would_silence_a_method_is_refused(
    methods: list[Method], message: str
) -> None:
    with pytest.raises(Incompatible, match=message):
        combine(methods).check(make_gan(generator(), discriminator()))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_penalty_named_before_a_loss_adds_to_it(loss: type[Method]) -> None:
    gan = make_gan(generator(dim=3), linear(WEIGHT))
    method = combine([R1(gamma=3.0), loss()])
    method.check(gan)
    real, fake = draw(N, 3, seed=1), draw(N, 3, seed=2)
    alone = loss().d_loss(gan, real, fake).item()
    penalty = 1.5 * WEIGHT.square().sum().item()
    assert method.d_loss(gan, real, fake).item() == pytest.approx(alone + penalty, rel=1e-12)
    assert torch.equal(method.g_loss(gan, real, fake), loss().g_loss(gan, real, fake))


def test_sn_gan_is_spectral_norm_with_the_hinge_and_five_d_steps() -> None:
    trainer = toys.trainer(toys.Toy("ring", method="sn_gan").run())
    method, gan = trainer.experiment.method, trainer.gan
    assert method.d_steps == 5
    layers = [m for m in gan.discriminator.modules() if isinstance(m, nn.Linear)]
    assert layers
    assert all(parametrize.is_parametrized(layer, "weight") for layer in layers)
    gan.discriminator.eval()  # the power iteration stands still
    real, fake = next(trainer.batches), gan.fakes(16)
    for own, hinge in ((method.d_loss, Hinge().d_loss), (method.g_loss, Hinge().g_loss)):
        assert torch.equal(own(gan, real, fake), hinge(gan, real, fake))
