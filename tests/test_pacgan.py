"""PacGAN: which samples make a pack, what D sees of them, and what does not fit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from gan_factory import (
    DIM,
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
from torch import nn

from architectures.dcgan import DCGANDiscriminator
from architectures.mlp import MLPDiscriminator
from bench.config.bound import Bound
from bench.config.plan import make_plan
from bench.conformance import method as conformance
from bench.conformance import toys
from bench.errors import UsageError
from bench.training.experiment import experiment_of
from bench.training.preflight import preflight
from bench.training.trainer import Trainer
from methods.base import Incompatible
from methods.pacgan import PacGAN, Packed
from methods.penalty import input_gradients


@pytest.fixture
def suite(toy_suite):
    """Vanilla and PacGAN on the ring, in a moment."""
    text = toy_suite.read_text().replace("as_gan", "pacgan")
    toy_suite.write_text(text.replace("ASGAN.epsilon = 0.1\n", ""))
    return toy_suite


def trained(run):
    experiment = experiment_of(Bound(run.config))
    trainer = Trainer(experiment, run.seed, experiment.judge(experiment.data))
    trainer.train(lambda progress: None, lambda state: None)
    return trainer


@pytest.mark.usefixtures("_float64")
def test_a_whole_step_is_the_one_computed_by_hand():
    """f of a pack is w1 x1 + w2 x2, for its samples one after the other; means are over packs."""
    n, lr = 6, 0.3
    weight = draw(2, 3)
    gan = make_gan(
        generator(dim=3), Packed(linear(weight), 2), g_optimizer=sgd(lr), d_optimizer=sgd(lr)
    )
    real, fake = draw(n, 3, seed=1), fakes_of(gan, n)
    w = weight.flatten().numpy()
    x, y = (samples.numpy().reshape(n // 2, 6) for samples in (real, fake))
    logs = PacGAN(m=2).d_step(gan, real)
    stepped = w - lr * (sigmoid(y @ w) @ y - sigmoid(-(x @ w)) @ x) / (n // 2)
    (own,) = gan.discriminator.parameters()
    assert np.allclose(own.detach().numpy()[0], stepped, rtol=1e-10)
    loss = np.log1p(np.exp(-(x @ w))).mean() + np.log1p(np.exp(y @ w)).mean()
    assert logs["d_loss"].item() == pytest.approx(loss, rel=1e-12)
    samples = fake.requires_grad_()
    PacGAN(m=2).g_loss(gan, real, samples).backward()
    slopes = -sigmoid(-(y @ stepped))[:, None] * stepped / (n // 2)
    assert np.allclose(samples.grad.numpy(), slopes.reshape(n, 3), rtol=1e-10)


@pytest.mark.parametrize("shape", [(2,), (3, 8, 8)])
def test_packs_are_of_consecutive_samples_joined_by_channels(shape):
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(1), nn.Flatten(0))
    packed = Packed(network, 3)
    seen = watch(network)
    batch = draw(12, *shape)
    assert packed(batch).shape == (4,)
    expected = [torch.cat([batch[i], batch[i + 1], batch[i + 2]]) for i in (0, 3, 6, 9)]
    assert torch.equal(seen[0], torch.stack(expected))


def test_ds_first_layer_alone_grows_m_fold():
    for architecture, shape in ((MLPDiscriminator, (2,)), (DCGANDiscriminator, (3, 8, 8))):
        plain = [tuple(p.shape) for p in architecture(shape, width=4).parameters()]
        method = PacGAN(m=4)
        packed = method.make_discriminator(lambda s, make=architecture: make(s, width=4), shape)
        first, *rest = [tuple(p.shape) for p in packed.parameters()]
        assert first == (plain[0][0], 4 * plain[0][1], *plain[0][2:])
        assert rest == plain[1:]


def test_of_one_sample_a_pack_is_vanilla_bitwise(suite):
    runs = make_plan(str(suite), gin_bindings=["PacGAN.m = 1"]).runs
    vanilla, packed = (trained(run) for run in runs)
    assert type(packed.experiment.method) is PacGAN
    for player in ("generator", "discriminator"):
        one, other = (list(t.state_dict()[player].values()) for t in (vanilla, packed))
        assert len(one) == len(other)
        assert all(map(torch.equal, one, other))
    assert vanilla.history.losses == packed.history.losses
    assert vanilla.history.diagnostics == packed.history.diagnostics


def test_it_costs_what_vanilla_costs(suite):
    vanilla, packed = (trained(run) for run in make_plan(str(suite)).runs)
    assert packed.d_gradients == vanilla.d_gradients > 0


def test_a_logit_reaches_every_sample_of_its_pack_and_no_other():
    packed = Packed(MLPDiscriminator((6,), width=16), 3)
    batch = draw(9, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(packed(batch)[1], batch)
    assert (gradient.abs().sum(1) > 0).tolist() == [False] * 3 + [True] * 3 + [False] * 3


@pytest.fixture
def combined(suite, offer):
    """Plans PacGAN combined with another method."""

    def plan(other, module):
        text = f"import methods.pacgan\nimport methods.combine\nimport methods.{module}\n"
        text += f"Experiment.method = @combine()\ncombine.methods = [@PacGAN(), @{other}()]\n"
        steps = toys.STEPS
        brief = {"steps": steps, "evaluations": steps, "log_every": 1, "batch_size": toys.BATCH}
        bindings = [f"Experiment.{name} = {n}" for name, n in brief.items()]
        methods = f'Suite.methods = ["{offer("combination", text)}"]'
        return make_plan(str(suite), gin_bindings=[methods, *bindings])

    return plan


@pytest.mark.parametrize(
    ("other", "module"),
    [
        ("ASGAN", "as_gan"),
        ("GANQP", "gan_qp"),
        ("SpectralNorm", "spectral_norm"),
        ("TopK", "top_k"),
        ("Unrolled", "unrolled"),
    ],
)
def test_combinations_that_make_sense_conform(combined, other, module):
    plan = combined(other, module)
    preflight(plan)
    for check in conformance.CHECKS:
        check(plan.runs[0])


def test_a_penalty_on_each_samples_gradient_is_refused(combined):
    with pytest.raises(UsageError, match="judges 2 samples together; leave one"):
        preflight(combined("WGANGP", "wgan_gp"))


def test_the_gradient_of_each_sample_is_refused_where_d_does_not_say_so():
    packed = Packed(discriminator(dim=2 * DIM), 2)
    gan = replace(make_gan(generator(), packed), discriminator=lambda x: packed(x))
    with pytest.raises(Incompatible, match="gives 4 for 8"):
        input_gradients(gan, draw(8, DIM))


@pytest.mark.parametrize(
    ("bindings", "complaint"),
    [
        (["PacGAN.m = 3"], "m = 3 do not divide a batch of 16;"),
        (["PacGAN.m = 4", "Experiment.accumulation = 8"], "a batch of 16 in 8 parts; bind m,"),
        (["PacGAN.m = 0"], "at least 1 sample"),
        (["PacGAN.m = @linear()", "linear.start = 2", "linear.end = 4"], "read once, when the net"),
    ],
)
def test_a_pack_that_cannot_be_is_refused_before_any_work(suite, bindings, complaint):
    with pytest.raises(UsageError, match=complaint):
        preflight(make_plan(str(suite), gin_bindings=bindings))
    preflight(make_plan(str(suite), gin_bindings=["PacGAN.m = 4", "Experiment.accumulation = 4"]))
