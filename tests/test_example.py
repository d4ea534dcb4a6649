"""The worked example, installed as the separate package that it is, and run by commands."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gan_factory import DIM, discriminator, draw, generator, make_gan, watch

from bench.conformance import method as conformance
from bench.runs import records
from methods.base import Incompatible
from methods.combine import combine
from methods.pacgan import Packed
from methods.simultaneous import Simultaneous

EXAMPLE = Path(__file__).parents[1] / "examples" / "pacgan"


@pytest.fixture
def suite(toy_suite):
    """Vanilla, PacGAN and its variant on the ring, in a moment."""
    text = toy_suite.read_text().replace('"as_gan"', '"pacgan", "full_pacgan"')
    toy_suite.write_text(text.replace("ASGAN.epsilon = 0.1\n", ""))
    return toy_suite


def ganbench(target, folder, *words):
    """Runs a command in a process that finds the example installed; returns what it printed."""
    command = [sys.executable, "-m", "ganbench", *words]
    path = os.pathsep.join(map(str, (target, EXAMPLE.parents[1])))
    environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_listed_and_conforms(target, tmp_path):
    listed = ganbench(target, tmp_path, "list", "methods")
    assert "PacGAN with as many packs a step as other methods have samples" in listed
    assert "PacGAN: D judges several samples together" in listed
    lines = ganbench(target, tmp_path, "conform", "full_pacgan").splitlines()
    file = target / "full_pacgan" / "gin" / "methods" / "full_pacgan.gin"
    assert lines[0] == f"full_pacgan: {file}"
    assert lines[1] == "tried on ring with mlp"
    assert len(lines) == 2 + len(conformance.CHECKS)
    assert all(line.endswith(": ok") for line in lines[2:])


def test_a_suite_runs_it_beside_ours_at_m_times_the_cost(target, suite, tmp_path):
    ganbench(target, tmp_path, "run", str(suite), "--jobs", "1")
    found = {record["method"]: record for record in records.read_all(tmp_path / "runs")}
    assert found.keys() == {"vanilla", "pacgan", "full_pacgan"}
    assert found["full_pacgan"]["status"] in {"completed", "collapsed"}
    costs = {name: record["cost"]["d_gradients"] for name, record in found.items()}
    assert costs["pacgan"] == costs["vanilla"]
    assert costs["full_pacgan"] == 2 * costs["vanilla"]
    assert "full_pacgan" in (tmp_path / "runs" / "pages" / "toy" / "README.md").read_text()


@pytest.mark.parametrize(
    "name",
    ["pyproject.toml", "full_pacgan/__init__.py", "full_pacgan/gin/methods/full_pacgan.gin"],
)
def test_the_guide_shows_the_files_as_they_are(name):
    guide = (EXAMPLE / "README.md").read_text()
    assert f"\n{(EXAMPLE / name).read_text()}```\n" in guide


@pytest.mark.parametrize("simultaneous", [False, True])
def test_each_of_ds_steps_takes_m_batches_and_the_generator_as_many_latents(
    full_pacgan, simultaneous
):
    method = full_pacgan.FullPacGAN(m=3, d_steps=2)
    if simultaneous:
        method = combine([method, Simultaneous()])
    gan = make_gan(generator(), Packed(discriminator(dim=3 * DIM), 3))
    gan.batch_size = 6
    method.check(gan)
    latents, samples = watch(gan.generator), watch(gan.discriminator)
    batches = [draw(6, DIM, seed=seed) for seed in range(7)]
    stream = iter(batches)
    method.step(gan, stream)
    assert torch.equal(next(stream), batches[6])
    assert [len(z) for z in latents] == [18] * 3
    assert [len(x) for x in samples] == [18] * 5
    seen = [any(torch.equal(x, torch.cat(batches[i : i + 3])) for x in samples) for i in (0, 3)]
    assert all(seen)


def test_a_batch_in_parts_and_one_of_no_whole_packs_are_refused(full_pacgan):
    """The diagnostics probe D with a batch of the suite's, whatever a step takes."""
    gan = make_gan(generator(), Packed(discriminator(dim=3 * DIM), 3))
    gan.batch_size = 6
    with pytest.raises(Incompatible, match="FullPacGAN's step takes a batch whole"):
        full_pacgan.FullPacGAN(m=3).check(replace(gan, accumulation=2))
    with pytest.raises(Incompatible, match="m = 3 do not divide a batch of 8"):
        full_pacgan.FullPacGAN(m=3).check(replace(gan, batch_size=8))


def test_of_one_sample_a_pack_it_is_pacgan_bitwise(full_pacgan):
    gans = [make_gan(generator(), discriminator(norm="batch")) for _ in range(2)]
    methods = (full_pacgan.FullPacGAN(m=1), full_pacgan.PacGAN(m=1))
    for gan, method in zip(gans, methods, strict=True):
        for seed in range(3):
            method.step(gan, iter([draw(6, DIM, seed=seed)]))
    for player in ("generator", "discriminator"):
        one, other = (list(getattr(gan, player).state_dict().values()) for gan in gans)
        assert all(map(torch.equal, one, other))
