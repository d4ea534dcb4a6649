"""The paper's suites: budgets as published, and every one runs at the scale of a trial."""

import csv
from pathlib import Path

import pytest
from toy_runs import ignore

from bench.cli import main
from bench.config import names
from bench.config.compose import Composition
from bench.config.plan import make_plan
from bench.data.photographs import Photographs
from bench.report import published
from bench.training.execute import execute
from bench.training.preflight import preflight

TRIAL = str(names.find("scales", "trial", "here"))
# Appendix G's epochs; and the pictures to train on, as each data set's own documentation has them.
BUDGETS = {
    "cifar10": (200, 50_000),
    "celeba64": (100, 162_770),
    "lsun_bedroom64": (10, 3_033_042 - 30_000),
    "imagenet64": (10, 1_281_167),
}
SHAPES = {"cifar10": 32, "celeba64": 64, "lsun_bedroom64": 64, "imagenet64": 64}
SUITES = [
    "table1_cifar10",
    "table1_cifar10_resnet",
    "table1_celeba",
    "table1_celeba_resnet",
    "table1_lsun",
    "table1_lsun_resnet",
    "imagenet64",
    "appendix_f_cifar10",
    "appendix_f_celeba",
    "epsilon_sweep",
    "ablation",
]
REDUCED = ["appendix_f_cifar10_jpeg", "epsilon_sweep_cifar10_jpeg"]


