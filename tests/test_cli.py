"""The command line as a user meets it: in processes of its own, and by its exit codes."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from bench.cli import COMMANDS, main
from bench.config.plan import make_plan
from bench.runs import records
from bench.runs.folder import CHECKPOINT
from bench.training.execute import RECORD


def run_suite(suite, tmp_path, *options):
    where = ["--out", str(tmp_path / "runs"), "--leaderboards", str(tmp_path / "boards")]
    return main(["run", str(suite), *where, *options])


def test_run_trains_records_and_reports_and_does_nothing_twice(toy_suite, tmp_path, capsys):
    assert run_suite(toy_suite, tmp_path, "--jobs", "2") == 0
    first = capsys.readouterr().out
    assert "2 runs, 0 done before" in first
    assert "[2/2]" in first
    found = records.read_all(tmp_path / "runs")
    assert {record["method"] for record in found} == {"vanilla", "as_gan"}
    page = (tmp_path / "boards" / "toy" / "README.md").read_text()
    assert "vanilla" in page
    assert "as_gan" in page

    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob(RECORD)}
    assert run_suite(toy_suite, tmp_path) == 0
    assert "2 runs, 2 done before" in capsys.readouterr().out
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob(RECORD)}


def test_report_rebuilds_the_same_bytes_from_runs_and_from_its_own_records(toy_suite, tmp_path):
    assert run_suite(toy_suite, tmp_path) == 0

    def files(folder):
        return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    original = files(tmp_path / "boards")
    for source in ("runs", "boards"):
        again = tmp_path / f"from {source}"
        assert main(["report", "--runs", str(tmp_path / source), "--out", str(again)]) == 0
        assert files(again) == original


def test_reproducing_one_method_keeps_the_others_on_the_page(toy_suite, tmp_path):
    assert run_suite(toy_suite, tmp_path) == 0
    one = ["--gin_bindings", 'Suite.methods = ["as_gan"]']
    assert run_suite(toy_suite, tmp_path, *one) == 0
    page = (tmp_path / "boards" / "toy" / "README.md").read_text()
    assert "vanilla" in page


def test_overrides_make_a_leaderboard_of_their_own(toy_suite, tmp_path):
    assert run_suite(toy_suite, tmp_path) == 0
    before = (tmp_path / "boards" / "toy" / "README.md").read_bytes()
    assert run_suite(toy_suite, tmp_path, "--gin_bindings", "Experiment.steps = 4") == 0
    assert (tmp_path / "boards" / "toy" / "README.md").read_bytes() == before
    folders = [path.name for path in (tmp_path / "boards").iterdir() if path.is_dir()]
    assert len(folders) == 2


def test_a_failing_run_costs_itself_alone_and_is_named_with_its_log(toy_suite, tmp_path, capsys):
    runs = make_plan(str(toy_suite)).runs
    blocked = runs[0].folder(tmp_path / "runs") / f".{CHECKPOINT}.blocked"
    blocked.parent.mkdir(parents=True)
    (blocked.parent / CHECKPOINT).mkdir()  # a folder where the checkpoint should go
    assert run_suite(toy_suite, tmp_path) == 1
    out = capsys.readouterr().out
    assert "failed: vanilla" in out
    assert "log.txt" in out
    status = {r["method"]: r["status"] for r in records.read_all(tmp_path / "runs")}
    assert status["vanilla"] == "failed"
    assert status["as_gan"] != "failed"
    (blocked.parent / CHECKPOINT).rmdir()
    assert run_suite(toy_suite, tmp_path) == 0  # a failure is tried again


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "COMMAND"),
        (["rum"], "did you mean 'run'?"),
        (["run"], "SUITE"),
        (["run", "quik"], "did you mean 'quick'?"),
        (["run", "quick", "--jobs", "0"], "--jobs 0"),
        (["run", "quick", "--seeds", "0"], "--seeds"),
        (["run", "quick", "--gin_file", "nosuch.gin"], "nosuch.gin"),
        (["run", "quick", "--engine", "slrum"], "slrum"),
        (["report", "--runs", "nosuch"], "nosuch"),
        (["list", "metods"], "did you mean 'methods'?"),
        (["speed", "--steps", "0"], "--steps 0"),
        (["judge", "train", "digit"], "digit"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(words, complaint, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert complaint in captured.err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_refused_before_work(toy_suite, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["run", str(toy_suite), "--out", str(tmp_path / "file" / "runs")]) == 2
    assert "--out" in capsys.readouterr().err


def test_a_broken_record_is_named(toy_suite, tmp_path, capsys):
    run = make_plan(str(toy_suite)).runs[0]
    path = run.folder(tmp_path / "runs") / RECORD
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert run_suite(toy_suite, tmp_path) == 2
    assert RECORD in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"ganbench {command}" in capsys.readouterr().out


def test_list_names_everything(capsys):
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    for name in ("as_gan", "dcgan", "stacked_digits", "no_bn_d", "quick"):
        assert name in out
    assert main(["list", "settings"]) == 0
    assert "as_gan" not in capsys.readouterr().out.replace("AS-GAN", "")


def test_a_killed_command_goes_on_and_ends_as_if_it_had_not_been(toy_suite, tmp_path):
    """SIGKILL to the whole process group once a checkpoint is there, then the same command."""
    slow = ["--gin_bindings", "Experiment.steps = 240", "--gin_bindings"]
    slow += ["Experiment.evaluations = 12", "--jobs", "1"]
    slow += ["--gin_bindings", "Experiment.checkpoint_seconds = 0.0"]
    assert run_suite(toy_suite, tmp_path / "whole", *slow) == 0

    where = ["--out", str(tmp_path / "cut" / "runs")]
    where += ["--leaderboards", str(tmp_path / "cut" / "boards")]
    command = [sys.executable, "-m", "ganbench", "run", str(toy_suite), *where, *slow]
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not list((tmp_path / "cut").rglob(CHECKPOINT)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not list((tmp_path / "cut").rglob(RECORD))

    assert run_suite(toy_suite, tmp_path / "cut", *slow) == 0
    for whole in (tmp_path / "whole" / "runs").rglob(RECORD):
        cut = tmp_path / "cut" / "runs" / whole.relative_to(tmp_path / "whole" / "runs")
        assert _timeless(json.loads(cut.read_text())) == _timeless(json.loads(whole.read_text()))


def _timeless(record):
    record = {key: value for key, value in record.items() if key != "provenance"}
    record["cost"] = {k: record["cost"][k] for k in ("g_steps", "d_gradients")}
    for row in record["scores"]:
        del row["seconds"]
    return record


def test_committed_leaderboards_are_what_their_records_give(tmp_path, request):
    committed = request.config.rootpath / "leaderboards"
    assert main(["report", "--runs", str(committed), "--out", str(tmp_path)]) == 0
    pages = list(tmp_path.rglob("README.md"))
    assert len(pages) > 1
    for page in pages:
        assert page.read_bytes() == (committed / page.relative_to(tmp_path)).read_bytes()


def test_an_option_is_never_taken_for_another_that_begins_alike(toy_suite, capsys):
    assert main(["run", str(toy_suite), "--runs", "3"]) == 2
    assert "unrecognized arguments: --runs 3" in capsys.readouterr().err
