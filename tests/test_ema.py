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

from bench.config.bound import Bound
from bench.conformance import toys
from bench.training.experiment import experiment_of
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
def test_the_average_is_of_weights_and_of_buffers_from_the_start_step_on(start: int) -> None:
    """By hand: until then it is what the generator is, and its first weights count."""
    decay, gan = 0.7, networks()
    method = EMA(ema_decay=decay, ema_start=start)
    expected = {name: value.numpy().copy() for name, value in gan.generator.state_dict().items()}
    for step in range(6):
        (now,) = train(gan, method, 1)
        for name, value in now.items():
            old, new = expected[name], value.numpy()
            averaging = step >= start and np.issubdtype(new.dtype, np.floating)
            expected[name] = decay * old + (1 - decay) * new if averaging else new.copy()
        scored = method.evaluated(gan).state_dict()
        assert scored.keys() == expected.keys()
        for name, value in scored.items():
            assert np.allclose(value.numpy(), expected[name], rtol=1e-12), (step, name)
    assert scored["1.num_batches_tracked"] == 2 * 6


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
    assert not changed(before, dict(method.evaluated(gan).state_dict()))


def test_as_a_setting_it_is_of_every_method_and_samples_are_of_the_average() -> None:
    with default_dtype(torch.float32):
        include = ("settings/ema.gin",)
        runs = [toys.Toy("ring", method="vanilla", include=files).run() for files in (include, ())]
        averaged, plain = (toys.trainer(run) for run in runs)
        for trainer in (averaged, plain):
            trainer.advance(2, lambda progress: None)
        assert not changed(generator_state(plain.gan), generator_state(averaged.gan))
        assert not torch.equal(plain.samples(4), averaged.samples(4))
        own = toys.Toy("ring", method="ema", include=include).run()
        assert type(experiment_of(Bound(own.config)).method) is EMA
