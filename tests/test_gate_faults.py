"""The gate's proof on real trainings: planted mistakes are caught, clean repetitions are not.

It takes about half an hour on two quiet cores: ``pytest -m slow tests/test_gate_faults.py``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.config.catalogue import Catalogue

pytestmark = pytest.mark.slow

METHODS = ["vanilla", "as_gan", "wgan_gp", "dragan", "spectral_norm"]


def command(folder, *words, mistake=None, methods=METHODS, rounding=0):
    """Runs ganbench on some of the suite's methods, with a mistake planted in its workers."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = [*words, "--gin_bindings", f"Suite.methods = {json.dumps(methods)}"]
    if mistake:
        planted = folder / "mistake.gin"
        planted.write_text(f"import gate_faults.{mistake}\n")
        arguments += ["--gin_file", str(planted)]
    here = str(Path(__file__).parent)
    environment = os.environ | {"PYTHONPATH": here, "GATE_ROUNDING": str(rounding)}
    return subprocess.run(
        [sys.executable, "-m", "ganbench", *arguments, "--out", str(folder / "runs")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("baseline")
    suite = str(Catalogue.of().suite("stability"))
    done = command(folder, "run", suite, "--leaderboards", str(folder / "boards"))
    assert done.returncode == 0, done.stderr
    return folder / "boards" / "stability" / "records.csv"


def check(folder, baseline, *words, **planted):
    """The exit code, and what got worse: by method, what the gate says of it."""
    junit = folder / "junit.xml"
    arguments = ["check", "stability", "--baseline", str(baseline), "--junit", str(junit), *words]
    done = command(folder, *arguments, **planted)
    assert junit.exists(), done.stderr
    cases = ElementTree.parse(junit).iter("testcase")
    failures = {case.get("name"): case.find("failure") for case in cases}
    return done.returncode, {
        name: failure.get("message") for name, failure in failures.items() if failure is not None
    }


@pytest.mark.parametrize(
    ("mistake", "methods"),
    [
        ("as_gan_sign", ["as_gan"]),
        ("frozen_u", ["spectral_norm"]),
        ("half_rate", ["vanilla", "spectral_norm"]),
    ],
)
def test_mistakes_make_scores_worse(tmp_path, baseline, mistake, methods):
    code, worse = check(tmp_path, baseline, mistake=mistake, methods=methods)
    assert code == 1
    assert "FID" in worse[methods[-1]]


@pytest.mark.parametrize("method", ["wgan_gp", "dragan"])
def test_a_halved_penalty_trains_differently(tmp_path, baseline, method):
    code, worse = check(tmp_path, baseline, mistake="half_penalty", methods=[method])
    assert code == 1
    assert "course" in worse[method]


@pytest.mark.parametrize("repetition", range(10))
def test_clean_repetitions_pass(tmp_path, baseline, repetition):
    """Each run differs from its pair: it starts from weights that are off in their last digits."""
    code, worse = check(tmp_path, baseline, mistake="rounding", rounding=repetition)
    assert (code, worse) == (0, {})
