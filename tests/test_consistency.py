"""CR, bCR, zCR and ICR: which logits are held together, which samples apart, and by which draws."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from gan_factory import (
    DIM,
    LATENT,
    Quadratic,
    changed,
    discriminator,
    draw,
    generator,
    generator_state,
    linear,
    make_gan,
    random_state,
    sgd,
    sigmoid,
    watch,
)
from torch import Tensor, nn

from bench.conformance import toys
from bench.training.build import build
from bench.training.cost import PassCounter
from methods.as_gan import ASGAN
from methods.as_gan_grown import GrownASGAN
from methods.base import GAN, Incompatible, Method
from methods.bcr import BCR
from methods.combine import combine
from methods.consensus import Consensus
from methods.cr import CR
from methods.hinge import Hinge
from methods.lecam import LeCam
from methods.relativistic import Relativistic
from methods.simultaneous import Simultaneous
from methods.unrolled import Unrolled
from methods.zcr import ZCR

pytestmark = pytest.mark.usefixtures("_float64")

N, LR = 6, 0.1
SHAPE = (1, 8, 9)
WEIGHT = draw(*SHAPE, seed=9).double() / 5


class LinearG(nn.Module):
    """G(z) = A z, as samples of a shape."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.a = nn.Parameter(draw(int(np.prod(shape)), LATENT, seed=3).double())
        self.shape = shape

    def forward(self, z: Tensor) -> Tensor:
        return (z @ self.a.T).view(-1, *self.shape)


def pictures(lr: float = LR) -> GAN:
    gan = make_gan(LinearG(*SHAPE), linear(WEIGHT), g_optimizer=sgd(lr), d_optimizer=sgd(lr))
    return replace(gan, shape=SHAPE)


def samples(gan: GAN, stream: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The next fakes, and their latents."""
    z = torch.randn(N, LATENT, generator=stream)
    return gan.generator(z).detach().numpy(), z.numpy()


def augmented(batch: np.ndarray, stream: torch.Generator) -> np.ndarray:
    """CR's T by numpy: a flip of columns, then a shift by up to a pixel, mirrored."""
    flips = torch.rand(N, 1, 1, 1, generator=stream).numpy().ravel() < 0.5
    moves = [torch.randint(-1, 2, (N, 1, 1, 1), generator=stream).numpy().ravel() for _ in "yx"]
    found = []
    for x, flip, down, right in zip(batch, flips, *moves, strict=True):
        x = np.pad(x[:, :, ::-1] if flip else x, ((0, 0), (1, 1), (1, 1)), mode="reflect")
        found.append(x[:, 1 - down : 9 - down, 1 - right : 10 - right])
    return np.stack(found)


def flat(batch: np.ndarray) -> np.ndarray:
    return batch.reshape(N, -1)


@pytest.mark.parametrize(
    "method", [CR(cr_weight=0.7), BCR(cr_weight=0.7, bcr_fake_weight=0.4)], ids=["cr", "bcr"]
)
def test_a_whole_d_step_is_the_one_computed_by_hand(method: CR) -> None:
    """By w the square of w . (x - T x) has a gradient along x - T x: through both its logits."""
    gan, real = pictures(), draw(N, *SHAPE)
    fake, _ = samples(gan, torch.Generator().manual_seed(0))
    noise = torch.Generator().manual_seed(1)
    x, f, w = flat(real.numpy()), flat(fake), WEIGHT.numpy().ravel()
    slope = (-sigmoid(-(x @ w)) @ x + sigmoid(f @ w) @ f) / N
    loss = np.log1p(np.exp(-x @ w)).mean() + np.log1p(np.exp(f @ w)).mean()
    weights = (0.7, 0.4) if isinstance(method, BCR) else (0.7,)
    for weight, batch in zip(weights, (real.numpy(), fake), strict=False):
        gap = flat(batch) - flat(augmented(batch, noise))
        assert (gap.any(1)).all()
        slope += weight * 2 * (gap @ w) @ gap / N
        loss += weight * ((gap @ w) ** 2).mean()
    logs = method.d_step(gan, real)
    (layer,) = gan.discriminator.parameters()
    assert logs["d_loss"].item() == pytest.approx(loss, rel=1e-12)
    assert np.allclose(layer.detach().numpy()[0], w - LR * slope, rtol=1e-9)


def test_a_whole_step_of_zcr_is_the_one_computed_by_hand() -> None:
    """D draws f(G(z)), f(G(z')) together, G pushes G(z), G(z') apart; z is the sample's own."""
    gan, real = pictures(), draw(N, *SHAPE)
    own, w = gan.generator.a.detach().numpy().copy(), WEIGHT.numpy().ravel()
    latents, noise = torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)
    sigma, dis, gen = 0.3, 0.8, 0.6
    fake, _ = samples(gan, latents)
    step = sigma * torch.randn(N, LATENT, generator=noise).numpy()
    x, f, gap = flat(real.numpy()), flat(fake), -(step @ own.T)
    slope = (-sigmoid(-(x @ w)) @ x + sigmoid(f @ w) @ f + dis * 2 * (gap @ w) @ gap) / N
    after = w - LR * slope
    fake, z = samples(gan, latents)
    scores = flat(fake) @ after
    step = sigma * torch.randn(N, LATENT, generator=noise).numpy()
    apart = step @ own.T
    gradient = np.outer(after, -sigmoid(-scores) @ z) / N
    gradient -= gen * 2 * apart.T @ step / apart.size
    method = ZCR(zcr_sigma=sigma, zcr_dis_weight=dis, zcr_gen_weight=gen)
    logs = method.step(gan, iter([real]))
    (layer,) = gan.discriminator.parameters()
    assert np.allclose(layer.detach().numpy()[0], after, rtol=1e-9)
    assert np.allclose(gan.generator.a.detach().numpy(), own - LR * gradient, rtol=1e-9)
    expected = np.log1p(np.exp(-scores)).mean() - gen * (apart**2).mean()
    assert logs["g_loss"].item() == pytest.approx(expected, rel=1e-12)


