"""Unrolled GAN against finite differences through real optimizer steps, and without a trace."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial

import pytest
import torch
from gan_factory import (
    DIM,
    LATENT,
    Optimizers,
    changed,
    discriminator,
    discriminator_state,
    draw,
    generator,
    generator_state,
    make_gan,
    random_state,
    sgd,
    watch,
)
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from methods.base import GAN, Incompatible, Method, descend
from methods.unrolled import Unrolled
from methods.virtual import virtual_steps

pytestmark = pytest.mark.usefixtures("_float64")

N = 7
ADAM = partial(Adam, lr=0.02, betas=(0.5, 0.999))
OPTIMIZERS = {
    "sgd": sgd(0.5),
    "adam": ADAM,
    "adam, large eps": partial(Adam, lr=0.1, betas=(0.8, 0.9), eps=1e-2),
    "adam, no momentum": partial(Adam, lr=0.02, betas=(0.0, 0.9)),
}


def trained(norm: str = "none", optimizer: Optimizers = ADAM, steps: int = 3) -> GAN:
    """A GAN whose D has taken some steps, so that its optimizer has a state."""
    gan = make_gan(generator(), discriminator(norm=norm), d_optimizer=optimizer)
    for seed in range(steps):
        Method().d_step(gan, draw(N, DIM, seed=seed))
    return gan


def next_latents(gan: GAN) -> Tensor:
    """Those of the next step; the stream stays where it is."""
    stream = torch.Generator()
    stream.set_state(gan.latent_stream.get_state())
    return torch.randn(N, LATENT, generator=stream)


def d_loss(network: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-network(real)).mean() + F.softplus(network(fake)).mean()


def ahead(gan: GAN, real: Tensor, fake: Tensor, k: int) -> nn.Module:
    """A copy of D after ``k`` real steps of a copy of its optimizer."""
    network = deepcopy(gan.discriminator)
    optimizer = type(gan.d_optimizer)(network.parameters(), lr=1.0)
    optimizer.load_state_dict(deepcopy(gan.d_optimizer.state_dict()))
    for _ in range(k):
        optimizer.zero_grad()
        d_loss(network, real, fake).backward()
        optimizer.step()
    return network


def gradient_of_g(gan: GAN) -> Tensor:
    """What the last step of G left behind."""
    return torch.cat([parameter.grad.flatten() for parameter in gan.generator.parameters()])


def finite_differences(gan: GAN, real: Tensor, k: int, h: float = 1e-5) -> Tensor:
    """The gradient of G's loss at D_k, by moving each of G's parameters."""
    latents = next_latents(gan)
    own = deepcopy(gan.generator)

    def loss() -> float:
        with torch.no_grad():
            fake = own(latents)
        with torch.enable_grad():
            network = ahead(gan, real, fake, k)
        return F.softplus(-network(fake)).mean().item()

    slopes = []
    with torch.no_grad():
        for parameter in own.parameters():
            flat = parameter.view(-1)
            for i in range(len(flat)):
                centre = flat[i].item()
                values = []
                for flat[i] in (centre + h, centre - h):
                    values.append(loss())
                flat[i] = centre
                slopes.append((values[0] - values[1]) / (2 * h))
    return torch.tensor(slopes)


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_g_follows_the_gradient_through_every_unrolled_step(name: str, norm: str) -> None:
    gan, real, k = trained(norm, OPTIMIZERS[name]), draw(N, DIM), 3
    expected = finite_differences(gan, real, k)
    Unrolled(k=k).g_step(gan, real)
    assert torch.allclose(gradient_of_g(gan), expected, rtol=1e-4, atol=1e-8)


def test_the_gradient_holds_before_adams_first_step_too() -> None:
    gan = trained(optimizer=OPTIMIZERS["adam, large eps"], steps=0)
    real = draw(N, DIM)
    expected = finite_differences(gan, real, k=2)
    Unrolled(k=2).g_step(gan, real)
    assert torch.allclose(gradient_of_g(gan), expected, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_detached_unroll_would_give_another_gradient(name: str) -> None:
    gan, real, k = trained(optimizer=OPTIMIZERS[name]), draw(N, DIM), 3
    fake = gan.generator(next_latents(gan))
    detached_loss = F.softplus(-ahead(gan, real, fake.detach(), k)(fake)).mean()
    detached = torch.autograd.grad(detached_loss, list(gan.generator.parameters()))
    detached = torch.cat([gradient.flatten() for gradient in detached])
    logs = Unrolled(k=k).g_step(gan, real)
    assert logs["g_loss"].item() == pytest.approx(detached_loss.item(), rel=1e-9)
    full = gradient_of_g(gan)
    assert (full - detached).norm() > 0.02 * full.norm()


def with_everything() -> GAN:
    """D with BatchNorm and spectral norm, both optimizers Adam, all with a state."""
    network = discriminator(norm="batch")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for layer in (network[0], network[3]):
            spectral_norm(layer)
    gan = make_gan(generator(), network, g_optimizer=ADAM, d_optimizer=ADAM)
    for seed in range(3):
        Method().step(gan, iter([draw(N, DIM, seed=seed)]))
    return gan


def test_gs_step_leaves_all_of_d_bit_for_bit_as_it_was() -> None:
    gan = with_everything()
    d_before, g_before = discriminator_state(gan), generator_state(gan)
    assert {"D.1.running_mean", "D.0.parametrizations.weight.0._u"} <= set(d_before)
    assert {"optimizer.0.exp_avg", "optimizer.0.exp_avg_sq", "optimizer.0.step"} <= set(d_before)
    gradients = [parameter.grad.clone() for parameter in gan.discriminator.parameters()]
    Unrolled(k=3).g_step(gan, draw(N, DIM))
    assert not changed(d_before, discriminator_state(gan))
    assert all(
        torch.equal(parameter.grad, gradient)
        for parameter, gradient in zip(gan.discriminator.parameters(), gradients, strict=True)
    )
    assert changed(g_before, generator_state(gan))


def test_gs_step_draws_its_latents_and_nothing_else() -> None:
    gan, twin = with_everything(), with_everything()
    before = random_state(gan)
    Unrolled(k=3).g_step(gan, draw(N, DIM))
    assert changed(before, random_state(gan)) == {"latents"}
    twin.latents(N)
    assert not changed(random_state(gan), random_state(twin))


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_without_unrolling_it_is_vanilla_bitwise(norm: str) -> None:
    gan, twin = trained(norm), trained(norm)
    for seed in range(3):
        real = draw(N, DIM, seed=seed)
        logs = Unrolled(k=0).step(gan, iter([real]))
        expected = Method().step(twin, iter([real]))
        assert logs == expected
    # Vanilla's step of G moves D's running statistics; they play no part in training.
    statistics = {f"D.1.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}
    assert changed(discriminator_state(gan), discriminator_state(twin)) <= statistics
    assert not changed(generator_state(gan), generator_state(twin))
    assert not changed(random_state(gan), random_state(twin))


def test_the_real_discriminator_takes_one_ordinary_step() -> None:
    gan, twin = trained(), trained()
    Unrolled(k=3).step(gan, iter([draw(N, DIM)]))
    Method().d_step(twin, draw(N, DIM))
    assert not changed(discriminator_state(gan), discriminator_state(twin))


def test_all_virtual_steps_use_the_same_real_and_fake_batch() -> None:
    gan, real = trained(), draw(N, DIM)
    seen, latents = watch(gan.discriminator), watch(gan.generator)
    Unrolled(k=3).g_step(gan, real)
    assert len(latents) == 1
    assert len(seen) == 3 * 2 + 1
    assert all(batch is real for batch in seen[0:6:2])
    assert len({id(batch) for batch in seen[1:6:2] + seen[6:]}) == 1


@pytest.mark.parametrize("before", [0, 1, 7])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_virtual_step_is_the_real_optimizers_from_the_same_state(name: str, before: int) -> None:
    gan, real, fake = trained(optimizer=OPTIMIZERS[name], steps=before), draw(N, DIM), draw(N, DIM)
    state = discriminator_state(gan)
    virtual = Unrolled(k=1).unroll(gan, real, fake)
    logits = virtual(fake)
    assert not changed(state, discriminator_state(gan))
    descend(gan.d_optimizer, d_loss(gan.discriminator, real, fake))
    assert torch.allclose(logits, gan.discriminator(fake), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    "optimizer", [partial(ADAM, fused=True), partial(ADAM, foreach=True), ADAM]
)
def test_several_virtual_steps_are_the_real_optimizers_whatever_its_implementation(
    optimizer: Optimizers,
) -> None:
    gan, real, fake = trained("batch", optimizer), draw(N, DIM), draw(N, DIM)
    logits = Unrolled(k=4).unroll(gan, real, fake)(fake)
    for _ in range(4):
        descend(gan.d_optimizer, d_loss(gan.discriminator, real, fake))
    assert torch.allclose(logits, gan.discriminator(fake), rtol=1e-10, atol=1e-12)


def test_the_learning_rate_of_the_moment_counts() -> None:
    gan, real, fake = trained(), draw(N, DIM), draw(N, DIM)
    start = gan.discriminator(fake)
    for group in gan.d_optimizer.param_groups:
        group["lr"] = 0.0
    assert torch.equal(Unrolled(k=2).unroll(gan, real, fake)(fake), start)


def test_a_virtual_step_keeps_the_precision_of_a_scalar() -> None:
    parameter = torch.ones((), dtype=torch.float32, requires_grad=True)
    (after,) = virtual_steps(Adam([parameter]))([parameter], [torch.ones_like(parameter)])
    assert after.dtype == torch.float32


def test_a_parameter_without_gradient_gives_no_nan() -> None:
    """A bias before BatchNorm has gradient 0, and Adam's square root no derivative there."""
    parameter = torch.zeros(3, requires_grad=True)
    step = virtual_steps(Adam([parameter]))
    gradient = torch.zeros(3, requires_grad=True)
    (after,) = step([parameter], [gradient])
    (slope,) = torch.autograd.grad(after.sum(), gradient)
    assert torch.equal(after, parameter)
    assert torch.isfinite(slope).all()


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (RMSprop, "RMSprop is at hand; bind Experiment.d_optimizer to @discriminator/Adam"),
        (AdamW, "AdamW is at hand; bind Experiment.d_optimizer to @discriminator/Adam"),
        (partial(SGD, momentum=0.9), "leave momentum at its default"),
        (partial(SGD, weight_decay=0.1), "leave weight_decay at its default"),
        (partial(SGD, maximize=True), "leave maximize at its default"),
        (partial(Adam, amsgrad=True), "leave amsgrad at its default"),
        (partial(Adam, weight_decay=0.1), "leave weight_decay at its default"),
        (partial(Adam, maximize=True), "leave maximize at its default"),
        (lambda p: SGD([{"params": p[:1]}, {"params": p[1:]}]), "must hold one parameter group"),
    ],
)
def test_an_optimizer_without_a_virtual_step_is_refused_with_the_remedy(
    optimizer: Callable[..., Optimizer], message: str
) -> None:
    gan = make_gan(generator(), discriminator(), d_optimizer=optimizer)
    with pytest.raises(Incompatible, match=message):
        Unrolled().check(gan)


@pytest.mark.parametrize("optimizer", [Adam, SGD])
def test_adam_and_sgd_are_accepted(optimizer: Callable[..., Optimizer]) -> None:
    gan = make_gan(generator(), discriminator(), d_optimizer=optimizer)
    before = discriminator_state(gan)
    Unrolled().check(gan)
    assert not changed(before, discriminator_state(gan))


def test_a_negative_number_of_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="k = -1"):
        Unrolled(k=-1)
