"""Minibatch deviation: of which samples, over what, where its channel goes, and what kills it."""

from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from gan_factory import changed, draw, generator, make_gan, random_state, sgd
from torch import nn

from architectures.dcgan import DCGANDiscriminator
from architectures.dirac import LinearDiscriminator
from architectures.mlp import MLPDiscriminator
from architectures.resnet import ResNetDiscriminator
from bench.streams import seeded
from bench.training.cost import PassCounter
from methods.base import GAN, Incompatible, Method, ghost
from methods.combine import combine
from methods.minibatch_stddev import MinibatchStddev, _widen, deviation
from methods.pacgan import PacGAN
from methods.robust_features import RobustFeatures
from methods.spectral_norm import SpectralNorm
from methods.unrolled import Unrolled
from methods.wgan_gp import WGANGP

pytestmark = pytest.mark.usefixtures("_float64")

N = 8
BUILT_IN = {
    "mlp": (partial(MLPDiscriminator, width=5), (2,)),
    "dcgan": (partial(DCGANDiscriminator, width=4, norm="none"), (3, 16, 16)),
    "resnet": (partial(ResNetDiscriminator, width=4), (3, 32, 32)),
    "dirac": (partial(LinearDiscriminator, start=0.3), (2,)),
}


def built(method: Method, make, shape) -> GAN:
    """A GAN of a D that the method makes, from the same weights whatever it is."""
    with seeded(0, "D"):
        network = method.make_discriminator(make, shape)
    with seeded(0, "adapt"):
        method.adapt(generator(), network)
    maker = nn.Sequential(generator(dim=int(np.prod(shape))), nn.Unflatten(1, shape))
    gan = make_gan(maker, network, d_optimizer=sgd(0.1))
    gan.batch_size, gan.shape = N, shape
    return gan


def wide(gan: GAN) -> nn.Module:
    """The layer with the channel."""
    (layer,) = [m for m in gan.discriminator.modules() if m._forward_pre_hooks]
    return layer


@pytest.mark.parametrize("shape", [(5,), (5, 2, 3)])
def test_it_is_the_mean_deviation_of_samples_that_lie_a_group_apart(shape: tuple) -> None:
    """Of 8 samples in groups of 4: 0, 2, 4, 6 and 1, 3, 5, 7; the population's deviation."""
    x = draw(N, *shape)
    found = deviation(x, 4)
    assert found.shape == (N, 1, *shape[1:])
    for group in ([0, 2, 4, 6], [1, 3, 5, 7]):
        spread = np.sqrt(x[group].numpy().var(axis=0) + 1e-8).mean()
        assert np.allclose(found[group].numpy(), spread, rtol=1e-12)


