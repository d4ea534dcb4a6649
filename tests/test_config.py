"""Composition of gin files, and what every kind of mistake is answered with."""

import re

import pytest

from bench.config.bound import Bound
from bench.config.catalogue import Catalogue, description
from bench.config.choice import Choice
from bench.config.compose import Composition
from bench.config.plan import make_plan
from bench.config.statements import read_file, read_option
from bench.config.trees import KINDS
from bench.data.cached import CachedPictures
from bench.errors import UsageError
from bench.training.experiment import experiment_of
from bench.training.preflight import preflight


def edited(suite, old, new):
    """The suite with one change in its text, and the number of the changed line."""
    text = suite.read_text()
    assert old in text
    suite.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def refusal(suite, **options):
    """The one line with which a plan of the suite is refused."""
    with pytest.raises(UsageError) as caught:
        preflight(make_plan(str(suite), **options))
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("old", "new", "complaint", "remedy"),
    [
        ('"ring"', '"rign"', "no dataset named 'rign'", "did you mean 'ring'?"),
        ('"mlp"', '"mpl"', "no architecture named 'mpl'", "did you mean 'mlp'?"),
        ('"as_gan"', '"as_gam"', "no method named 'as_gam'", "did you mean 'as_gan'?"),
        ("Suite.seeds", "Suite.sedes", "no parameter 'sedes'", "did you mean 'seeds'?"),
        ("Experiment.steps", "Experiment.stepz", "no parameter 'stepz'", "did you mean 'steps'?"),
        ("Experiment.steps", "Experimnet.steps", "Experimnet", "did you mean 'Experiment'?"),
        ("ASGAN.epsilon = 0.1", "ASGAN.epsilon = 'big'", "'big'", "float"),
        ("ASGAN.epsilon = 0.1", "ASGAN.epsilon = -1.0", "cannot be negative", "epsilon"),
        ("ASGAN.epsilon = 0.1", "ASGAN.unit = 'grey'", "'grey'", "grey_level"),
        ("g_width = 8", "g_widht = 8", "macro 'g_widht'", "did you mean 'g_width'?"),
        ("g_width = 8", "d_norm = 'bacth'", "'bacth'", "batch, layer, none"),
        ("g_width = 8", "generater/Adam.lr = 1e-3", "scope 'generater'", "'generator'"),
        ("g_width = 8", "RMSprop.lr = 1e-3", "no effect", "RMSprop"),
        ("g_width = 8", "g_width = 8/2", "cannot read", "Python literals"),
        ("g_width = 8", "import nosuchmodule", "cannot import nosuchmodule", ""),
        ("g_width = 8", "include 'nosuch.gin'", "no file 'nosuch.gin'", ""),
        ("Experiment.steps = 6", "Experiment.steps = 0", "steps = 0", "at least 1"),
        ("Experiment.steps = 6", "Experiment.steps = 1e3", "1000.0", "int"),
        ("batch_size = 16", "batch_size = 1000000", "1000000", "between 1 and"),
        ('device = "cpu"', 'device = "tpu"', "'tpu'", "auto, cpu"),
        ("evaluations = 2", "evaluations = 7", "evaluations = 7", "between 1 and the 6 steps"),
        ('["vanilla", "as_gan"]', '["vanilla", "vanilla"]', "Suite.methods", "each once"),
        ("Suite.seeds = 1", "Suite.seeds = 0", "Suite.seeds", "at least one"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_a_remedy(toy_suite, old, new, complaint, remedy):
    line = edited(toy_suite, old, new)
    message = refusal(toy_suite)
    assert re.search(rf"toy\.gin:{line}[:,] ", message)
    assert complaint in message
    assert remedy in message


def test_a_missing_parameter_of_the_run_is_named(toy_suite):
    edited(toy_suite, "Experiment.steps = 6\n", "")
    assert "must bind Experiment.steps" in refusal(toy_suite)


def test_a_missing_parameter_of_the_suite_is_named(toy_suite):
    edited(toy_suite, 'Suite.dataset = "ring"\n', "")
    assert "must bind Suite.dataset" in refusal(toy_suite)


def test_a_bad_option_is_quoted(toy_suite):
    message = refusal(toy_suite, gin_bindings=["ASGAN.epsilom = 1.0"])
    assert message.startswith("--gin_bindings 'ASGAN.epsilom = 1.0': ")
    assert "did you mean 'epsilon'?" in message


def test_an_unclosed_bracket_is_found(toy_suite):
    toy_suite.write_text(toy_suite.read_text() + "Adam.betas = (0.5,\n")
    assert "cannot read" in refusal(toy_suite)


def test_an_unknown_suite_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'quick'"):
        make_plan("quik")


def test_a_method_that_cannot_work_is_refused_with_the_remedy(toy_suite):
    edited(toy_suite, '"as_gan"', '"wgan_gp"')
    edited(toy_suite, "g_width = 8", "d_norm = 'batch'")
    edited(toy_suite, "ASGAN.epsilon = 0.1\n", "")
    message = refusal(toy_suite)
    assert "BatchNorm" in message
    assert "layer_norm_d" in message


def test_a_remedy_is_applied_to_its_method_alone_and_told(toy_suite):
    edited(toy_suite, '"as_gan"', '"wgan_gp"')
    edited(
        toy_suite, "g_width = 8", "d_norm = 'batch'\nSuite.remedies = {'wgan_gp': ['layer_norm_d']}"
    )
    edited(toy_suite, "ASGAN.epsilon = 0.1\n", "")
    plan = make_plan(str(toy_suite))
    preflight(plan)
    norms = {run.method: (run.remedies, "d_norm = 'layer'" in run.config) for run in plan.runs}
    assert norms == {"vanilla": ((), False), "wgan_gp": (("layer_norm_d",), True)}


def test_a_setting_wins_over_a_remedy_which_is_then_not_told():
    plan = make_plan("quick", choice=Choice(seeds=1))
    told = {run.setting: run.remedies for run in plan.runs if run.method == "wgan_gp"}
    assert told == {"standard": ("layer_norm_d",), "no_bn_d": ()}


def test_a_setting_without_effect_is_refused(toy_suite):
    edited(toy_suite, "g_width = 8", 'Suite.settings = ["adam_beta2_0.9"]')
    rmsprop = [
        "Experiment.g_optimizer = @generator/RMSprop",
        "Experiment.d_optimizer = @discriminator/RMSprop",
    ]
    assert "no effect" in refusal(toy_suite, gin_bindings=rmsprop)


def test_later_layers_win_and_scopes_reach_their_player(toy_suite):
    edited(toy_suite, "g_width = 8", 'Suite.settings = ["lr_d_double"]')
    run = make_plan(str(toy_suite), gin_bindings=["Adam.betas = (0.0, 0.9)"]).runs[0]
    experiment = experiment_of(Bound(run.config))
    weights = experiment.discriminator((2,))
    slow = experiment.g_optimizer(weights.parameters()).defaults
    fast = experiment.d_optimizer(weights.parameters()).defaults
    assert (slow["lr"], fast["lr"]) == (2e-4, 4e-4)
    assert slow["betas"] == fast["betas"] == (0.0, 0.9)


def test_choosing_fewer_methods_keeps_the_suites_other_bindings_valid():
    plan = make_plan("quick", gin_bindings=['Suite.methods = ["vanilla"]'])
    assert {run.method for run in plan.runs} == {"vanilla"}
    assert plan.runs[0].overrides == ()


def test_the_digest_follows_what_a_run_uses_and_nothing_else(toy_suite):
    before = {run.method: run.digest for run in make_plan(str(toy_suite)).runs}
    edited(toy_suite, "ASGAN.epsilon = 0.1", "ASGAN.epsilon = 0.2")
    after = {run.method: run.digest for run in make_plan(str(toy_suite)).runs}
    assert before["vanilla"] == after["vanilla"]
    assert before["as_gan"] != after["as_gan"]


def test_a_config_text_reads_back_to_itself(toy_suite, tmp_path):
    run = make_plan(str(toy_suite)).runs[-1]
    copy = tmp_path / "copy.gin"
    copy.write_text(run.config)
    assert Composition([read_file(copy, Catalogue.of())]).text == run.config


def test_an_include_is_found_beside_the_file_and_cannot_be_circular(tmp_path):
    (tmp_path / "inner.gin").write_text("g_width = 3\n")
    outer = tmp_path / "outer.gin"
    outer.write_text('include "inner.gin"\ng_width = 4\n')
    assert [b.value for b in read_file(outer, Catalogue.of()).bindings] == [3, 4]
    (tmp_path / "inner.gin").write_text('include "outer.gin"\n')
    with pytest.raises(UsageError, match="includes itself"):
        read_file(outer, Catalogue.of())


def test_an_option_that_binds_nothing_is_refused():
    with pytest.raises(UsageError, match="not a binding"):
        read_option("# nothing", "--gin_bindings")


@pytest.mark.parametrize("kind", KINDS)
def test_every_gin_file_describes_itself(kind):
    for name, path in Catalogue.of().available(kind).items():
        assert description(path), f"{kind}/{name} starts with no comment"


@pytest.mark.parametrize("name", Catalogue.of().available("suites"))
def test_every_suite_passes_its_checks(name):
    plan = make_plan(name, choice=Choice(seeds=1))
    if isinstance(experiment_of(Bound(plan.runs[0].config)).data, CachedPictures):
        pytest.skip("its data has to be there; test_suites.py checks it at the scale of a trial")
    preflight(plan)
    assert plan.runs
