"""The API and arguments that are wrong: a sentence, in the words of who called, and no work."""

from pathlib import Path

import numpy as np
import pytest
import torch

import ganbench


def refused(function, *args, **kwargs):
    """What a call says to what is wrong with it."""
    with pytest.raises(ganbench.UsageError) as refusal:
        function(*args, **kwargs)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"methods": "vanila"}, "methods: no method named 'vanila'"),
        ({"settings": ["standrd"]}, "settings: no setting named 'standrd'"),
        ({"seeds": 0}, "seeds: Suite.seeds = 0: it must be at least one"),
        ({"seeds": 1.5}, "seeds: Suite.seeds = 1.5: 1.5 is not int"),
        ({"steps": 2.0}, "steps: Experiment.steps = 2.0: 2.0 is not int"),
        ({"bindings": "Adam.rl = 1"}, "bindings 'Adam.rl = 1': "),
        ({"files": "none.gin"}, "files: there is no file 'none.gin'"),
    ],
)
def test_errors_name_arguments_not_options(toy_suite, given, said):
    assert refused(ganbench.plan, toy_suite, **given).startswith(said)


def test_the_other_functions_name_theirs(toy_suite, tmp_path):
    plan = ganbench.plan(toy_suite)
    assert refused(ganbench.plan, "quik").startswith("suite: no suite")
    assert refused(ganbench.score, "digit", torch.zeros(1)).startswith("dataset: no dataset")
    assert refused(ganbench.run, plan, tmp_path, jobs=0).startswith("jobs 0: ")
    assert refused(ganbench.train, plan.runs[0], tmp_path, callbacks="cvs").startswith("callbacks ")
    assert refused(ganbench.report, tmp_path / "none").startswith("runs ")
    assert refused(ganbench.Where, engine="slrm").endswith("did you mean 'slurm'?")


def test_a_command_that_a_sentence_proposes_stays_one(tmp_path):
    @ganbench.terms.in_python
    def function() -> None:
        raise ganbench.UsageError("--out x: no; ganbench run SUITE --out y does: see --judge")

    assert refused(function) == "out x: no; ganbench run SUITE --out y does: see judge"


def test_numbers_of_numpy_and_single_names_are_taken(toy_suite):
    plan = ganbench.plan(toy_suite, methods=iter(["vanilla"]), seeds=np.arange(3, 5), steps=4)
    assert [run.seed for run in plan.runs] == [3, 4]
    one = ganbench.plan(toy_suite, seeds=np.int64(2), bindings="Experiment.steps = 4")
    assert [run.seed for run in one.runs] == [0, 1, 0, 1]
    assert one.runs[0].overrides == plan.runs[0].overrides == ("Experiment.steps = 4",)


def test_what_is_no_run_plan_or_callback_is_refused_before_any_work(toy_suite, tmp_path):
    plan = ganbench.plan(toy_suite)
    out = tmp_path / "runs"
    assert "plan is of type str" in refused(ganbench.run, "toy", out)
    assert "plan is of type str" in refused(ganbench.check, "toy")
    assert "run is of type Plan" in refused(ganbench.train, plan, out)
    assert "a callback is of type type" in refused(
        ganbench.train, plan.runs[0], out, callbacks=[ganbench.Callback]
    )
    assert not out.exists()


def test_train_says_where_it_cannot_write(toy_suite, tmp_path):
    run = ganbench.plan(toy_suite).runs[0]
    (tmp_path / "file").touch()
    assert "cannot write there" in refused(ganbench.train, run, tmp_path / "file")
    run.folder(tmp_path).parent.mkdir(parents=True)
    run.folder(tmp_path).touch()
    assert "it is a file" in refused(ganbench.train, run, tmp_path)


def test_what_is_offered_is_all_that_is_shown(toy_suite):
    assert set(dir(ganbench)) - {"__all__", "__doc__", "__version__"} == set(ganbench.__all__)
    plan = ganbench.plan(toy_suite)
    assert len(repr(plan)) < 1000
    assert "method='vanilla'" in repr(plan)


@pytest.mark.parametrize("samples", [None, [torch.zeros(1, 8, 8)], 3])
def test_samples_that_are_nothing_of_the_kind(samples):
    assert "samples are of type" in refused(ganbench.score, "digits", samples)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_points_that_are_no_numbers_have_no_score(bad):
    points = np.zeros((2500, 2))
    points[7, 1] = bad
    assert "infinite or not a number" in refused(ganbench.score, "ring", points)


def test_latents_of_another_shape_or_number(toy_suite, tmp_path):
    run = ganbench.plan(toy_suite, methods="vanilla").runs[0]
    ganbench.train(run, tmp_path)
    opened = ganbench.open_run(run.folder(tmp_path))
    assert refused(opened.sample, -1).startswith("n = -1")
    assert refused(opened.generate, torch.zeros(3, 5)).endswith("this generator's have (n, 4)")
    doubled = opened.latents(3).double()
    assert torch.equal(opened.generate(doubled), opened.generate(doubled.float()))
    checkpoint = Path(run.folder(tmp_path) / "checkpoint.safetensors")
    checkpoint.unlink()
    checkpoint.mkdir()
    assert "cannot be read" in refused(ganbench.open_run, run.folder(tmp_path))


def test_compare_refuses_what_it_would_misread():
    scores = {"a": [1.0, 2.0], "b": [2.0, 3.0]}
    with pytest.raises(ValueError, match="better = 'hihger'"):
        ganbench.statistics.compare(scores, better="hihger")
    with pytest.raises(ValueError, match="no run"):
        ganbench.statistics.compare({"a": [], "b": []})
    found = ganbench.statistics.compare({**scores, "none": [np.nan, np.nan]})
    assert found[["first", "second"]].values.tolist() == [["a", "b"]]


def test_runs_alone_are_of_one_setting():
    statistics = ganbench.statistics
    a, b = np.array([1.0, 2.0, 5.0, 9.0]), np.array([2.0, 3.0, 4.0, 10.0])
    column = statistics.probability_of_improvement(a[:, None], b[:, None])
    assert statistics.probability_of_improvement(list(a), list(b)) == column
    for one, other in zip(
        statistics.performance_profile(a, [2.0, 6.0]),
        statistics.performance_profile(a[:, None], [2.0, 6.0]),
        strict=True,
    ):
        assert np.array_equal(one, other)
    with pytest.raises(ValueError, match="shape"):
        statistics.probability_of_improvement(a[:, None], b[:3, None])
    with pytest.raises(ValueError, match="NaN"):
        statistics.signed_rank_test([1.0, np.nan])


def test_lists_are_as_good_as_arrays():
    statistics = ganbench.statistics
    assert statistics.tail_mean([1.0, 2.0, 3.0]) == 3.0
    assert statistics.best([3.0, np.nan, 1.0], "lower") == 1.0
    assert statistics.curve_mean([0, 1, 2], [2.0, np.nan, 8.0]) == pytest.approx(4.0)
