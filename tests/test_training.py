"""The loop: what it counts, when it stops, what it keeps, and that evaluation leaves no trace."""

import base64
import dataclasses
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from toy_runs import ignore, plan_of

from bench.config.bound import Bound
from bench.config.choice import Choice
from bench.config.plan import make_plan
from bench.runs import checkpoint, records
from bench.runs.folder import CHECKPOINT
from bench.streams import stream
from bench.training.build import build
from bench.training.cost import PassCounter
from bench.training.diagnostics import diagnose, hoyer, sign_step
from bench.training.execute import RECORD, execute
from bench.training.experiment import experiment_of, spaced
from bench.training.losses import Diverged, LossMeter, require_finite
from bench.training.trainer import Trainer
from methods.base import GAN, Logs, Method


def trainer_of(run) -> Trainer:
    experiment = experiment_of(Bound(run.config))
    return Trainer(experiment, run.seed, experiment.judge(experiment.data))


@pytest.mark.parametrize(
    ("method", "batches"),
    [
        ("vanilla", 3),  # real, fake; G's fake
        ("as_gan", 5),  # real, fake; x_hat, fake; G's fake
        ("as_gan_repo", 4),  # real, fake; x_hat; G's fake
        ("spectral_norm", 3),
        ("wgan_gp", 5 * 3 + 1),  # five times real, fake, between; G's fake
        ("unrolled", 2 + 5 * 2 + 1),  # real, fake; five virtual steps; G's fake
        ("ema", 3),
        ("lookahead", 3),
        ("optimistic_adam", 3),
        ("extra_adam", 2 * 3),
        ("jare", 2 * 3),  # real, fake, and G's fake, in either player's step
    ],
)
def test_differentiated_batches_are_counted_by_hand(toy_suite, method, batches):
    run = plan_of(toy_suite, method)
    trainer = trainer_of(run)
    trainer.train(ignore, ignore)
    assert trainer.d_gradients == batches * 6


def test_passes_without_gradient_are_not_counted():
    network = torch.nn.Linear(2, 1)
    counter = PassCounter()
    with counter.counting(network):
        network(torch.zeros(3, 2))
        with torch.no_grad():
            network(torch.zeros(5, 2))
    network(torch.zeros(7, 2))
    assert counter.samples == 3


def test_every_method_starts_from_the_same_weights_data_and_latents(toy_suite):
    starts = []
    for method in ("vanilla", "as_gan", "unrolled", "wgan_gp"):
        trainer = trainer_of(plan_of(toy_suite, method))
        gan = trainer.gan
        starts.append(
            [*gan.generator.parameters(), *gan.discriminator.parameters(), gan.latents(4)]
            + [next(trainer.batches) for _ in range(3)]
        )
    for other in starts[1:]:
        assert all(map(torch.equal, starts[0], other))


def test_a_setting_of_one_network_leaves_the_others_start_alone(toy_suite):
    def generator(*bindings):
        trainer = trainer_of(plan_of(toy_suite, "vanilla", *bindings))
        return list(trainer.gan.generator.parameters())

    assert all(map(torch.equal, generator(), generator('d_norm = "layer"')))


def test_streams_differ_by_seed_purpose_and_index_and_repeat():
    def draw(*key):
        return torch.rand(4, generator=stream(*key)).tolist()

    keys = [(0, "data"), (1, "data"), (0, "noise"), (0, "data", 1)]
    assert len({tuple(draw(*key)) for key in keys}) == len(keys)
    assert draw(0, "data") == draw(0, "data")


@pytest.mark.parametrize(
    ("steps", "times", "expected"), [(6, 2, [3, 6]), (7, 3, [2, 4, 7]), (5, 5, [1, 2, 3, 4, 5])]
)
def test_evaluations_are_spaced_evenly_and_the_last_is_at_the_end(steps, times, expected):
    assert spaced(steps, times) == expected


