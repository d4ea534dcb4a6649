"""WGAN-GP: the penalty's value, its gradient, where it is taken, and what it refuses."""

import pytest
import torch
from gan_factory import (
    LATENT,
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
    watch,
    weight_of,
)
from torch import Tensor, nn
from torch.optim import Adam

from architectures.dcgan import DCGANDiscriminator
from architectures.mlp import MLPDiscriminator
from methods.base import GAN, Incompatible
from methods.wgan_gp import WGANGP

pytestmark = pytest.mark.usefixtures("_float64")

N, SHAPE = 5, (3, 4, 4)


class Images(nn.Module):
    """A linear generator of images."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(LATENT, 48)
        with torch.no_grad():
            self.layer.weight.copy_(draw(48, LATENT, seed=3))
            self.layer.bias.copy_(draw(48, seed=4))

    def forward(self, latents: Tensor) -> Tensor:
        return self.layer(latents).view(-1, *SHAPE)


def image_gan(critic: nn.Module, **options) -> GAN:
    return make_gan(Images(), critic, **options)


def pair() -> tuple[Tensor, Tensor]:
    return draw(N, *SHAPE, seed=1), draw(N, *SHAPE, seed=2)


def test_the_critics_loss_without_the_penalty_is_the_wasserstein_distances() -> None:
    gan = image_gan(Quadratic(0.4))
    real, fake = pair()
    loss = WGANGP(penalty=0).d_loss(gan, real, fake)
    expected = gan.discriminator(fake).mean() - gan.discriminator(real).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
    g_loss = WGANGP().g_loss(gan, real, fake)
    assert g_loss.item() == pytest.approx(-gan.discriminator(fake).mean().item(), rel=1e-12)


@pytest.mark.parametrize("length", [0.3, 2.5])
def test_a_linear_critics_penalty_and_gradient_are_the_closed_form(length: float) -> None:
    """lambda (|w| - 1)^2 over all of w, two-sided; its gradient 2 lambda (|w| - 1) w / |w|."""
    weight = weight_of(length, SHAPE)
    gan = image_gan(linear(weight))
    real, fake = pair()
    loss = WGANGP(penalty=10).d_loss(gan, real, fake)
    (layer,) = gan.discriminator.parameters()
    (gradient,) = torch.autograd.grad(loss, layer)

    means = fake.mean(0) - real.mean(0)
    penalty = 10 * (length - 1) ** 2
    assert loss.item() == pytest.approx((means * weight).sum().item() + penalty, rel=1e-10)
    expected = means + 2 * 10 * (length - 1) * weight / length
    assert torch.allclose(gradient.view(SHAPE), expected, rtol=1e-9)


def test_a_quadratic_critics_penalty_and_gradient_are_the_closed_form() -> None:
    """lambda mean (a|x~| - 1)^2, and by a: 2 lambda mean (a|x~| - 1)|x~|; f's own a is linear."""
    a = 0.4
    gan = image_gan(Quadratic(a))
    seen = watch(gan.discriminator)
    real, fake = pair()
    loss = WGANGP(penalty=10).d_loss(gan, real, fake)
    (gradient,) = torch.autograd.grad(loss, gan.discriminator.parameters())

    between = other_batch(seen, real, fake)
    lengths = between.detach().flatten(1).norm(dim=1)
    energy = ((fake.flatten(1).square().sum(1) - real.flatten(1).square().sum(1)) / 2).mean()
    expected = energy * a + 10 * (a * lengths - 1).square().mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
    slope = energy + 20 * ((a * lengths - 1) * lengths).mean()
    assert gradient.item() == pytest.approx(slope.item(), rel=1e-12)


def test_each_sample_has_an_alpha_of_its_own_and_each_pixel_the_same() -> None:
    n = 400
    gan = image_gan(Quadratic(0.4))
    seen = watch(gan.discriminator)
    real, fake = draw(n, *SHAPE, seed=1), draw(n, *SHAPE, seed=2)
    WGANGP().d_loss(gan, real, fake)
    between = other_batch(seen, real, fake)
    alphas = shares_of_real(between, real, fake)
    assert torch.allclose(alphas, alphas[:, :1].expand_as(alphas), atol=1e-6)
    alpha = alphas[:, 0]
    assert alpha.min() > 0
    assert alpha.max() < 1
    assert alpha.mean().item() == pytest.approx(0.5, abs=0.05)
    assert alpha.std().item() == pytest.approx((1 / 12) ** 0.5, abs=0.03)


def test_alphas_come_from_the_methods_stream_alone() -> None:
    gan = image_gan(Quadratic(0.4))
    before = random_state(gan)
    WGANGP().d_loss(gan, *pair())
    assert changed(before, random_state(gan)) == {"noise"}