def test_of_a_bent_g_both_samples_pull_at_it() -> None:
    """On a G that is not linear the gradient by z' is not that by z: against finite differences."""
    gan = make_gan(generator(), discriminator(), g_optimizer=sgd(1.0))
    method = ZCR(zcr_sigma=0.7, zcr_gen_weight=3.0)

    def loss() -> float:
        gan.noise.manual_seed(1)
        z = torch.randn(N, LATENT, generator=torch.Generator().manual_seed(0))
        moved = gan.generator(z + 0.7 * torch.randn(N, LATENT, generator=gan.noise))
        fake = gan.generator(z)
        gap = (fake - moved).square().mean()
        return (Method().g_loss(gan, fake, fake) - 3.0 * gap).item()

    bias = gan.generator[0].bias
    differences, h = [], 1e-6
    with torch.no_grad():
        for i in range(len(bias)):
            bias[i] += h
            up = loss()
            bias[i] -= 2 * h
            differences.append((up - loss()) / (2 * h))
            bias[i] += h
    gan.noise.manual_seed(1)
    before = bias.detach().clone()
    method.g_step(gan, draw(N, DIM))
    assert torch.allclose(before - bias, torch.tensor(differences), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", [CR, BCR, ZCR])
def test_draws_are_of_the_methods_stream_alone(kind: type[Method]) -> None:
    gan, twin = (replace(make_gan(LinearG(*SHAPE), linear(WEIGHT)), shape=SHAPE) for _ in range(2))
    kind().step(gan, iter([draw(N, *SHAPE)]))
    Method().step(twin, iter([draw(N, *SHAPE)]))
    assert changed(random_state(gan), random_state(twin)) == {"noise"}


@pytest.mark.parametrize("kind", [CR, BCR, ZCR])
def test_a_term_adds_to_whatever_loss_and_in_either_order_to_another_term(
    kind: type[Method],
) -> None:
    anchored, terms = LeCam(lecam_start=0), []
    for base in (Method(), Hinge(), Relativistic(), anchored):
        for methods in ([kind(), base], [base, kind()])[: 1 + (base is anchored)]:
            gan, twin = pictures(), pictures()
            method = combine(methods)
            method.check(gan)
            losses = [
                m.d_step(g, draw(N, *SHAPE))["d_loss"] for m, g in ((method, gan), (base, twin))
            ]
            terms.append((losses[0] - losses[1]).item())
    assert min(terms) > 0
    assert terms == pytest.approx([terms[0]] * 5, rel=1e-9)


@pytest.mark.parametrize("kind", [CR, BCR])
def test_gs_step_is_untouched_by_cr(kind: type[Method]) -> None:
    gan, twin = pictures(), pictures()
    kind().g_step(gan, draw(N, *SHAPE))
    Method().g_step(twin, draw(N, *SHAPE))
    assert not changed(generator_state(gan), generator_state(twin))


def test_a_d_that_overlooks_t_pays_nothing() -> None:
    """|x|^2 is the same of a mirror image; with no shift CR and bCR are the vanilla GAN."""
    gan = replace(make_gan(LinearG(*SHAPE), Quadratic(0.02)), shape=SHAPE)
    real, fake = draw(N, *SHAPE), draw(N, *SHAPE, seed=8)
    plain = Method().d_loss(gan, real, fake).item()
    assert BCR(cr_translation=0.0).d_loss(gan, real, fake).item() == pytest.approx(plain, rel=1e-12)
    assert BCR().d_loss(gan, real, fake).item() > plain + 0.01


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize(
    ("methods", "passes", "of_g"),
    [
        ([CR()], 4, 2),
        ([BCR()], 5, 2),
        ([ZCR()], 4, 4),
        ([ZCR(), BCR()], 6, 4),
        ([ZCR(), CR(), ASGAN(epsilon=0.1)], 9, 5),
    ],
)
def test_what_a_step_costs(methods: list[Method], passes: int, of_g: int, parts: int) -> None:
    """Batches through D and G; accumulated in parts they are as many samples."""
    gan = replace(pictures(), accumulation=parts)
    counter, seen = PassCounter(), watch(gan.generator)
    method = combine(methods)
    method.check(gan)
    with counter.counting(gan.discriminator):
        method.step(gan, iter([draw(N, *SHAPE)]))
    assert counter.samples == passes * N
    assert sum(map(len, seen)) == of_g * N


def test_accumulated_parts_are_the_mean_of_their_own_steps() -> None:
    gan, real = replace(pictures(), accumulation=2), draw(N, *SHAPE)
    logs = combine([ZCR(), BCR()]).d_step(gan, real)
    whole, parts = pictures(0.0), []
    for part in real.chunk(2):
        parts.append(combine([ZCR(), BCR()]).d_step(whole, part)["d_loss"].item())
    assert logs["d_loss"].item() == pytest.approx(sum(parts) / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("others", "passes"),
    [([Unrolled(k=2)], 3 + 2 * 3 + 1), ([Consensus()], 8), ([Simultaneous()], 4)],
)
def test_zcr_knows_its_latents_whoever_steps(others: list[Method], passes: int) -> None:
    gan = make_gan(generator(), discriminator())
    method = combine([ZCR(), *others])
    method.check(gan)
    seen = watch(gan.discriminator)
    logs = method.step(gan, iter([draw(N, DIM)]))
    assert len(seen) == passes
    assert all(value.isfinite() for value in logs.values())
    assert not gan.generator._forward_hooks
    assert method.state_dict() == {}


def test_no_memory_whose_latents_are_known_becomes_other_samples_within_a_step() -> None:
    gan, method = make_gan(generator(), discriminator()), ZCR()
    with method._zcr_watching(gan.generator):
        for _ in range(3):
            gan.samples(N)
        kept = {address: samples for address, (_, samples) in method._zcr_latents.items()}
        assert len(kept) == 3
        assert all(samples.data_ptr() == address for address, samples in kept.items())
        assert not any(samples.requires_grad for samples in kept.values())
    assert not method._zcr_latents


def test_zcrs_second_sample_carries_gs_graph_in_ds_loss_only_where_the_first_does() -> None:
    """Consensus differentiates D's loss by G, both samples' shares of it included."""
    gan = make_gan(generator(), discriminator())
    seen = watch(gan.discriminator)
    ZCR().d_step(gan, draw(N, DIM))
    assert [batch.requires_grad for batch in seen] == [False] * 3
    combine([ZCR(), Consensus()]).d_step(gan, draw(N, DIM))
    assert [batch.requires_grad for batch in seen[3:]] == [False, True, True, True]


def test_where_zcr_would_not_be_told_of_a_step_the_order_is_refused() -> None:
    with pytest.raises(Incompatible, match="name ZCR before Simultaneous"):
        combine([Simultaneous(), ZCR()]).check(make_gan(generator(), discriminator()))


def test_samples_that_another_method_has_altered_are_refused_with_the_remedy() -> None:
    gan = make_gan(generator(), discriminator())
    method = combine([ZCR(), GrownASGAN(epsilon=0.1)])
    method.step(gan, iter([draw(N, DIM)]))
    method.attack_fakes = True
    with pytest.raises(Incompatible, match=r"not as G made them; .*attack_fakes"):
        method.step(gan, iter([draw(N, DIM)]))


def test_icr_is_both_with_their_values() -> None:
    run = replace(toys.PICTURES, method="icr").run()
    method = toys.experiment(run).method
    assert isinstance(method, ZCR)
    assert isinstance(method, BCR)
    own = ("cr_weight", "bcr_fake_weight", "zcr_dis_weight", "zcr_gen_weight", "zcr_sigma")
    assert [getattr(method, name) for name in own] == [10, 10, 20, 0.5, 0.05]
    build(toys.experiment(run), 0, torch.device("meta"))


@pytest.mark.parametrize(
    ("kind", "options", "complaint"),
    [
        (CR, {"cr_translation": 1.5}, r"cr_translation = 1.5: .*\[0, 1\]"),
        (ZCR, {"zcr_gen_weight": -0.5}, "zcr_gen_weight = -0.5: .* negative"),
        (ZCR, {"zcr_dis_weight": -1.0}, "zcr_dis_weight = -1.0"),
        (ZCR, {"zcr_sigma": -1.0}, "zcr_sigma = -1.0"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(kind: type, options, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        kind(**options)
