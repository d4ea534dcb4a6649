"""A rehearsal: it checks and counts as the command itself would, and leaves no trace."""

import re

import pytest
from toy_runs import SPACE

from bench.cli import main
from bench.config.choice import Choice
from bench.config.plan import make_plan
from bench.engines.ahead import Work, work
from bench.runs.folder import CHECKPOINT
from bench.speed.forecast import Cost, Prices, d_steps_in, schedule
from bench.speed.trainer import measured_trainer
from bench.training.execute import execute


def dry(suite, out, *words, command="run"):
    places = ["--out", str(out / "runs"), "--jobs", "2"]
    return main([command, str(suite), *places, "--dry-run", *words])


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def row(shown, name):
    """The cells of a table's row."""
    (line,) = (line for line in shown.splitlines() if line.startswith(f"│ {name} "))
    return [cell.strip() for cell in line.strip("│").split("│")]


def stop_in_the_middle(run, out):
    """Leaves a run with a checkpoint of its first evaluation, and without a result."""

    def listen(progress):
        if progress.scores and progress.step > progress.scores[0]["step"]:
            raise RuntimeError("enough")

    execute(run, out, listen)
    assert (run.folder(out) / CHECKPOINT).exists()


def test_what_is_done_begun_and_left_is_counted_and_nothing_written(toy_suite, tmp_path, capsys):
    often = "Experiment.checkpoint_seconds = 0.0"
    toy_suite.write_text(f"{toy_suite.read_text()}{often}\n")
    plan = make_plan(str(toy_suite), choice=Choice(seeds=3))
    execute(plan.runs[0], tmp_path / "runs", lambda progress: None)
    stop_in_the_middle(plan.runs[1], tmp_path / "runs")
    assert [(one.run, one.step) for one in work(plan.runs, tmp_path / "runs")] == [
        (run, 3 if run is plan.runs[1] else 0) for run in plan.runs[1:]
    ]
    before = files(tmp_path)
    assert dry(toy_suite, tmp_path, "--seeds", "3") == 0
    shown = capsys.readouterr().out
    assert "toy: 6 runs, 1 done before, 5 left (1 begun)" in shown
    assert row(shown, "vanilla")[:6] == ["vanilla", "standard", "3", "1", "1", "2"]
    assert row(shown, "as_gan")[:6] == ["as_gan", "standard", "3", "0", "0", "3"]
    assert int(re.search(r"about (\d+) s on 2 jobs", shown)[1]) > 0
    assert files(tmp_path) == before


def test_the_end_of_a_shorter_run_is_credited(toy_suite, tmp_path):
    shorter = make_plan(str(toy_suite)).runs[0]
    execute(shorter, tmp_path, lambda progress: None)
    bindings = ["Experiment.evaluations = 4"]
    plan = make_plan(str(toy_suite), gin_bindings=bindings, choice=Choice(steps=12))
    assert [one.step for one in work(plan.runs, tmp_path)] == [6, 0]


def test_a_command_that_would_be_refused_is(toy_suite, tmp_path, capsys):
    (tmp_path / "runs").write_text("")
    assert dry(toy_suite, tmp_path) == 2
    assert "--out" in capsys.readouterr().err
    (tmp_path / "runs").unlink()
    assert dry(toy_suite, tmp_path, "--steps", "1") == 2
    assert dry(toy_suite, tmp_path, "--engine", "slurm", "--slurm", "partitoin=gpu") == 2
    assert "did you mean 'partition'?" in capsys.readouterr().err
    assert dry(toy_suite, tmp_path, "--baseline", "none.csv", command="check") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["toy.gin"]


def test_nothing_left_takes_no_time(toy_suite, tmp_path, capsys):
    for run in make_plan(str(toy_suite)).runs:
        execute(run, tmp_path / "runs", lambda progress: None)
    assert dry(toy_suite, tmp_path) == 0
    assert "nothing is left to do" in capsys.readouterr().out


def test_a_method_that_cannot_be_timed_is_named(toy_suite, tmp_path, capsys, offer_fault):
    broken, times = offer_fault("Explodes"), tmp_path / "times"
    times.mkdir()
    (times / "once").touch()
    words = ["--methods", f"vanilla,{broken}", "--gin_bindings", f"Explodes.times = '{times}'"]
    assert dry(toy_suite, tmp_path, *words) == 0
    shown = capsys.readouterr().out
    assert f"{broken} under standard could not be timed: RuntimeError: the loss went for" in shown
    assert re.search(r"about \d+ s on 2 jobs", shown)


def test_a_search_counts_trials_and_their_runs_and_writes_nothing(toy_suite, tmp_path, capsys):
    space = tmp_path / "mine.gin"
    space.write_text(SPACE)
    before = files(tmp_path)
    words = ["--space", str(space), "--seeds", "2"]
    assert dry(toy_suite, tmp_path, *words, command="search") == 0
    shown = capsys.readouterr().out
    # To compare: as_gan tuned and untuned on two seeds, two controls on these and the one before.
    assert "toy-mine: 2 trials, 0 ended before; 2 runs of trials left, and 10 to compare" in shown
    assert row(shown, "as_gan")[:4] == ["as_gan", "2", "0", "1"]
    assert re.search(r"about \d+ s on 2 jobs", shown)
    database = f"sqlite:///{tmp_path}/studies.db"
    assert dry(toy_suite, tmp_path, *words, "--storage", database, command="search") == 0
    assert files(tmp_path) == before


def test_settings_and_methods_are_timed_once_each(toy_suite):
    toy_suite.write_text(toy_suite.read_text() + 'd_norm = "batch"\n')
    runs = make_plan(str(toy_suite), choice=Choice(settings=["standard", "no_bn_d"])).runs
    cells = {(run.method, run.setting): run for run in runs}
    prices = Prices(cells, processes=2)
    assert not prices.untimed
    cost = {cell: prices.cost(cell) for cell in cells}
    assert cost["as_gan", "no_bn_d"] == cost["as_gan", "standard"].scaled(
        cost["vanilla", "no_bn_d"], cost["vanilla", "standard"]
    )
    for cell, run in cells.items():
        one = cost[cell]
        assert prices.seconds(Work(run)) == pytest.approx(one.around + 6 * one.step + 2 * one.score)
        begun = prices.seconds(Work(run, 3))
        assert begun == pytest.approx(one.around + 3 * one.step + one.score)
        assert begun > 0


def test_a_method_that_takes_more_steps_of_d_at_the_start_costs_what_all_of_them_do(toy_suite):
    long = ["WGAN.long_d_steps = 20", "WGAN.long_until = 2"]
    run = make_plan(str(toy_suite), gin_bindings=long, choice=Choice(methods=["wgan"])).runs[0]
    trainer = measured_trainer(run)
    trainer.gan.step = 3
    assert d_steps_in(trainer, range(6)) == 2 * 20 + 4 * 5
    assert d_steps_in(trainer, range(3, 8)) == 5 * 5
    assert trainer.gan.step == 3


def test_a_cost_grows_by_as_much_as_another():
    assert Cost(1, 2, 3).scaled(Cost(2, 6, 1), Cost(1, 2, 1)) == Cost(2, 6, 3)


@pytest.mark.parametrize(
    ("seconds", "places", "expected"),
    [
        ([], 2, 0),
        ([5, 3, 4], 1, 12),
        ([5, 3, 4], 2, 7),
        ([5, 3, 4, 1], 2, 7),
        ([5, 3, 4], float("inf"), 5),
    ],
)
def test_runs_begin_as_soon_as_there_is_a_place(seconds, places, expected):
    assert schedule(seconds, places) == expected
