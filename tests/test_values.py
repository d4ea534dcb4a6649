"""Values behind macros and inside lists, lists where tuples are meant, and macros of a suite."""

import pytest

from bench.cli import main
from bench.config.bound import Bound
from bench.config.catalogue import Catalogue
from bench.config.compose import Composition
from bench.config.plan import make_plan
from bench.config.statements import read_file
from bench.errors import UsageError
from bench.search.space import read_space
from bench.training.experiment import experiment_of


def extended(suite, *lines):
    """The suite with more lines, and the number of the first of them."""
    text = suite.read_text()
    suite.write_text(text + "\n".join(lines) + "\n")
    return text.count("\n") + 1


def refusal(suite, **options):
    """The one line with which a plan of the suite is refused."""
    with pytest.raises(UsageError) as caught:
        make_plan(str(suite), **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("lines", "line", "complaint", "remedy"),
    [
        (['Suite.methods = ["vanilla", 3]'], 0, "3", "str"),
        (['Suite.settings = "standard"'], 0, "'standard'", "['standard']"),
        (['Suite.remedies = {"wgan_gp": "layer_norm_d"}'], 0, "'layer_norm_d'", "list[str]"),
        (["Suite.seeds = [0, 1.5]"], 0, "1.5", "int"),
        (["Suite.seeds = [0, True]"], 0, "True", "int"),
        (["Suite.seeds = True"], 0, "True", "int"),
        (["Suite.seeds = -2"], 0, "Suite.seeds", "at least one"),
        (["Suite.seeds = [3, 3]"], 0, "Suite.seeds", "each once"),
        (["Suite.seeds = [0, -1]"], 0, "-1", "0 or more"),
        (["Suite.methods = [@Vanilla()]"], 0, "@Vanilla()", "a plain value"),
        (['g_width = "wide"'], 0, "'wide'", "int"),
        (["g_width = %n", 'n = "wide"'], 1, "'wide'", "int"),
        (["g_width = %n", "n = %m", "m = 2.5"], 2, "2.5", "int"),
        (["Adam.betas = [%b, 0.9]", "b = 'x'"], 1, "'x'", "float"),
        (["Adam.betas = (0.5, True)"], 0, "True", "float"),
        (["Adam.betas = (0.5,)"], 0, "1 items", "2"),
        (["Adam.lr = True"], 0, "True", "float"),
        (["Experiment.steps = True"], 0, "True", "int"),
        (["Experiment.steps = @Adam"], 0, "@Adam", "int"),
        (["Experiment.method = [@Vanilla()]"], 0, "[@Vanilla()]", "Method"),
        (["g_width = %g_width"], 0, "'g_width'", "bound to itself"),
        (["g_width = %n", "n = %m", "m = %n"], 2, "%n -> %m -> %n", "bind it to a value"),
        (["n = [%n]"], 0, "'n'", "bound to itself"),
        (["Suite.seeds = %n", "m = 2"], 0, "no macro %n", "m"),
        (["Suite.seeds = %n", 'n = "two"'], 1, "'two'", "int"),
        (["Suite.seeds = %n", "n = 2", "o = 2"], 2, "nothing uses the macro 'o'", ""),
        (["Suite.seeds = 1", "Suite.remedies = {%k: ['no_bn_d']}", "k = [1]"], 1, "%k", "a key"),
    ],
)
def test_a_wrong_value_is_found_wherever_it_stands(toy_suite, lines, line, complaint, remedy):
    first = extended(toy_suite, *lines)
    message = refusal(toy_suite)
    assert f"toy.gin:{first + line}: " in message
    assert complaint in message
    assert remedy in message


@pytest.mark.parametrize(
    ("lines", "complaint", "remedy"),
    [
        (['Suite.remedies = {"wgan_ggp": ["layer_norm_d"]}'], "'wgan_ggp'", "'wgan_gp'"),
        (['Suite.remedies = {"wgan_gp": ["layer_norm"]}'], "'layer_norm'", "'layer_norm_d'"),
    ],
)
def test_a_remedy_names_a_method_and_settings_be_the_method_in_the_suite_or_not(
    toy_suite, lines, complaint, remedy
):
    line = extended(toy_suite, *lines)
    message = refusal(toy_suite)
    assert f"toy.gin:{line}: " in message
    assert f"named {complaint}" in message
    assert f"did you mean {remedy}?" in message


def test_a_remedy_of_a_method_that_the_suite_does_not_run_is_no_mistake(toy_suite):
    extended(toy_suite, 'Suite.remedies = {"wgan_gp": ["layer_norm_d"]}')
    assert all(run.remedies == () for run in make_plan(str(toy_suite)).runs)


@pytest.mark.parametrize(
    "lines",
    [
        ["Adam.betas = [0.5, 0.9]"],
        ["Adam.betas = %b", "b = [0.5, 0.9]"],
        ["Adam.betas = [%b, %c]", "b = 0.5", "c = %d", "d = 0.9"],
        ["Adam.betas = (0.5, %b)", "b = 0.9"],
    ],
)
def test_a_list_where_a_tuple_is_meant_becomes_one(toy_suite, lines, tmp_path):
    before = {run.digest for run in make_plan(str(toy_suite)).runs}
    extended(toy_suite, *lines)
    run = make_plan(str(toy_suite)).runs[0]
    assert run.digest not in before
    experiment = experiment_of(Bound(run.config))
    optimizer = experiment.g_optimizer(experiment.generator((2,), 4).parameters())
    assert optimizer.defaults["betas"] == (0.5, 0.9)
    copy = tmp_path / "copy.gin"
    copy.write_text(run.config)
    assert Composition([read_file(copy, Catalogue.of())]).text == run.config


