"""ADA and APA: which way p moves, when, by how much, and what it is the chance of."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from gan_factory import (
    LATENT,
    changed,
    default_dtype,
    discriminator,
    draw,
    fakes_of,
    generator,
    linear,
    make_gan,
    random_state,
    sgd,
    sigmoid,
    watch,
)
from torch import nn

from bench.conformance import toys, training
from bench.runs import checkpoint
from bench.training.cost import PassCounter
from methods.ada import ADA
from methods.adaptive import Adaptive
from methods.apa import APA
from methods.as_gan import ASGAN
from methods.augmented import Augmented
from methods.base import GAN, Method
from methods.combine import combine
from methods.hinge import Hinge
from methods.lecam import LeCam
from methods.relativistic import Relativistic
from methods.unrolled import Unrolled

pytestmark = pytest.mark.usefixtures("_float64")

N = 10
FIRST = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)


def told(positive: int, n: int = N) -> torch.Tensor:
    """A batch of which D, whose logit is a sample's first value, finds so many to be real."""
    batch = draw(n, 3)
    batch[:, 0] = torch.cat([torch.full((positive,), 2.0), torch.full((n - positive,), -3.0)])
    return batch


def judge(**others) -> GAN:
    """A D that never learns."""
    gan = make_gan(generator(dim=3), linear(FIRST), d_optimizer=sgd(0.0))
    return replace(gan, **others)


def p_of(method: Method) -> float:
    return float(method.adaptive_p)


