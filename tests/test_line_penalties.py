"""WGAN-LP, 0-GP, MaxGP, the L-infinity penalty and the JS regularizer: steps, points, norms."""

from collections.abc import Callable

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
    shares_of_real,
    sigmoid,
    watch,
)
from torch import nn

from bench.training.cost import PassCounter
from methods.base import Incompatible, Method
from methods.combine import combine
from methods.gp0 import GP0
from methods.hinge import Hinge
from methods.js_reg import JSReg
from methods.linf_gp import LinfGP
from methods.max_gp import MaxGP
from methods.r1 import R1
from methods.wasserstein import Wasserstein
from methods.wgan_lp import WGANLP

pytestmark = pytest.mark.usefixtures("_float64")

N, LR = 5, 0.3
Slope = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""From w, x and G(z) to the gradient of D's loss by w, for f(x) = w . x."""


def critics(w: np.ndarray, x: np.ndarray, fake: np.ndarray) -> np.ndarray:
    return fake.mean(0) - x.mean(0)


def logistic(w: np.ndarray, x: np.ndarray, fake: np.ndarray) -> np.ndarray:
    return (sigmoid(fake @ w) @ fake - sigmoid(-(x @ w)) @ x) / N


def hinges(w: np.ndarray, x: np.ndarray, fake: np.ndarray) -> np.ndarray:
    return ((fake @ w > -1) @ fake - (x @ w < 1) @ x) / N


def above_one(w: np.ndarray, x: np.ndarray, fake: np.ndarray) -> np.ndarray:
    length = np.sqrt(w @ w)
    return 2 * max(0, length - 1) * w / length


def squared(w: np.ndarray, x: np.ndarray, fake: np.ndarray) -> np.ndarray:
    return 2 * w


def largest_above_one(w: np.ndarray, x: np.ndarray, fake: np.ndarray) -> np.ndarray:
    steepest = np.abs(w) == np.abs(w).max()
    return steepest * np.sign(w) * (np.abs(w).max() > 1)