@pytest.mark.parametrize(("n", "size"), [(4, 4), (6, 3), (2, 2), (10, 2), (7, 1), (1, 1)])
def test_a_batch_that_it_does_not_divide_is_in_the_largest_groups_that_do(
    n: int, size: int
) -> None:
    x = draw(n, 3)
    groups = x.numpy().reshape(size, n // size, 3)
    expected = np.tile(np.sqrt(groups.var(axis=0) + 1e-8).mean(1), size)
    assert np.allclose(deviation(x, 4)[:, 0].numpy(), expected)


def test_samples_that_are_all_alike_have_a_finite_gradient() -> None:
    x = torch.ones(4, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(deviation(x, 4).sum(), x)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("name", BUILT_IN)
def test_d_starts_as_without_it_and_learns_from_the_channel(name: str) -> None:
    make, shape = BUILT_IN[name]
    gan, plain = built(MinibatchStddev(), make, shape), built(Method(), make, shape)
    batch = draw(N, *shape)
    assert torch.allclose(gan.discriminator(batch), plain.discriminator(batch), atol=1e-12)
    layer = wide(gan)
    assert not layer.weight[:, -1].any()
    own, theirs = (dict(g.discriminator.named_parameters()) for g in (gan, plain))
    assert own.keys() == theirs.keys()
    assert sum(p.numel() for p in own.values()) > sum(p.numel() for p in theirs.values())
    gan.discriminator(batch).sum().backward()
    assert layer.weight.grad[:, -1].abs().sum() > 0


@pytest.mark.parametrize(
    ("name", "norm", "place"),
    [
        ("mlp", "none", "layers.4"),
        ("mlp", "layer", "layers.4"),
        ("mlp", "batch", "layers.7"),
        ("dcgan", "none", "layers.2"),
        ("dcgan", "layer", "layers.2"),
        ("dcgan", "batch", "layers.5"),
        ("dcgan", "instance", "layers.5"),
        ("resnet", "batch", "layers.3.residue.6"),
        ("dirac", None, "linear"),
    ],
)
def test_the_channel_is_the_last_hidden_layers_unless_none_or_normalized(name, norm, place) -> None:
    make, shape = BUILT_IN[name]
    gan = built(MinibatchStddev(), make if norm is None else partial(make, norm=norm), shape)
    assert gan.discriminator.get_submodule(place) is wide(gan)


def test_batch_norm_behind_it_would_subtract_the_channel() -> None:
    make, shape = BUILT_IN["mlp"]
    network = make(shape, norm="batch")
    x = draw(4, *shape)
    before = network(x)
    _widen(network.layers[4], 4)
    with torch.no_grad():
        network.layers[4].weight[:, -1] = 3.0
    assert torch.allclose(network(x), before)


def test_what_d_computes_with_it_is_the_forward_pass_by_hand() -> None:
    gan = built(MinibatchStddev(), *BUILT_IN["mlp"])
    with torch.no_grad():
        wide(gan).weight[:, -1] = draw(5)
    w1, b1, w2, b2, w3, b3 = (p.detach().numpy() for p in gan.discriminator.parameters())
    x = draw(N, 2)
    h = np.maximum(x.numpy() @ w1.T + b1, 0)
    spread = np.tile(np.sqrt(h.reshape(4, 2, 5).var(axis=0) + 1e-8).mean(1), 4)
    h = np.maximum(np.c_[h, spread] @ w2.T + b2, 0)
    assert np.allclose(gan.discriminator(x).detach().numpy(), h @ w3[0] + b3)


def test_a_step_trains_the_channel_draws_nothing_and_costs_no_pass() -> None:
    gan, method = built(MinibatchStddev(), *BUILT_IN["mlp"]), MinibatchStddev()
    method.check(gan)
    counter, streams = PassCounter(), random_state(gan)
    with counter.counting(gan.discriminator):
        method.step(gan, iter([draw(N, 2)]))
    assert counter.samples == 3 * N
    assert wide(gan).weight[:, -1].any()
    assert changed(streams, random_state(gan)) == {"latents"}


def test_g_is_told_to_vary() -> None:
    """Where D likes deviation, the gradient drives samples apart."""
    gan = built(MinibatchStddev(stddev_group=2), *BUILT_IN["dirac"])
    with torch.no_grad():
        gan.discriminator.linear.weight.copy_(torch.tensor([[0.0, 0.0, 1.0]]))
    fake = torch.tensor([[0.1, 0.0], [-0.1, 0.0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(Method().g_loss(gan, fake, fake), fake)
    assert gradient[0, 0] < 0 < gradient[1, 0]


def test_copies_ghosts_and_checkpoints_of_d_have_it_too() -> None:
    gan, batch = built(MinibatchStddev(), *BUILT_IN["mlp"]), draw(N, 2)
    with torch.no_grad():
        wide(gan).weight[:, -1] = 1.0
    logits = gan.discriminator(batch)
    again = built(MinibatchStddev(), *BUILT_IN["mlp"])
    again.discriminator.load_state_dict(gan.discriminator.state_dict())
    for other in (deepcopy(gan.discriminator), ghost(gan.discriminator), again.discriminator):
        assert torch.equal(other(batch), logits)


@pytest.mark.parametrize("first", [True, False])
def test_it_combines_with_spectral_norm_in_either_order(first: bool) -> None:
    methods = [MinibatchStddev(), SpectralNorm()]
    method = combine(methods if first else methods[::-1])
    gan = built(method, *BUILT_IN["dcgan"])
    method.check(gan)
    assert wide(gan).weight.shape[1] == 5
    for real in (draw(N, 3, 16, 16, seed=seed) for seed in range(2)):
        method.d_step(gan, real)
    assert wide(gan).weight[:, -1].any()


@pytest.mark.parametrize("other", [WGANGP(d_steps=1), Unrolled(k=2), PacGAN(), RobustFeatures()])
@pytest.mark.parametrize("first", [True, False])
def test_it_combines_with_penalties_packs_and_virtual_steps(other: Method, first: bool) -> None:
    own = MinibatchStddev()
    method = combine([own, other] if first else [other, own])
    gan = built(method, *BUILT_IN["mlp"])
    method.check(gan)
    logs = method.step(gan, iter([draw(N, 2)]))
    assert all(value.isfinite() for value in logs.values())


@pytest.mark.parametrize(("batch", "accumulation"), [(10, 1), (8, 4)])
def test_a_batch_without_whole_groups_is_refused_with_the_remedy(batch, accumulation) -> None:
    gan = built(MinibatchStddev(), *BUILT_IN["mlp"])
    gan.batch_size, gan.accumulation = batch, accumulation
    with pytest.raises(Incompatible, match=r"stddev_group = 4 do not divide .* bind"):
        MinibatchStddev().check(gan)


@pytest.mark.parametrize(
    "network",
    [nn.Flatten(0), nn.Sequential(nn.Conv1d(2, 2, 1, groups=2), nn.Flatten(), nn.Linear(2, 1))],
)
def test_a_d_without_a_layer_that_can_be_widened_is_refused(network: nn.Module) -> None:
    with pytest.raises(Incompatible, match="name another architecture or another method"):
        MinibatchStddev().make_discriminator(lambda shape: network, (2,))


def test_a_group_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="stddev_group = 1: it must be at least 2"):
        MinibatchStddev(stddev_group=1)
