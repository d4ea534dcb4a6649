"""What ``ganbench new`` writes works as it is, in a folder of a user's own."""

import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from bench.cli import Parser, main
from bench.commands import run as run_command
from bench.commands.new import steps
from bench.commands.options import plan_of
from bench.config.trees import PLUGINS
from bench.runs import records
from bench.scaffold.write import PLACEHOLDER, TEMPLATES, class_name
from bench.training.preflight import preflight

ROOT = Path(__file__).parents[1]
NAMES = {
    "method": "own_shake",
    "architecture": "own_small",
    "dataset": "own_discs",
    "score": "own_sliced",
}

SUITE = """# All of one's own, in a moment.
include "judges/own_sliced.gin"

Suite.dataset = "own_discs"
Suite.architecture = "own_small"
Suite.methods = ["vanilla", "own_shake"]
Suite.seeds = 1

Experiment.steps = 4
Experiment.evaluations = 2
Experiment.batch_size = 8
Experiment.latent_dim = 4
Experiment.device = "cpu"
g_width = 8
d_width = 8
OwnShake.own_shake_weight = 1.0
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with one plug-in of each kind, and nothing else."""
    folder = tmp_path_factory.mktemp("home")
    for kind, name in NAMES.items():
        assert main(["new", kind, name, "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def _at_home(home, monkeypatch):
    monkeypatch.chdir(home)


def test_the_files_are_where_they_belong_and_have_the_name_alone(home):
    found = {str(path.relative_to(home)) for path in home.rglob("*") if path.suffix != ".pyc"}
    expected = {"gin", *(f"gin/{tree}" for tree in PLUGINS.values())}
    for kind, name in NAMES.items():
        expected |= {f"{name}.py", f"test_{name}.py", f"gin/{PLUGINS[kind]}/{name}.gin"}
    assert expected <= found
    for path in home.rglob("*own_*.*"):
        assert PLACEHOLDER not in path.read_text(errors="ignore").lower()


@pytest.mark.usefixtures("_at_home")
def test_they_conform_as_they_are(capsys):
    assert main(["conform", *NAMES.values()]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.endswith(": ok") for line in lines) > 4 * len(NAMES)


@pytest.mark.slow
def test_their_own_tests_pass(home):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "failed" not in run.stdout


@pytest.mark.usefixtures("_at_home")
def test_a_suite_names_them_like_ours(home, capsys):
    (home / "tiny.gin").write_text(SUITE)
    assert main(["list", "methods"]) == 0
    assert "own_shake" in capsys.readouterr().out
    assert main(["run", "tiny.gin", "--jobs", "1"]) == 0
    found = {record["method"]: record for record in records.read_all(home / "runs")}
    assert found.keys() == {"vanilla", "own_shake"}
    record = found["own_shake"]
    assert (record["dataset"], record["architecture"]) == ("own_discs", "own_small")
    assert record["protocol"]["judge"]["name"] == "own_sliced"
    assert {"swd", "diversity"} <= record["scores"][-1].keys()


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.usefixtures("_at_home")
def test_what_to_do_next_can_be_done(kind):
    name = NAMES[kind]
    conform, test, run = (shlex.split(step) for step in steps(kind, name))
    assert conform == ["ganbench", "conform", name]
    assert test == ["pytest", f"test_{name}.py"]
    parser = Parser()
    run_command.add_arguments(parser)
    assert run[:2] == ["ganbench", "run"]
    plan = plan_of(parser.parse_args(run[2:]))
    preflight(plan)
    assert any(f"import {name}\n" in one.config for one in plan.runs)


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "mine.py").write_text("x = 1\n")
    assert main(["new", "method", "mine", "--out", str(tmp_path)]) == 2
    assert "mine.py is there already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
    assert (tmp_path / "mine.py").read_text() == "x = 1\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["metod", "mine"], "there is no new 'metod'; did you mean 'method'?"),
        (["method", "my-own"], "'my-own' is not the name of a Python module"),
        (["method", "Mine"], "'Mine' is not the name of a Python module"),
        (["method", "class"], "'class' is not the name of a Python module"),
        (["method", "vanilla"], "'vanilla' is the method of "),
        (["method", "digits"], "'digits' is the dataset of "),
        (["score", "math"], "there is a Python module 'math' already"),
        (["score", "torch"], "there is a Python module 'torch' already"),
        (["score", "bench"], "there is a Python module 'bench' already"),
        (["method", "adam"], "the class of 'adam' would be Adam"),
        (["method", "group"], "the class of 'group' would be Group"),
        (["method", "recipe"], "the class of 'recipe' would be Recipe"),
        (["score", "search"], "the class of 'search' would be Search"),
        (["method", "m" * 300], "too many for the names of its files"),
        (["method", "mine", "--out", "file"], "--out"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_written(
    words, complaint, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    assert main(["new", *words]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_class_is_called_after_its_module():
    assert [class_name(name) for name in ("r1", "my_method")] == ["R1", "MyMethod"]


def test_a_wheel_carries_the_templates(tmp_path):
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path)))
    carried = set(zipfile.ZipFile(wheel).namelist())
    templates = [path for path in TEMPLATES.rglob("*") if path.suffix in {".py", ".gin"}]
    assert len(templates) == 3 * len(PLUGINS)
    assert {path.relative_to(ROOT).as_posix() for path in templates} <= carried
