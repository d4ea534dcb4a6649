"""A matrix of runs that nothing spoils: kills, hangs, failures, and several commands at once."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from toy_runs import ignore, plan_of

from bench.cli import main
from bench.config.choice import Choice
from bench.config.plan import make_plan
from bench.engines.drive import Limits, drive
from bench.engines.local import LocalEngine
from bench.engines.worker import work
from bench.errors import UsageError
from bench.runs import checkpoint, records
from bench.runs.folder import CHECKPOINT, LOG
from bench.runs.lock import claimed, held, locks_work
from bench.runs.progress import PROGRESS
from bench.training.execute import RECORD, execute

OFTEN = (
    "Experiment.steps = 60",
    "Experiment.evaluations = 20",
    "Experiment.checkpoint_seconds = 0.0",
)


class Ledger:
    """A listener that writes down what it is told."""

    def __init__(self):
        self.told = []

    def __getattr__(self, event):
        return lambda run, *what: self.told.append((event, run.id, *what))

    def of(self, event):
        return [entry[1:] for entry in self.told if entry[0] == event]


@pytest.fixture
def faulty(toy_suite, tmp_path, offer_fault):
    """Plans the runs of a fault that strikes so many times."""

    def plan(fault, times=0, seeds=1):
        folder = tmp_path / "times"
        folder.mkdir()
        for index in range(times):
            (folder / str(index)).touch()
        times_of = "" if fault == "SamplesNaN" else f"{fault}.times = '{folder}'"
        overrides = f"""Suite.methods = ["{offer_fault(fault)}"]
Suite.seeds = {seeds}
Experiment.checkpoint_seconds = 0.0
{times_of}
"""
        suite = tmp_path / "faulty.gin"
        own = [line for line in toy_suite.read_text().splitlines() if "ASGAN" not in line]
        suite.write_text("\n".join([*own, overrides]))
        return make_plan(str(suite)).runs

    return plan


def results_of(runs, out):
    """Each run's record, and its final state, but for times and machines."""
    found = {}
    for run in runs:
        record = records.read(run.folder(out) / RECORD)
        state = checkpoint.load(run.folder(out) / CHECKPOINT, f"{run.key} {run.seed}")
        state["history"].pop("seconds")
        for row in [*record["scores"], *state["history"]["scores"]]:
            row.pop("seconds")
        cost = {key: record["cost"][key] for key in ("g_steps", "d_gradients")}
        kept = {k: v for k, v in record.items() if k not in ("cost", "provenance")}
        found[run.id] = (kept | cost, state)
    return found


def same(first, second):
    """Equal to the last bit, through all containers."""
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second


def starts(run, out):
    """How often a worker began the run from its beginning."""
    return (run.folder(out) / LOG).read_text().count("from the beginning")


FAULTS = {
    "Explodes": "RuntimeError: the loss went for a walk",
    "Dies": "killed by SIGKILL",
    "Hangs": "no sign of life for 3 s",
    "RunsOutOfMemory": "MemoryError",
}


@pytest.mark.parametrize(("fault", "reason"), FAULTS.items(), ids=FAULTS)
def test_a_failure_costs_its_run_alone_and_is_retried_then_reported(
    faulty, tmp_path, fault, reason
):
    runs = faulty(fault, times=1, seeds=3)
    ledger = Ledger()
    drive(LocalEngine(jobs=3), runs, tmp_path / "once", ledger, Limits(retries=0, silence=3))
    told = dict(ledger.of("finished"))
    failures = [record for record in told.values() if record["status"] == "failed"]
    assert len(told) == 3
    assert [reason in record["reason"] for record in failures] == [True]

    (tmp_path / "times" / "again").touch()
    ledger = Ledger()
    drive(LocalEngine(jobs=3), runs, tmp_path / "twice", ledger, Limits(retries=1, silence=3))
    assert [reason in why for _, why in ledger.of("retrying")] == [True]
    assert {record["status"] for _, record in ledger.of("finished")} <= {"completed", "collapsed"}

    drive(LocalEngine(jobs=3), runs, tmp_path / "never", Ledger())
    never, twice = results_of(runs, tmp_path / "never"), results_of(runs, tmp_path / "twice")
    assert same(never, twice)


def test_a_failure_is_named_with_its_reason_and_its_log(faulty, tmp_path, capsys):
    (run,) = faulty("Explodes", times=2)
    command = [
        "run",
        str(tmp_path / "faulty.gin"),
        "--retries",
        "1",
        "--out",
        str(tmp_path / "runs"),
    ]
    command += ["--leaderboards", str(tmp_path / "boards")]
    assert main(command) == 1
    out = capsys.readouterr().out
    log = run.folder(tmp_path / "runs") / LOG
    assert f"failed: {run.label}: RuntimeError: the loss went for a walk; {log}" in out
    assert log.read_text().count("RuntimeError: the loss went for a walk") == 2
    assert main(command) == 0  # a failure is tried again, and goes on from its checkpoint
    assert "going on from checkpoint.safetensors, step 3" in log.read_text()


