"""Recipes: what a suite cannot undo of them, what they cost, and what a page says of them."""

import numpy as np
import pytest
from page_tables import texts
from records_factory import PROTOCOL, digits, record, saved
from rich.console import Console
from toy_runs import ignore

from bench.cli import main
from bench.config.catalogue import Catalogue
from bench.config.groups import Methods
from bench.config.plan import make_plan
from bench.errors import UsageError
from bench.identity import BATCH, scoring
from bench.report import recipes, screen
from bench.report.markdown import to_markdown
from bench.report.page import page
from bench.results.board import boards
from bench.results.budgets import budgets
from bench.results.curves import curves
from bench.results.entry import entry_of, read_entry, under
from bench.results.results import Results
from bench.search.objective import objectives
from bench.training.execute import execute
from bench.training.preflight import preflight

SHIPPED = Methods(Catalogue.of()).groups["recipes"]

MINE = """include "methods/wgan_gp.gin"
import bench.training.schedules
Recipe.of = "wgan_gp"
Experiment.g_optimizer = @generator/Adam
Experiment.d_optimizer = @discriminator/Adam
Experiment.batch_size = 32
Adam.lr = @linear()
Adam.betas = (0.0, 0.9)
linear.start = 2e-4
linear.end = 0.0
Group.names = ["recipes"]
"""

OTHERWISE = """
import bench.training.schedules
Adam.lr = 0.5
generator/Adam.lr = @x/linear()
discriminator/Adam.betas = (0.1, 0.2)
Adam.weight_decay = 0.1
x/linear.start = 1.0
x/linear.end = 1.0
linear.steps = 3
linear.delay = 1
Experiment.max_norm = 1.0
Experiment.lr_factor = 0.5
"""
"""What a suite may bind that would make another training of any recipe with Adam."""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a gin file of the user's own: a function of kind, name and text."""
    monkeypatch.chdir(tmp_path)

    def write(kind, name, text):
        folder = tmp_path / "gin" / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.gin").write_text(f"# {name}.\n{text}")

    return write


@pytest.fixture
def planned(own, toy_suite):
    """Plans the toy suite with rows, and more lines; ``mine`` is a recipe of WGAN-GP."""
    own("methods", "mine", MINE)
    text = toy_suite.read_text().replace("ASGAN.epsilon = 0.1\n", "")

    def plan(*lines, rows=("vanilla", "mine"), **options):
        chosen = text.replace('["vanilla", "as_gan"]', repr(list(rows)))
        toy_suite.write_text("\n".join([chosen, *lines, ""]))
        return make_plan(str(toy_suite), **options)

    return plan


def refused(plan, *arguments, **options):
    with pytest.raises(UsageError) as caught:
        plan(*arguments, **options)
    return str(caught.value)


def said(plan, method):
    """All that the config of a row says, by parameter."""
    identity = next(run.known for run in plan.runs if run.method == method)
    return dict(identity.conditions) | dict(identity.method)


def trained(plan, method):
    """What it says of optimizers and batch."""
    parts = ("g_optimizer", "d_optimizer", "batch_size", "max_norm", "lr_factor")
    starts = (*(f"{part}/" for part in parts), *(f"Experiment.{part}" for part in parts))
    return {key: text for key, text in said(plan, method).items() if key.startswith(starts)}


# --- which layer stands above which


def test_a_suite_undoes_nothing_of_a_recipe_in_whatever_scope_it_binds(planned):
    alone = trained(planned(), "mine")
    assert alone == {
        "Experiment.batch_size": "32",
        "Experiment.g_optimizer": "@Adam",
        "Experiment.d_optimizer": "@Adam",
        **{
            f"{player}/{name}": text
            for player in ("g_optimizer", "d_optimizer")
            for name, text in {
                "Adam.lr": "@linear()",
                "Adam.betas": "[0, 0.9]",
                "Adam.fused": "true",
                "lr/linear.start": "0.0002",
                "lr/linear.end": "0",
            }.items()
        },
    }
    plan = planned(*OTHERWISE.splitlines(), "Experiment.batch_size = 8")
    mine = {key: text for key, text in trained(plan, "mine").items() if text != "default"}
    assert mine == alone
    vanilla = trained(plan, "vanilla")
    assert vanilla["g_optimizer/Adam.lr"] == "@linear()"
    assert vanilla["d_optimizer/Adam.lr"] == "0.5"
    assert vanilla["d_optimizer/Adam.weight_decay"] == "0.1"
    assert vanilla["Experiment.batch_size"] == "8"
    assert (vanilla["Experiment.max_norm"], vanilla["Experiment.lr_factor"]) == ("1", "0.5")


