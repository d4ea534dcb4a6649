import importlib
import subprocess
import sys
from pathlib import Path

import gin
import pytest
import torch
from gan_factory import default_dtype

from bench import waiting


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _same_weights():
    """Layers that a test makes itself start from the same weights whatever ran before."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _clean_gin():
    """Nothing binds anything in gin's own config, or leaves it locked."""
    yield
    assert (gin.config_str(), gin.config_is_locked()) == ("", False)


@pytest.fixture(autouse=True)
def _in_a_moment(monkeypatch):
    """How slow the machine is adds no line on what is waited for to what a test reads."""
    monkeypatch.setattr(waiting, "MOMENT", 600.0)


@pytest.fixture
def _float64():
    """Everything in float64, for ``pytestmark`` of a whole file."""
    with default_dtype(torch.float64):
        yield


@pytest.fixture
def toy_suite(tmp_path):
    """The path of a suite that trains in a moment: two methods on the ring, one seed."""
    path = tmp_path / "toy.gin"
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
g_width = 8
d_width = 8
ASGAN.epsilon = 0.1
"""
    )
    return path


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """Offers a method as an installed package does: a function of its name and its gin file."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def install(name, text):
        module = folder / f"offered_{name}"
        methods = module / "gin" / "methods"
        methods.mkdir(parents=True, exist_ok=True)
        (module / "__init__.py").touch()
        (methods / f"{name}.gin").write_text(f"# {name}, in a package of its own.\n{text}\n")
        info = folder / f"offered_{name}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        entry = f"[ganbench.trees]\n{name} = {module.name}\n"
        (info / "entry_points.txt").write_text(entry)
        return name

    return install


@pytest.fixture
def offer_fault(offer):
    """Offers a method of ``faults`` under its name, in small letters."""
    return lambda fault: offer(fault.lower(), f"import faults\nExperiment.method = @{fault}()")


@pytest.fixture(scope="session")
def target(tmp_path_factory):
    """A folder into which pip installed the example, without the network."""
    example = Path(__file__).parents[1] / "examples" / "pacgan"
    folder = tmp_path_factory.mktemp("site")
    options = ["--isolated", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    options += ["--no-build-isolation", "--no-compile", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(example)], check=True)
    return folder


@pytest.fixture
def full_pacgan(target, monkeypatch):
    """The installed module; its entry point is seen during the test alone."""
    monkeypatch.syspath_prepend(target)
    module = importlib.import_module("full_pacgan")
    assert Path(module.__file__).is_relative_to(target)
    return module
