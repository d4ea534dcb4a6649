"""Spectral normalization: the right singular value, and its vectors in the right places."""

import pytest
import torch
from gan_factory import (
    DIM,
    changed,
    discriminator,
    draw,
    generator,
    make_gan,
)
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from architectures.dcgan import DCGANDiscriminator
from bench.streams import seeded
from methods.base import Incompatible, Method, descend, ghost
from methods.spectral_norm import SpectralNorm

pytestmark = pytest.mark.usefixtures("_float64")


def adapted(network: nn.Module, power_iterations: int = 1) -> nn.Module:
    with seeded(0, "adapt"):
        SpectralNorm(power_iterations=power_iterations).adapt(generator(), network)
    return network


def largest(weight: Tensor) -> float:
    """The largest singular value of a kernel reshaped to (out, in * k * k)."""
    return torch.linalg.svdvals(weight.detach().flatten(1))[0].item()


def vectors(network: nn.Module) -> dict[str, Tensor]:
    return {
        name: buffer.clone()
        for name, buffer in network.named_buffers()
        if name.endswith(("_u", "_v"))
    }


def test_every_layer_is_its_weight_over_the_largest_singular_value() -> None:
    network = DCGANDiscriminator((3, 16, 16), width=4, norm="none")
    originals = [p.detach().clone() for p in network.parameters()]
    adapted(network, power_iterations=100)(draw(2, 3, 16, 16))
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert len(layers) == len(originals) == 3
    for layer, original in zip(layers, originals, strict=True):
        assert torch.allclose(layer.weight, original / largest(original), rtol=1e-4)
        assert largest(layer.weight) == pytest.approx(1, rel=1e-4)


def test_every_linear_and_convolutional_layer_is_normalized_and_nothing_else() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 4), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2), nn.LayerNorm(2)
    )
    adapted(network)
    originals = {name for name, _ in network.named_parameters() if name.endswith("original")}
    assert originals == {f"{i}.parametrizations.weight.original" for i in (0, 3)}


def test_the_generator_is_not_normalized() -> None:
    own = generator()
    before = {name: value.clone() for name, value in own.state_dict().items()}
    SpectralNorm().adapt(own, discriminator())
    assert not changed(before, own.state_dict())


def test_a_forward_pass_is_one_power_iteration_from_the_kept_u() -> None:
    """Algorithm 1 of Miyato et al.: v = W'u, u = Wv, both normalized; sigma = u'Wv."""
    network = adapted(discriminator())
    weight = network[0].parametrizations.weight.original.detach().clone()
    u = vectors(network)["0.parametrizations.weight.0._u"]
    for _ in range(3):
        network(draw(2, DIM))
        v = weight.T @ u / (weight.T @ u).norm()
        u = weight @ v / (weight @ v).norm()
        kept = vectors(network)
        assert torch.allclose(kept["0.parametrizations.weight.0._u"], u, rtol=1e-10)
        assert torch.allclose(kept["0.parametrizations.weight.0._v"], v, rtol=1e-10)
    with torch.no_grad():
        network.eval()
        assert torch.allclose(network[0].weight, weight / (u @ weight @ v), rtol=1e-10)


def test_it_is_torchs_own_parametrization_from_the_same_u() -> None:
    network, theirs = adapted(discriminator(), power_iterations=2), discriminator()
    for layer in (theirs[0], theirs[3]):
        parametrizations.spectral_norm(layer, n_power_iterations=2)
    theirs.load_state_dict(network.state_dict())
    for seed in range(3):
        batch = draw(5, DIM, seed=seed)
        logits = network(batch)
        assert torch.equal(logits, theirs(batch))
    ours, expected = (
        torch.autograd.grad(n(batch).sum(), n.parameters()) for n in (network, theirs)
    )
    assert all(torch.equal(a, b) for a, b in zip(ours, expected, strict=True))


def test_applying_it_twice_is_refused() -> None:
    network = adapted(discriminator())
    with pytest.raises(Incompatible, match=r"layer 0 .*apply it once"):
        adapted(network)


def test_u_is_in_the_checkpoint() -> None:
    network, other = adapted(discriminator()), discriminator()
    for seed in range(3):
        network(draw(5, DIM, seed=seed))
    with seeded(5, "adapt"):
        SpectralNorm().adapt(generator(), other)
    assert changed(vectors(network), vectors(other)) == set(vectors(network))
    other.load_state_dict(network.state_dict())
    assert len(vectors(network)) == 4
    assert not changed(vectors(network), vectors(other))


def test_u_moves_in_train_mode_and_stays_in_eval_mode() -> None:
    network = adapted(discriminator())
    start = vectors(network)
    network.eval()(draw(5, DIM))
    assert not changed(start, vectors(network))
    network.train()(draw(5, DIM))
    assert changed(start, vectors(network)) >= {"0.parametrizations.weight.0._u"}


def test_a_ghost_moves_u_of_its_own() -> None:
    network, twin = adapted(discriminator()), adapted(discriminator())
    start, probe, batch = vectors(network), ghost(network), draw(5, DIM)
    for _ in range(3):
        assert torch.equal(probe(batch), twin(batch))
    assert not changed(start, vectors(network))
    assert changed(start, vectors(twin))


def test_adapting_under_a_fork_leaves_the_global_stream_alone_and_depends_on_the_seed() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12345)
        before = torch.get_rng_state()
        first, second = adapted(discriminator()), adapted(discriminator())
        assert torch.equal(torch.get_rng_state(), before)
    assert not changed(vectors(first), vectors(second))
    with seeded(1, "adapt"):
        SpectralNorm().adapt(generator(), third := discriminator())
    assert changed(vectors(first), vectors(third))


def test_the_loss_stays_the_vanilla_one_and_the_weights_under_the_norm_are_trained() -> None:
    gan, twin = (make_gan(generator(), adapted(discriminator())) for _ in range(2))
    before = [p.detach().clone() for p in gan.discriminator.parameters()]
    real = draw(5, DIM)
    logs = SpectralNorm().step(gan, iter([real]))
    expected = Method().d_loss(twin, real, twin.fakes(5))
    assert logs["d_loss"] == expected
    descend(twin.d_optimizer, expected)
    after = list(gan.discriminator.parameters())
    assert all(
        torch.equal(a, b) for a, b in zip(after, twin.discriminator.parameters(), strict=True)
    )
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_no_power_iterations_are_refused() -> None:
    with pytest.raises(ValueError, match="power_iterations = 0"):
        SpectralNorm(power_iterations=0)
