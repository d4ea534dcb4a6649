"""The parts of a search, each against something known."""

import json

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from records_factory import record

from bench.config.catalogue import Catalogue
from bench.errors import UsageError
from bench.search.findings import Study, Trial
from bench.search.objective import Objective, objectives
from bench.search.samplers import grid, sampler
from bench.search.space import read_space
from bench.search.storage import JournalLock, mend
from bench.search.task import Source, prepare

OVERLAP = Objective("overlap", "overlap", "higher", "last")


def space_file(tmp_path, text):
    path = tmp_path / "mine.gin"
    path.write_text(text)
    return str(path)


def test_every_space_that_is_offered_can_be_searched_somewhere(toy_suite):
    for name, methods in {"epsilon": [], "tuning": ["all"], "unrolled_cost": []}.items():
        tasks = prepare(read_space(name, Catalogue.of()), Source(str(toy_suite)), methods)
        assert tasks, name


def test_the_epsilon_grid_is_the_papers_on_images_of_256_levels(tmp_path, toy_suite):
    """Figure 3 has 0, .2, .5, 1, 2, 3 and 4 over 255; as_gan.gin binds 1/255."""
    text = toy_suite.read_text().replace("ASGAN.epsilon = 0.1\n", "")
    suite = tmp_path / "images.gin"
    suite.write_text(text)
    (task,) = prepare(read_space("epsilon", Catalogue.of()), Source(str(suite)))
    values = [point["ASGAN.epsilon"] for point in grid(task.distributions)]
    np.testing.assert_allclose(values, np.array([0, 0.2, 0.5, 1, 2, 3, 4]) / 255, rtol=1e-10)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('Search.grid = {"ASGAN.epsilom": [0.1]}', "did you mean 'epsilon'?"),
        ('Search.grid = {"ASGAM.epsilon": [0.1]}', "did you mean 'ASGAN'?"),
        ('Search.log_uniform = {"generater/Adam.lr": (0.1, 1.0)}', "did you mean 'generator'?"),
        ('Search.grid = {"ASGAN.epsilon": ["much"]}', "epsilon"),
        ('Search.grid = {"ASGAN.epsilon": [-1.0]}', "epsilon"),
        ('Search.grid = {"ASGAN.epsilon": []}', "has no values"),
        ('Search.log_uniform = {"ASGAN.epsilon": (1.0, 0.1)}', "ASGAN.epsilon"),
        ('Search.gird = {"ASGAN.epsilon": [0.1]}', "did you mean 'grid'?"),
        ("Adam.lr = 0.1", "binds Search alone"),
        ("Search.seeds = 2", "names no parameter"),
        ('Search.grid = {"ASGAN.epsilon": [0.1]}\nSearch.sampler = "tpa"', "did you mean 'tpe'?"),
        ('Search.grid = {"ASGAN.epsilon": [0.1]}\nSearch.seeds = [0, 7]', "seed 0"),
        ('Search.grid = {"ASGAN.epsilon": [0.1]}\nSearch.relative = ["epsilon"]', "ASGAN.epsilon"),
        (
            'Search.grid = {"ASGAN.epsilon": [0.1]}\nSearch.objectives = ["overlab"]',
            "did you mean 'overlap'?",
        ),
        (
            'Search.uniform = {"ASGAN.epsilon": (0.1, 1.0)}\nSearch.sampler = "grid"',
            "values that can be counted",
        ),
        (
            'Search.grid = {"ASGAN.epsilon": [0.1]}\nSearch.pruner = "median"\n'
            'Search.objectives = ["headline", "d_gradients"]',
            "no trial can be stopped early",
        ),
        ('Search.grid = {"R1.gamma": [0.1]}\nSearch.methods = ["as_gan"]', "as_gan"),
    ],
)
def test_a_space_that_is_wrong_is_refused_with_its_file_and_line(
    text, complaint, tmp_path, toy_suite
):
    with pytest.raises(UsageError, match=r"mine|--methods") as refused:
        prepare(read_space(space_file(tmp_path, text), Catalogue.of()), Source(str(toy_suite)))
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_parameter_in_a_scope_and_values_of_any_kind_reach_the_config(tmp_path, toy_suite):
    text = """
Search.log_uniform = {"discriminator/Adam.lr": (0.5, 2.0)}
Search.relative = ["discriminator/Adam.lr"]
Search.categorical = {"Adam.betas": [(0.5, 0.9), (0.0, 0.99)], "g_norm": ["none", "batch"]}
Search.integer = {"Experiment.batch_size": (8, 16)}
Search.methods = ["vanilla"]
"""
    space = read_space(space_file(tmp_path, text), Catalogue.of())
    (task,) = prepare(space, Source(str(toy_suite)))
    assert task.units == {"discriminator/Adam.lr": 2e-4}
    values = {
        "discriminator/Adam.lr": 1e-4,
        "Adam.betas": "(0.0, 0.99)",
        "g_norm": "'none'",
        "Experiment.batch_size": 9,
    }
    runs = task.runs(values)
    assert [run.seed for run in runs] == [10000, 10001, 10002]
    for line in ("bench.training.optimizers.Adam.betas = (0.0, 0.99)", "g_norm = 'none'"):
        assert line in runs[0].config or line.split(".", 3)[-1] in runs[0].config
    assert "discriminator/" in runs[0].config
    assert "lr = 0.0001" in runs[0].config


