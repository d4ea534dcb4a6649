"""WGAN and WGAN-div: clipping, the long critic phases, and a penalty centred at zero."""

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
    shares_of_real,
    watch,
    weight_of,
)
from torch import nn

from bench.config.catalogue import Catalogue
from bench.config.statements import read_file
from bench.config.trees import ROOT
from methods.base import Incompatible
from methods.wgan import WGAN
from methods.wgan_div import WGANDiv

pytestmark = pytest.mark.usefixtures("_float64")

N, SHAPE = 5, (3, 4, 4)


def test_the_critic_steps_and_is_clipped_after() -> None:
    weight, bias, lr, clip = torch.tensor([0.05, -0.03, 0.01]), 0.02, 0.04, 0.02
    gan = make_gan(generator(dim=3), linear(weight, bias), d_optimizer=sgd(lr))
    real = draw(N, 3)
    gradient = fakes_of(gan, N).mean(0) - real.mean(0)
    stepped = (weight - lr * gradient).numpy()
    assert (np.abs(stepped) > clip).any()
    assert (np.abs(stepped) < clip).any()
    WGAN(clip=clip).d_step(gan, real)
    own, own_bias = (p.detach().numpy() for p in gan.discriminator.parameters())
    assert np.allclose(own[0], np.clip(stepped, -clip, clip), rtol=1e-12)
    assert own_bias.item() == bias


def test_the_generator_meets_a_clipped_critic() -> None:
    gan = make_gan(generator(dim=3), linear(torch.tensor([2.0, -2.0, 2.0])), d_optimizer=sgd(5.0))
    gan.step = 26
    sizes = []
    WGAN(clip=0.01).d_step(gan, draw(N, 3))
    gan.discriminator.register_forward_pre_hook(
        lambda module, inputs: sizes.append(module[1].weight.abs().max().item())
    )
    WGAN(clip=0.01).g_step(gan, draw(N, 3))
    assert sizes == [0.01]


def test_clipping_reaches_the_gains_of_batch_norm_as_in_the_public_code() -> None:
    gan = make_gan(generator(), discriminator(norm="batch"))
    assert gan.discriminator[1].weight.min() == 1
    WGAN().d_step(gan, draw(N, 4))
    assert all(p.abs().max() <= 0.01 for p in gan.discriminator.parameters())
    assert gan.discriminator[1].running_var.max() > 0.01


def test_clipping_leaves_the_generator_alone() -> None:
    gan = make_gan(generator(), discriminator())
    before = [p.detach().clone() for p in gan.generator.parameters()]
    WGAN().d_step(gan, draw(N, 4))
    assert all(torch.equal(a, b) for a, b in zip(before, gan.generator.parameters(), strict=True))
    assert max(p.abs().max().item() for p in before) > 0.01


@pytest.mark.parametrize(
    ("step", "critic_steps"),
    [(0, 100), (24, 100), (25, 5), (499, 5), (500, 100), (501, 5), (1000, 100)],
)
def test_long_critic_phases_are_the_public_codes(step: int, critic_steps: int) -> None:
    gan = make_gan(generator(), discriminator())
    gan.step = step
    seen = watch(gan.discriminator)
    WGAN().step(gan, iter([draw(2, 4)] * 100))
    assert len(seen) == 2 * critic_steps + 1


def test_long_phases_can_be_left_out() -> None:
    gan = make_gan(generator(), discriminator())
    assert WGAN(long_d_steps=5).d_steps_at(gan) == 5