def test_the_penalty_is_part_of_the_critics_one_step() -> None:
    weight = weight_of(2.5, SHAPE)
    gan = image_gan(linear(weight), d_optimizer=sgd(0.01))
    steps: list[int] = []
    gan.d_optimizer.register_step_post_hook(lambda *arguments: steps.append(1))
    real = draw(N, *SHAPE)
    means = fakes_of(gan, N).mean(0) - real.mean(0)
    WGANGP(penalty=10).d_step(gan, real)
    (layer,) = gan.discriminator.parameters()
    expected = weight - 0.01 * (means + 20 * 1.5 * weight / 2.5)
    assert torch.allclose(layer.detach().view(SHAPE), expected, rtol=1e-9)
    assert len(steps) == 1


def test_the_penalty_pulls_the_critics_gradient_norm_to_one() -> None:
    gan = image_gan(linear(torch.full(SHAPE, 0.5)), d_optimizer=sgd(0.01))
    with torch.no_grad():
        for parameter in gan.generator.parameters():
            parameter.zero_()
    for _ in range(60):
        WGANGP().d_step(gan, torch.zeros(N, *SHAPE))
    (layer,) = gan.discriminator.parameters()
    assert layer.norm().item() == pytest.approx(1, rel=1e-4)


def test_a_critic_constant_in_x_has_a_penalty_but_no_nan() -> None:
    gan = image_gan(linear(torch.zeros(SHAPE)))
    loss = WGANGP(penalty=10).d_loss(gan, *pair())
    assert loss.item() == pytest.approx(10)
    WGANGP().d_step(gan, draw(N, *SHAPE))
    (layer,) = gan.discriminator.parameters()
    assert torch.isfinite(layer).all()
    assert layer.abs().max() > 0


def test_the_penalty_reaches_the_fakes_through_no_path() -> None:
    a = 0.4
    gan = image_gan(Quadratic(a))
    real, fake = pair()
    fake.requires_grad_()
    (gradient,) = torch.autograd.grad(WGANGP().d_loss(gan, real, fake), fake)
    assert torch.allclose(gradient, a * fake.detach() / N, rtol=1e-12)


def test_the_generators_step_has_no_penalty_in_it() -> None:
    weight = draw(*SHAPE)
    gan = image_gan(linear(weight), g_optimizer=sgd(0.1))
    before = gan.generator.layer.bias.detach().clone()
    noise = gan.noise.get_state()
    WGANGP().g_step(gan, draw(N, *SHAPE))
    expected = before + 0.1 * weight.flatten()
    assert torch.allclose(gan.generator.layer.bias.detach(), expected, rtol=1e-12)
    assert torch.equal(gan.noise.get_state(), noise)


def test_the_critics_step_leaves_the_generator_alone() -> None:
    gan = make_gan(generator(), discriminator(), d_optimizer=Adam)
    before = generator_state(gan)
    WGANGP().d_step(gan, draw(N, 4))
    assert not changed(before, generator_state(gan))
    assert all(parameter.grad is None for parameter in gan.generator.parameters())


def test_the_penalty_of_a_batch_is_the_mean_of_its_samples_own() -> None:
    """Every f(x) a function of x alone: so a batch's gradients are the samples' own."""
    gan = make_gan(generator(), discriminator())
    real = draw(N, 4)
    together = WGANGP(penalty=10).d_loss(gan, real, real)  # x~ = x whatever alpha is
    alone = [WGANGP(penalty=10).d_loss(gan, x[None], x[None]).item() for x in real]
    assert together.item() == pytest.approx(sum(alone) / N, rel=1e-12)


@pytest.mark.parametrize(
    ("critic", "layer"),
    [
        (lambda: DCGANDiscriminator((3, 32, 32), width=2), r"layers\.3"),
        (lambda: MLPDiscriminator((2,), norm="batch"), r"layers\.2"),
        (lambda: nn.Sequential(nn.SyncBatchNorm(4), nn.Linear(4, 1)), r"\(0\)"),
    ],
)
def test_batch_norm_in_the_critic_is_refused_with_the_remedy(critic, layer: str) -> None:
    gan = make_gan(generator(), critic())
    with pytest.raises(Incompatible, match=layer) as refusal:
        WGANGP().check(gan)
    assert 'd_norm = "layer"' in str(refusal.value)
    assert 'd_norm = "none"' in str(refusal.value)
    assert "layer_norm_d" in str(refusal.value)


@pytest.mark.parametrize("norm", ["layer", "instance", "none"])
def test_norms_that_keep_samples_apart_are_accepted(norm: str) -> None:
    gan = make_gan(generator(), DCGANDiscriminator((3, 16, 16), width=2, norm=norm))
    WGANGP().check(gan)
    images = draw(3, 3, 16, 16)
    logits = gan.discriminator(images)
    alone = torch.cat([gan.discriminator(image[None]) for image in images])
    assert torch.allclose(logits, alone, rtol=1e-10)


def test_five_critic_steps_and_a_penalty_of_ten_are_the_defaults() -> None:
    assert (WGANGP().d_steps, WGANGP().penalty) == (5, 10)
