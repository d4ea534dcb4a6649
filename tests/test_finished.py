"""Finished runs, opened again: that they give what was recorded, whoever left the folder."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torchvision.utils import make_grid
from toy_runs import alone, ignore, plan_of

from bench.config.choice import Choice
from bench.config.contents import contents
from bench.config.plan import make_plan
from bench.config.restated import restated, said
from bench.errors import UsageError
from bench.runs import checkpoint, records
from bench.runs.folder import CHECKPOINT, owner
from bench.runs.records import RECORD
from bench.training.execute import execute
from bench.training.finished import open_run
from bench.training.recalled import SLOTS, recall

LEADERBOARDS = Path(__file__).parents[1] / "leaderboards"

BINDINGS = (
    "Experiment.steps = 3",
    "Experiment.evaluations = 1",
    "ClassifierJudge.samples = 520",
    'Suite.remedies = {"wgan_gp": ["layer_norm_d"]}',
)


def on_digits(out, method, *bindings):
    """The folder of a short run on digits, and its record."""
    alone = [f'Suite.methods = ["{method}"]', 'Suite.settings = ["standard"]']
    run = make_plan(
        "quick", gin_bindings=[*BINDINGS, *alone, *bindings], choice=Choice(seeds=1)
    ).runs[0]
    record = execute(run, out, ignore)
    return run.folder(out), record


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return on_digits(tmp_path_factory.mktemp("digits"), "vanilla")


@pytest.fixture
def points(toy_suite, tmp_path):
    run = plan_of(toy_suite, "as_gan")
    record = execute(run, tmp_path / "runs", ignore)
    return run.folder(tmp_path / "runs"), record


def edit(folder, change):
    """Changes a run's record."""
    record = json.loads((folder / RECORD).read_text())
    change(record)
    (folder / RECORD).write_text(json.dumps(record))


def test_its_pictures_are_those_of_the_record(digits):
    folder, record = digits
    run = open_run(folder)
    kept = Image.open(io.BytesIO(base64.b64decode(record["samples"]["png"])))
    grid = make_grid(run.sample(64), nrow=8, padding=1, pad_value=96)
    assert np.array_equal(np.asarray(kept), grid[0].numpy())
    assert run.draws_its_own


def test_its_points_are_those_of_the_record(points):
    folder, record = points
    found = open_run(folder).sample(500).double().numpy().round(4)
    assert found.tolist() == record["samples"]["values"]


@pytest.mark.parametrize("batch_norm", ["running", "batch"])
def test_its_samples_have_the_scores_of_the_record(tmp_path, batch_norm):
    folder, record = on_digits(tmp_path, "as_gan", f'Experiment.batch_norm = "{batch_norm}"')
    run = open_run(folder)
    judge = run.experiment.judge(run.experiment.data)
    scores = judge.score(run.sample(judge.samples))
    last = record["scores"][-1]
    assert scores == {name: last[name] for name in scores}


@pytest.mark.parametrize("method", ["vanilla", "wgan_gp", "sn_as_gan", "lecam", "unrolled"])
def test_its_networks_are_those_of_the_checkpoint_in_eval_mode(tmp_path, method):
    folder, _ = on_digits(tmp_path, method)
    before = torch.random.get_rng_state()
    run = open_run(folder)
    kept = load_file(folder / CHECKPOINT)
    for name, network in (("generator", run.generator), ("discriminator", run.discriminator)):
        assert not any(module.training for module in network.modules())
        for key, tensor in network.state_dict().items():
            assert torch.equal(tensor, kept[f"{name}/{key}"])
    assert run.discriminator(run.generate(run.latents(5))).shape == (5,)
    assert not run.generator.training
    assert torch.equal(torch.random.get_rng_state(), before)


def test_latents_may_be_others_and_the_same_give_the_same(digits):
    run = open_run(digits[0])
    assert torch.equal(run.latents(9)[:4], run.latents(4))
    assert torch.equal(run.latents(4), run.latents(4, seed=0))
    others = run.latents(4, seed=1)
    assert not torch.equal(others, run.latents(4))
    assert torch.equal(run.generate(others), run.generate(others))
    assert torch.equal(run.sample(4, seed=1), run.sample(9, seed=1)[:4])


@pytest.mark.parametrize("betas", ["(0.0, 0.9)", "(0.0, @half_life())"])
def test_a_whole_number_among_floats_is_one_of_them_again(toy_suite, tmp_path, betas):
    """A record has 0 for 0.0, and torch's Adam takes no (0, 0.9)."""
    lines = (f"Adam.betas = {betas}", "half_life.steps = 5")[: 1 + ("half" in betas)]
    alone(toy_suite, "vanilla", "import bench.training.schedules", *lines)
    run = plan_of(toy_suite)
    execute(run, tmp_path / "runs", ignore)
    (beta, _) = open_run(run.folder(tmp_path / "runs")).gan.g_optimizer.defaults["betas"]
    assert (beta, type(beta)) == (0.0, float)


def test_a_run_can_be_opened_after_its_suite_was_edited_or_is_gone(points, toy_suite):
    toy_suite.unlink()
    assert open_run(points[0]).sample(3).shape == (3, 2)


