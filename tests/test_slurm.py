"""Runs as SLURM's jobs: through submitit's local executor, and on a real SLURM where one is up."""

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec

import pytest
from test_matrix import Ledger, alive, results_of, same, start_command, starts, until
from toy_runs import alone, engine_of, ignore

from bench.config.plan import make_plan
from bench.engines.drive import Limits, drive
from bench.errors import UsageError
from bench.runs.folder import LOG
from bench.runs.lock import held
from bench.runs.progress import PROGRESS
from bench.training.execute import execute

pytestmark = pytest.mark.skipif(find_spec("submitit") is None, reason="submitit is not installed")

LOCAL = ("--engine", "slurm", "--slurm", "cluster=local")
REAL = ("--engine", "slurm", "--slurm", "mem=1000MB", "--slurm", "time=10")
FOLDER = ".slurm"


def slurm_is_up():
    """Whether this machine can hand jobs to a SLURM that has a node for them."""
    if not (shutil.which("sinfo") and shutil.which("sbatch")):
        return False
    command = ["sinfo", "--noheader", "--states=idle,mixed,allocated", "--format=%D"]
    answer = subprocess.run(command, capture_output=True, text=True)
    return answer.returncode == 0 and answer.stdout.strip() not in ("", "0")


@pytest.fixture(
    params=[
        pytest.param(LOCAL, id="local"),
        pytest.param(REAL, id="slurm", marks=pytest.mark.slow),
    ]
)
def where(request):
    """The options of a cluster."""
    if request.param == REAL and not slurm_is_up():
        pytest.skip("there is no SLURM; docs/cluster.md tells how to have one on this machine")
    return request.param


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["partion=gpu"], "no parameter 'partion'; did you mean 'partition'"),
        (["partition"], "KEY=VALUE"),
        (["time=2:00:00"], "time=2:00:00: it must be a whole number of minutes"),
        (["cluster=locl"], "did you mean 'local'"),
    ],
)
def test_a_wrong_parameter_is_one_sentence_and_leaves_nothing(tmp_path, words, complaint):
    slurm = [part for word in words for part in ("--slurm", word)]
    with pytest.raises(UsageError, match=complaint) as caught:
        engine_of(tmp_path, "--engine", "slurm", *slurm)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_machine_without_slurm_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="srun"):
        engine_of(tmp_path, "--engine", "slurm")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def striking(toy_suite, tmp_path, monkeypatch, offer_fault):
    """Plans vanilla runs in which a fault strikes once."""
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))  # where the workers find it

    def plan(fault, seeds):
        strikes = tmp_path / f"strikes of {fault}"
        strikes.mkdir()
        (strikes / "once").touch()
        suite = tmp_path / f"{fault.lower()}.gin"
        shutil.copy(toy_suite, suite)
        alone(
            suite,
            offer_fault(fault),
            f"Suite.seeds = {seeds}",
            "Experiment.checkpoint_seconds = 0.0",
            f"{fault}.times = '{strikes}'",
        )
        return make_plan(str(suite)).runs

    return plan


def resumed(run, out):
    return (run.folder(out) / LOG).read_text().count("going on from checkpoint.safetensors, step 3")


def test_a_job_that_is_killed_is_tried_again_and_one_that_is_preempted_is_requeued(
    striking, tmp_path, where
):
    killed, preempted = striking("Dies", 1), striking("Preempted", 1)
    runs, out, ledger = [*killed, *preempted], tmp_path / "runs", Ledger()
    engine = engine_of(out, *where, "--callbacks", "csv")
    drive(engine, runs, out, ledger, Limits(retries=1))
    ((run_id, reason),) = ledger.of("retrying")
    assert run_id == killed[0].id
    assert "its job ended early" in reason
    assert list((out / FOLDER).iterdir())  # what the killed job has left, for whoever looks
    assert len(ledger.of("finished")) == 2
    assert [starts(run, out) for run in runs] == [1, 1]
    assert [resumed(run, out) for run in runs] == [1, 1]
    assert not any(held(run.folder(out)) for run in runs)
    for run in runs:
        record = execute(run, tmp_path / "clean", ignore)
        lines = (run.folder(out) / "losses.csv").read_text().splitlines()
        assert len(lines) == 1 + len(record["losses"])
    assert same(results_of(runs, out), results_of(runs, tmp_path / "clean"))


LONG = ["--gin_bindings", "Experiment.steps = 100000", "--gin_bindings"]
LONG += ["Experiment.evaluations = 1000"]


@pytest.mark.slow
def test_ctrl_c_cancels_all_jobs_and_says_what_is_done(toy_suite, tmp_path, where):
    """Four runs on two processors: two are under way, and two wait."""
    command = start_command(toy_suite, tmp_path, "--seeds", "2", "--jobs", "2", *LONG, *where)
    until(lambda: command.poll() is not None or list(tmp_path.rglob(PROGRESS)), 300)
    os.killpg(command.pid, signal.SIGINT)  # as a terminal does, to all at once
    output, _ = command.communicate(timeout=120)
    assert command.returncode == 130, output
    assert "toy: 0 of 4 runs have a result" in output
    assert "the same command goes on" in output
    until(lambda: not alive(command.pid), 30)
    assert not any(held(path.parent) for path in tmp_path.rglob(PROGRESS))
    if where == REAL:
        assert "Traceback" not in output  # submitit's local processes hear the terminal, and shout
        queue = subprocess.run(["squeue", "--me", "--noheader"], capture_output=True, check=True)
        assert not queue.stdout
    (board,) = (tmp_path / "runs").iterdir()  # and nothing of the engine's own
    assert board.name.startswith("toy-")  # other steps than the suite's are a board of their own


@pytest.mark.slow
@pytest.mark.parametrize("where", [REAL], indirect=True)
def test_what_slurm_refuses_is_one_sentence(toy_suite, tmp_path, where):
    runs = make_plan(str(toy_suite)).runs
    out = tmp_path / "runs"
    engine = engine_of(out, *where, "--slurm", "partition=nosuch")
    with pytest.raises(UsageError, match="Invalid partition"):
        drive(engine, runs, out, Ledger())
    assert not list(out.iterdir())