@pytest.mark.parametrize("length", [0.3, 1.4])
@pytest.mark.parametrize(("k", "p"), [(2.0, 6.0), (10.0, 6.0), (0.5, 2.0)])
def test_a_linear_critics_w_div_penalty_and_step_are_the_closed_form(
    length: float, k: float, p: float
) -> None:
    """k |w|^p over all of w, and by w: k p |w|^(p-2) w."""
    weight = weight_of(length, SHAPE)
    lr = 0.01
    images = nn.Sequential(generator(dim=48), nn.Unflatten(1, SHAPE))
    gan = make_gan(images, linear(weight), d_optimizer=sgd(lr))
    real = draw(N, *SHAPE, seed=1)
    means = fakes_of(gan, N).mean(0) - real.mean(0)
    logs = WGANDiv(div_k=k, div_p=p).d_step(gan, real)
    expected = (means * weight).sum().item() + k * length**p
    assert logs["d_loss"].item() == pytest.approx(expected, rel=1e-9)
    (layer,) = gan.discriminator.parameters()
    stepped = weight - lr * (means + k * p * length ** (p - 2) * weight)
    assert torch.allclose(layer.detach().view(SHAPE), stepped, rtol=1e-9)


def test_a_quadratic_critics_w_div_penalty_is_on_interpolates_with_one_alpha_a_sample() -> None:
    a, n = 0.1, 400
    gan = make_gan(generator(), Quadratic(a))
    seen = watch(gan.discriminator)
    real, fake = draw(n, *SHAPE, seed=1), draw(n, *SHAPE, seed=2)
    loss = WGANDiv().d_loss(gan, real, fake)
    between = other_batch(seen, real, fake)
    alphas = shares_of_real(between, real, fake)
    assert torch.allclose(alphas, alphas[:, :1].expand_as(alphas), atol=1e-6)
    assert alphas[:, 0].std().item() == pytest.approx((1 / 12) ** 0.5, abs=0.03)
    lengths = between.detach().flatten(1).norm(dim=1)
    energies = [(x.flatten(1).square().sum(1) / 2).mean().item() for x in (fake, real)]
    penalty = 2 * (a * lengths).pow(6).mean().item()
    assert loss.item() == pytest.approx(a * (energies[0] - energies[1]) + penalty, rel=1e-10)


def test_w_div_draws_from_the_methods_stream_alone() -> None:
    gan = make_gan(generator(), Quadratic(0.4))
    before = random_state(gan)
    WGANDiv().d_loss(gan, draw(N, 4), draw(N, 4, seed=2))
    assert changed(before, random_state(gan)) == {"noise"}


def test_a_critic_constant_in_x_has_no_w_div_penalty_and_no_nan() -> None:
    gan = make_gan(generator(dim=3), linear(torch.zeros(3)))
    real = draw(N, 3)
    assert WGANDiv().d_step(gan, real)["d_loss"].item() == 0
    assert all(torch.isfinite(p).all() for p in gan.discriminator.parameters())


def test_batch_norm_in_the_critic_is_refused_by_w_div_and_not_by_wgan() -> None:
    gan = make_gan(generator(), discriminator(norm="batch"))
    WGAN().check(gan)
    with pytest.raises(Incompatible, match=r"WGANDiv .* d_norm"):
        WGANDiv().check(gan)


def test_gin_files_bind_the_references_settings() -> None:
    bound = {
        file.stem: {
            b.parameter: b.value
            for b in read_file(file, Catalogue.of()).bindings
            if b.selector.startswith("WGAN")
        }
        for file in (ROOT / "methods" / "wgan.gin", ROOT / "methods" / "wgan_div.gin")
    }
    assert WGAN(**bound["wgan"]) == WGAN() == WGAN(5, 0.01, 100, 25, 500)
    assert WGANDiv(**bound["wgan_div"]) == WGANDiv() == WGANDiv(4, 2, 6)


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        (WGAN, {"clip": 0.0}, r"clip = 0.0: the bound"),
        (WGAN, {"long_every": 0}, r"long_every = 0: it must be at least 1"),
        (WGAN, {"long_d_steps": 0}, r"long_d_steps = 0: it must be at least 1"),
        (WGANDiv, {"div_p": 1.0}, r"div_p = 1.0: the power must be above 1"),
        (WGANDiv, {"d_steps": 0}, r"d_steps = 0"),
    ],
)
def test_wrong_options_are_refused(method: type, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        method(**options)