@pytest.mark.parametrize("fault", ["Dies", "Exits"])
def test_the_log_says_why_where_no_record_could_be_written(faulty, tmp_path, fault):
    (run,) = faulty(fault, times=1)
    drive(LocalEngine(jobs=1), [run], tmp_path, Ledger(), Limits(retries=0))
    reason = records.read(run.folder(tmp_path) / RECORD)["reason"]
    log = (run.folder(tmp_path) / LOG).read_text()
    assert f"this attempt failed: {reason}" in log
    assert ("SystemExit: 3" in log) == (fault == "Exits")


def test_what_goes_wrong_before_the_run_is_in_its_log(toy_suite, tmp_path):
    """A record of an earlier attempt that cannot be read, say."""
    run = make_plan(str(toy_suite)).runs[0]
    folder = run.folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / RECORD).write_text("{")
    with pytest.raises(UsageError):
        work(run, tmp_path)
    assert "is not a record" in (folder / LOG).read_text()
    (folder / RECORD).unlink()
    (folder / "lock").unlink()
    (folder / "lock").mkdir()
    with pytest.raises(OSError, match="lock"):
        work(run, tmp_path)
    assert "IsADirectoryError" in (folder / LOG).read_text()


def test_a_generator_that_outputs_nan_is_a_result_and_never_scored(faulty, tmp_path):
    (run,) = faulty("SamplesNaN")
    drive(LocalEngine(jobs=1), [run], tmp_path, Ledger())
    record = records.read(run.folder(tmp_path) / RECORD)
    assert (record["status"], record["step"]) == ("diverged", 6)
    assert record["reason"] == "d_loss is nan at step 6"
    assert [row["step"] for row in record["scores"]] == [3]
    assert record["samples"] is None


def kill_at_random(engine, seed, stop):
    """Kills a worker every few hundredths of a second, at no particular point of its work."""
    dice = random.Random(seed)
    kills = 0
    while not stop.is_set():
        time.sleep(dice.uniform(0.02, 0.35))
        for job in list(engine.jobs):
            if dice.random() < 0.5 and job.ended() is None:
                os.kill(job.process.pid, signal.SIGKILL)
                kills += 1
    return kills


class Exposed(LocalEngine):
    """A local engine whose processes can be got at."""

    def __init__(self, jobs):
        super().__init__(jobs)
        self.jobs = []

    def start(self, runs, out):
        begun = super().start(runs, out)
        self.jobs += begun
        return begun


def assert_kills_change_nothing(runs, tmp_path, kills_wanted):
    for run in runs:
        execute(run, tmp_path / "clean", ignore)
    engine, stop, ledger = Exposed(jobs=2), threading.Event(), Ledger()
    killer = threading.Thread(target=kill_at_random, args=(engine, 1, stop), daemon=True)
    killer.start()
    try:
        drive(engine, runs, tmp_path / "killed", ledger, Limits(retries=10_000))
    finally:
        stop.set()
        killer.join()
    assert len(ledger.of("retrying")) >= kills_wanted
    assert same(results_of(runs, tmp_path / "clean"), results_of(runs, tmp_path / "killed"))
    assert len(ledger.of("finished")) == len(runs)


def test_workers_killed_at_random_instants_end_bit_identical(toy_suite, tmp_path):
    runs = [plan_of(toy_suite, method, *OFTEN) for method in ("as_gan", "lecam", "spectral_norm")]
    assert_kills_change_nothing(runs, tmp_path, kills_wanted=3)


@pytest.mark.slow
def test_every_method_killed_at_random_instants_ends_bit_identical(toy_suite, tmp_path):
    names = sorted(path.stem for path in Path("gin/methods").glob("*.gin"))
    overrides = [f"Suite.methods = {names}", *OFTEN, 'd_norm = "layer"']
    runs = make_plan(str(toy_suite), gin_bindings=overrides).runs
    assert len(runs) > 20
    assert_kills_change_nothing(runs, tmp_path, kills_wanted=100)


