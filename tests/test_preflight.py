"""A pass of real samples through real networks, before any work."""

import time

import gin
import pytest
import torch

from bench.config.plan import make_plan
from bench.errors import UsageError
from bench.training import preflight as module
from bench.training.preflight import preflight


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    """Networks that other tests tried are tried again."""
    monkeypatch.setattr(module, "_tried", set())


def extended(suite, *lines):
    """The suite with more lines, and the number of the first of them."""
    text = suite.read_text()
    suite.write_text(text + "\n".join(lines) + "\n")
    return text.count("\n") + 1


def refusal(suite, **options):
    with pytest.raises(UsageError) as caught:
        preflight(make_plan(str(suite), **options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("norm", ["g_norm", "d_norm"])
def test_a_batch_of_one_is_refused_where_a_network_normalizes_batches(toy_suite, norm):
    others = {"g_norm": "none", "d_norm": "none"} | {norm: "batch"}
    line = extended(
        toy_suite, "Experiment.batch_size = 1", *(f"{k} = {v!r}" for k, v in others.items())
    )
    message = refusal(toy_suite)
    network = norm[0].upper()
    assert f"toy.gin:{line}: vanilla under standard: {network}, given a batch of 1" in message
    assert "Experiment.batch_size = 2 or more" in message


def test_a_batch_of_one_without_batch_norm_is_tried_and_passes(toy_suite):
    extended(toy_suite, "Experiment.batch_size = 1", "g_norm = 'none'")
    preflight(make_plan(str(toy_suite)))


@pytest.mark.parametrize("width", [0, -3])
@pytest.mark.parametrize("macro", ["g_width", "d_width"])
def test_a_width_of_nothing_is_refused_with_its_place(toy_suite, macro, width):
    line = extended(toy_suite, f"{macro} = {width}")
    assert f"toy.gin:{line}: width = {width}: it must be at least 1" in refusal(toy_suite)


@pytest.mark.parametrize("architecture", ["dcgan", "resnet"])
@pytest.mark.parametrize("macro", ["g_width", "d_width"])
def test_no_architecture_takes_a_width_of_nothing(tmp_path, architecture, macro):
    suite = tmp_path / "pictures.gin"
    suite.write_text(
        f"# Pictures.\nSuite.dataset = 'photographs'\nSuite.architecture = {architecture!r}\n"
        "Suite.methods = ['vanilla']\nSuite.seeds = 1\nExperiment.steps = 1\n"
        f"Experiment.evaluations = 1\ng_width = 4\nd_width = 4\n{macro} = 0\n"
    )
    assert "pictures.gin:10: width = 0" in refusal(suite)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("building", "KeyError: 'no such layer'"),
        ("empty", "D's weight extra (0, 3) is empty"),
        ("raises", "D, given a batch of 16, raises RuntimeError: two lines"),
        ("shape", "gives the shape (16, 1), and not (16,)"),
        ("pair", "gives a tuple and no tensor"),
        ("nan", "not finite"),
    ],
)
def test_a_network_that_cannot_be_trained_is_named_with_its_cell(toy_suite, fault, complaint):
    text = toy_suite.read_text().replace("d_width = 8\n", "")
    odd = "Experiment.discriminator = @OddDiscriminator\n"
    toy_suite.write_text(f"import odd_networks\n{text}{odd}OddDiscriminator.fault = {fault!r}\n")
    message = refusal(toy_suite)
    assert message.startswith("vanilla under standard: ")
    assert complaint in message


def test_a_network_of_another_depth_than_it_says_is_found(toy_suite):
    extended(toy_suite, "MLPGenerator.depth = -1")
    assert "G, given a batch of 16, raises RuntimeError" in refusal(toy_suite)


def test_a_last_chunk_of_one_sample_is_found_where_scores_normalize_batches(toy_suite):
    lines = ["g_norm = 'batch'", "ModeJudge.samples = 501"]
    extended(toy_suite, *lines, "Experiment.batch_norm = 'batch'")
    assert 'G with batch_norm = "batch", given a batch of 1' in refusal(toy_suite)
    preflight(make_plan(str(toy_suite), gin_bindings=["ModeJudge.samples = 502"]))


def test_a_probe_of_one_sample_is_found_where_d_normalizes_batches(toy_suite):
    extended(toy_suite, "d_norm = 'batch'", "g_norm = 'none'", "ModeJudge.samples = 1")
    assert "D, given a batch of 1, raises" in refusal(toy_suite)


def test_a_pass_changes_no_global_stream(toy_suite):
    text = toy_suite.read_text().replace("d_width = 8\n", "")
    odd = "Experiment.discriminator = @OddDiscriminator\n"  # it draws a number
    toy_suite.write_text(f"import odd_networks\n{text}{odd}")
    before = torch.get_rng_state()
    preflight(make_plan(str(toy_suite)))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_refusal_leaves_gin_as_it_was(toy_suite):
    """A locked gin would refuse the modules that the next plan imports."""
    extended(toy_suite, "g_width = 0")
    refusal(toy_suite)
    assert not gin.config_is_locked()
    assert gin.config_str() == ""


def test_networks_are_tried_once_a_kind(monkeypatch):
    """Methods that change no network share their pass; a setting, or one that does, has its own."""
    passes = []
    original = module.try_networks

    def counted(experiment, *arguments):
        passes.append(type(experiment.method).__name__)
        original(experiment, *arguments)

    monkeypatch.setattr(module, "try_networks", counted)
    preflight(make_plan("quick"))
    assert sorted(passes) == ["Method", "Method", "SpectralNorm", "SpectralNorm", "WGANGP"]
    preflight(make_plan("quick"))
    assert len(passes) == 5


def test_the_passes_of_quick_take_no_time_to_speak_of():
    plan = make_plan("quick")
    started = time.process_time()
    preflight(plan)
    assert time.process_time() - started < 5