FID = Objective("fid", "FID", "lower", "last")


@pytest.mark.parametrize("status", ["completed", "collapsed"])
def test_a_run_that_reached_its_end_counts_as_what_it_was_measured_to_be(status):
    one = record(last=12.0, status=status)
    assert FID.measured(one) == FID.value(one, dict) == 12.0  # and nobody asks for the untrained


def test_a_run_without_a_score_counts_as_its_untrained_generator_or_as_worse():
    untrained = {"fid": 300.0, "overlap": 0.01}
    late = record(last=12.0, status="diverged")
    early = record(status="diverged", end=1, scores=[])
    unscored = record(last=12.0)
    unscored["scores"][-1]["fid"] = None
    for one in (late, early, unscored):
        assert FID.value(one, lambda: untrained) == 300.0
        assert np.isnan(FID.measured(one))
    assert FID.value(late, lambda: {"fid": 100.0}) == 200.0  # its own first score
    assert OVERLAP.value(early, lambda: untrained) == 0.01


def test_a_run_that_stopped_half_way_is_not_cheap():
    (cost,) = objectives(["d_gradients"], "last", record()["protocol"], "here")
    whole, half = record(), record(status="diverged", end=300)
    assert cost.value(half, dict) == cost.value(whole, dict) == 3 * 600
    assert cost.measured(whole) == cost.measured(record(status="collapsed")) == 3 * 600
    assert np.isnan(cost.measured(half))


@pytest.mark.parametrize(
    ("summary", "expected"), [("last", 5.0), ("best", 1.0), ("tail", (5.0 + 3.0) / 2)]
)
def test_a_curve_counts_as_its_summary(summary, expected):
    rows = [{"fid": float(v)} for v in [9] * 17 + [1, 3, 5]]
    assert Objective("fid", "FID", "lower", summary).so_far(rows) == expected


def test_the_front_is_what_no_trial_beats_in_all_objectives():
    points = [(1.0, 9.0), (2.0, 5.0), (2.0, 6.0), (4.0, 1.0), (5.0, 1.0), (2.0, 5.0)]
    trials = [Trial(n, "complete", {}, list(values), []) for n, values in enumerate(points)]
    study = Study("s", "m", {}, {}, [*trials, Trial(9, "stopped", {}, [0.0], [])])
    two = [Objective("a", "a", "lower", "last"), Objective("b", "b", "lower", "last")]
    assert [trial.number for trial in study.chosen(two)] == [0, 1, 3]


def test_the_best_is_one_trial_the_first_of_equals():
    trials = [Trial(n, "complete", {}, [value], []) for n, value in enumerate([1.0, 3.0, 3.0])]
    study = Study("s", "m", {}, {}, trials)
    assert [trial.number for trial in study.chosen([OVERLAP])] == [1]


@pytest.mark.parametrize("name", ["random", "tpe", "gp"])
def test_what_a_sampler_draws_depends_on_the_trial_and_not_on_its_own_past(name):
    """Else a search that was resumed would go another way."""
    drawn = []
    for used in (0, 3):
        one = sampler(name, seed=1, number=5)
        for _ in range(used):
            optuna.create_study(sampler=sampler(name, 1, 5)).ask().suggest_float("x", 0, 1)
        drawn.append(optuna.create_study(sampler=one).ask().suggest_float("x", 0, 1))
    assert drawn[0] == drawn[1]
    other = optuna.create_study(sampler=sampler(name, 1, 6)).ask().suggest_float("x", 0, 1)
    assert drawn[0] != other


def test_a_torn_journal_is_cut_back_to_its_last_whole_line(tmp_path):
    journal = tmp_path / "journal.log"

    def storage():
        return JournalStorage(JournalFileBackend(str(journal), lock_obj=JournalLock(journal)))

    study = optuna.create_study(storage=storage(), study_name="s")
    for value in (1.0, 2.0):
        study.tell(study.ask(), value)
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in (1, len(lines[-1]) // 2, len(lines[-1]) - 1):
        journal.write_bytes(whole + lines[-1][:cut])
        again = optuna.load_study(study_name="s", storage=storage())
        again.tell(again.ask(), 3.0)
        for line in journal.read_bytes().splitlines():
            json.loads(line)
        assert [t.value for t in optuna.load_study(study_name="s", storage=storage()).trials] == [
            1.0,
            2.0,
            3.0,
        ]
    journal.write_bytes(b'{"op')
    assert mend(journal) == 4
    assert journal.read_bytes() == b""
