"""The worked example, installed as the separate package that it is, and run by commands."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from gan_factory import DIM, discriminator, draw, generator, make_gan, watch

from architectures.dcgan import DCGANDiscriminator
from architectures.mlp import MLPDiscriminator
from bench.config.bound import Bound
from bench.config.plan import make_plan
from bench.conformance import method as conformance
from bench.conformance import toys
from bench.errors import UsageError
from bench.runs import records
from bench.training.experiment import experiment_of
from bench.training.preflight import preflight
from bench.training.trainer import Trainer
from methods.base import Incompatible
from methods.penalty import input_gradients

EXAMPLE = Path(__file__).parents[1] / "examples" / "pacgan"


@pytest.fixture
def suite(toy_suite):
    """Vanilla and PacGAN on the ring, in a moment."""
    text = toy_suite.read_text().replace("as_gan", "pacgan")
    toy_suite.write_text(text.replace("ASGAN.epsilon = 0.1\n", ""))
    return toy_suite


def ganbench(target, folder, *words):
    """Runs a command in a process that finds the example installed; returns what it printed."""
    command = [sys.executable, "-m", "ganbench", *words]
    path = os.pathsep.join(map(str, (target, EXAMPLE.parents[1])))
    environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def trained(run):
    experiment = experiment_of(Bound(run.config))
    trainer = Trainer(experiment, run.seed, experiment.judge(experiment.data))
    trainer.train(lambda progress: None, lambda state: None)
    return trainer


def test_it_is_listed_and_conforms(target, tmp_path):
    listed = ganbench(target, tmp_path, "list", "methods")
    assert "PacGAN: D judges several samples together" in listed
    assert "vanilla" in listed
    lines = ganbench(target, tmp_path, "conform", "pacgan").splitlines()
    assert lines[0] == f"pacgan: {target / 'pacgan' / 'gin' / 'methods' / 'pacgan.gin'}"
    assert lines[1] == "tried on ring with mlp"
    assert len(lines) == 2 + len(conformance.CHECKS)
    assert all(line.endswith(": ok") for line in lines[2:])


def test_a_suite_runs_it_beside_ours(target, suite, tmp_path):
    ganbench(target, tmp_path, "run", str(suite), "--jobs", "1")
    found = {record["method"]: record for record in records.read_all(tmp_path / "runs")}
    assert found.keys() == {"vanilla", "pacgan"}
    assert found["pacgan"]["status"] in {"completed", "collapsed"}
    assert found["pacgan"]["cost"]["d_gradients"] == found["vanilla"]["cost"]["d_gradients"]
    assert "pacgan" in (tmp_path / "runs" / "pages" / "toy" / "README.md").read_text()


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "pacgan/__init__.py", "pacgan/gin/methods/pacgan.gin"]
)
def test_the_guide_shows_the_files_as_they_are(name):
    guide = (EXAMPLE / "README.md").read_text()
    assert f"\n{(EXAMPLE / name).read_text()}```\n" in guide


@pytest.mark.parametrize("shape", [(2,), (3, 8, 8)])
def test_packs_are_of_consecutive_samples_joined_by_channels(pacgan, shape):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(1), torch.nn.Flatten(0))
    packed = pacgan.Packed(network, 3)
    seen = watch(network)
    batch = draw(12, *shape)
    assert packed(batch).shape == (4,)
    expected = [torch.cat([batch[i], batch[i + 1], batch[i + 2]]) for i in (0, 3, 6, 9)]
    assert torch.equal(seen[0], torch.stack(expected))


def test_ds_first_layer_alone_grows_m_fold(pacgan):
    for architecture, shape in ((MLPDiscriminator, (2,)), (DCGANDiscriminator, (3, 8, 8))):
        plain = [tuple(p.shape) for p in architecture(shape, width=4).parameters()]
        method = pacgan.PacGAN(m=4)
        packed = method.make_discriminator(lambda s, make=architecture: make(s, width=4), shape)
        first, *rest = [tuple(p.shape) for p in packed.parameters()]
        assert first == (plain[0][0], 4 * plain[0][1], *plain[0][2:])
        assert rest == plain[1:]


def test_of_one_sample_a_pack_is_vanilla_bitwise(pacgan, suite):
    runs = make_plan(str(suite), gin_bindings=["PacGAN.m = 1"]).runs
    vanilla, packed = (trained(run) for run in runs)
    assert type(packed.experiment.method) is pacgan.PacGAN
    for player in ("generator", "discriminator"):
        one, other = (list(t.state_dict()[player].values()) for t in (vanilla, packed))
        assert len(one) == len(other)
        assert all(map(torch.equal, one, other))
    assert vanilla.history.losses == packed.history.losses
    assert vanilla.history.diagnostics == packed.history.diagnostics


def test_a_logit_reaches_every_sample_of_its_pack_and_no_other(pacgan):
    packed = pacgan.Packed(MLPDiscriminator((6,), width=16), 3)
    batch = draw(9, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(packed(batch)[1], batch)
    assert (gradient.abs().sum(1) > 0).tolist() == [False] * 3 + [True] * 3 + [False] * 3


def test_the_generator_learns_through_packs(pacgan, suite):
    run = make_plan(str(suite), gin_bindings=["PacGAN.m = 4"]).runs[1]
    trainer = trained(run)
    gan, method = trainer.gan, trainer.experiment.method
    before = [p.detach().clone() for p in gan.generator.parameters()]
    method.g_step(gan, next(trainer.batches))
    assert not any(map(torch.equal, before, gan.generator.parameters()))


@pytest.fixture
def combined(suite, offer):
    """Plans PacGAN combined with a method of ours."""

    def plan(other, module):
        text = f"import pacgan\nimport methods.combine\nimport methods.{module}\n"
        text += f"Experiment.method = @combine()\ncombine.methods = [@PacGAN(), @{other}()]\n"
        steps = toys.STEPS
        brief = {"steps": steps, "evaluations": steps, "log_every": 1}
        bindings = [f"Experiment.{name} = {n}" for name, n in brief.items()]
        methods = f'Suite.methods = ["{offer("combination", text)}"]'
        return make_plan(str(suite), gin_bindings=[methods, *bindings])

    return plan


@pytest.mark.parametrize(
    ("other", "module"),
    [("ASGAN", "as_gan"), ("Unrolled", "unrolled"), ("SpectralNorm", "spectral_norm")],
)
@pytest.mark.usefixtures("pacgan")
def test_combinations_that_make_sense_conform(combined, other, module):
    plan = combined(other, module)
    preflight(plan)
    for check in conformance.CHECKS:
        check(plan.runs[0])


@pytest.mark.usefixtures("pacgan")
def test_a_penalty_on_each_samples_gradient_is_refused(combined):
    with pytest.raises(UsageError, match="judges 2 samples together; leave one"):
        preflight(combined("WGANGP", "wgan_gp"))


def test_the_gradient_of_each_sample_is_refused_where_d_does_not_say_so(pacgan):
    packed = pacgan.Packed(discriminator(dim=2 * DIM), 2)
    gan = dataclasses.replace(make_gan(generator(), packed), discriminator=lambda x: packed(x))
    with pytest.raises(Incompatible, match="gives 4 for 8"):
        input_gradients(gan, draw(8, DIM))


@pytest.mark.parametrize(
    ("m", "complaint"), [(3, "m = 3 do not divide a batch of 16"), (0, "at least 1 sample")]
)
@pytest.mark.usefixtures("pacgan")
def test_a_pack_that_cannot_be_is_refused_before_any_work(suite, m, complaint):
    with pytest.raises(UsageError, match=complaint):
        preflight(make_plan(str(suite), gin_bindings=[f"PacGAN.m = {m}"]))