@pytest.mark.parametrize("method", SHIPPED)
def test_no_suite_undoes_anything_of_a_shipped_recipe(planned, method):
    rows = ["vanilla", method]
    before = trained(planned(rows=rows), method)
    after = trained(planned(*OTHERWISE.splitlines(), rows=rows), method)
    assert {k: text for k, text in after.items() if text != "default"} == {
        k: text for k, text in before.items() if text != "default"
    }


def test_a_setting_and_the_command_line_stand_above_a_recipe_and_its_schedules(planned, own):
    own("settings", "fast", "Adam.lr = 0.01\nExperiment.batch_size = 64\n")
    found = trained(planned('Suite.settings = ["fast"]'), "mine")
    assert (found["g_optimizer/Adam.lr"], found["Experiment.batch_size"]) == ("0.01", "64")
    found = trained(planned(gin_bindings=["Adam.lr = 0.02"]), "mine")
    assert found["d_optimizer/Adam.lr"] == "0.02"
    assert found["d_optimizer/Adam.betas"] == "[0, 0.9]"


def test_what_a_recipe_is_made_of_no_setting_exchanges_and_a_suite_does_not_reach(planned, own):
    stack = "combine.methods = [@SpectralNorm()]"
    own("settings", "other", stack)
    refusal = refused(planned, 'Suite.settings = ["other"]', rows=["sn_gan_recipe"])
    assert "combine.methods is what the method sn_gan_recipe is made of" in refusal
    plan = planned(stack, rows=["sn_gan_recipe"])
    assert said(plan, "sn_gan_recipe")["method/combine.methods"] == "[@SpectralNorm(), @Hinge()]"
    assert "would be another method" in refused(planned, "Experiment.method = @Vanilla()")


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("Experiment.steps = 7", "steps"),
        ("Experiment.evaluations = 1", "evaluations"),
        ('Experiment.batch_norm = "batch"', "batch_norm"),
        ("Ring.sigma = 0.1", "data"),
    ],
)
def test_what_all_rows_share_is_no_recipes_to_change(planned, own, line, part):
    own("methods", "longer", f"{MINE}{line}\n")
    refusal = refused(planned, rows=["longer"])
    assert f"changes {part}, which all rows of a setting share" in refusal


def test_conditions_are_those_of_the_other_rows(planned):
    plan = planned()
    vanilla, mine = (run.known for run in plan.runs)
    assert vanilla.conditions == mine.conditions
    assert (vanilla.brings, vanilla.batch) == ((), 1)
    assert (mine.brings, mine.batch) == (("batch_size", "d_optimizer", "g_optimizer"), 2)


def test_a_recipe_takes_its_methods_remedies_unless_it_has_its_own(planned):
    remedies = 'Suite.remedies = {"gradient_penalties": ["layer_norm_d"]%s}'
    lines = ["d_norm = 'batch'", remedies % ""]
    found = {run.method: run.remedies for run in planned(*lines).runs}
    assert found == {"vanilla": (), "mine": ("layer_norm_d",)}
    found = {run.method: run.remedies for run in planned(lines[0], remedies % ', "mine": []').runs}
    assert found["mine"] == ()


def test_recipes_are_a_group_and_not_among_all_methods(planned):
    known = Methods(Catalogue.of())
    assert known.groups["recipes"] == sorted([*SHIPPED, "mine"], key=known.groups["recipes"].index)
    assert {*known.groups["recipes"]}.isdisjoint(known.groups["all"])


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_has_the_method_that_it_names(name):
    path = Catalogue.of().find("methods", name, "")
    of = path.read_text().split('Recipe.of = "')[1].split('"')[0]
    assert f'include "methods/{of}.gin"' in path.read_text()
    assert name.startswith(of)


