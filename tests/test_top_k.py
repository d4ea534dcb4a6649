"""Top-k training: which samples G keeps, how many, of which loss, and at what cost."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from gan_factory import (
    LATENT,
    changed,
    discriminator,
    discriminator_state,
    draw,
    fakes_of,
    generator,
    generator_state,
    linear,
    make_gan,
    sgd,
    sigmoid,
    watch,
)
from torch import Tensor, nn

from bench.training.cost import PassCounter
from methods.base import GAN, Incompatible, Method
from methods.combine import combine
from methods.gan_qp import GANQP
from methods.gn_gan import GNGAN
from methods.hinge import Hinge
from methods.lsgan import LSGAN
from methods.minimax import Minimax
from methods.pacgan import Packed
from methods.ra_gan import RaGAN
from methods.relativistic import Relativistic
from methods.top_k import TopK
from methods.unrolled import Unrolled
from methods.wgan import WGAN

pytestmark = pytest.mark.usefixtures("_float64")

N, WEIGHT = 8, torch.tensor([0.8, -1.1, 0.6], dtype=torch.float64)
LR = 0.3


def late(gan: GAN) -> GAN:
    """After so many epochs that half of the batch is kept."""
    return replace(gan, step=500, steps_per_epoch=5)


def best_of(logits: Tensor, k: int) -> np.ndarray:
    return np.sort(np.argsort(logits.detach().numpy())[-k:])


def test_a_whole_g_step_is_the_one_computed_by_hand() -> None:
    """The mean of the four highest logits' losses, and nothing of the others."""
    own = nn.Linear(LATENT, 3)
    gan = late(make_gan(own, linear(WEIGHT), g_optimizer=sgd(LR)))
    latents = torch.randn(N, LATENT, generator=torch.Generator().manual_seed(0)).numpy()
    w, b = (p.detach().numpy().copy() for p in own.parameters())
    f = (latents @ w.T + b) @ WEIGHT.numpy()
    kept = f >= np.sort(f)[-4]
    assert kept.sum() == 4
    by_logit = np.where(kept, -sigmoid(-f) / 4, 0)
    slopes = np.outer(by_logit, WEIGHT.numpy())
    logs = TopK().g_step(gan, draw(N, 3))
    weight, bias = (p.detach().numpy() for p in own.parameters())
    assert logs["g_loss"].item() == pytest.approx(np.log1p(np.exp(-f[kept])).mean(), rel=1e-12)
    assert np.allclose(weight, w - LR * slopes.T @ latents, rtol=1e-10)
    assert np.allclose(bias, b - LR * slopes.sum(0), rtol=1e-10)


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 100), (4, 100), (5, 99), (9, 99), (10, 98), (300, 54), (345, 50)]
)
def test_k_falls_by_gamma_in_every_epoch_and_never_below_nu(step: int, expected: int) -> None:
    """At 5 steps an epoch: .99^60 is .547, and .99^69 below a half."""
    gan = replace(make_gan(generator(), discriminator()), step=step, steps_per_epoch=5)
    assert TopK().kept(gan, 100) == expected
    assert TopK(top_k_nu=0.99).kept(gan, 100) == max(99, expected)
    assert TopK(top_k_gamma=1e-9, top_k_nu=1e-9).kept(gan, 100) == (100 if step < 5 else 1)


def test_in_the_first_epoch_it_is_vanilla_bitwise_and_ds_step_always() -> None:
    gan, twin = (make_gan(generator(), discriminator(norm="batch")) for _ in range(2))
    logs = []
    for gan_, method in ((gan, TopK()), (twin, Method())):
        first = replace(gan_, step=4, steps_per_epoch=5)
        logs.append(method.step(first, iter([draw(200, 4)])))
        method.d_step(late(gan_), draw(N, 4, seed=1))
    assert logs[0] == logs[1]
    assert not changed(generator_state(gan), generator_state(twin))
    assert not changed(discriminator_state(gan), discriminator_state(twin))


