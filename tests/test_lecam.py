"""LeCam: which average anchors which side, when it moves, and that it survives a checkpoint."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from gan_factory import (
    changed,
    default_dtype,
    discriminator,
    discriminator_state,
    draw,
    fakes_of,
    generator,
    linear,
    make_gan,
    sgd,
    watch,
)

from bench.conformance import toys, training
from bench.runs import checkpoint
from methods.as_gan import ASGAN
from methods.base import GAN, Method
from methods.combine import combine
from methods.hinge import Hinge
from methods.l1_penalty import L1Penalty
from methods.lecam import LeCam
from methods.r1 import R1
from methods.unrolled import Unrolled

pytestmark = pytest.mark.usefixtures("_float64")

N, WEIGHT, BIAS = 6, torch.tensor([0.8, -1.1, 0.6], dtype=torch.float64), 0.2
FROZEN = sgd(0.0)


def anchored(average_real: float, average_fake: float, **options) -> LeCam:
    method = LeCam(lecam_start=0, **options)
    method.load_state_dict({"lecam_averages": torch.tensor([average_real, average_fake])})
    return method


def averages(method: Method) -> list[float]:
    return method.state_dict()["lecam_averages"].tolist()


def batches(count: int) -> list[torch.Tensor]:
    return [draw(N, 3, seed=seed) + seed for seed in range(count)]


@pytest.mark.parametrize("rectified", [False, True])
def test_a_whole_d_step_is_the_one_computed_by_hand(rectified: bool) -> None:
    """f(x) is drawn to the fakes' average, f(G(z)) to the reals'; no gradient through either."""
    lr, weight, decay = 0.1, 0.7, 0.9
    gan = make_gan(generator(dim=3), linear(WEIGHT, BIAS), d_optimizer=sgd(lr))
    real = draw(N, 3)
    fake = fakes_of(gan, N).numpy()
    w, x = WEIGHT.numpy(), real.numpy()
    r, f = x @ w + BIAS, fake @ w + BIAS
    a_real, a_fake = decay * 0.3 + 0.1 * r.mean(), decay * -0.4 + 0.1 * f.mean()
    above, below = r - a_fake, a_real - f
    if rectified:
        assert (above < 0).any()
        assert (below < 0).any()
        above, below = np.maximum(above, 0), np.maximum(below, 0)
    on_real = (-1 / (1 + np.exp(r)) + 2 * weight * above) / N
    on_fake = (1 / (1 + np.exp(-f)) - 2 * weight * below) / N
    method = anchored(0.3, -0.4, lecam_weight=weight, lecam_decay=decay, lecam_rectified=rectified)
    logs = method.d_step(gan, real)
    penalty = weight * ((above**2).mean() + (below**2).mean())
    loss = np.log1p(np.exp(-r)).mean() + np.log1p(np.exp(f)).mean() + penalty
    own, own_bias = (p.detach().numpy() for p in gan.discriminator.parameters())
    assert logs["d_loss"].item() == pytest.approx(loss, rel=1e-12)
    assert np.allclose(own[0], w - lr * (on_real @ x + on_fake @ fake), rtol=1e-10)
    assert own_bias.item() == pytest.approx(BIAS - lr * (on_real.sum() + on_fake.sum()), rel=1e-10)
    assert averages(method) == pytest.approx([a_real, a_fake], rel=1e-12)


def test_averages_follow_the_batches_by_their_decay_from_the_start_step_on() -> None:
    decay, start = 0.8, 3
    gan = make_gan(generator(dim=3), linear(WEIGHT), d_optimizer=FROZEN)
    method = LeCam(lecam_decay=decay, lecam_start=start)
    expected = None
    for gan.step, real in enumerate(batches(6)):
        mean = (real @ WEIGHT).mean().item()
        averaging = expected is not None and gan.step >= start
        expected = decay * expected + (1 - decay) * mean if averaging else mean
        method.d_step(gan, real)
        assert averages(method)[0] == pytest.approx(expected, rel=1e-10)


def test_before_the_start_step_the_loss_is_the_combined_methods() -> None:
    gan = make_gan(generator(), discriminator())
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    gan.step = 999
    assert torch.equal(LeCam().d_loss(gan, real, fake), Method().d_loss(gan, real, fake))
    gan.step = 1000
    assert LeCam().d_loss(gan, real, fake) > Method().d_loss(gan, real, fake)


def test_the_penalty_adds_to_whatever_loss() -> None:
    gan = make_gan(generator(), discriminator())
    real, fake = draw(N, 4, seed=1), draw(N, 4, seed=2)
    penalties = []
    for base in (Method(), Hinge(), R1(), L1Penalty()):
        method = combine([LeCam(lecam_start=0), base])
        method.check(gan)
        penalties.append((method.d_loss(gan, real, fake) - base.d_loss(gan, real, fake)).item())
    assert penalties == pytest.approx([penalties[0]] * 4, rel=1e-9)
    assert penalties[0] > 0


def test_no_batch_passes_through_d_twice_for_it() -> None:
    gan = make_gan(generator(), discriminator())
    seen = watch(gan.discriminator)
    LeCam(lecam_start=0).d_step(gan, draw(N, 4))
    assert len(seen) == 2


def test_the_generators_step_and_a_probe_of_the_loss_move_no_average() -> None:
    gan = make_gan(generator(), discriminator())
    method = combine([LeCam(lecam_start=0), Unrolled(k=2)])
    method.d_step(gan, draw(N, 4))
    before = averages(method)
    method.g_step(gan, draw(N, 4))
    method.d_loss(gan, draw(N, 4, seed=1), draw(N, 4, seed=2))
    assert averages(method) == before


def test_averages_carry_no_graph() -> None:
    gan = make_gan(generator(), discriminator())
    method = LeCam(lecam_start=0)
    method.d_step(gan, draw(N, 4))
    assert not method.state_dict()["lecam_averages"].requires_grad


def test_a_step_reads_no_number_off_the_device(monkeypatch) -> None:
    gan, real = make_gan(generator(), discriminator()), draw(N, 4)
    method = LeCam(lecam_start=0)
    method.d_step(gan, real)

    def read(tensor: torch.Tensor) -> None:
        raise AssertionError("the host waits for the device")

    for name in ("item", "tolist", "numpy", "cpu", "__float__", "__bool__"):
        monkeypatch.setattr(torch.Tensor, name, read)
    method.d_step(gan, real)


def test_state_goes_round_a_checkpoint_and_the_run_goes_on_as_if_never_stopped() -> None:
    def train(gan: GAN, method: Method, reals: list[torch.Tensor], first: int) -> None:
        for step, real in enumerate(reals, start=first):
            method.step(replace(gan, step=step), iter([real]))

    gan, method = make_gan(generator(dim=3), linear(WEIGHT)), LeCam(lecam_start=1)
    train(gan, method, batches(3), 0)
    state = checkpoint.round_trip(method.state_dict())
    resumed = LeCam(lecam_start=1)
    assert resumed.state_dict() == {}
    resumed.load_state_dict(state)
    assert averages(resumed) == averages(method)
    twin = make_gan(generator(dim=3), linear(WEIGHT))
    for own, other in zip(
        (gan.generator, gan.discriminator), (twin.generator, twin.discriminator), strict=True
    ):
        other.load_state_dict(own.state_dict())
    twin.latent_stream.set_state(gan.latent_stream.get_state())
    train(gan, method, batches(3), 3)
    train(twin, resumed, batches(3), 3)
    assert not changed(discriminator_state(gan), discriminator_state(twin))


def test_a_run_resumes_while_the_penalty_is_at_work() -> None:
    """The runs that a method is tried in end before LeCam's default start."""
    with default_dtype(torch.float32):
        run = toys.Toy("ring", method="lecam", bindings=("LeCam.lecam_start = 1",)).run()
        assert toys.trainer(run).experiment.method.lecam_start == 1
        training.resumes(run)


def test_an_earlier_checkpoint_without_state_starts_afresh() -> None:
    method = anchored(1.0, 2.0)
    method.load_state_dict({})
    assert method.state_dict() == {}


def test_two_instances_share_no_state_and_a_combined_one_has_its_own() -> None:
    gan = make_gan(generator(), discriminator())
    method = combine([LeCam(lecam_start=0), ASGAN()])
    method.step(gan, iter([draw(N, 4)]))
    assert len(averages(method)) == 2
    assert LeCam().state_dict() == {}
    assert (method.lecam_weight, method.lecam_decay) == (0.3, 0.99)


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_a_decay_outside_of_the_unit_interval_is_refused(decay: float) -> None:
    with pytest.raises(ValueError, match=r"lecam_decay = .* \[0, 1\)"):
        LeCam(lecam_decay=decay)


def test_the_references_settings_are_the_defaults() -> None:
    method = LeCam()
    assert (method.lecam_weight, method.lecam_decay, method.lecam_start) == (0.3, 0.99, 1000)
