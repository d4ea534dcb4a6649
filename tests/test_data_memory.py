"""Data larger than memory: decoded, streamed and trained on within a limit that the kernel keeps.

RLIMIT_DATA bounds all memory of a process that is its own, touched or not (Linux 4.7 and later).
The pages of a mapped file are not: what is read of it can be dropped at any time.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import lmdb
import pytest
import torch
from pictures_factory import noise

from bench.config.plan import make_plan
from bench.data.loader import Loader
from bench.data.lsun import LSUN
from bench.runs import checkpoint
from bench.runs.folder import CHECKPOINT, owner
from bench.training.execute import RECORD

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's"),
]

DECODE = """
import resource, sys
import torch
from pictures_factory import Generated
from bench.data.streaming import make_loader

def memory(kind):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))

torch.set_num_threads(1)
limit = memory("VmData") + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
data = Generated(cache=sys.argv[1], pictures=90_000, size=64).training()
assert data.nbytes > 4 * int(sys.argv[2])
loader = make_loader(data, 64, 0, torch.device("cpu"), resident_bytes=2**28)
total = 0.0
before = memory("RssAnon")
for _ in range(loader.batches_per_epoch + 10):
    total += next(loader).mean().item()
grown = memory("RssAnon") - before
try:
    data.clone()
except RuntimeError as error:
    print("a copy does not fit:", "allocate" in str(error))
print("grown", grown)
"""


def test_data_larger_than_memory_is_decoded_and_streamed(tmp_path) -> None:
    """1.1 GB of pictures, where the process may take 256 MiB more than after its start."""
    script = subprocess.run(
        [sys.executable, "-c", DECODE, tmp_path, str(2**28)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    assert script.returncode == 0, script.stderr
    copy, grown = script.stdout.splitlines()
    assert copy == "a copy does not fit: True"
    assert int(grown.split()[1]) < 2**26


LIMIT = 2**31
"""Bytes for each process; half of them are taken once torch and all else is imported."""

BEDROOMS = 3_033_042
HELD_OUT = 100
STEPS = 24
BATCH = 16
SUITE = f"""# Bedrooms, as many as there are, for a moment.
import bench.scores.thumbnails

Suite.dataset = "lsun_bedroom64"
Suite.architecture = "dcgan"
Suite.methods = ["vanilla"]
Suite.seeds = 1

LSUN.held_out = {HELD_OUT}
Experiment.judge = @ThumbnailJudge
ThumbnailJudge.samples = 100
ThumbnailJudge.least_variance = 0.0
Experiment.steps = {STEPS}
Experiment.evaluations = {STEPS // 2}
Experiment.checkpoint_seconds = 0.0
Experiment.log_every = 1
Experiment.batch_size = {BATCH}
Experiment.device = "cpu"
g_width = 8
d_width = 8
"""


@pytest.fixture
def bedrooms(tmp_path, monkeypatch) -> Path:
    """LSUN's cache at its full length, 37 GB in a file with holes; returns that file.

    What a run of the suite trains on is noise, and all else is black: the wrong pictures show.
    """
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path))
    monkeypatch.delenv("GANBENCH_CACHE", raising=False)
    database = tmp_path / "lsun" / "bedroom_train_lmdb"
    database.mkdir(parents=True)
    with lmdb.open(str(database), map_size=2**24) as opened, opened.begin(write=True) as view:
        for i in range(HELD_OUT + 1):
            file = io.BytesIO()
            noise(i, 64, 64).save(file, "PNG")
            view.put(f"{i:03d}".encode(), file.getvalue())
    data = LSUN(held_out=HELD_OUT)
    folder = data.opened().folder
    shutil.rmtree(database)  # the source may go

    header = json.loads((folder / "header.json").read_text())
    training = header["splits"]["training"]
    training["read"] = BEDROOMS - HELD_OUT
    (folder / "header.json").write_text(json.dumps(header))
    pictures = folder / training["file"]
    picture = pictures.stat().st_size
    os.truncate(pictures, training["read"] * picture)
    loader = Loader(data.training(), BATCH, seed=0)
    drawn = torch.cat([loader.indices(position) for position in range(STEPS)])
    with pictures.open("r+b") as file:
        for i in drawn.tolist():
            file.seek(i * picture)
            file.write(noise(i, 64, 64).tobytes())
    return pictures


def start(suite: Path, out: Path) -> subprocess.Popen:
    """Starts ``ganbench run`` in a session of its own, with each of its processes limited."""
    limited = ["sh", "-c", f'ulimit -d {LIMIT // 1024} && exec "$@"', "sh"]
    command = [sys.executable, "-m", "ganbench", "run", str(suite), "--jobs", "1"]
    where = ["--out", str(out / "runs"), "--leaderboards", str(out / "boards")]
    return subprocess.Popen([*limited, *command, *where], start_new_session=True)


def test_a_suite_on_data_larger_than_memory_trains_and_resumes_to_the_same_bits(
    bedrooms, tmp_path
) -> None:
    assert bedrooms.stat().st_size > 17 * LIMIT
    suite = tmp_path / "bedrooms.gin"
    suite.write_text(SUITE)
    assert start(suite, tmp_path / "whole").wait() == 0

    run = make_plan(str(suite)).runs[0]
    whole, cut = (run.folder(tmp_path / kind / "runs") for kind in ("whole", "cut"))
    killed = start(suite, tmp_path / "cut")
    while not (cut / CHECKPOINT).exists():
        assert killed.poll() is None
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (cut / RECORD).exists()
    assert start(suite, tmp_path / "cut").wait() == 0
    assert "going on from" in (cut / "log.txt").read_text()

    ends = [checkpoint.load(path / CHECKPOINT, owner(run.key, run.seed)) for path in (whole, cut)]
    assert ends[0]["batches"] == STEPS
    for network in ("generator", "discriminator"):
        for name, weights in ends[0][network].items():
            assert torch.equal(weights, ends[1][network][name])