def test_a_step_against_the_sign_of_a_gradient_has_one_size_in_every_coordinate():
    moved = sign_step(torch.ones(1, 3), torch.tensor([[0.2, -9.0, 0.0]]), 0.5)
    assert moved.tolist() == [[0.5, 1.5, 1.0]]


def test_evaluation_leaves_no_trace_in_training(toy_suite):
    finals = []
    for evaluations in (1, 6):
        run = plan_of(toy_suite, "spectral_norm", f"Experiment.evaluations = {evaluations}")
        trainer = trainer_of(run)
        trainer.train(ignore, ignore)
        state = trainer.state_dict()
        finals.append([*state["generator"].values(), *state["discriminator"].values()])
    assert all(map(torch.equal, *finals))


@pytest.mark.parametrize("statistics", ["running", "batch"])
def test_samples_come_from_fixed_latents_and_leave_batch_norm_alone(toy_suite, statistics):
    run = plan_of(
        toy_suite, "vanilla", 'g_norm = "batch"', f'Experiment.batch_norm = "{statistics}"'
    )
    trainer = trainer_of(run)
    before = {k: v.clone() for k, v in trainer.gan.generator.state_dict().items()}
    first, second = trainer.samples(20), trainer.samples(20)
    assert torch.equal(first, second)
    assert trainer.gan.generator.training
    assert all(torch.equal(before[k], v) for k, v in trainer.gan.generator.state_dict().items())
    centred = first.mean(0).abs().max() < 1e-5
    assert not centred or statistics == "batch"


def nan_from(step):
    """A discriminator loss that is not a number from one step on."""

    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        loss = gan.discriminator(real).mean() - gan.discriminator(fake).mean()
        return loss * float("nan") if gan.step + 1 >= step else loss

    return d_loss


class NanAtFour(Method):
    d_loss = nan_from(4)


class InfiniteWeights(Method):
    """Its losses are fine, its generator is not any more when the second step ends."""

    def g_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        logs = super().g_step(gan, real)
        if gan.step == 1:
            with torch.no_grad():
                next(gan.generator.parameters()).fill_(float("inf"))
        return logs


@pytest.mark.parametrize(
    ("method", "step", "reason"),
    [
        (NanAtFour, 4, "d_loss is nan at step 4"),
        (InfiniteWeights, 2, "weights of G are not finite"),
    ],
)
def test_divergence_is_found_with_its_step_and_reason(toy_suite, method, step, reason):
    trainer = trainer_of(plan_of(toy_suite))
    trainer.experiment = dataclasses.replace(trainer.experiment, method=method())
    with pytest.raises(Diverged, match=reason) as caught:
        trainer.train(ignore, ignore)
    assert caught.value.step == step


def test_the_first_bad_step_of_an_interval_is_the_one_named():
    meter = LossMeter(10)
    for value in (1.0, 2.0, float("inf"), float("nan")):
        meter.add({"d_loss": torch.tensor(value), "g_loss": torch.tensor(0.0)})
    with pytest.raises(Diverged, match="d_loss is inf at step 13"):
        meter.read()


def test_losses_are_summarised_as_numpy_does():
    series = np.random.default_rng(0).normal(size=40)
    meter = LossMeter(0)
    for value in series:
        meter.add({"d_loss": torch.tensor(value, dtype=torch.float64)})
    row = meter.read()
    centred = series - series.mean()
    assert row["step"] == 40
    assert row["d_loss"] == pytest.approx(series.mean())
    assert row["d_loss_std"] == pytest.approx(series.std())
    assert row["d_loss_autocorrelation"] == pytest.approx(
        (centred[1:] * centred[:-1]).sum() / (centred**2).sum()
    )


def test_require_finite_passes_what_is_finite_and_names_what_is_not():
    require_finite([torch.ones(3), torch.zeros(2)], "weights", 1)
    with pytest.raises(Diverged, match="weights are not finite at step 7"):
        require_finite([torch.ones(3), torch.tensor([1.0, float("inf")])], "weights", 7)


