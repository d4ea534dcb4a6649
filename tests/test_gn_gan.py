"""GN-GAN: f over its own size and its gradient's norm, for both players, with all derivatives."""

import numpy as np
import pytest
import torch
from gan_factory import (
    DIM,
    LATENT,
    Quadratic,
    discriminator,
    draw,
    fakes_of,
    generator,
    linear,
    make_gan,
    sgd,
    sigmoid,
    watch,
    weight_of,
)
from torch import Tensor, nn
from torch.nn.functional import softplus

from bench.training.cost import PassCounter
from bench.training.diagnostics import diagnose
from methods.as_gan import ASGAN
from methods.base import Incompatible, Method
from methods.combine import combine
from methods.gn_gan import GNGAN
from methods.hinge import Hinge
from methods.unrolled import Unrolled
from methods.wasserstein import Wasserstein

pytestmark = pytest.mark.usefixtures("_float64")

N = 6


def test_one_step_of_both_players_is_the_one_computed_by_hand() -> None:
    """On f = w.x + b, f^ = f / (|w| + |f|): by f |w| / (|w| + |f|)^2, by |w| -f / (|w| + |f|)^2."""
    weight, bias, lr = torch.tensor([0.8, -1.1, 0.6]), 0.2, 0.3
    gan = make_gan(nn.Linear(LATENT, 3), linear(weight, bias), sgd(lr), sgd(lr))
    a, c = (p.detach().numpy().copy() for p in gan.generator.parameters())
    real = draw(N, 3)
    stream = torch.Generator().manual_seed(0)
    z_d, z_g = (torch.randn(N, LATENT, generator=stream).numpy() for _ in range(2))
    x, w, b = real.numpy(), weight.numpy(), bias

    def normalized(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        f, n = x @ w + b, np.linalg.norm(w)
        return f / (n + np.abs(f)), n / (n + np.abs(f)) ** 2, -f / (n + np.abs(f)) ** 2

    def slopes(x: np.ndarray, by: np.ndarray) -> tuple[np.ndarray, float]:
        _, by_f, by_norm = normalized(x)
        return (by * by_f) @ x + (by * by_norm).sum() * w / np.linalg.norm(w), (by * by_f).sum()

    fake = z_d @ a.T + c
    on_real, on_fake = -sigmoid(-normalized(x)[0]) / N, sigmoid(normalized(fake)[0]) / N
    by_w, by_b = (sum(pair) for pair in zip(slopes(x, on_real), slopes(fake, on_fake), strict=True))
    loss = np.log1p(np.exp(-normalized(x)[0])).mean() + np.log1p(np.exp(normalized(fake)[0])).mean()
    w, b = w - lr * by_w, b - lr * by_b
    values, by_f, _ = normalized(z_g @ a.T + c)
    on_g = -sigmoid(-values) / N * by_f
    a, c = a - lr * np.outer(w, on_g @ z_g), c - lr * on_g.sum() * w

    logs = GNGAN().step(gan, iter([real]))
    assert logs["d_loss"].item() == pytest.approx(loss, rel=1e-12)
    own, own_bias = (p.detach().numpy() for p in gan.discriminator.parameters())
    assert np.allclose(own[0], w, rtol=1e-10)
    assert own_bias.item() == pytest.approx(b, rel=1e-10)
    for parameter, expected in zip(gan.generator.parameters(), (a, c), strict=True):
        assert np.allclose(parameter.detach().numpy(), expected, rtol=1e-10)


def test_both_players_go_through_the_norm_as_well() -> None:
    """On f = a |x|^2 / 2 it is |x| / (2 + |x|) whatever a is, and by x 2 x / (|x| (2 + |x|)^2)."""
    gan = make_gan(generator(), Quadratic(0.7))
    real, fake = draw(N, 3, seed=1), draw(N, 3, seed=2).requires_grad_()
    method = combine([GNGAN(), Wasserstein()])
    loss = method.d_loss(gan, real, fake.detach())
    lengths = [x.detach().norm(dim=1) for x in (real, fake)]
    on_real, on_fake = (length / (2 + length) for length in lengths)
    assert loss.item() == pytest.approx((on_fake - on_real).mean().item(), rel=1e-12)
    (slope,) = torch.autograd.grad(loss, gan.discriminator.a)
    assert slope.item() == pytest.approx(0, abs=1e-12)
    (by_fake,) = torch.autograd.grad(method.g_loss(gan, real, fake), fake)
    length = lengths[1][:, None]
    assert torch.allclose(by_fake, -2 * fake.detach() / (length * (2 + length) ** 2) / N)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_it_knows_no_scale_and_stays_within_one(scale: float) -> None:
    gan = make_gan(generator(), linear(scale * torch.tensor([3.0, -4.0]), scale * 0.5))
    seen: list[torch.Tensor] = []

    class Seeing(Method):
        def d_loss(self, gan, real, fake):
            seen.append(gan.discriminator(real))
            return seen[-1].mean()

    x = 100 * draw(N, 2)
    combine([GNGAN(), Seeing()]).d_loss(gan, x, x)
    f = x @ torch.tensor([3.0, -4.0]) + 0.5
    assert torch.allclose(seen[0], f / (5 + f.abs()))
    assert seen[0].abs().max() < 1


def test_probes_see_the_bare_discriminator() -> None:
    gan = make_gan(generator(), discriminator())
    real, fake = draw(N, DIM, seed=1), draw(N, DIM, seed=2)
    before = diagnose(gan, real, fake, 0.1)
    GNGAN().d_loss(gan, real, fake)
    assert diagnose(gan, real, fake, 0.1) == before
    assert before["logit_real"] == pytest.approx(gan.discriminator(real).mean().item())


def test_a_step_costs_one_pass_a_batch_and_leaves_the_real_batch_alone() -> None:
    counter, gan, real = PassCounter(), make_gan(generator(), discriminator()), draw(N, DIM)
    with counter.counting(gan.discriminator):
        GNGAN().step(gan, iter([real]))
    assert counter.samples == 3 * N
    assert not real.requires_grad
    assert real.grad is None


def test_of_a_virtual_d_it_is_the_slope_by_the_sample_and_not_through_ds_weights() -> None:
    """f = w x: |grad f| is |w'|, though w' was made of the very samples."""
    lr, w, real = 0.1, weight_of(1.5, (DIM,)).requires_grad_(), draw(N, DIM)
    gan = make_gan(generator(), linear(w.detach()), d_optimizer=sgd(lr))
    fake = fakes_of(gan, N)

    def normalized(w: Tensor, x: Tensor) -> Tensor:
        return x @ w / (w.norm() + (x @ w).abs())

    loss = softplus(-normalized(w, real)).mean() + softplus(normalized(w, fake)).mean()
    ahead = w - lr * torch.autograd.grad(loss, w)[0]
    expected = softplus(-normalized(ahead, fake)).mean().item()
    logs = combine([GNGAN(), Unrolled(k=1)]).g_step(gan, real)
    assert logs["g_loss"].item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("other", [ASGAN(epsilon=0.1), Hinge(), Unrolled(k=2)])
def test_it_combines_with_other_losses_and_steps(other: Method) -> None:
    gan = make_gan(generator(), discriminator())
    method = combine([GNGAN(), other])
    method.check(gan)
    seen = watch(gan.discriminator)
    logs = method.step(gan, iter([draw(N, DIM)]))
    assert all(value.isfinite() for value in logs.values())
    assert all(batch.requires_grad for batch in seen)
    assert fakes_of(gan, N).isfinite().all()


def test_batch_norm_in_d_is_refused_with_the_remedy() -> None:
    gan = make_gan(generator(), discriminator(norm="batch"))
    with pytest.raises(Incompatible, match=r"GN-GAN normalizes by .*BatchNorm.*d_norm"):
        GNGAN().check(gan)