def start_command(suite, tmp_path, *options):
    command = [sys.executable, "-m", "ganbench", "run", str(suite), *options]
    command += ["--out", str(tmp_path / "runs"), "--leaderboards", str(tmp_path / "boards")]
    return subprocess.Popen(
        command,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def alive(group):
    """Whether any process of a group is."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


LONG = ["--gin_bindings", "Experiment.steps = 100000", "--gin_bindings"]
LONG += ["Experiment.evaluations = 1000"]


def test_two_commands_divide_the_work_and_repeat_none(toy_suite, tmp_path):
    some = ["--seeds", "3", "--jobs", "1", "--gin_bindings", "Experiment.steps = 120"]
    commands = [start_command(toy_suite, tmp_path, *some) for _ in range(2)]
    outputs = [command.communicate(timeout=120)[0] for command in commands]
    assert [command.returncode for command in commands] == [0, 0], outputs
    overrides = ["Experiment.steps = 120"]
    runs = make_plan(str(toy_suite), gin_bindings=overrides, choice=Choice(seeds=3)).runs
    assert len(runs) == 6
    assert [starts(run, tmp_path / "runs") for run in runs] == [1] * 6


def test_a_run_that_another_holds_is_waited_for_and_taken_over_when_it_dies(toy_suite, tmp_path):
    first, second = make_plan(str(toy_suite)).runs
    folder = first.folder(tmp_path)
    folder.mkdir(parents=True)
    with claimed(folder) as ours:
        assert ours
        assert held(folder)
        ledger = Ledger()
        driver = threading.Thread(
            target=drive, args=(LocalEngine(1), [first, second], tmp_path, ledger)
        )
        driver.start()
        until(lambda: ledger.of("finished"))
        assert [run_id for run_id, _ in ledger.of("finished")] == [second.id]
        assert ledger.of("elsewhere") == [(first.id,)]
    driver.join(60)
    assert [run_id for run_id, _ in ledger.of("finished")] == [second.id, first.id]
    assert starts(first, tmp_path) == 1


def test_workers_end_with_the_command_that_was_killed(toy_suite, tmp_path):
    command = start_command(toy_suite, tmp_path, "--jobs", "2", *LONG)
    until(lambda: len(list(tmp_path.rglob(PROGRESS))) == 2)
    folders = [path.parent for path in tmp_path.rglob(PROGRESS)]
    assert all(map(held, folders))
    command.kill()  # the command alone, not its process group
    command.communicate()
    until(lambda: not any(map(held, folders)))


def test_ctrl_c_stops_says_what_is_done_and_leaves_no_process(toy_suite, tmp_path):
    command = start_command(toy_suite, tmp_path, "--jobs", "2", *LONG)
    until(lambda: len(list(tmp_path.rglob(PROGRESS))) == 2)
    os.killpg(command.pid, signal.SIGINT)  # as a terminal does, to all at once
    output, _ = command.communicate(timeout=120)
    assert command.returncode == 130
    assert "toy: 0 of 2 runs have a result" in output
    assert "the same command goes on" in output
    assert "Traceback" not in output
    assert "resource_tracker" not in output
    until(lambda: not alive(command.pid))


def test_a_worker_makes_no_semaphore_that_it_would_leave_behind_when_it_is_ended():
    """Scores draw no bars, but what they are made by takes tqdm's lock, a semaphore at first."""
    code = (
        "from bench.engines import local; from tqdm import tqdm\n"
        "local.work = lambda *_: print(type(tqdm.get_lock()).__module__)\n"
        "local.live(None, None, (), None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "_thread"


def test_a_run_no_longer_wanted_is_stopped_and_leaves_its_checkpoint(toy_suite, tmp_path):
    run = plan_of(
        toy_suite,
        "vanilla",
        "Experiment.steps = 100000",
        "Experiment.evaluations = 10000",
        "Experiment.checkpoint_seconds = 0.0",
    )
    seen = []

    def keep(_, progress):
        seen.append(len(progress.scores))
        return len(progress.scores) < 5

    ledger = Ledger()
    drive(LocalEngine(1), [run], tmp_path, ledger, keep=keep)
    assert ledger.of("stopped") == [(run.id,)]
    assert not ledger.of("finished")
    assert seen == sorted(seen)
    assert seen[-1] >= 5
    assert (run.folder(tmp_path) / CHECKPOINT).exists()
    assert not (run.folder(tmp_path) / RECORD).exists()
    assert not held(run.folder(tmp_path))


def test_the_probe_of_locks_tells_a_folder_that_has_them(tmp_path):
    assert locks_work(tmp_path)
    assert not locks_work(Path("/proc"))
    assert not list(tmp_path.iterdir())


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of one megabyte, and a function that mounts it anew with other options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    if not shutil.which("mount") or not mount("size=1m"):
        pytest.skip("mounting a file system takes more rights than this process has")
    yield folder, mount
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_stops_with_a_sentence_and_work_goes_on_once_there_is_room(
    toy_suite, tmp_path, tiny_disk, capsys
):
    folder, mount = tiny_disk
    command = ["run", str(toy_suite), "--out", str(folder / "runs"), "--jobs", "1"]
    command += ["--leaderboards", str(tmp_path / "boards"), "--retries", "0", "--seeds"]
    (folder / "ballast").write_bytes(bytes(700_000))
    assert main([*command, "3"]) == 1
    captured = capsys.readouterr()
    assert "No space left on device" in captured.out + captured.err
    assert "Traceback" not in captured.out + captured.err
    finished = {p: p.read_bytes() for p in folder.rglob(RECORD)}
    assert mount("remount,size=32m")
    assert main([*command, "3"]) == 0
    kept = [path for path, content in finished.items() if b'"failed"' not in content]
    assert all(path.read_bytes() == finished[path] for path in kept)

    assert mount("remount,ro")
    assert main([*command, "4"]) == 2
    assert "cannot write there: Read-only file system" in capsys.readouterr().err