def jensen_shannon(w: np.ndarray, x: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """By w of 1/2 E [(1 - s(w x))^2 |w|^2 + s(w G)^2 |w|^2]: by |w|^2, and by the weights."""
    p, q = 1 - sigmoid(x @ w), sigmoid(fake @ w)
    by_norm = ((p**2).mean() + (q**2).mean()) * w
    by_weights = (w @ w) * (-(p**2 * (1 - p)) @ x + (q**2 * (1 - q)) @ fake) / N
    return by_norm + by_weights


STEPS: dict[str, tuple[Method, Slope, Slope, float]] = {
    "wgan_lp": (WGANLP(penalty=0.7), critics, above_one, 0.7),
    "gp0": (GP0(gp0_weight=0.7), logistic, squared, 0.7),
    "max_gp": (MaxGP(max_gp_weight=0.7), logistic, squared, 0.7),
    "linf_gp": (combine([LinfGP(linf_weight=0.7), Hinge()]), hinges, largest_above_one, 0.7),
    "js_reg": (JSReg(js_gamma=0.7), logistic, jensen_shannon, 0.7),
}
BASES = {"wgan_lp": Wasserstein(), "linf_gp": Hinge()}


@pytest.mark.parametrize("weight", [[0.8, -1.1, 0.6], [0.3, -0.4, 0.2]])
@pytest.mark.parametrize("name", STEPS)
def test_a_whole_step_is_the_one_computed_by_hand(name: str, weight: list[float]) -> None:
    """D's on a linear critic, above and below 1, its base's losses included; G's has no penalty."""
    method, base, penalty, strength = STEPS[name]
    gan = make_gan(generator(dim=3), linear(torch.tensor(weight)), d_optimizer=sgd(LR))
    real = draw(N, 3)
    w, x, fake = np.array(weight), real.numpy(), fakes_of(gan, N).numpy()
    method.d_step(gan, real)
    (layer,) = gan.discriminator.parameters()
    expected = w - LR * (base(w, x, fake) + strength * penalty(w, x, fake))
    assert np.allclose(layer.detach().numpy()[0], expected, rtol=1e-10)

    gan, twin = (make_gan(generator(dim=3), linear(torch.tensor(weight))) for _ in range(2))
    before = random_state(gan)
    method.g_step(gan, real)
    BASES.get(name, Method()).g_step(twin, real)
    assert not changed(generator_state(gan), generator_state(twin))
    assert changed(before, random_state(gan)) == {"latents"}


POINTS: dict[str, Callable[[np.ndarray, float], float]] = {
    "wgan_lp": lambda x, a: (np.maximum(a * _norms(x) - 1, 0) ** 2).mean(),
    "gp0": lambda x, a: ((a * _norms(x)) ** 2).mean(),
    "max_gp": lambda x, a: ((a * _norms(x)) ** 2).max(),
    "linf_gp": lambda x, a: np.maximum(a * np.abs(x).max(1) - 1, 0).mean(),
}
"""Of lambda's factor at points x on lines, for f(x) = a |x|^2 / 2, whose gradient is a x."""


def _norms(x: np.ndarray) -> np.ndarray:
    return np.sqrt((x**2).sum(1))


@pytest.mark.parametrize("name", POINTS)
def test_it_is_taken_on_lines_with_one_alpha_a_sample_of_the_methods_stream(name: str) -> None:
    a, n, shape = 0.45, 400, (3, 2)
    method, _, _, strength = STEPS[name]
    gan = make_gan(generator(), Quadratic(a))
    seen = watch(gan.discriminator)
    real, fake = draw(n, *shape, seed=1), 2 * draw(n, *shape, seed=2)
    before = random_state(gan)
    loss = method.d_loss(gan, real, fake)
    assert changed(before, random_state(gan)) == {"noise"}
    (slope,) = torch.autograd.grad(loss, gan.discriminator.parameters())

    between = other_batch(seen, real, fake)
    alphas = shares_of_real(between, real, fake)
    assert torch.allclose(alphas, alphas[:, :1].expand_as(alphas), atol=1e-6)
    assert alphas.min() > 0
    assert alphas.max() < 1
    assert alphas[:, 0].std().item() == pytest.approx((1 / 12) ** 0.5, abs=0.03)

    base = BASES.get(name, Method()).d_loss(gan, real, fake)
    (base_slope,) = torch.autograd.grad(base, gan.discriminator.parameters())
    x, factor, tiny = between.detach().flatten(1).numpy(), POINTS[name], 1e-6
    assert 0 < (a * _norms(x) < 1).mean() < 1
    assert (loss - base).item() == pytest.approx(strength * factor(x, a), rel=1e-10)
    by_a = (factor(x, a + tiny) - factor(x, a - tiny)) / (2 * tiny)
    assert (slope - base_slope).item() == pytest.approx(strength * by_a, rel=1e-6)


def test_the_js_regularizer_is_taken_at_the_samples_and_draws_nothing() -> None:
    gan = make_gan(generator(), Quadratic(0.3))
    seen = watch(gan.discriminator)
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    before = random_state(gan)
    JSReg().d_loss(gan, real, fake)
    assert not changed(before, random_state(gan))
    assert [min((x - y).abs().max() for y in (real, fake)) for x in seen] == [0] * 4


def test_below_one_a_critic_goes_free() -> None:
    gan = make_gan(generator(), linear(torch.tensor([0.6, -0.7, 0.1, 0.3])))
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    for method, base in ((WGANLP(), Wasserstein()), (combine([LinfGP(), Hinge()]), Hinge())):
        assert torch.equal(method.d_loss(gan, real, fake), base.d_loss(gan, real, fake))


@pytest.mark.parametrize("name", STEPS)
def test_a_critic_constant_in_x_gives_no_nan(name: str) -> None:
    gan = make_gan(generator(dim=3), linear(torch.zeros(3)), d_optimizer=sgd(LR))
    STEPS[name][0].d_step(gan, draw(N, 3))
    (layer,) = gan.discriminator.parameters()
    assert torch.isfinite(layer).all()
    assert layer.abs().max() > 0


@pytest.mark.parametrize(
    ("name", "batches"), [("wgan_lp", 3), ("gp0", 3), ("max_gp", 3), ("linf_gp", 3), ("js_reg", 4)]
)
def test_a_step_of_d_passes_so_many_batches_through_it(name: str, batches: int) -> None:
    gan, counter = make_gan(generator(), discriminator()), PassCounter()
    assert isinstance(gan.discriminator, nn.Module)
    with counter.counting(gan.discriminator):
        STEPS[name][0].d_step(gan, draw(N, 4))
    assert counter.samples == batches * N


def test_the_largest_of_a_batch_is_not_to_be_had_from_its_parts() -> None:
    gan = make_gan(generator(), discriminator())
    gan.accumulation = 2
    with pytest.raises(Incompatible, match=r"MaxGP's step takes a batch whole"):
        MaxGP().check(gan)
    for method in (WGANLP(), GP0(), LinfGP(), JSReg()):
        method.check(gan)


def test_they_combine_with_any_loss_and_each_other() -> None:
    """Each method's term is added once, and none of their draws is another's."""
    gan = make_gan(generator(), linear(draw(4)))
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    parts = [R1(), GP0(), MaxGP(), LinfGP(linf_weight=3.0), JSReg()]
    method = combine([*parts, WGANLP()])
    method.check(gan)
    base = Wasserstein().d_loss(gan, real, fake)
    terms = [combine([part, Wasserstein()]).d_loss(gan, real, fake) - base for part in parts]
    terms.append(WGANLP().d_loss(gan, real, fake) - base)
    assert min(term.item() for term in terms) > 0
    assert (method.d_loss(gan, real, fake) - base).item() == pytest.approx(sum(terms).item())


def test_gamma_of_the_js_regularizer_can_be_annealed() -> None:
    gan = make_gan(generator(), discriminator())
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    method, base = JSReg(js_gamma=2.0), Method().d_loss(gan, real, fake)
    first = method.d_loss(gan, real, fake) - base
    method.js_gamma = 0.5
    assert (method.d_loss(gan, real, fake) - base).item() == pytest.approx(first.item() / 4)


def test_reference_values() -> None:
    assert (WGANLP().penalty, WGANLP().d_steps) == (10, 5)
    assert (GP0().gp0_weight, MaxGP().max_gp_weight, LinfGP().linf_weight) == (10, 10, 20)
    assert JSReg().js_gamma == 0.1
    assert {m.d_steps for m in (GP0(), MaxGP(), LinfGP(), JSReg())} == {1}