def test_diagnostics_of_a_linear_discriminator_are_closed_forms(toy_suite):
    experiment = experiment_of(Bound(plan_of(toy_suite).config))
    gan = build(experiment, 0, torch.device("cpu"))
    linear = torch.nn.Linear(2, 1)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[3.0, -4.0]]))
        linear.bias.zero_()
    gan.discriminator = torch.nn.Sequential(linear, torch.nn.Flatten(0))
    real, fake = torch.tensor([[0.2, 0.1]]), torch.tensor([[0.0, 0.5]])
    found = diagnose(gan, real, fake, epsilon=0.01)
    sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    assert found["d_real"] == pytest.approx(sigmoid(0.2))
    assert found["d_adversarial"] == pytest.approx(sigmoid(0.2 - 0.01 * 7), abs=1e-6)
    assert found["d_fake"] == pytest.approx(sigmoid(-2.0))
    assert found["gradient_l1"] == pytest.approx(7.0)
    assert found["gradient_sparsity"] == pytest.approx((2**0.5 - 7 / 5) / (2**0.5 - 1), abs=1e-6)


def test_hoyer_is_zero_for_equal_one_for_single_entries():
    rows = torch.tensor([[2.0, 2.0, 2.0, 2.0], [0.0, 0.0, 5.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert hoyer(rows).tolist() == pytest.approx([0.0, 1.0, 0.0])


def test_a_run_leaves_its_config_its_record_and_its_checkpoint(toy_suite, tmp_path):
    run = plan_of(toy_suite, "as_gan")
    record = execute(run, tmp_path / "runs", ignore)
    folder = run.folder(tmp_path / "runs")
    assert records.read(folder / RECORD) == json.loads(json.dumps(record))
    assert (record["status"], record["step"]) in {("completed", 6), ("collapsed", 6)}
    assert [row["step"] for row in record["scores"]] == [3, 6]
    assert [row["step"] for row in record["losses"]] == [2, 3, 4, 6]
    assert record["cost"]["d_gradients"] == 30
    assert (folder / "config.gin").read_text() == run.config
    assert "ASGAN.epsilon = 0.1" in (folder / "operative.gin").read_text()
    assert "ASGAN.warmup_steps = 0" in (folder / "operative.gin").read_text()
    state = checkpoint.load(folder / CHECKPOINT, f"{run.key} {run.seed}")
    assert state["history"]["step"] == 6


def test_a_raising_run_leaves_a_record_that_says_so(toy_suite, tmp_path, monkeypatch):
    run = plan_of(toy_suite)

    def explode(*_):
        raise RuntimeError("the loss went for a walk")

    monkeypatch.setattr(Method, "d_loss", explode)
    record = execute(run, tmp_path, ignore)
    assert record["status"] == "failed"
    assert "RuntimeError: the loss went for a walk" in record["reason"]
    assert records.read(run.folder(tmp_path) / RECORD)["status"] == "failed"


def test_a_diverged_run_keeps_its_scores_so_far(toy_suite, tmp_path, monkeypatch):
    run = plan_of(toy_suite)
    monkeypatch.setattr(Method, "d_loss", nan_from(5))
    record = execute(run, tmp_path, ignore)
    assert record["status"] == "diverged"
    assert record["step"] == 5
    assert [row["step"] for row in record["scores"]] == [3]
    assert record["samples"] is None


def test_a_record_keeps_a_grid_of_its_fixed_samples(tmp_path):
    bindings = ["Experiment.steps = 1", "Experiment.evaluations = 1", 'Suite.methods = ["vanilla"]']
    run = make_plan("quick", gin_bindings=bindings, choice=Choice(seeds=1)).runs[0]
    record = execute(run, tmp_path, ignore)
    picture = Image.open(io.BytesIO(base64.b64decode(record["samples"]["png"])))
    assert picture.size == (8 * 9 + 1, 8 * 9 + 1)
    assert picture.mode == "L"
