"""The paper's suites: budgets as published, and every one runs at the scale of a trial."""

import csv
from pathlib import Path

import pytest
from toy_runs import ignore

from bench.cli import main
from bench.config.catalogue import Catalogue
from bench.config.compose import Composition
from bench.config.plan import make_plan
from bench.config.statements import Reference
from bench.data.photographs import Photographs
from bench.results import published
from bench.training.execute import execute
from bench.training.preflight import preflight

TRIAL = str(Catalogue.of().find("scales", "trial", "here"))
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
REDUCED = [
    "appendix_f_cifar10_jpeg",
    "appendix_f_cifar10_jpeg_long",
    "epsilon_sweep_cifar10_jpeg",
]


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


# Tables 2 and 3: what each setting changes, and nothing else.
SETTINGS = {
    "appendix_f_cifar10": {
        "standard": set(),
        "adam_beta2_0.9": {("Adam.betas", (0.5, 0.9))},
        "no_bn_g": {("g_norm", "none")},
        "no_bn_d": {("d_norm", "none")},
        "no_bn_both": {("g_norm", "none"), ("d_norm", "none")},
        "lr_d_double": {("discriminator/Adam.lr", 4e-4)},
    },
    "appendix_f_celeba": {"standard": set(), "lr_d_5e-5": {("discriminator/Adam.lr", 5e-5)}},
}


@pytest.mark.parametrize("suite", SETTINGS)
def test_a_setting_of_appendix_f_changes_what_its_table_says(suite) -> None:
    plan = make_plan(suite)
    found = {
        (run.method, run.setting): {
            (binding.key.replace("torch.optim.", ""), binding.value)
            for binding in plan.compositions[run.digest].bindings.values()
            if not isinstance(binding.value, Reference)
        }
        for run in plan.runs
    }
    appendix_g = {("Adam.betas", (0.5, 0.999)), ("g_norm", "batch"), ("d_norm", "batch")}
    for (method, setting), bindings in found.items():
        standard = found[method, "standard"]
        assert appendix_g <= standard
        assert bindings - standard == SETTINGS[suite][setting]
    assert {setting for _, setting in found} == set(SETTINGS[suite])


def test_controls_of_equal_cost_differentiate_as_many_batches_through_d(tmp_path) -> None:
    equals = {"as_gan", "as_gan_none", "as_gan_gaussian", "as_gan_random_sign"}
    equals.add("vanilla_two_d_steps")
    runs = [run for run in make_plan("ablation", [TRIAL]).runs if run.method in equals]
    records = {run.method: execute(run, tmp_path, ignore) for run in runs}
    cost = {method: record["scores"][-1]["d_gradients"] for method, record in records.items()}
    # Each of 8 steps of G: two of D on real and generated pictures, and G's own through D.
    assert cost == dict.fromkeys(equals, 8 * (2 * 2 + 1))


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


def test_a_trained_classifier_can_judge_in_inceptions_place() -> None:
    judge = str(Catalogue.of().find("judges", "classifier", "here"))
    plan = make_plan("table1_cifar10", [judge], ['ClassifierJudge.weights = "cifar10-cnn.json"'])
    for composition in plan.compositions.values():
        assert repr(bound(composition, "Experiment.judge")) == "@ClassifierJudge"
        assert bound(composition, "ClassifierJudge.weights") == "cifar10-cnn.json"


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


# The list's names of settings, beside ours.
OUR_SETTINGS = {
    "standard": "standard",
    "standard, epsilon=1/255": "standard",
    "standard, lr_D=5e-5 (not stated in the table)": "lr_d_5e-5",
    "adam_beta2=0.9": "adam_beta2_0.9",
    "no_bn_g": "no_bn_g",
    "no_bn_d": "no_bn_d",
    "no_bn_both": "no_bn_both",
    "lr_D=4e-4": "lr_d_double",
    "lr_D=2e-4 lr_G=2e-4": "standard",
    "lr_D=5e-5 lr_G=2e-4": "lr_d_5e-5",
}
PLACES = {"T1": "Table 1", "T2": "Table 2", "T3": "Table 3", "X": "section 4.3"}


def as_quoted(row: dict[str, str]) -> tuple[str, ...]:
    """A row of the list as our files have it: method, network, setting, score, source."""
    cited = row["setting"].removeprefix("cited from ") if row["own_implementation"] == "no" else ""
    network = row["architecture"].removesuffix(" (not stated)")
    if cited:
        network = {"cnn": "CNN", "resnet": "ResNet"}[network]
    return (
        {"dcgan": "vanilla"}.get(row["method"], row["method"]),
        network,
        "" if cited else OUR_SETTINGS[row["setting"]],
        *(row[name] for name in ("metric", "value", "plus_minus")),
        "Liu et al. 2021 (AS-GAN, arXiv:1912.09670), "
        + PLACES[row["id"].split("-")[0]]
        + (f", cited there from {cited}" if cited else ""),
    )


@pytest.mark.skipif(not REPORTED.exists(), reason="the list of the paper's numbers is not here")
def test_every_number_of_the_paper_is_quoted_once_and_where_it_belongs() -> None:
    with REPORTED.open() as file:
        reported = list(csv.DictReader(file))
    columns = ("method", "architecture", "setting", "metric", "value", "plus_minus", "source")
    for dataset in BUDGETS:
        ours = [tuple(row[name] for name in columns) for row in quoted(dataset)]
        theirs = [as_quoted(row) for row in reported if row["dataset"] == dataset]
        assert sorted(ours) == sorted(theirs)
    assert {row["dataset"] for row in reported} == set(BUDGETS)


def test_quoted_rows_name_our_methods_settings_and_their_source() -> None:
    for dataset in BUDGETS:
        for row in quoted(dataset):
            assert row["method"] in Catalogue.of().available("methods")
            assert "arXiv:1912.09670" in row["source"]
            if "cited there" not in row["source"]:
                assert row["setting"] in Catalogue.of().available("settings")
                assert row["architecture"] in Catalogue.of().available("architectures")
                assert f"{BUDGETS[dataset][0]} epochs" in row["protocol"]


def test_the_jpeg_copy_quotes_the_originals_numbers() -> None:
    original = published.numbers("cifar10")
    assert published.numbers("cifar10_jpeg").equals(original)
    assert "28.05" in original["value"].tolist()
    assert published.numbers("photographs").empty