@pytest.mark.parametrize("base", [Method(), Hinge(), Relativistic()])
@pytest.mark.parametrize(("positive", "way"), [(9, 1), (7, -1), (8, 0)])
def test_p_rises_where_d_calls_more_real_samples_real_than_the_target_says(
    base: Method, positive: int, way: int
) -> None:
    """Of 10 samples 8 positive are a mean sign of .6; p moves by 4 . 10 / 400 every 4 D steps."""
    method = combine([Adaptive(adaptive_start=0.5, adaptive_kimg=0.4), base])
    gan = judge()
    for done in range(1, 9):
        logs = method.d_step(gan, told(positive))
        expected = 0.5 + way * 0.1 * (done // 4)
        assert p_of(method) == logs["adaptive_p"].item() == pytest.approx(expected, rel=1e-12)
    assert logs["adaptive_p"].shape == ()


def test_the_mean_sign_is_that_of_all_batches_since_p_last_moved() -> None:
    method = Adaptive(adaptive_start=0.5, adaptive_kimg=0.4)
    for positive in (0, 0, 0, 10, 10, 10, 10, 5, 10, 10, 10, 10):
        method.d_step(judge(), told(positive))
    assert p_of(method) == pytest.approx(0.5 - 0.1 + 0.1 + 0.1, rel=1e-12)


@pytest.mark.parametrize(("positive", "end"), [(N, 1.0), (0, 0.0)])
def test_p_stays_a_probability_and_comes_back_at_once(positive: int, end: float) -> None:
    method = Adaptive(adaptive_start=0.5, adaptive_interval=1, adaptive_kimg=0.03)
    for _ in range(4):
        method.d_step(judge(), told(positive))
    assert p_of(method) == end
    method.d_step(judge(), told(N - positive))
    assert p_of(method) == pytest.approx(abs(end - 1 / 3), rel=1e-12)


def test_the_clock_counts_ds_steps_and_the_samples_that_d_was_given() -> None:
    """Not G's steps, and in AS-GAN not the second pass of a batch; parts of one are one."""
    real = told(10, 12)
    for method, gan, steps in (
        (Adaptive(d_steps=5), judge(), 5),
        (Adaptive(), judge(accumulation=3), 1),
        (combine([Adaptive(), ASGAN(epsilon=0.1)]), judge(), 1),
    ):
        method.adaptive_kimg = 0.48
        for _ in range(4):
            method.step(gan, iter([real] * steps))
        assert p_of(method) == pytest.approx(0.1 * steps, rel=1e-12)


def test_signs_are_of_the_logits_that_the_loss_is_made_of_and_cost_no_pass() -> None:
    gan = judge()
    counter = PassCounter()
    seen = watch(gan.discriminator)
    method = combine([LeCam(lecam_start=0), Adaptive(adaptive_interval=1, adaptive_kimg=0.1)])
    with counter.counting(gan.discriminator):
        method.step(gan, iter([told(10)]))
    assert len(seen) == 3
    assert counter.samples == 3 * N
    assert p_of(method) == pytest.approx(0.1, rel=1e-12)


def test_a_probe_of_the_loss_and_gs_step_move_nothing() -> None:
    gan = make_gan(generator(), discriminator())
    method = combine([Adaptive(), Unrolled(k=2)])
    for seed in range(2):
        method.d_step(gan, draw(N, 4, seed=seed))
    before = method.state_dict()
    method.g_step(gan, draw(N, 4))
    method.d_loss(gan, draw(N, 4) - 9, draw(N, 4))
    assert method.state_dict() == before
    twin = combine([Adaptive(), Unrolled(k=2)])
    twin.load_state_dict(before)
    for one in (method, twin):
        one.d_step(judge(), told(5))
    assert method.state_dict() == twin.state_dict()


def test_a_step_reads_no_number_off_the_device(monkeypatch) -> None:
    gan, real = make_gan(generator(), discriminator()), draw(N, 4)
    method = APA(adaptive_interval=2)
    method.d_step(gan, real)

    def read(tensor: torch.Tensor) -> None:
        raise AssertionError("the host waits for the device")

    for name in ("item", "tolist", "numpy", "cpu", "__float__", "__bool__"):
        monkeypatch.setattr(torch.Tensor, name, read)
    for _ in range(3):
        method.d_step(gan, real)


def test_state_goes_round_a_checkpoint_and_an_earlier_one_without_it_starts_afresh() -> None:
    method = Adaptive(adaptive_start=0.5, adaptive_kimg=0.4)
    assert method.state_dict() == {}
    for _ in range(6):
        method.d_step(judge(), told(10))
    state = checkpoint.round_trip(method.state_dict())
    resumed = Adaptive(adaptive_start=0.5, adaptive_kimg=0.4)
    resumed.load_state_dict(state)
    for one in (method, resumed):
        for _ in range(2):
            one.d_step(judge(), told(10))
        assert p_of(one) == pytest.approx(0.7, rel=1e-12)
    resumed.load_state_dict({})
    assert p_of(resumed) == 0.5


@pytest.mark.parametrize("name", ["ada", "apa"])
def test_a_run_resumes_while_p_is_at_work(name: str) -> None:
    own = name.upper()
    bindings = (
        *toys.PICTURES.bindings,
        f"{own}.adaptive_start = 0.5",
        f"{own}.adaptive_interval = 2",
        f"{own}.adaptive_kimg = 0.1",
    )
    with default_dtype(torch.float32):
        run = replace(toys.PICTURES, method=name, bindings=bindings).run()
        trained = training.trained(run)
        assert p_of(trained.experiment.method) != 0.5
        training.resumes(run)


# --- APA


def test_a_whole_step_of_apa_is_the_one_computed_by_hand() -> None:
    """Samples whose number from U[0, 1) is below p are fakes, of latents of the method's stream."""
    lr, p, weight = 0.1, 0.4, torch.tensor([0.8, -1.1, 0.6], dtype=torch.float64)
    gan = make_gan(generator(dim=3), linear(weight), d_optimizer=sgd(lr))
    real = draw(N, 3)
    fake = fakes_of(gan, N).numpy()
    noise = torch.Generator().manual_seed(1)
    with torch.no_grad():
        pseudo = gan.generator(torch.randn(N, LATENT, generator=noise)).numpy()
    deceiving = torch.rand(N, 1, generator=noise).numpy() < p
    assert 0 < deceiving.sum() < N
    x, w = np.where(deceiving, pseudo, real.numpy()), weight.numpy()
    stepped = w - lr * (-sigmoid(-(x @ w)) @ x + sigmoid(fake @ w) @ fake) / N
    method = APA(adaptive_start=p, adaptive_interval=1, adaptive_kimg=1.0)
    method.d_step(gan, real)
    (layer,) = gan.discriminator.parameters()
    assert np.allclose(layer.detach().numpy()[0], stepped, rtol=1e-10)
    excess = np.sign(x @ w).mean() - 0.6
    assert p_of(method) == pytest.approx(p + np.sign(excess) * N / 1000, rel=1e-12)


def test_apa_leaves_gs_loss_and_the_common_latents_alone() -> None:
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    APA(adaptive_start=0.5).d_step(gan, draw(N, 4))
    Method().d_step(twin, draw(N, 4))
    assert changed(random_state(gan), random_state(twin)) == {"noise"}
    losses = [m.g_loss(gan, draw(N, 4), draw(N, 4, seed=1)) for m in (APA(), Method())]
    assert torch.equal(*losses)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_apa_at_either_end_gives_d_the_real_batch_or_fakes_alone(p: float) -> None:
    gan, real = make_gan(generator(), discriminator()), draw(N, 4)
    seen = watch(gan.discriminator)
    fakes = watch(gan.generator)
    combine([APA(adaptive_start=p), ASGAN(epsilon=0.1)]).d_step(gan, real)
    batches = [real, gan.generator(fakes[0])]
    for first, given in ((0, seen[0]), (2, seen[2])):  # x, and x_hat close to it
        near = (given - batches[int(p)]).abs().max()
        assert near <= (0.1 + 1e-9) * (first > 0)


# --- ADA


class View(nn.Module):
    """Values as pictures."""

    SHAPE = (3, 4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(-1, *self.SHAPE)


WIDE = draw(*View.SHAPE, seed=9).double() / 5


def pictures(lr: float) -> GAN:
    own = nn.Sequential(nn.Linear(LATENT, 48), View())
    return replace(make_gan(own, linear(WIDE), d_optimizer=sgd(lr)), shape=View.SHAPE)


def test_a_whole_step_of_ada_augments_by_p_as_it_stands_in_each_players_turn() -> None:
    """T itself is proved elsewhere; here it is that each of three passes has one, by D's own p."""
    lr, p = 0.1, 0.6
    gan, real = pictures(lr), draw(N, *View.SHAPE)
    latents = torch.Generator().manual_seed(0)
    noise = replace(gan, noise=torch.Generator().manual_seed(1))
    with torch.no_grad():
        fakes = [gan.generator(torch.randn(N, LATENT, generator=latents)) for _ in range(2)]
    on_real, on_fake = (ADA(adaptive_start=p).augment(noise, x) for x in (real, fakes[0]))
    r, f, w = on_real.flatten(1).numpy(), on_fake.flatten(1).numpy(), WIDE.numpy().ravel()
    stepped = w - lr * (-sigmoid(-(r @ w)) @ r + sigmoid(f @ w) @ f) / N
    after = p + 0.3 * np.sign(np.sign(r @ w).mean() - 0.6)
    seen = watch(gan.discriminator[0])
    method = ADA(adaptive_start=p, adaptive_interval=1, adaptive_kimg=N / 300)
    method.step(gan, iter([real]))
    (layer,) = gan.discriminator.parameters()
    assert np.allclose(layer.detach().numpy()[0], stepped, rtol=1e-10)
    assert p_of(method) == pytest.approx(after, rel=1e-12)
    on_g = ADA(adaptive_start=after).augment(noise, fakes[1])
    assert torch.equal(seen[2], on_g)
    assert not torch.equal(on_g, fakes[1])


def test_one_p_is_shared_where_both_are_combined() -> None:
    method = combine([ADA(adaptive_target=0.5), APA()])
    assert isinstance(method, Augmented)
    assert method.adaptive_target == 0.5
    gan = pictures(0.1)
    for seed in range(4):
        method.d_step(gan, draw(N, *View.SHAPE, seed=seed))
    assert set(method.state_dict()) == {"adaptive"}
    assert p_of(method) in (0.0, 4 * N / 500_000)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"adaptive_interval": 0}, "adaptive_interval = 0: it must be above 0"),
        ({"adaptive_kimg": 0.0}, "adaptive_kimg = 0.0: it must be above 0"),
        ({"adaptive_target": 1.5}, r"adaptive_target = 1.5: .*\[-1, 1\]"),
        ({"adaptive_start": 1.2}, "adaptive_start = 1.2: it is a probability"),
    ],
)
@pytest.mark.parametrize("kind", [ADA, APA])
def test_a_value_that_makes_no_sense_is_refused(kind: type, options, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        kind(**options)
