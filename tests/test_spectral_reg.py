"""Spectral regularization: which singular values become one, of which weights, and when."""

from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from gan_factory import changed, draw, generator, generator_state, make_gan, random_state
from torch import Tensor, nn
from torch.optim import Adam

from bench.streams import seeded
from bench.training.cost import PassCounter
from methods.base import GAN, Method
from methods.combine import combine
from methods.hinge import Hinge
from methods.spectral_norm import SpectralNorm
from methods.spectral_reg import SpectralReg

pytestmark = pytest.mark.usefixtures("_float64")

N, SHAPE = 4, (3, 4, 4)


def pictures(method: Method, d_steps: int = 1) -> GAN:
    """D has weights of 5 x 12, 6 x 20 and 1 x 6, and so of r = 5, 6 and 1 singular values."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = nn.Sequential(
            nn.Conv2d(3, 5, 2, stride=2),
            nn.Softplus(),
            nn.Conv2d(5, 6, 2),
            nn.Softplus(),
            nn.Flatten(),
            nn.Linear(6, 1),
            nn.Flatten(0),
        )
    critic = nn.Sequential(generator(dim=48), nn.Unflatten(1, SHAPE))
    with seeded(0, "adapt"):
        method.adapt(critic, network)
    return make_gan(critic, network, d_optimizer=partial(Adam, lr=0.01))


def originals(gan: GAN) -> list[np.ndarray]:
    layers = [m for m in gan.discriminator.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    return [m.parametrizations.weight.original.detach().flatten(1).numpy().copy() for m in layers]


def compensated(weight: np.ndarray, ones: int) -> np.ndarray:
    u, s, v = np.linalg.svd(weight, full_matrices=False)
    s = s / s.max()
    s[:ones] = 1
    return u @ np.diag(s) @ v


@pytest.mark.parametrize(("share", "ones"), [(0.5, (2, 3, 0)), (1.0, (5, 6, 1)), (0.0, (0, 0, 0))])
def test_after_ds_step_the_larger_half_of_each_weights_values_is_one(
    share: float, ones: tuple[int, ...]
) -> None:
    """Over the largest, rounded down; the rest keeps its proportion, and its directions."""
    method = SpectralReg(sr_share=share)
    gan, twin, real = pictures(method), pictures(SpectralNorm()), draw(N, *SHAPE)
    logs, plain = method.d_step(gan, real), SpectralNorm().d_step(twin, real)
    assert torch.equal(logs["d_loss"], plain["d_loss"])
    for own, theirs, one in zip(originals(gan), originals(twin), ones, strict=True):
        assert np.allclose(own, compensated(theirs, one), atol=1e-12)
        values = np.linalg.svd(own, compute_uv=False)
        assert np.allclose(values[: max(one, 1)], 1)
        assert np.all(values[max(one, 1) :] < 1 - 1e-3)


def test_it_happens_in_one_generator_step_of_several_and_after_each_of_its_d_steps() -> None:
    method, plain = SpectralReg(sr_every=3, d_steps=2), SpectralNorm(d_steps=2)
    gan = pictures(method)
    due = []
    for step in range(7):
        gan.step = step
        twin = pictures(plain)
        twin.discriminator.load_state_dict(gan.discriminator.state_dict())
        twin.d_optimizer.load_state_dict(deepcopy(gan.d_optimizer.state_dict()))
        twin.generator.load_state_dict(gan.generator.state_dict())
        twin.latent_stream.set_state(gan.latent_stream.get_state())
        for seed in range(2):
            method.d_step(gan, draw(N, *SHAPE, seed=seed))
            plain.d_step(twin, draw(N, *SHAPE, seed=seed))
            pairs = zip(originals(gan), originals(twin), strict=True)
            due.append(not all(np.array_equal(*pair) for pair in pairs))
            twin.discriminator.load_state_dict(gan.discriminator.state_dict())
    assert due == [step % 3 == 0 for step in range(7) for _ in range(2)]


def test_what_d_computes_with_has_norm_one_at_the_most() -> None:
    method = SpectralReg(power_iterations=50)
    gan = pictures(method)
    method.d_step(gan, draw(N, *SHAPE))
    gan.discriminator(draw(N, *SHAPE))
    for module in gan.discriminator.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            (largest, *_) = torch.linalg.svdvals(module.weight.detach().flatten(1))
            assert largest.item() == pytest.approx(1, rel=1e-6)


def test_weights_that_are_not_finite_are_left_for_the_loop_to_find() -> None:
    method = SpectralReg()
    gan = pictures(method)
    with torch.no_grad():
        gan.discriminator[5].bias.fill_(float("nan"))
    method.d_step(gan, draw(N, *SHAPE))
    assert not all(np.isfinite(weight).all() for weight in originals(gan))


def test_it_touches_neither_g_nor_ds_optimizer_nor_a_stream_and_costs_no_pass() -> None:
    method = SpectralReg()
    gan, twin, real = pictures(method), pictures(SpectralNorm()), draw(N, *SHAPE)
    counter, before = PassCounter(), generator_state(gan)

    def moments(own: GAN) -> dict[str, Tensor]:
        state = own.d_optimizer.state_dict()["state"]
        return {f"{i}.{k}": torch.as_tensor(v) for i in state for k, v in state[i].items()}

    streams = random_state(gan)
    with counter.counting(gan.discriminator):
        method.d_step(gan, real)
    SpectralNorm().d_step(twin, real)
    assert counter.samples == 2 * N
    assert not changed(before, generator_state(gan))
    assert not changed(moments(gan), moments(twin))
    assert changed(streams, random_state(gan)) == {"latents"}


def test_it_combines_with_the_published_loss() -> None:
    method = combine([SpectralReg(), Hinge(d_steps=5)])
    gan = pictures(method)
    method.check(gan)
    reals = [draw(N, *SHAPE, seed=seed) for seed in range(5)]
    method.step(gan, iter(reals))
    assert np.allclose(np.linalg.svd(originals(gan)[1], compute_uv=False)[:3], 1)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"sr_share": 1.5}, r"sr_share = 1.5: it lies in \[0, 1\]"),
        ({"sr_every": 0}, "sr_every = 0: it must be at least 1"),
        ({"power_iterations": 0}, "power_iterations = 0"),
    ],
)
def test_wrong_options_are_refused(option: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SpectralReg(**option)