def test_nothing_of_a_config_in_the_folder_is_read(points, tmp_path, monkeypatch):
    folder, _ = points
    trap = "raise SystemExit('it ran')"
    (tmp_path / "trap.py").write_text(trap)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    expected = open_run(folder).sample(3)
    for name in ("config.gin", "operative.gin"):
        (folder / name).write_text("import trap\nExperiment.generator = @trap\n")
    (folder.parents[2] / "toy.gin").write_text("import trap\n")
    assert torch.equal(open_run(folder).sample(3), expected)


FORGERIES = {
    "an import": ("generator/MLPGenerator.width", "8\nimport trap", "import stands"),
    "another binding": ("generator/MLPGenerator.width", "8\nRing.modes = 3", "no parameter"),
    "a macro": ("generator/MLPGenerator.width", "%g_width", "macro"),
    "a module": ("Experiment.generator", "@trap.Trap", "trap.Trap"),
    "no network": ("Experiment.generator", "@ASGAN()", "not callable"),
    "a text": ("generator/MLPGenerator.norm", '"\\x"', "no value"),
    "a shape": ("data.shape", "[2, {}]", "no shape"),
    "a size": ("generator/MLPGenerator.width", "9", "does not fit"),
}


@pytest.mark.parametrize(("key", "text", "complaint"), FORGERIES.values(), ids=FORGERIES)
def test_a_forged_record_is_refused_in_a_sentence(points, key, text, complaint):
    folder, record = points
    forged = record | {"conditions": record["conditions"] | {key: text}}
    forged["key"] = records.identity(forged).key
    records.write(folder / RECORD, forged)
    state = checkpoint.load(folder / CHECKPOINT, owner(record["key"], 0))
    checkpoint.save(folder / CHECKPOINT, state, owner(forged["key"], 0))
    with pytest.raises(UsageError) as refusal:
        open_run(folder)
    assert complaint in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_cannot_be_opened_says_why_in_a_sentence(points, tmp_path):
    folder, _ = points

    def refused(what):
        with pytest.raises(UsageError, match=what):
            open_run(folder)

    for status in ("failed", "diverged"):
        edit(folder, lambda one, s=status: one.update(status=s, reason="D's loss is nan"))
        refused(f"the run {status} .D's loss is nan., and has no end")
    edit(folder, lambda one: one.update(status="completed", step=5))
    refused("is of step 6, and the run ended at step 5")
    edit(folder, lambda one: one.update(step=6, seed=1))
    refused("is the checkpoint of another run; run it again")
    edit(folder, lambda one: one.update(seed=0))
    path = folder / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-1])
    refused("was truncated or altered; run it again")
    path.unlink()
    refused("checkpoint.safetensors is missing")
    (folder / RECORD).unlink()
    refused("there is no record.json in it")
    with pytest.raises(UsageError, match="there is no record"):
        open_run(tmp_path / "nowhere")


def test_networks_that_only_a_suite_imports_are_opened_with_it(toy_suite, tmp_path, monkeypatch):
    (tmp_path / "nets_of_mine.py").write_text(
        "import gin\nfrom architectures.mlp import MLPGenerator\n"
        "@gin.register\nclass MineGenerator(MLPGenerator):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    own = "import nets_of_mine\nExperiment.generator = @MineGenerator\nMineGenerator.width = 8\n"
    toy_suite.write_text(toy_suite.read_text().replace("g_width = 8\n", own))
    run = plan_of(toy_suite)
    execute(run, tmp_path / "runs", ignore)
    assert open_run(run.folder(tmp_path / "runs"), suite=str(toy_suite)).sample(2).shape == (2, 2)


def test_data_that_are_others_here_are_refused_when_they_are_asked_for(points):
    record = points[1]
    assert recall(record).experiment.data.evaluation().shape == (10_000, 2)
    other = record | {"conditions": record["conditions"] | {"data.checksum": "0" * 64}}
    data = recall(other).experiment.data
    assert data.shape == (2,)
    with pytest.raises(UsageError, match=r"data\.checksum is 000"):
        data.training()
    unknown = recall(record | {"dataset": "rign"}).experiment.data
    with pytest.raises(UsageError, match="no data set 'rign' is known here"):
        unknown.evaluation()


def test_a_suite_that_has_the_data_can_be_named(toy_suite, tmp_path):
    toy_suite.write_text(f"{toy_suite.read_text()}\nRing.modes = 5\n")
    record = execute(plan_of(toy_suite), tmp_path / "runs", ignore)
    assert record["dataset"] == "ring-modified"
    with pytest.raises(UsageError, match="no data set 'ring-modified'"):
        recall(record).experiment.data.training()
    found = recall(record, str(toy_suite)).experiment
    assert found.data.checksum() == record["protocol"]["data"]["checksum"]
    assert found.judge(found.data).modes == 5


def test_what_every_committed_record_says_is_a_config_that_says_the_same():
    recall(next(iter(committed())))  # imports what is known
    for record in committed():
        found = said(records.identity(record), *SLOTS)
        assert contents(restated(found, record["id"])) == dict(sorted(found.items()))


def committed():
    """The first record of each method of each committed leaderboard."""
    seen = set()
    for path in records.find(LEADERBOARDS):
        method = path.parent.parent.name, path.name.split(".")[1]
        if method not in seen:
            seen.add(method)
            yield records.read(path)
