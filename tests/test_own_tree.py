"""A user's own folder: one .py and one .gin a thing, named in a suite like ganbench's own."""

import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli import main
from bench.config.catalogue import Catalogue
from bench.config.plan import make_plan
from bench.config.trees import own
from bench.errors import UsageError
from bench.runs import records
from bench.runs.records import RECORD
from bench.search.space import read_space
from bench.training.preflight import preflight

REPOSITORY = Path(__file__).parents[1]

BUDGET = """
Suite.seeds = 1
Experiment.steps = 4
Experiment.evaluations = 2
Experiment.log_every = 2
Experiment.batch_size = 16
Experiment.latent_dim = 4
Experiment.device = "cpu"
"""

FILES = {
    "gin/suites/mine.gin": f"""# All of it is mine.
include "judges/spread.gin"

Suite.dataset = "spiral"
Suite.architecture = "shallow"
Suite.methods = ["vanilla", "damped"]
Suite.settings = ["standard", "sign_descent"]
{BUDGET}""",
    "gin/methods/damped.gin": """# Vanilla with a weaker generator.
import own_damped
Experiment.method = @Damped()
Damped.share = 0.5
""",
    "own_damped.py": """
from dataclasses import dataclass
import gin
from methods.base import Method

@gin.register
@dataclass
class Damped(Method):
    share: float = 1.0

    def g_loss(self, gan, *samples):
        return self.share * super().g_loss(gan, *samples)
""",
    "gin/architectures/shallow.gin": """# One layer each.
import own_shallow
Experiment.generator = @ShallowGenerator
Experiment.discriminator = @ShallowDiscriminator
""",
    "own_shallow.py": """
import gin
from torch import nn

@gin.register
class ShallowGenerator(nn.Linear):
    def __init__(self, shape, latent_dim):
        super().__init__(latent_dim, *shape)

@gin.register
class ShallowDiscriminator(nn.Sequential):
    def __init__(self, shape):
        super().__init__(nn.Linear(*shape, 8), nn.ReLU(), nn.Linear(8, 1), nn.Flatten(0))
""",
    "gin/datasets/spiral.gin": """# Points on an arm.
import own_spiral
Experiment.data = @Spiral()
Spiral.turns = 2.0
""",
    "own_spiral.py": """
from dataclasses import dataclass
import gin
import torch
from bench.data.dataset import Dataset

@gin.register
@dataclass(frozen=True)
class Spiral(Dataset):
    name = "spiral"
    shape = (2,)
    turns: float = 1.0

    def training(self):
        return self._points(0, 512)

    def evaluation(self):
        return self._points(0.5, 512)

    def _points(self, first, n):
        t = (torch.arange(n) + first) / n
        angle = 6.2832 * self.turns * t
        return torch.stack([t * angle.cos(), t * angle.sin()], 1)
""",
    "gin/judges/spread.gin": """# How far the samples spread, beside the data.
import own_spread
Experiment.judge = @SpreadJudge
""",
    "own_spread.py": """
import gin
from bench.scores.judge import Judge, Metric

@gin.register
class SpreadJudge(Judge):
    headline = coverage = "spread"
    modes = 0

    def __init__(self, data, samples: int = 64):
        self.samples, self._data = samples, data
        self.metrics = (Metric("spread", "difference in spread", "lower"),)

    def measure(self, samples):
        return {"spread": abs(float(samples.std() - self._data.evaluation().std()))}

    def real(self):
        return self._data.evaluation()

    def identity(self):
        return {"name": "spread", "sha256": "of no weights"}

    def settings(self):
        return {"reference_samples": 0}
""",
    "gin/settings/sign_descent.gin": """# Both players by the signs of their gradients.
import own_sign_descent
Experiment.g_optimizer = @generator/SignStep
Experiment.d_optimizer = @discriminator/SignStep
SignStep.lr = 1e-3
""",
    "own_sign_descent.py": """
import gin
import torch

@gin.register
class SignStep(torch.optim.Optimizer):
    def __init__(self, params, lr: float = 1e-2):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.sub_(parameter.grad.sign(), alpha=group["lr"])
""",
    "gin/search/damping.gin": '# How weak.\nSearch.log_uniform = {"Damped.share": (0.1, 1.0)}\n',
    "gin/scales/shorter.gin": "# Half of it.\nExperiment.steps = 2\n",
}


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def python(folder, code):
    """What a process prints that looks for no modules in the folder where it works."""
    command = [sys.executable, "-P", "-c", code]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The user's folder, in which a command has run the suite."""
    home = write(tmp_path_factory.mktemp("home"), FILES)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        assert main(["run", "mine", "--jobs", "2"]) == 0
    return home