def test_a_recipe_of_no_method_is_refused_with_its_line(planned, own):
    own("methods", "lost", 'include "methods/vanilla.gin"\nRecipe.of = "wgan_gq"\n')
    assert "gin/methods/lost.gin:3: no" in refused(planned, rows=["lost"])
    refusal = refused(planned, 'Recipe.of = "vanilla"')
    assert "a method says in its own gin file" in refusal


def test_a_batch_larger_than_the_data_is_refused_with_its_line(planned, own):
    lines = ['include "methods/vanilla.gin"', 'Recipe.of = "vanilla"', f"{BATCH} = 1000000", ""]
    own("methods", "large", "\n".join(lines))
    refusal = refused(preflight, planned(rows=["large"]))
    assert "large.gin:4: batch_size = 1000000 does not fit the data: choose between" in refusal


# --- a run


def test_a_run_trains_as_its_recipe_says_and_its_record_tells(planned, tmp_path):
    plan = planned()
    found = {run.method: execute(run, tmp_path / "runs", ignore) for run in plan.runs}
    mine, vanilla = found["mine"], found["vanilla"]
    rates = [row["g_optimizer.lr"] for row in mine["losses"]]
    assert rates == pytest.approx([2e-4 * (1 - step / 6) for step in (1, 2, 3, 5)])
    assert mine["method_bindings"]["Experiment.batch_size"] == "32"
    assert mine["method_bindings"]["d_optimizer/lr/linear.end"] == "0"
    assert mine["conditions"] == vanilla["conditions"]
    assert mine["protocol"]["batch_size"] == 32
    assert mine["cost"]["d_gradients"] == 6 * 16  # of 32: as many samples as 192 batches of 16
    assert vanilla["cost"]["d_gradients"] == 6 * 3
    (board,) = boards(found.values())
    assert Results(board).runs.set_index("method")["d_gradients"].to_dict() == {
        "mine": 6 * 16 * 2,
        "vanilla": 6 * 3,
    }


@pytest.mark.parametrize("suite", ["recipes_cifar10", "recipes_cifar10_jpeg"])
def test_the_suites_of_recipes_can_run_all_of_them(suite):
    trial = str(Catalogue.of().find("scales", "trial", "here"))
    plan = make_plan(suite, [trial], ["image_size = 32"])
    assert [run.method for run in plan.runs] == ["vanilla", *SHIPPED]
    preflight(plan)


# --- one unit of cost


def of_recipe(seed=0, batch="512", **changes):
    """A record of a recipe with batches eight times as large as its rivals'."""
    conditions = {
        "Experiment.batch_size": "64",
        "Experiment.g_optimizer": "@Adam",
        "Experiment.d_optimizer": "@Adam",
        "Experiment.steps": "600",
        "d_optimizer/Adam.lr": "0.001",
        "g_optimizer/Adam.lr": "0.001",
        "g_optimizer/Adam.fused": "true",
        **scoring(PROTOCOL),
    }
    own = {
        "Experiment.batch_size": batch,
        "Experiment.d_optimizer": "@Adam",
        "Experiment.g_optimizer": "@RMSprop",
        "Experiment.method": "@R3GAN()",
        "d_optimizer/Adam.betas": "[0, @cosine()]",
        "d_optimizer/betas[1]/cosine.end": "0.99",
        "g_optimizer/Adam.fused": "default",
        "g_optimizer/Adam.lr": "default",
        "g_optimizer/RMSprop.lr": "@linear()",
        "g_optimizer/lr/linear.end": "0",
        "method/R3GAN.gamma": "0.05",
    }
    if batch == "64":
        own = {"Experiment.method": "@Vanilla()"}
    method = "r3gan_recipe" if batch != "64" else "vanilla"
    return record(method, seed=seed, conditions=conditions, method_bindings=own, **changes)


