"""The API: what it does is what the command does, and it leaves the caller's process as it was."""

import gin
import numpy as np
import pandas as pd
import pytest
import torch
from toy_runs import ignore

import ganbench
from bench.results import comparison
from bench.runs import records
from bench.runs.lock import claimed
from bench.training.execute import execute

TIMES = ("cost", "provenance", "scores")


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A plan of two runs, and the folder in which ``train`` has done them."""
    folder = tmp_path_factory.mktemp("api")
    path = folder / "toy.gin"
    path.write_text(
        """# Two methods on a ring, in a moment.
Suite.dataset = "ring"
Suite.architecture = "mlp"
Suite.methods = ["vanilla", "as_gan"]
Suite.seeds = 1
Experiment.steps = 6
Experiment.evaluations = 2
Experiment.log_every = 2
Experiment.batch_size = 16
Experiment.latent_dim = 4
Experiment.device = "cpu"
ASGAN.epsilon = 0.1
"""
    )
    plan = ganbench.plan(path)
    for run in plan.runs:
        ganbench.train(run, folder / "runs")
    return plan, folder / "runs"


def without_times(record):
    kept = {key: value for key, value in record.items() if key not in TIMES}
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in record["scores"]]
    return kept | {"scores": rows}


def test_all_that_is_offered_is_there_and_documented():
    assert set(ganbench.__all__) <= set(dir(ganbench))
    for name in ganbench.__all__:
        assert getattr(ganbench, name).__doc__, name
    for name in ganbench.statistics.__all__:
        assert hasattr(ganbench.statistics, name)
    with pytest.raises(AttributeError, match="nosuch"):
        _ = ganbench.nosuch


def test_choices_are_those_of_the_command(toy_suite):
    plan = ganbench.plan(toy_suite, methods=["vanilla"], seeds=[3, 5], steps=4)
    assert [(run.method, run.seed) for run in plan.runs] == [("vanilla", 3), ("vanilla", 5)]
    assert plan.runs[0].overrides == ("Experiment.steps = 4",)
    with pytest.raises(ganbench.UsageError, match="did you mean 'vanilla'"):
        ganbench.plan(toy_suite, methods=["vanila"])
    with pytest.raises(ganbench.UsageError, match="width = 0"):
        ganbench.check(ganbench.plan(toy_suite, bindings=["g_width = 0"]))


def test_train_leaves_what_a_worker_would_and_the_process_as_it_was(toy, tmp_path):
    run = toy[0].runs[1]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        gin.parse_config("ASGAN.epsilon = 7.0")
        before, config = torch.get_rng_state(), gin.config_str()
        record = ganbench.train(run, tmp_path)
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), before)
        assert gin.config_str() == config
    finally:
        gin.clear_config()
        torch.set_num_threads(threads)
    expected = execute(run, tmp_path / "other", ignore)
    assert without_times(record) == without_times(expected)
    assert record["provenance"]["threads"] == expected["provenance"]["threads"] == 1


def test_train_does_nothing_twice_and_not_beside_another(toy, tmp_path):
    plan, out = toy
    path = plan.runs[0].folder(out) / "record.json"
    written = path.stat().st_mtime_ns
    assert ganbench.train(plan.runs[0], out) == records.read(path)
    assert path.stat().st_mtime_ns == written
    folder = plan.runs[0].folder(tmp_path)
    folder.mkdir(parents=True)
    with claimed(folder), pytest.raises(ganbench.UsageError, match="another process is at"):
        ganbench.train(plan.runs[0], tmp_path)


def test_callbacks_hear_a_run_and_names_of_none_are_refused(toy, tmp_path):
    heard = []

    class Hearing(ganbench.Callback):
        def logged(self, losses):
            heard.append(losses["step"])

        def evaluated(self, scores, diagnostics, samples):
            heard.append((scores["step"], samples.shape))

    run = toy[0].runs[0]
    ganbench.train(run, tmp_path, callbacks=[Hearing(), "csv"])
    assert heard == [2, 3, (3, (64, 2)), 4, 6, (6, (64, 2))]
    assert (run.folder(tmp_path) / "losses.csv").is_file()
    with pytest.raises(ganbench.UsageError, match="did you mean 'csv'"):
        ganbench.train(run, tmp_path, callbacks=["cvs"])


def test_records_and_curves_are_the_runs_each_once(toy):
    plan, out = toy
    ganbench.report(out)  # whose pages hold copies of the records
    table = ganbench.records(out)
    assert table[["method", "seed", "headline"]].values.tolist() == [
        ["as_gan", 0, "overlap"],
        ["vanilla", 0, "overlap"],
    ]
    record = records.read(plan.runs[0].folder(out) / "record.json")
    row = table.set_index("method").loc["vanilla"]
    assert row["last"] == record["scores"][-1]["overlap"]
    assert row["score_modes"] == record["scores"][-1]["modes"]

    curves = ganbench.curves(out)
    of_run = curves[curves["run"] == record["id"]]
    overlap = of_run[of_run["metric"] == "overlap"]
    assert overlap["step"].tolist() == [3, 6]
    assert overlap["value"].tolist() == [row["overlap"] for row in record["scores"]]
    losses = of_run[of_run["metric"] == "d_loss"]
    assert losses["value"].tolist() == [row["d_loss"] for row in record["losses"]]
    assert of_run["metric"].isin(["gradient_l1", "seconds"]).any()


def test_records_of_suites_with_other_headlines_stand_in_one_table(toy, tmp_path):
    _, out = toy
    digits = ganbench.plan(
        "quick",
        methods=["vanilla"],
        settings=["standard"],
        seeds=1,
        steps=1,
        bindings=["Experiment.evaluations = 1"],
    )
    ganbench.train(digits.runs[0], out)
    table = ganbench.records(out)
    assert set(table["headline"]) == {"overlap", "fid"}
    assert table["score_fid"].notna().sum() == 1


def test_a_folder_without_records_is_named(tmp_path):
    for function in (ganbench.records, ganbench.curves, ganbench.report):
        with pytest.raises(ganbench.UsageError, match=str(tmp_path)):
            function(tmp_path)


def test_compare_is_the_test_of_the_pages():
    rng = np.random.default_rng(0)
    scores = {name: rng.lognormal(size=(5, 2)) for name in "abc"}
    scores["c"][0, 0] = np.inf  # a run without a score
    scores["c"][1, 1] = np.nan  # none at all
    rows = [
        (method, setting, seed, scores[method][seed, setting])
        for method in scores
        for seed in range(5)
        for setting in range(2)
    ]
    runs = pd.DataFrame(rows, columns=["method", "setting", "seed", "last"]).dropna()
    runs["scored"] = np.isfinite(runs["last"])
    matrix = comparison.badness(runs, "lower")
    expected = comparison.compare(matrix, comparison.all_couples(["a", "b", "c"]))
    found = ganbench.statistics.compare(scores)
    assert found["p"].tolist() == [one.p for one in expected]
    assert found["adjusted"].tolist() == [one.adjusted for one in expected]
    assert found["pairs"].tolist() == [10, 9, 9]
    assert found.loc[1, "wins"] >= 1


def test_compare_knows_which_way_is_better_and_what_to_compare_with():
    scores = {"low": np.arange(1.0, 7.0), "high": np.arange(2.0, 8.0)}
    row = ganbench.statistics.compare(scores, better="higher", baseline="low").iloc[0]
    assert (row["first"], row["second"], row["wins"], row["effect"]) == ("high", "low", 6, 1.0)
    assert row["p"] == 2 / 2**6
    with pytest.raises(ValueError, match="shapes"):
        ganbench.statistics.compare({"a": [1.0], "b": [1.0, 2.0]})
    with pytest.raises(ValueError, match="baseline"):
        ganbench.statistics.compare(scores, baseline="none")


def test_conform_says_what_of_a_plug_in_is_wrong():
    assert set(ganbench.conform("lsgan").values()) == {"ok"}
    with pytest.raises(ganbench.UsageError, match="did you mean 'method'"):
        ganbench.conform("lsgan", kind="metod")