def test_a_list_and_the_tuple_it_means_are_one_config(toy_suite):
    configs = [
        make_plan(str(toy_suite), gin_bindings=[f"Adam.betas = {betas}"]).runs[0].config
        for betas in ("[0.5, 0.9]", "(0.5, 0.9)")
    ]
    assert configs[0] == configs[1]


def test_an_integer_where_a_float_is_meant_stays_as_it_is_written(toy_suite):
    (run, *_) = make_plan(str(toy_suite), gin_bindings=["Adam.lr = 1"]).runs
    assert "Adam.lr = 1\n" in run.config


def test_macros_of_a_suite_are_its_own_and_no_override_of_runs(toy_suite):
    extended(toy_suite, "Suite.seeds = %n", "n = 2")
    plain = make_plan(str(toy_suite))
    assert {run.seed for run in plain.runs} == {0, 1}
    more = make_plan(str(toy_suite), gin_bindings=["n = 3"])
    assert {run.seed for run in more.runs} == {0, 1, 2}
    assert {run.overrides for run in more.runs} == {()}
    assert {run.digest for run in more.runs} == {run.digest for run in plain.runs}
    assert "n = " not in plain.runs[0].config


def test_a_suite_may_leave_a_macro_to_the_command_line(toy_suite):
    line = extended(toy_suite, "Suite.methods = [%first, 'as_gan']")
    plan = make_plan(str(toy_suite), gin_bindings=["first = 'hinge'"])
    assert [run.method for run in plan.runs] == ["hinge", "as_gan"]
    assert f"toy.gin:{line}: no macro %first" in refusal(toy_suite)


def test_a_macro_of_both_a_suite_and_its_runs_overrides_runs(toy_suite):
    extended(toy_suite, "Suite.seeds = %n", "n = 2", "Experiment.log_every = %n")
    (run, *_) = make_plan(str(toy_suite), gin_bindings=["n = 3"]).runs
    assert run.overrides == ("n = 3",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("import os", "an import"),
        ("include 'x.gin'", "an include"),
        ("Adam.lr = 1e-3\nimport os", "an import"),
    ],
)
def test_an_option_cannot_import_or_include(toy_suite, text, complaint):
    message = refusal(toy_suite, gin_bindings=[text])
    assert message.startswith(f"--gin_bindings {text!r}: {complaint}")
    assert "--gin_file" in message


def test_several_bindings_in_one_option_are_read(toy_suite):
    (run, *_) = make_plan(str(toy_suite), gin_bindings=["Adam.lr = 1e-3\nAdam.eps = 1e-7"]).runs
    assert run.overrides == ("Adam.eps = 1e-07", "Adam.lr = 0.001")


def test_a_search_space_takes_lists_for_bounds_and_macros(tmp_path):
    path = tmp_path / "space.gin"
    path.write_text(
        "# Bounds.\nSearch.log_uniform = {%key: [%low, 1e-1]}\nSearch.trials = %n\n"
        'key = "ASGAN.epsilon"\nlow = 1e-3\nn = 7\n'
    )
    search = read_space(str(path), Catalogue.of()).search
    assert search.log_uniform == {"ASGAN.epsilon": (1e-3, 1e-1)}
    assert search.trials == 7


@pytest.mark.parametrize(
    ("lines", "line", "complaint"),
    [
        ("Search.trials = %n\n", 1, "no macro %n"),
        ("Search.trials = %n\nn = 'x'\n", 2, "'x' is not int"),
        ("Search.grid = {'ASGAN.epsilon': [0.1]}\nn = 2\n", 2, "nothing uses the macro 'n'"),
        ("Search.seeds = [1, 1]\nSearch.grid = {'ASGAN.epsilon': [0.1]}\n", 1, "each once"),
        ("Search.seeds = [-1]\nSearch.grid = {'ASGAN.epsilon': [0.1]}\n", 1, "0 or more"),
        ("Search.uniform = {'ASGAN.epsilon': [0.1]}\n", 1, "1 items"),
        ("Search.controls = ['vanila']\nSearch.grid = {'ASGAN.epsilon': [1]}\n", 1, "'vanilla'"),
        ("Search.methods = ['as_gam']\nSearch.grid = {'ASGAN.epsilon': [1]}\n", 1, "'as_gan'"),
        ("Search.integer = {'Unrolled.k': [1, 2.5]}\n", 1, "2.5 is not int"),
        ("Search.grid = {'Adam.lr = 1\\nAdam.eps': [0.1]}\n", 1, "not the left side"),
    ],
)
def test_a_wrong_word_of_a_search_space_is_named_with_its_line(tmp_path, lines, line, complaint):
    path = tmp_path / "space.gin"
    path.write_text(lines)
    with pytest.raises(UsageError) as caught:
        read_space(str(path), Catalogue.of())
    assert f"space.gin:{line}: " in str(caught.value)
    assert complaint in str(caught.value)


def test_a_refused_value_is_one_line_and_exit_code_2_and_leaves_nothing(
    toy_suite, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    extended(toy_suite, 'Suite.methods = ["vanilla", 3]')
    assert main(["run", "toy.gin"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["toy.gin"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("Suite.seeds = 100000000000", "it must be at least one and at most 100000"),
        ("Suite.seeds = -1", "it must be at least one and at most 100000"),
        ("Adam.lr = 1e400", "inf is not "),
        ("x/Suite.seeds = 2", "x/Suite.seeds has no effect: Suite is in no scope"),
        ('Control.of = "vanilla"', "a method says in its own gin file"),
    ],
)
def test_what_no_run_could_have_is_refused_with_its_place(toy_suite, line, complaint):
    place = extended(toy_suite, line)
    message = refusal(toy_suite)
    assert complaint in message
    assert f"toy.gin:{place}:" in message
