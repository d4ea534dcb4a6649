"""Runs on Ray, for real: on this machine, and on a cluster of two nodes of which one is lost."""

import os
import signal
from importlib.util import find_spec

import pytest
from test_matrix import Ledger, alive, results_of, same, start_command, starts, until
from toy_runs import alone, engine_of, ignore

from bench.cli import main
from bench.config.plan import make_plan
from bench.engines.drive import drive
from bench.engines.on_ray import require_fit, software
from bench.errors import UsageError
from bench.runs.folder import CHECKPOINT, LOG
from bench.runs.lock import held
from bench.training.execute import RECORD, execute

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")

OFTEN = ("Experiment.evaluations = 40", "Experiment.checkpoint_seconds = 0.0")


def resumed(run, out):
    return (run.folder(out) / LOG).read_text().count("going on from")


def under_way_after_the_first(out):
    return list(out.rglob(RECORD)) and len(list(out.rglob(CHECKPOINT))) == 2


def test_ctrl_c_stops_ray_and_another_engine_goes_on_to_the_same_result(toy_suite, tmp_path):
    suite = alone(toy_suite, "vanilla", "Suite.seeds = 3", "Experiment.steps = 600", *OFTEN)
    out = tmp_path / "runs"
    options = ["--engine", "ray", "--jobs", "1", "--callbacks", "csv"]
    command = start_command(suite, tmp_path, *options)
    until(lambda: command.poll() is not None or under_way_after_the_first(out), 300)
    os.killpg(command.pid, signal.SIGINT)  # as a terminal does, to all at once
    output, _ = command.communicate(timeout=120)
    done = len(list(out.rglob(RECORD)))
    assert command.returncode == 130, output
    assert f"toy: {done} of 3 runs have a result" in output
    assert "the same command goes on" in output
    assert "Traceback" not in output
    assert output.count(": starting") <= done + 1  # what waits in the queue has not started
    until(lambda: not alive(command.pid))
    assert [path.name for path in out.iterdir()] == ["toy"]
    assert all((path.parent / "losses.csv").exists() for path in out.rglob(RECORD))

    where = ["--out", str(out), "--leaderboards", str(tmp_path / "boards")]
    assert main(["run", str(suite), "--jobs", "1", *where]) == 0
    runs = make_plan(str(suite)).runs
    assert [starts(run, out) for run in runs] == [1, 1, 1]
    assert sum(resumed(run, out) for run in runs) == 1
    for run in runs:
        execute(run, tmp_path / "clean", ignore)
    assert same(results_of(runs, out), results_of(runs, tmp_path / "clean"))


def test_a_machine_without_the_runs_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match=f"does not see the runs folder {tmp_path}"):
        require_fit(tmp_path / "token", software())


def test_an_address_where_no_cluster_is_is_refused_at_once(tmp_path):
    with pytest.raises(UsageError, match="no Ray cluster answers there"):
        engine_of(tmp_path, "--engine", "ray", "--address", "127.0.0.1:1")


@pytest.fixture
def cluster(monkeypatch):
    """A Ray cluster of two nodes of this machine, with one CPU each."""
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # listens at 127.0.0.1 alone
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))  # where faults.py is
    import ray
    from ray.cluster_utils import Cluster

    lean = {"num_cpus": 1, "include_log_monitor": False}
    cluster = Cluster(True, head_node_args={**lean, "no_monitor": True, "include_dashboard": False})
    cluster.add_node(**lean)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.slow
def test_a_killed_worker_and_a_lost_node_change_no_result_and_repeat_none(
    toy_suite, tmp_path, cluster, offer_fault
):
    """Five runs on two nodes: one worker is killed in step 4, then a node with all it does."""
    strike = tmp_path / "times"
    strike.mkdir()
    (strike / "once").touch()
    suite = alone(
        toy_suite,
        offer_fault("Dies"),
        "Suite.seeds = 5",
        "Experiment.steps = 2000",
        f"Dies.times = '{strike}'",
        *OFTEN,
    )
    runs = make_plan(str(suite)).runs
    out = tmp_path / "runs"

    class NodeBreaker(Ledger):
        """Removes a node when a run is under way on each, after the worker was killed."""

        def progressed(self, run, progress):
            assert self.open() <= 2  # the others wait in Ray's queue, and have not started
            if self.open() == 2 and self.of("retrying") and cluster.worker_nodes:
                (node,) = cluster.worker_nodes
                cluster.remove_node(node, allow_graceful=False)

        def open(self):
            over = [*self.of("finished"), *self.of("retrying"), *self.of("elsewhere")]
            return len(self.of("started")) - len(over)

    ledger = NodeBreaker()
    drive(engine_of(out, "--engine", "ray", "--address", cluster.address), runs, out, ledger)
    assert not cluster.worker_nodes
    reasons = [reason for _, reason in ledger.of("retrying")]
    assert len(reasons) == 2, reasons
    assert {record["status"] for _, record in ledger.of("finished")} <= {"completed", "collapsed"}
    assert len(ledger.of("finished")) == len(runs)
    assert sum(starts(run, out) + resumed(run, out) for run in runs) == len(runs) + 2
    assert not any(held(run.folder(out)) for run in runs)
    for run in runs:
        execute(run, tmp_path / "clean", ignore)
    assert same(results_of(runs, out), results_of(runs, tmp_path / "clean"))


@pytest.mark.slow
def test_a_machine_that_does_not_fit_is_named_before_any_work(tmp_path, cluster, monkeypatch):
    address = ["--engine", "ray", "--address", cluster.address]
    ours = {"torch": "0.1"}
    monkeypatch.setattr("bench.engines.on_ray.software", lambda: ours)
    with pytest.raises(UsageError, match=r"has torch .*, but the command was given with 0\.1"):
        engine_of(tmp_path / "runs", *address)
    assert not list((tmp_path / "runs").iterdir())