@pytest.fixture
def home(ran, monkeypatch):
    monkeypatch.chdir(ran)
    return ran


def test_a_method_a_network_data_a_score_and_an_optimizer_of_ones_own_run(home):
    found = {(r["method"], r["setting"]): r for r in records.read_all(home / "runs" / "mine")}
    assert found.keys() == {
        (method, setting)
        for method in ("vanilla", "damped")
        for setting in ("standard", "sign_descent")
    }
    for (method, setting), record in found.items():
        assert record["status"] == "completed", record["reason"]
        assert (record["dataset"], record["architecture"]) == ("spiral", "shallow")
        assert record["protocol"]["judge"]["name"] == "spread"
        assert record["scores"][-1]["spread"] is not None
        optimizer = "@SignStep" if setting == "sign_descent" else "@Adam"
        assert record["conditions"]["Experiment.g_optimizer"] == optimizer
        bound = record["method_bindings"].get("method/Damped.share")
        assert bound == ("0.5" if method == "damped" else None)
    losses = [found[method, "standard"]["losses"][-1]["g_loss"] for method in ("vanilla", "damped")]
    assert losses[0] != losses[1]


def test_the_page_has_the_real_names_and_its_folder_what_its_commands_need(home, monkeypatch):
    page = home / "runs" / "pages" / "mine"
    text = (page / "README.md").read_text()
    assert "Suite mine on spiral, shallow: 2 methods, 2 settings" in text
    assert "ganbench run mine.gin" in text
    kept = {name for name in FILES if name.split("/")[0] == "gin"}
    kept -= {f"gin/{name}.gin" for name in ("suites/mine", "search/damping", "scales/shorter")}
    kept -= {"gin/judges/spread.gin"}  # the suite includes it
    found = {str(path.relative_to(page)) for path in (page / "gin").rglob("*.gin")}
    assert found == kept
    ids = [run.id for run in make_plan("mine").runs]
    assert [run.id for run in make_plan("runs/pages/mine/mine.gin").runs] == ids
    monkeypatch.syspath_prepend(home)
    monkeypatch.chdir(page)
    assert [run.id for run in make_plan("mine.gin").runs] == ids


def test_pages_written_from_records_keep_the_same_files(home, tmp_path):
    assert main(["report", "--runs", "runs", "--out", str(tmp_path)]) == 0
    for path in (home / "runs" / "pages" / "mine" / "gin").rglob("*.gin"):
        copy = tmp_path / "mine" / path.relative_to(home / "runs" / "pages" / "mine")
        assert copy.read_bytes() == path.read_bytes()


def test_a_record_is_reproduced_and_published_by_the_suites_name(home, tmp_path, capsys):
    record = next((home / "runs" / "mine" / "damped").rglob(RECORD))
    assert main(["reproduce", str(record), "--jobs", "1"]) == 0
    assert "equal" in capsys.readouterr().out
    assert main(["publish", "mine", "--leaderboards", str(tmp_path)]) == 0
    assert "not verified" not in capsys.readouterr().out
    assert (tmp_path / "mine" / "gin" / "methods" / "damped.gin").is_file()


def test_a_run_of_ones_own_parts_is_opened_in_ones_own_folder(home):
    code = (
        "from pathlib import Path; from bench.training.finished import open_run; "
        "paths = Path('runs/mine').glob('*/sign_descent/*'); "
        "print([tuple(open_run(path).sample(3).shape) for path in paths])"
    )
    assert python(home, code) == "[(3, 2), (3, 2)]\n"


