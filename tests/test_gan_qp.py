"""GAN-QP: the quadratic potential of pairs, its norm, and what it draws the critic to."""

import numpy as np
import pytest
import torch
from dirac_gan import THETA, ZEROS, dirac, position
from gan_factory import draw, fakes_of, generator, linear, make_gan, sgd, weight_of

from methods.gan_qp import GANQP
from methods.pacgan import Packed

pytestmark = pytest.mark.usefixtures("_float64")

N, WEIGHT, BIAS = 6, torch.tensor([0.8, -1.1, 0.6], dtype=torch.float64), 0.2


def mean_distances(norm: int, real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """The mean over a sample's values of their absolute differences, or the root of squares'."""
    apart = np.abs(real - fake)
    return apart.mean(1) if norm == 1 else np.sqrt((apart**2).mean(1))


@pytest.mark.parametrize("norm", [1, 2])
def test_a_whole_d_step_is_the_one_computed_by_hand(norm: int) -> None:
    """d = w (x - G(z)) of a pair, and by w: E (d / (lambda dist) - 1)(x - G(z))."""
    slope, lr = 3.0, 0.3
    gan = make_gan(generator(dim=3), linear(WEIGHT, BIAS), d_optimizer=sgd(lr))
    real = draw(N, 3)
    w, apart = WEIGHT.numpy(), real.numpy() - fakes_of(gan, N).numpy()
    d, distances = apart @ w, mean_distances(norm, apart, 0 * apart)
    logs = GANQP(qp_lambda=slope, qp_norm=norm).d_step(gan, real)
    weight, bias = (p.detach().numpy() for p in gan.discriminator.parameters())
    loss = (d**2 / (2 * slope * distances) - d).mean()
    stepped = w - lr * ((d / (slope * distances) - 1)[:, None] * apart).mean(0)
    assert logs["d_loss"].item() == pytest.approx(loss, rel=1e-12)
    assert np.allclose(weight[0], stepped, rtol=1e-10)
    assert bias.item() == pytest.approx(BIAS, rel=1e-12)


def test_g_has_the_gradient_of_e_d_and_spends_no_pass_on_the_real_samples() -> None:
    gan = make_gan(generator(dim=3), linear(WEIGHT, BIAS))
    real, fake = draw(N, 3, seed=1), draw(N, 3, seed=2).requires_grad_()
    published = (gan.discriminator(real) - gan.discriminator(fake)).mean()
    (expected,) = torch.autograd.grad(published, fake)
    loss = GANQP().g_loss(gan, real, fake)
    (gradient,) = torch.autograd.grad(loss, fake)
    assert torch.equal(gradient, expected)
    assert loss.item() == pytest.approx(-(fake @ WEIGHT + BIAS).mean().item(), rel=1e-12)


def test_the_loss_is_of_pairs() -> None:
    gan = make_gan(generator(dim=3), linear(WEIGHT))
    real, fake = draw(N, 3, seed=1), draw(N, 3, seed=2)
    once, other = (GANQP().d_loss(gan, real, pair) for pair in (fake, fake.flip(0)))
    assert abs(once.item() - other.item()) > 1e-3


def test_on_the_dirac_gan_the_critic_is_drawn_to_a_slope_of_lambda() -> None:
    """Where d = lambda dist, the loss is -lambda dist / 2, and its slope 0, by E d at any point."""
    method = GANQP(qp_lambda=2.0)
    gan = dirac(THETA, 0.0)
    for _ in range(500):
        logs = method.d_step(gan, ZEROS)
    assert position(gan) == pytest.approx((THETA, -2.0), rel=1e-9)
    assert logs["d_loss"].item() == pytest.approx(-THETA, rel=1e-9)


@pytest.mark.parametrize("norm", [1, 2])
def test_two_equal_samples_give_no_nan(norm: int) -> None:
    gan = make_gan(generator(dim=3), linear(WEIGHT, BIAS))
    real = draw(N, 3).requires_grad_()
    loss = GANQP(qp_norm=norm).d_loss(gan, real, real.detach())
    loss.backward()
    assert loss.item() == 0
    for tensor in (real, *gan.discriminator.parameters()):
        assert tensor.grad.isfinite().all()


def test_packs_are_as_far_apart_as_their_values() -> None:
    """A pack is a sample of m times the values: one distance and one d each."""
    weight = weight_of(1.3, (6,))
    gan = make_gan(generator(dim=3), Packed(linear(weight), 2))
    real, fake = draw(N, 3, seed=1), draw(N, 3, seed=2)
    whole = make_gan(generator(dim=6), linear(weight))
    packs = [samples.reshape(N // 2, 6) for samples in (real, fake)]
    loss, expected = GANQP().d_loss(gan, real, fake), GANQP().d_loss(whole, *packs)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("shape", [(), (3, 4, 4)])
def test_a_d_of_any_shape_of_samples_gives_a_pair_one_distance(shape: tuple[int, ...]) -> None:
    """As where the authors' first code divided by the distances of all pairs."""
    real, fake = draw(N, *shape or (3,), seed=1), draw(N, *shape or (3,), seed=2)
    distances = GANQP().distances(real, fake, N)
    expected = mean_distances(1, *(x.flatten(1).numpy() for x in (real, fake)))
    assert np.allclose(distances.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [({"qp_lambda": 0.0}, "qp_lambda = 0.0"), ({"qp_norm": 3}, "qp_norm = 3: valid are 1 and 2")],
)
def test_wrong_options_are_refused(options: dict[str, float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        GANQP(**options)


def test_the_references_settings_are_the_defaults() -> None:
    method = GANQP()
    assert (method.qp_lambda, method.qp_norm, method.d_steps) == (10.0, 1, 2)
