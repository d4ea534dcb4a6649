"""D's features, whichever D has them, and the penalty that holds them still under a small step."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from gan_factory import (
    DIM,
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
)
from torch import Tensor, nn
from torch.nn.modules import module as torch_module

from architectures.dcgan import DCGANDiscriminator
from architectures.dirac import LinearDiscriminator
from architectures.mlp import MLPDiscriminator
from architectures.resnet import ResNetDiscriminator
from bench.training.cost import PassCounter
from methods.as_gan import ASGAN
from methods.base import GAN, Incompatible, Method, ghost
from methods.combine import combine
from methods.consensus import Consensus
from methods.features import Featured
from methods.hinge import Hinge
from methods.l1_penalty import L1Penalty
from methods.lecam import LeCam
from methods.pacgan import PacGAN
from methods.r1 import R1
from methods.relativistic import Relativistic
from methods.remembering import Remembering
from methods.rob_gan import RobGAN
from methods.robust_features import RobustFeatures
from methods.spectral_norm import SpectralNorm
from methods.unrolled import Unrolled

pytestmark = pytest.mark.usefixtures("_float64")

N = 6
BUILT_IN = {
    "mlp": (MLPDiscriminator, (2,)),
    "mlp of one layer": (partial(MLPDiscriminator, depth=0), (2,)),
    "dcgan": (partial(DCGANDiscriminator, width=4), (3, 16, 16)),
    "resnet": (partial(ResNetDiscriminator, width=4), (3, 32, 32)),
    "dirac": (partial(LinearDiscriminator, start=0.3, bias=True), (2,)),
    "mlp of packs": (partial(PacGAN(m=2).make_discriminator, MLPDiscriminator), (2,)),
}


def hooks() -> int:
    return len(torch_module._global_forward_pre_hooks)


def last(network: nn.Module) -> nn.Module:
    return [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)][-1]


def read(layer: nn.Module, features: Tensor) -> Tensor:
    """What the last layer makes of features, by its weight alone."""
    bias = 0 if layer.bias is None else layer.bias
    return features @ layer.weight.flatten() + bias


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_last_layer_reads_every_built_in_ds_logits_off_its_features(name: str) -> None:
    make, shape = BUILT_IN[name]
    network, batch = make(shape), draw(N, *shape)
    featured = Featured(network)
    logits = featured(batch)
    assert len(featured.of(batch)) == len(logits)
    assert torch.allclose(read(last(network), featured.of(batch)), logits)
    assert hooks() == 0


def test_of_a_linear_d_they_are_the_samples_themselves() -> None:
    network, batch = LinearDiscriminator((2, 3)), draw(N, 2, 3)
    assert torch.equal(Featured(network).of(batch), batch.flatten(1))


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda network: ghost(network),
        lambda network: lambda batch: 2 * network(batch + 1),
        lambda network: Unrolled(k=2).unroll(
            make_gan(generator(), network), draw(N, DIM, seed=1), draw(N, DIM, seed=2)
        ),
        lambda network: SpectralNorm().adapt(generator(), network) or network,
    ],
    ids=["ghost", "wrapped", "unrolled", "spectral norm"],
)
def test_they_are_found_behind_whatever_stands_for_d(wrapped) -> None:
    network = discriminator()
    featured, batch = Featured(wrapped(network)), draw(N, DIM)
    features = featured.of(batch)
    logits = featured(batch)
    assert features.shape == (N, 6)
    slope = torch.linalg.lstsq(features - features[0], logits - logits[0]).solution
    assert torch.allclose((features - features[0]) @ slope, logits - logits[0])
    assert features.requires_grad
    assert hooks() == 0


def test_they_are_of_the_batch_that_is_asked_for_and_its_first_pass() -> None:
    network = discriminator()
    featured, seen = Featured(network), watch(network)
    one, other = draw(N, DIM, seed=1), draw(N, DIM, seed=2)
    featured(one)
    features = featured.of(one)
    featured(other)
    featured(one)
    assert featured.of(one.detach()) is features
    assert not torch.allclose(featured.of(other), features)
    assert len(seen) == 3
    featured.of(draw(N, DIM, seed=3))
    assert len(seen) == 4


def test_memory_that_held_another_batch_gives_no_answer_of_its() -> None:
    """As behind an augmentation, where the graph keeps no hold of what D was given."""
    remembering = Remembering(lambda batch: (batch + 1).sum(1))
    for value in range(50):
        assert remembering.of(torch.full((64, 64), float(value)))[0] == 64 * (value + 1)


def test_one_norm_of_the_batch_is_not_made_of_its_parts() -> None:
    gan = replace(make_gan(generator(), discriminator()), accumulation=2)
    with pytest.raises(Incompatible, match="RobustFeatures's step takes a batch whole"):
        RobustFeatures().check(gan)


def test_no_hook_is_left_where_d_breaks() -> None:
    with pytest.raises(RuntimeError):
        Featured(discriminator())(draw(N, DIM + 1))
    assert hooks() == 0


def test_a_d_without_such_a_layer_is_refused_with_the_remedy() -> None:
    with pytest.raises(Incompatible, match=r"RobustFeatures .* no such layer; end D with"):
        RobustFeatures().check(make_gan(generator(), Quadratic(0.3)))
    for make, shape in BUILT_IN.values():
        RobustFeatures().check(make_gan(generator(), make(shape)))


def two_layers(a: np.ndarray, v: np.ndarray) -> nn.Sequential:
    """f(x) = v . A x, whose features are A x."""
    network = nn.Sequential(nn.Linear(3, 2, bias=False), nn.Linear(2, 1, bias=False), nn.Flatten(0))
    for parameter, value in zip(network.parameters(), (a, v[None]), strict=True):
        parameter.data.copy_(torch.from_numpy(value))
    return network


def test_a_whole_step_is_the_one_computed_by_hand() -> None:
    """phi(x') - phi(x) = -+ epsilon A u with u = A^T v / |A^T v|, of which v is no part.

    So the penalty is 2 lambda epsilon sqrt(N) |A u|, and moves A alone, with u held.
    """
    a, v = np.array([[0.8, -1.1, 0.6], [0.2, 0.5, -0.9]]), np.array([0.7, -0.4])
    weight, epsilon, lr = 3.0, 0.2, 0.1
    gan = make_gan(generator(dim=3), two_layers(a, v), d_optimizer=sgd(lr))
    real = draw(N, 3)
    x, fake = real.numpy(), fakes_of(gan, N).numpy()
    on_real, on_fake = -sigmoid(-x @ a.T @ v) / N, sigmoid(fake @ a.T @ v) / N
    mean = on_real @ x + on_fake @ fake
    u = a.T @ v / np.linalg.norm(a.T @ v)
    length, scale = np.linalg.norm(a @ u), 2 * weight * epsilon * N**0.5
    losses = np.log1p(np.exp(-x @ a.T @ v)).mean() + np.log1p(np.exp(fake @ a.T @ v)).mean()
    logs = RobustFeatures(robust_weight=weight, robust_epsilon=epsilon).d_step(gan, real)
    own_a, own_v = (p.detach().numpy() for p in gan.discriminator.parameters())
    assert logs["d_loss"].item() == pytest.approx(losses + scale * length, rel=1e-12)
    slope = np.outer(v, mean) + scale * np.outer(a @ u, u) / length
    assert np.allclose(own_a, a - lr * slope, rtol=1e-10)
    assert np.allclose(own_v[0], v - lr * a @ mean, rtol=1e-10)


def test_each_sample_takes_a_step_of_one_length_up_ds_loss() -> None:
    epsilon, gan = 1e-3, make_gan(generator(), discriminator())
    real, fake = draw(N, DIM, seed=1), draw(N, DIM, seed=2)
    seen = watch(gan.discriminator)
    RobustFeatures(robust_epsilon=epsilon).d_loss(gan, real, fake)
    assert len(seen) == 4
    for clean, moved, sign in ((real, seen[2], -1), (fake, seen[3], 1)):
        assert torch.allclose((moved - clean).norm(dim=1), torch.tensor(epsilon))
        rise = gan.discriminator(moved) - gan.discriminator(clean)
        leaf = clean.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(gan.discriminator(leaf).sum(), leaf)
        assert torch.allclose(rise, sign * epsilon * gradient.norm(dim=1), rtol=1e-2)
        assert not moved.requires_grad


def penalty(method: RobustFeatures, base: Method, gan: GAN) -> float:
    real, fake = draw(N, DIM, seed=1), draw(N, DIM, seed=2)
    both = combine([method, base])
    both.check(gan)
    return (both.d_loss(gan, real, fake) - base.d_loss(gan, real, fake)).item()


def test_it_adds_to_whatever_loss_and_is_one_norm_of_the_batch() -> None:
    gan = make_gan(generator(), discriminator())
    method = RobustFeatures(robust_epsilon=1e-3)
    values = [penalty(method, base, gan) for base in (Method(), Relativistic(), R1(), LeCam())]
    assert values == pytest.approx([values[0]] * 4, rel=1e-6)
    real, fake = draw(N, DIM, seed=1), draw(N, DIM, seed=2)
    doubled = [torch.cat([batch, batch]) for batch in (real, fake)]
    more = method.d_loss(gan, *doubled) - Method().d_loss(gan, *doubled)
    assert more.item() == pytest.approx(2**0.5 * values[0], rel=1e-9)


def test_a_loss_without_a_gradient_moves_nothing_and_stays_finite() -> None:
    gan = make_gan(generator(dim=2), linear(torch.ones(2)))
    method = combine([RobustFeatures(), Hinge()])
    loss = method.d_loss(gan, torch.full((N, 2), 5.0), torch.full((N, 2), -5.0))
    assert loss.item() == 0
    (slope,) = torch.autograd.grad(loss, list(gan.discriminator.parameters()))
    assert not slope.any()


@pytest.mark.parametrize(
    "others",
    [
        [ASGAN(epsilon=0.1)],
        [L1Penalty()],
        [RobGAN()],
        [Unrolled(k=2)],
        [Consensus()],
        [SpectralNorm()],
    ],
    ids=lambda others: type(others[0]).__name__,
)
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_it_combines_and_reaches_the_real_samples(others: list[Method], norm: str) -> None:
    gan = make_gan(generator(), discriminator(norm=norm))
    method = combine([RobustFeatures(robust_epsilon=0.1), *others])
    method.check(gan)
    logs = method.step(gan, iter([draw(N, DIM)]))
    assert all(value.isfinite() for value in logs.values())
    assert logs.get("zero_signs", torch.tensor(0.0)) == 0


def test_a_step_costs_one_pass_more_of_either_side_and_draws_nothing() -> None:
    counter, gan = PassCounter(), make_gan(generator(), discriminator())
    noise, real = gan.noise.get_state(), draw(N, DIM)
    with counter.counting(gan.discriminator):
        RobustFeatures().step(gan, iter([real]))
    assert counter.samples == 5 * N
    assert torch.equal(gan.noise.get_state(), noise)
    assert not real.requires_grad


@pytest.mark.parametrize("name", ["robust_weight", "robust_epsilon"])
def test_a_negative_step_or_weight_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} = -1.0: it cannot be negative"):
        RobustFeatures(**{name: -1.0})
