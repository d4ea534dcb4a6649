"""EMA: what it averages and when, that it is what is scored, and that training knows nothing."""

import numpy as np
import pytest
import torch
from gan_factory import (
    DIM,
    changed,
    default_dtype,
    discriminator,
    discriminator_state,
    draw,
    generator,
    generator_state,
    make_gan,
    random_state,
)
from torch import Tensor, nn
from torch.optim import Adam

from bench.conformance import toys, training
from methods.base import GAN, Method
from methods.combine import combine
from methods.ema import EMA
from methods.r1 import R1

pytestmark = pytest.mark.usefixtures("_float64")

N = 6


def networks() -> GAN:
    own = nn.Sequential(generator(), nn.BatchNorm1d(DIM))
    return make_gan(own, discriminator(), g_optimizer=Adam, d_optimizer=Adam)


def train(gan: GAN, method: Method, steps: int) -> list[dict[str, Tensor]]:
    """So many steps; the generator's state after each."""
    states = []
    for _ in range(steps):
        method.step(gan, iter([draw(N, DIM, seed=gan.step)]))
        gan.step += 1
        states.append({name: value.clone() for name, value in gan.generator.state_dict().items()})
    return states


@pytest.mark.parametrize("start", [0, 3])
def test_weights_are_averaged_from_the_start_step_on_and_buffers_are_those_of_now(start) -> None:
    """By hand: until then it is what the generator is, and its first weights count."""
    decay, gan = 0.7, networks()
    method = EMA(ema_decay=decay, ema_start=start)
    expected = {name: p.detach().numpy().copy() for name, p in gan.generator.named_parameters()}
    for step in range(6):
        (now,) = train(gan, method, 1)
        own = decay if step >= start else 0.0
        for name, old in expected.items():
            expected[name] = own * old + (1 - own) * now[name].numpy()
        scored = method.evaluated(gan).state_dict()
        assert scored.keys() == now.keys()
        for name, value in scored.items():
            if name in expected:
                assert np.allclose(value.numpy(), expected[name], rtol=1e-12), (step, name)
            else:
                assert torch.equal(value, now[name]), (step, name)


@pytest.mark.parametrize("start", [0, 2])
def test_while_it_ramps_up_its_half_life_is_a_share_of_the_training_so_far(start: int) -> None:
    gan, method = networks(), EMA(ema_decay=0.8, ema_start=start, ema_rampup=0.5)
    decays = [0.0, 0.5**2, 0.5, 0.5 ** (2 / 3), 0.5**0.5, 0.5**0.4, 0.5 ** (1 / 3), 0.8]
    decays[:start] = [0.0] * start
    average = gan.generator[0][0].weight.detach().clone()
    for decay in decays:
        (now,) = train(gan, method, 1)
        average = decay * average + (1 - decay) * now["0.0.weight"]
        own = method.evaluated(gan)[0][0].weight
        assert torch.allclose(own, average, rtol=1e-12)


def test_training_knows_nothing_of_it() -> None:
    gan, plain = networks(), networks()
    train(gan, combine([EMA(), R1()]), 3)
    train(plain, R1(), 3)
    for state in (generator_state, discriminator_state, random_state):
        assert not changed(state(plain), state(gan))


def test_what_is_scored_is_apart_from_what_trains_and_from_the_average() -> None:
    gan, method = networks(), EMA()
    assert method.evaluated(gan) is gan.generator
    train(gan, method, 2)
    scored = method.evaluated(gan)
    before = {name: value.clone() for name, value in scored.state_dict().items()}
    assert changed(before, dict(gan.generator.state_dict()))
    kept = {name: value.clone() for name, value in method.state_dict()["ema_average"].items()}
    train(gan, Method(), 2)
    assert not changed(before, dict(scored.state_dict()))
    assert not changed(kept, method.state_dict()["ema_average"])
    now = generator_state(gan)
    for value in scored.state_dict().values():
        value.zero_()
    assert not changed(now, generator_state(gan))
    again = dict(method.evaluated(gan).named_parameters())
    assert not changed({name: before[name] for name in again}, again)


def test_as_a_setting_it_is_of_every_method_and_samples_are_of_the_average() -> None:
    files, at_once = ("settings/ema.gin",), ("EMA.ema_rampup = 0.0",)
    with default_dtype(torch.float32):
        averaged = toys.trainer(toys.Toy("ring", bindings=at_once, include=files).run())
        plain = toys.trainer(toys.Toy("ring").run())
        for trainer in (averaged, plain):
            trainer.advance(2, lambda progress: None)
        assert not changed(generator_state(plain.gan), generator_state(averaged.gan))
        assert not torch.equal(plain.samples(4), averaged.samples(4))
        own = toys.Toy("ring", method="ema", bindings=at_once, include=files).run()
        assert type(toys.trainer(own).experiment.method) is EMA
        training.resumes(own)