def test_gradients_of_d_are_counted_in_the_batches_of_the_others_wherever_they_are_read(tmp_path):
    own = of_recipe(samples=digits(0))
    plain, scaled = entry_of(of_recipe(batch="64")), entry_of(own)
    assert np.array_equal(scaled.along("d_gradients"), 8 * plain.along("d_gradients"))
    assert scaled.spent("d_gradients") == 8 * own["cost"]["d_gradients"]
    assert np.array_equal(scaled.along("step"), plain.along("step"))
    assert np.array_equal(scaled.along("seconds"), plain.along("seconds"))
    recall = under(scaled, "recall")
    assert np.array_equal(recall.along("d_gradients"), scaled.along("d_gradients"))
    told = curves([scaled]).query("metric == 'd_gradients'")["value"]
    assert np.array_equal(told, scaled.along("d_gradients"))
    (cost,) = objectives(["d_gradients"], "last", own["protocol"], "here")
    assert cost.measured(own) == scaled.spent("d_gradients")
    (path,) = saved([own], tmp_path)
    assert np.array_equal(read_entry(path).along("d_gradients"), scaled.along("d_gradients"))


@pytest.mark.parametrize("batch", ["0", "many", '"512"', "-512", "5.5"])
def test_a_batch_that_is_no_number_of_samples_scales_nothing(batch):
    assert entry_of(of_recipe(batch=batch)).identity.batch == 1


def test_equal_budgets_of_gradients_are_equal_in_samples():
    runs = [of_recipe(seed, batch) for seed in range(3) for batch in ("512", "64")]
    results = Results(boards(runs)[0])
    amounts = {budget.axis: budget.amount for budget in budgets(results)}
    assert amounts["d_gradients"] == 1800  # all that the plain rows spent
    assert amounts["step"] == 600
    spent = {budget.axis: budget.iqm for budget in budgets(results)}["d_gradients"]
    by_then = np.interp(1800 / 8, *entry_of(runs[0]).evaluations[[0, -1]] * [[3], [1]])
    assert spent["r3gan_recipe"] == pytest.approx(by_then)


# --- the page


def test_a_page_with_recipes_says_in_its_first_lines_what_is_compared():
    board = boards([of_recipe(seed, batch) for seed in range(3) for batch in ("512", "64")])[0]
    text = to_markdown(page(Results(board), []))
    head, rest = text.split("## Results")
    assert (
        "**Recipes are compared as wholes: r3gan_recipe brings more than a method (batches, "
        "optimizers), and what tells such a row from others need not be the method.**"
    ) in head
    assert "## What recipes bring" in rest
    assert "differ in the method alone, but for what recipes bring." in rest
    judged = rest.split("The data, the judge and its scores")[1]
    assert "batch_size" not in judged
    console = Console(width=200, record=True)
    console.print(screen.headline(board))
    assert "Recipes are compared as wholes" in " ".join(console.export_text().split())


def test_a_table_tells_what_each_recipe_brings_beside_what_the_suite_has():
    results = Results(boards([of_recipe(0, batch) for batch in ("512", "64")])[0])
    rows = texts(recipes.table(results)).set_index("row")
    assert [*rows.index] == ["(the suite)", "r3gan_recipe"]
    suite, own = rows.loc["(the suite)"], rows.loc["r3gan_recipe"]
    assert (suite["optimizer"], suite["learning rate"], suite["batch"]) == ("Adam", "0.001", "64")
    assert own["method"] == "R3GAN(gamma=0.05)"
    assert own["optimizer"] == "G: RMSprop; D: Adam(betas=[0, cosine(end=0.99)])"
    assert own["learning rate"] == "G: linear(end=0); D: 0.001"
    assert own["batch"] == "512"
    assert own["D gradients / G step"] == "24.0"


def test_a_page_without_recipes_says_nothing_of_them():
    board = boards([of_recipe(0, "64")])[0]
    text = to_markdown(page(Results(board), []))
    assert "ecipe" not in text
    assert "differ in the method alone." in text
    assert "| batch_size " in text


def test_the_list_has_recipes_with_their_papers(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    assert main(["list", "methods"]) == 0
    rows = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    (told,) = [row[1] for row in rows if row[:1] == ["sn_gan_recipe"]]
    assert "SN-GAN's recipe" in told
    assert ["recipes", ", ".join(SHIPPED)] in [[word.strip() for word in row] for row in rows]