def test_a_worker_elsewhere_finds_the_modules(home, tmp_path):
    (run,) = make_plan(
        "mine", gin_bindings=['Suite.methods = ["damped"]', 'Suite.settings = ["sign_descent"]']
    ).runs
    (tmp_path / "run").write_bytes(pickle.dumps(run))
    code = (
        "import pickle; from pathlib import Path; from bench.engines.worker import work; "
        "work(pickle.loads(Path('run').read_bytes()), Path('out'))"
    )
    python(tmp_path, code)
    assert records.read(run.folder(tmp_path / "out") / RECORD)["status"] == "completed"


def test_the_guide_can_be_followed_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    guide = (REPOSITORY / "docs" / "extending.md").read_text()
    files = dict(re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", guide, re.M | re.S))
    assert files.keys() == {
        *("sign_descent.py", "gin/settings/sign_descent.gin", "gin/suites/mine.gin"),
        "gin/methods/r2_recipe.gin",
    }
    write(tmp_path, files)
    plan = make_plan("mine", gin_bindings=["Suite.seeds = 1"])
    preflight(plan)
    found = {
        (run.setting, dict(run.known.conditions)["Experiment.g_optimizer"]) for run in plan.runs
    }
    assert found == {("standard", "@Adam"), ("sign_descent", "@SignDescent")}


def test_where_modules_are_is_no_part_of_a_run_or_its_record(home):
    run = make_plan("mine").runs[0]
    assert run.homes == (str(home),)
    assert str(home) not in str(run.description())


def test_the_list_says_which_folder_a_name_is_from(home, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["list"]) == 0
    rows = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    rows = [[word.strip() for word in row] for row in rows]
    assert ["damped", "gin/", "Vanilla with a weaker generator."] in rows
    for name in ("shallow", "spiral", "spread", "sign_descent", "mine", "damping", "shorter"):
        assert [name, "gin/"] in [row[:2] for row in rows]
    assert ["ring", "ganbench"] in [row[:2] for row in rows]


def test_spaces_and_scales_are_found_by_name_too(home):
    space = read_space("damping", Catalogue.of("mine"))
    assert [parameter.key for parameter in space.parameters] == ["Damped.share"]
    assert not space.own
    scale = Catalogue.of("mine").find("scales", "shorter", "--scale")
    assert make_plan("mine", [str(scale)]).runs[0].overrides == ("Experiment.steps = 2",)


def test_a_suite_inside_a_tree_has_that_tree_from_anywhere(ran, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = make_plan(str(ran / "gin" / "suites" / "mine.gin"))
    assert {run.dataset for run in plan.runs} == {"spiral"}


# --- folders beside one another

PLAIN = f"""# A suite.
Suite.dataset = "ring"
Suite.architecture = "mlp"
Suite.methods = ["twist"]
{BUDGET}"""


def test_two_folders_with_one_name_live_in_one_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, gamma in (("a", "1.0"), ("b", "2.0")):
        files = {
            "suite.gin": PLAIN,
            "gin/methods/twist.gin": f'# {name}.\ninclude "methods/r1.gin"\nR1.gamma = {gamma}\n',
        }
        write(tmp_path / name, files)
    found = [dict(make_plan(f"{name}/suite.gin").runs[0].known.method) for name in "aba"]
    assert [one["method/R1.gamma"] for one in found] == ["1", "2", "1"]


def test_a_data_set_made_of_a_known_class_has_its_files_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wide = '# A wider ring.\ninclude "datasets/ring.gin"\nRing.radius = 3.0\n'
    suite = PLAIN.replace('"ring"', '"wide_ring"').replace("twist", "vanilla")
    write(tmp_path, {"gin/datasets/wide_ring.gin": wide, "suite.gin": suite})
    assert make_plan("suite.gin").runs[0].dataset == "wide_ring"
    changed = make_plan("suite.gin", gin_bindings=["Ring.sigma = 0.5"])
    assert changed.runs[0].dataset == "ring-modified"


def test_a_name_that_ganbench_has_is_refused_wherever_it_is_asked_for(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {"suite.gin": PLAIN.replace("twist", "r1"), "gin/methods/r1.gin": "# Not R1.\n"},
    )
    both = f"several methods are named 'r1': {own().folder / 'methods' / 'r1.gin'} and "
    assert main(["run", "suite.gin"]) == 2
    refused = capsys.readouterr().err
    assert refused.startswith("ganbench: suite.gin:4: ")
    assert f"{both}gin/methods/r1.gin; rename one" in refused
    assert main(["list", "methods"]) == 1
    listed = capsys.readouterr()
    assert both in listed.err
    assert "Not R1" not in listed.out
    assert "simultaneous_r1" in listed.out
    with pytest.raises(UsageError, match=r"several files are named 'methods/r1.gin'"):
        make_plan("quick", gin_bindings=['Suite.methods = ["simultaneous_r1"]'])
    make_plan("quick", gin_bindings=['Suite.methods = "vanilla"'])


def test_the_same_file_twice_is_no_clash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"suite.gin": PLAIN.replace("twist", "r1")})
    (tmp_path / "gin" / "methods").mkdir(parents=True)
    shutil.copy(own().folder / "methods" / "r1.gin", tmp_path / "gin" / "methods")
    assert make_plan("suite.gin").runs[0].method == "r1"
    monkeypatch.chdir(REPOSITORY)
    assert [tree.origin for tree in Catalogue.of("gin/suites/quick.gin").trees] == ["ganbench"]