@pytest.mark.parametrize("loss", [Method, Minimax, Hinge, LSGAN, WGAN, GANQP, Relativistic, RaGAN])
def test_gs_loss_is_that_of_the_best_samples_and_of_the_real_ones_paired_with_them(
    loss: type[Method],
) -> None:
    gan = late(make_gan(generator(), discriminator()))
    method = combine([TopK(), loss()])
    method.check(gan)
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    best = best_of(gan.discriminator(fake), N // 2)
    assert best.tolist() != list(range(N // 2))
    expected = loss().g_loss(gan, real[best], fake[best])
    assert method.g_loss(gan, real, fake).item() == pytest.approx(expected.item(), rel=1e-12)
    assert torch.equal(method.d_loss(gan, real, fake), loss().d_loss(gan, real, fake))


def test_of_packs_the_best_are_kept_whole() -> None:
    gan = late(make_gan(generator(), Packed(discriminator(dim=8), 2)))
    fake = draw(N, 4, seed=2).requires_grad_()
    best = best_of(gan.discriminator(fake), 2)
    TopK().g_loss(gan, draw(N, 4, seed=1), fake).backward()
    reached = (fake.grad.abs().sum(1) > 0).reshape(-1, 2).numpy()
    assert reached.all(1).nonzero()[0].tolist() == best.tolist()
    assert reached.sum() == 2 * len(best)


def test_under_unrolling_the_virtual_d_ranks() -> None:
    gan = late(make_gan(generator(dim=3), linear(WEIGHT), g_optimizer=sgd(0.0)))
    real, fake = draw(N, 3, seed=1), fakes_of(gan, N)
    for methods in ([TopK(), Unrolled(k=5)], [Unrolled(k=5), TopK()]):
        twin = replace(gan, latent_stream=torch.Generator().manual_seed(0))
        method = combine(methods)
        method.check(twin)
        virtual = Unrolled(k=5).unroll(twin, real, fake.clone().requires_grad_())(fake)
        expected = torch.nn.functional.softplus(-virtual.topk(N // 2).values).mean()
        loss = method.g_step(twin, real)["g_loss"]
        assert loss.item() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize(("loss", "batches"), [(Method, 1), (Hinge, 1), (Relativistic, 2)])
def test_the_whole_batch_passes_through_d_once(loss: type[Method], batches: int) -> None:
    gan, counter = late(make_gan(generator(), discriminator())), PassCounter()
    seen = watch(gan.discriminator)
    with counter.counting(gan.discriminator):
        combine([TopK(), loss()]).g_step(gan, draw(N, 4))
    assert [len(batch) for batch in seen] == [N] * batches
    assert counter.samples == batches * N


@dataclass
class Moved(Method):
    """Changes what D is asked about."""

    def g_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
        moved = replace(gan, discriminator=lambda batch: gan.discriminator(batch + 1))
        return super().g_loss(moved, real, fake)


def test_what_changes_the_samples_comes_before_it() -> None:
    gan = late(make_gan(generator(), discriminator()))
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    first = combine([Moved(), TopK()]).g_loss(gan, real, fake)
    best = best_of(gan.discriminator(fake + 1), N // 2)
    assert first.item() == pytest.approx(Method().g_loss(gan, real, fake[best] + 1).item())
    with pytest.raises(Incompatible, match="name TopK after the method that changes them"):
        combine([TopK(), Moved()]).g_loss(gan, real, fake)


def test_logits_that_are_normalized_sample_by_sample_are_picked_afterwards() -> None:
    gan = make_gan(generator(), discriminator())
    with pytest.raises(Incompatible, match="name TopK after GNGAN"):
        combine([TopK(), GNGAN()]).check(gan)
    method = combine([GNGAN(), TopK()])
    method.check(gan)
    method.g_step(late(gan), draw(N, 4))


def test_a_batch_in_parts_is_refused() -> None:
    """The best of each part are not the best of the batch."""
    with pytest.raises(Incompatible, match="TopK's step takes a batch whole"):
        TopK().check(replace(make_gan(generator(), discriminator()), accumulation=2))


@pytest.mark.parametrize("options", [{"top_k_gamma": 0.0}, {"top_k_nu": 1.1}])
def test_wrong_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"top_k_\w+ = .* \(0, 1\]"):
        TopK(**options)