def bound(composition: Composition, name: str) -> object:
    """The value that a run's config binds to a parameter, whatever its module."""
    values = {key: binding.value for key, binding in composition.bindings.items()}
    scope, _, rest = name.rpartition("/")
    selector, _, parameter = rest.partition(".")
    return next(
        value
        for key, value in values.items()
        if (key[0], key[1].rsplit(".", 1)[-1], key[2]) == (scope, selector, parameter)
    )


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_has_the_papers_budget_and_optimizers(suite) -> None:
    plan = make_plan(suite)
    epochs, pictures = BUDGETS[plan.runs[0].dataset]
    for run in plan.runs:
        composition = plan.compositions[run.digest]
        assert bound(composition, "Experiment.steps") == epochs * (pictures // 64)
        assert bound(composition, "Experiment.batch_size") == 64
        assert bound(composition, "Experiment.latent_dim") == 100
        assert bound(composition, "Adam.lr") == 2e-4
        width = {"dcgan": 128, "resnet": 256}[run.architecture]
        assert bound(composition, "g_width") == bound(composition, "d_width") == width
        if run.dataset != "cifar10":
            assert bound(composition, "image_size") == SHAPES[run.dataset]
    methods = {run.method for run in plan.runs}
    assert {"vanilla", "as_gan", "as_gan_none", "as_gan_gaussian"} <= methods
    assert {run.seed for run in plan.runs} == {0, 1, 2}


def test_the_last_tenth_of_the_scores_is_of_the_last_twenty_epochs() -> None:
    for suite in ("table1_cifar10", "appendix_f_cifar10", "epsilon_sweep", "ablation"):
        plan = make_plan(suite)
        composition = plan.compositions[plan.runs[0].digest]
        steps = bound(composition, "Experiment.steps")
        evaluations = bound(composition, "Experiment.evaluations")
        scored = [(i + 1) * steps // evaluations for i in range(evaluations)]
        tail = scored[-(evaluations // 10) :]
        assert all(step > 180 * 781 for step in tail)
        assert not any(step > 180 * 781 for step in scored[: -len(tail)])


def test_the_sweep_has_figure_3s_rows() -> None:
    plan = make_plan("epsilon_sweep")
    epsilons = {
        run.method: bound(plan.compositions[run.digest], "ASGAN.epsilon")
        for run in plan.runs
        if run.method not in ("vanilla", "as_gan_none", "as_gan_gaussian")
    }
    assert sorted(epsilons.values()) == [e / 255 for e in (0.2, 0.5, 1, 2, 3, 4)]
    assert {run.method for run in plan.runs} - set(epsilons) == {
        "vanilla",
        "as_gan_none",
        "as_gan_gaussian",
    }


def test_celebas_discriminator_learns_as_appendix_g_says() -> None:
    dcgan, resnet = make_plan("table1_celeba"), make_plan("table1_celeba_resnet")
    for run in dcgan.runs:
        assert bound(dcgan.compositions[run.digest], "discriminator/Adam.lr") == 5e-5
    assert {run.setting for run in resnet.runs} == {"standard"}


@pytest.mark.parametrize("suite", SUITES + REDUCED)
def test_a_suite_can_be_tried_without_its_data(suite) -> None:
    full, plan = make_plan(suite), make_plan(suite, [TRIAL])
    preflight(plan)
    cells = [{(run.method, run.setting) for run in one.runs} for one in (full, plan)]
    assert cells[0] == cells[1]
    assert {run.dataset for run in plan.runs} == {"photographs"}
    assert {run.seed for run in plan.runs} == {0}
    size = SHAPES.get(full.runs[0].dataset, 32)
    for run in plan.runs:
        assert bound(plan.compositions[run.digest], "image_size") == size
        assert "g_width = 8" in run.overrides


def test_a_trial_runs_to_its_end_and_its_record_says_that_it_is_one(tmp_path) -> None:
    for run in make_plan("appendix_f_celeba", [TRIAL]).runs[::5]:
        record = execute(run, tmp_path, ignore)
        assert record["status"] == "completed", record["reason"]
        assert record["dataset"] == "photographs"
        assert "Experiment.steps = 8" in record["overrides"]
        assert record["protocol"]["judge"]["name"] == "thumbnails"
        assert len(record["scores"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES + REDUCED)
def test_every_run_of_a_trial_has_a_result(suite, tmp_path) -> None:
    out, boards = tmp_path / "runs", tmp_path / "boards"
    words = ["--scale", "trial", "--out", str(out), "--leaderboards", str(boards)]
    assert main(["run", suite, *words]) == 0
    records = list(out.glob("**/record.json"))
    assert len(records) == len(make_plan(suite, [TRIAL]).runs)


def test_an_unknown_scale_is_refused_with_the_nearest(capsys) -> None:
    assert main(["run", "quick", "--scale", "trail"]) == 2
    assert "no scale named 'trail'; did you mean 'trial'?" in capsys.readouterr().err


def test_photographs_refuse_what_is_no_picture() -> None:
    with pytest.raises(ValueError, match="size = 0"):
        Photographs(size=0)
    with pytest.raises(ValueError, match="pieces = 1"):
        Photographs(pieces=1)


# The paper's numbers ----------------------------------------------------------------------------

REPORTED = Path(__file__).parents[2] / "shared" / "reference" / "reported.csv"


def quoted(dataset: str) -> list[dict[str, str]]:
    with (published.FOLDER / f"{dataset}.csv").open() as file:
        return [row for row in csv.DictReader(file) if "AS-GAN" in row["source"]]


@pytest.mark.skipif(not REPORTED.exists(), reason="the list of the paper's numbers is not here")
def test_every_number_of_the_paper_is_quoted_once() -> None:
    with REPORTED.open() as file:
        reported = list(csv.DictReader(file))
    for dataset in BUDGETS:
        ours = [
            (r["metric"], r["value"], r["plus_minus"], "cited there" in r["source"])
            for r in quoted(dataset)
        ]
        theirs = [
            (r["metric"], r["value"], r["plus_minus"], r["own_implementation"] == "no")
            for r in reported
            if r["dataset"] == dataset
        ]
        assert sorted(ours) == sorted(theirs)
    assert {r["dataset"] for r in reported} == set(BUDGETS)


def test_quoted_rows_name_our_methods_settings_and_their_source() -> None:
    for dataset in BUDGETS:
        for row in quoted(dataset):
            assert row["method"] in names.available("methods")
            assert "arXiv:1912.09670" in row["source"]
            if "cited there" not in row["source"]:
                assert row["setting"] in names.available("settings")
                assert row["architecture"] in names.available("architectures")
                assert f"{BUDGETS[dataset][0]} epochs" in row["protocol"]


def test_the_jpeg_copy_quotes_the_originals_numbers() -> None:
    original = published.numbers("cifar10")
    assert published.numbers("cifar10_jpeg").equals(original)
    assert "28.05" in original["value"].tolist()
    assert published.numbers("photographs").empty
