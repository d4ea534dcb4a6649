"""A user's own ``methods``, ``architectures`` and ``bench.py`` do not get in ganbench's way."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

import ganbench
from ganbench import pinned

REPOSITORY = Path(__file__).parents[1]

SUITE = """# One method of theirs in name, a moment long.
import methods.mine
import architectures.mine
Suite.dataset = "ring"
Suite.architecture = "mlp"
Suite.methods = ["vanilla"]
Suite.seeds = 1

Experiment.discriminator = @Mine
Experiment.steps = 2
Experiment.evaluations = 1
Experiment.batch_size = 16
Experiment.latent_dim = 4
Experiment.device = "cpu"
g_width = 8
"""

NETWORK = """
import gin
from architectures.mlp import MLPDiscriminator

@gin.register
class Mine(MLPDiscriminator):
    pass
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which pip installed ganbench, without the network."""
    folder = tmp_path_factory.mktemp("ganbench")
    options = ["--isolated", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    options += ["--no-build-isolation", "--no-compile", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, REPOSITORY], check=True)
    return folder


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """A folder of work with packages of our names, whose imports would be noticed."""
    folder = tmp_path_factory.mktemp("theirs")
    for name in pinned.EXTENDED:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"1 / 0  # {name} of theirs\n")
    (folder / "bench.py").write_text("1 / 0  # bench of theirs\n")
    (folder / "methods" / "mine.py").write_text("from methods.base import Method\n")
    (folder / "methods" / "wgan.py").write_text("1 / 0  # ours is meant\n")
    (folder / "architectures" / "mine.py").write_text(NETWORK)
    (folder / "theirs.gin").write_text(SUITE)
    return folder


@pytest.fixture
def python(installed, theirs):
    """Runs Python in their folder, which is on the path before ganbench's."""

    def run(*arguments):
        path = os.pathsep.join([".", str(installed)])
        environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=theirs, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_every_way_in_is_ours(python, installed):
    script = installed / "bin" / "ganbench"
    assert "as_gan_repo" in python(script, "list", "methods")
    assert "as_gan_repo" in python("-m", "ganbench", "list", "methods")
    lines = [
        "import ganbench, bench, methods.mine, methods.wgan, architectures.mlp",
        "print(bench.__file__, methods.wgan.__file__, methods.mine.__file__)",
    ]
    bench, wgan, mine = python("-c", "\n".join(lines)).split()
    assert Path(bench) == installed / "bench" / "__init__.py"
    assert Path(wgan) == installed / "methods" / "wgan.py"
    assert not Path(mine).is_relative_to(installed)


@pytest.mark.parametrize(
    "engine",
    [
        ("local",),
        pytest.param(
            ("slurm", "--slurm", "cluster=local"),
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif(find_spec("submitit") is None, reason="no submitit"),
            ],
        ),
        pytest.param(("ray",), marks=pytest.mark.slow),
    ],
    ids=lambda engine: engine[0],
)
def test_workers_are_ours_too(python, installed, tmp_path, engine):
    script = installed / "bin" / "ganbench"
    options = ["--jobs", "1", "--retries", "0", "--out", tmp_path, "--engine", *engine]
    assert "leaderboard:" in python(script, "run", "theirs.gin", *options)


def test_workers_start_where_a_user_has_a_module_called_as_one_of_pythons(installed, tmp_path):
    (tmp_path / "random.py").write_text("1 / 0  # random of theirs\n")
    (tmp_path / "types").mkdir()
    (tmp_path / "types" / "__init__.py").write_text("1 / 0  # types of theirs\n")
    suite = SUITE.replace("import methods.mine\nimport architectures.mine\n", "")
    (tmp_path / "own.gin").write_text(suite.replace("Experiment.discriminator = @Mine\n", ""))
    command = [sys.executable, installed / "bin" / "ganbench", "run", "own.gin", "--jobs", "1"]
    environment = os.environ | {"PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", pinned.PINNED)
def test_another_package_of_our_name_is_named_with_the_remedy(monkeypatch, tmp_path, name):
    foreign = ModuleType(name)
    foreign.__file__ = str(tmp_path / f"{name}.py")
    monkeypatch.setitem(sys.modules, name, foreign)
    with pytest.raises(ImportError) as refusal:
        pinned.pin()
    assert str(tmp_path / f"{name}.py") in str(refusal.value)
    assert "import ganbench first, or rename" in str(refusal.value)


def test_a_folder_without_init_is_named_too(monkeypatch, tmp_path):
    foreign = ModuleType("methods")
    foreign.__path__ = [str(tmp_path / "methods")]
    monkeypatch.setitem(sys.modules, "methods", foreign)
    with pytest.raises(ImportError, match="import ganbench first"):
        pinned.pin()


def test_it_pins_once():
    ganbench.pinned.pin()
    assert sum(isinstance(finder, pinned.Finder) for finder in sys.meta_path) == 1


def test_a_folder_that_joins_the_path_later_is_seen(monkeypatch, tmp_path):
    folder = tmp_path / "methods"
    folder.mkdir()
    (folder / "joined_later.py").write_text("HERE = True\n")
    assert find_spec("methods.joined_later") is None
    monkeypatch.syspath_prepend(tmp_path)
    assert find_spec("methods.joined_later").origin == str(folder / "joined_later.py")
