"""Options that choose of a suite: the same as bindings, and refused in their own names."""

import argparse

import pytest

from bench.cli import main
from bench.commands.options import add_budget, add_suite, plan_of
from bench.config.choice import Choice
from bench.config.plan import make_plan

SAME = {
    "methods": (Choice(methods=["as_gan"]), 'Suite.methods = ["as_gan"]'),
    "settings": (Choice(settings=("no_bn_d",)), 'Suite.settings = ["no_bn_d"]'),
    "number of seeds": (Choice(seeds=2), "Suite.seeds = 2"),
    "seeds": (Choice(seeds=[0, 5]), "Suite.seeds = [0, 5]"),
    "steps": (Choice(steps=4), "Experiment.steps = 4"),
}


@pytest.fixture
def suite(toy_suite):
    """The toy suite with a norm, so that settings have an effect on it."""
    toy_suite.write_text(toy_suite.read_text() + 'd_norm = "batch"\n')
    return str(toy_suite)


@pytest.mark.parametrize(("choice", "binding"), SAME.values(), ids=SAME)
def test_a_choice_is_the_same_as_a_binding(suite, choice, binding):
    chosen, bound = make_plan(suite, choice=choice), make_plan(suite, gin_bindings=[binding])
    assert chosen.runs == bound.runs


def test_rows_are_of_the_suites_own_board_and_other_steps_of_another(suite):
    whole = make_plan(suite)
    rows = make_plan(suite, choice=Choice(methods=["as_gan"], settings=["standard"], seeds=[0]))
    assert [run.id for run in rows.runs] == [whole.runs[1].id]
    longer = make_plan(suite, choice=Choice(steps=8))
    assert longer.board != whole.board
    assert longer.runs[0].overrides == ("Experiment.steps = 8",)
    assert make_plan(suite, choice=Choice(steps=6)).board == whole.board


def test_a_choice_overrides_bindings(suite):
    plan = make_plan(suite, gin_bindings=["Suite.seeds = 3"], choice=Choice(seeds=[7]))
    assert {run.seed for run in plan.runs} == {7}


@pytest.mark.parametrize(
    ("words", "seeds", "methods"),
    [
        (["--seeds", "2"], [0, 1], {"vanilla", "as_gan"}),
        (["--seeds", "5,", "--methods", "as_gan"], [5], {"as_gan"}),
        (["--seeds", "0, 5", "--methods", "as_gan, vanilla,"], [0, 5], {"vanilla", "as_gan"}),
        (["--methods", "vanilla", "--settings", "standard"], [0], {"vanilla"}),
    ],
)
def test_options_stand_before_or_after_the_suite(suite, words, seeds, methods):
    parser = argparse.ArgumentParser()
    add_suite(parser)
    add_budget(parser)
    for line in ([*words, suite], [suite, *words]):
        plan = plan_of(parser.parse_args(line))
        assert sorted({run.seed for run in plan.runs}) == seeds
        assert {run.method for run in plan.runs} == methods


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--methods", "as_gam"], "--methods: no method named 'as_gam', and no group"),
        (["--methods", ","], "--methods ',': it must be names"),
        (["--methods", "as_gan", "--methods", "vanilla"], "--methods is given twice"),
        (["--settings", ""], "--settings '': it must be names"),
        (["--settings", "no_bn"], "--settings: no setting named 'no_bn'"),
        (["--settings", "standard,standard"], "--settings: Suite.settings must name"),
        (["--seeds", "few"], "--seeds 'few': it must be how many seeds"),
        (["--seeds", "0"], "--seeds: Suite.seeds = 0: it must be at least one"),
        (["--seeds", "1,-1"], "--seeds: Suite.seeds has the seed -1"),
        (["--steps", "1e3"], "--steps '1e3': it must be a whole number"),
        (["--steps", "0"], "--steps '0': it must be a whole number from 1 on"),
    ],
)
def test_a_wrong_choice_is_refused_by_its_option(
    suite, tmp_path, monkeypatch, capsys, words, complaint
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert main(["run", suite, *words]) == 2
    captured = capsys.readouterr()
    assert complaint in captured.err
    assert captured.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("command", ["run", "search"])
def test_fewer_steps_than_evaluations_name_both_places_and_what_to_bind(suite, capsys, command):
    assert main([command, suite, "--steps", "1"]) == 2
    error = capsys.readouterr().err
    assert "toy.gin:8, --steps: evaluations = 2, steps = 1" in error
    assert "evaluations must be between 1 and the 1 steps" in error
    assert "bind Experiment.evaluations = 1 or less" in error


@pytest.mark.parametrize(
    "words", [["search"], ["publish"], ["check", "--baseline", "none.csv"], ["speed"]]
)
def test_every_command_that_plans_a_suite_takes_them(suite, capsys, words):
    assert main([*words, suite, "--settings", "no_bn"]) == 2
    assert "--settings: no setting named 'no_bn'" in capsys.readouterr().err