def test_the_tree_of_another_ganbench_is_not_read_and_said_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"gin/base.gin": "", "gin/methods/vanilla.gin": "# Of another version.\n"})
    assert make_plan("quick").runs[0].method == "vanilla"
    assert main(["list", "methods"]) == 1
    assert "gin/ is not read: it is of another ganbench" in capsys.readouterr().err


# --- modules


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        ("own_absent", "No module named 'own_absent'; a module of your own lies beside"),
        ("own_raising", "cannot import own_raising: ZeroDivisionError"),
        ("own_exiting", "cannot import own_exiting: SystemExit: 3"),
        ("tabnanny", "two modules are named 'tabnanny': "),
        ("bench", "two modules are named 'bench': "),
        ("methods.r1", "two modules are named 'methods.r1': "),
    ],
)
def test_a_module_that_cannot_be_had_is_named_with_its_line(
    tmp_path, monkeypatch, module, complaint
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    write(
        tmp_path,
        {
            "suite.gin": f"{PLAIN.replace('twist', 'vanilla')}import {module}\n",
            "own_raising.py": "1 / 0\n",
            "own_exiting.py": "raise SystemExit(3)\n",
            "tabnanny.py": "",
            "bench.py": "1 / 0\n",
            "methods/r1.py": "1 / 0\n",
        },
    )
    with pytest.raises(UsageError) as refused:
        make_plan("suite.gin")
    assert str(refused.value).startswith("suite.gin:13: ")
    assert complaint in str(refused.value)


def test_files_of_ours_find_ours_whatever_a_user_has(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    write(tmp_path, {"suite.gin": PLAIN.replace("twist", "r1"), "methods/r1.py": "1 / 0\n"})
    assert make_plan("suite.gin").runs[0].method == "r1"
    shutil.copy(REPOSITORY / "methods" / "r1.py", tmp_path / "methods" / "r1.py")
    with (tmp_path / "suite.gin").open("a") as suite:
        suite.write("import methods.r1\n")
    assert make_plan("suite.gin").runs[0].method == "r1"  # it is the same to the byte


def test_a_module_that_was_edited_since_it_was_imported_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    suite = f"{PLAIN.replace('twist', 'vanilla')}import own_edited\n"
    write(tmp_path, {"suite.gin": suite, "own_edited.py": "HALF = 2\n"})
    make_plan("suite.gin")
    make_plan("suite.gin")
    write(tmp_path, {"own_edited.py": "HALF = 3\n"})
    with pytest.raises(UsageError, match=r"own_edited\.py has changed since .*: start anew"):
        make_plan("suite.gin")
