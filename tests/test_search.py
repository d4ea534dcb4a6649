"""``ganbench search`` as a user meets it: real runs, real records, real kills."""

import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from toy_runs import SPACE

from bench.cli import main
from bench.config.plan import make_plan
from bench.report.search.folder import rebuild
from bench.runs import records
from bench.runs.folder import CHECKPOINT
from bench.search.findings import FILE, read
from bench.search.storage import open_storage
from bench.search.task import as_search
from bench.training.execute import RECORD


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "mine.gin"
    path.write_text(SPACE)
    return path


def search(suite, space, where, *options):
    places = ["--out", str(where / "runs"), "--leaderboards", str(where / "boards")]
    return main(["search", str(suite), "--space", str(space), *places, "--jobs", "2", *options])


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_search_runs_records_reports_and_does_nothing_twice(toy_suite, space, tmp_path, capsys):
    assert search(toy_suite, space, tmp_path) == 0
    assert "trial 1: ASGAN.epsilon = 0.2" in capsys.readouterr().out
    board = tmp_path / "boards" / "toy-search-mine"
    findings = read(board / FILE)
    (study,) = findings.studies
    assert [t.parameters for t in study.trials] == [
        {"ASGAN.epsilon": 0.05},
        {"ASGAN.epsilon": 0.2},
    ]

    found = {r["id"]: r for r in records.read_all(tmp_path / "runs")}
    chose, fresh = (
        {found[run]["seed"] for run in runs}
        for runs in (
            [run for trial in study.trials for run in trial.runs],
            [run for group in findings.groups if group.fresh for run in group.runs],
        )
    )
    assert chose == {10000}
    assert fresh == {0}
    assert {found[run].get("search") for t in study.trials for run in t.runs} == {True}

    # The winner's file makes run's plan that of the runs on fresh seeds.
    (winner,) = board.glob("winner-*.gin")
    (tuned,) = (group for group in findings.groups if group.role == "tuned")
    (run,) = make_plan(str(toy_suite), [str(winner)]).runs
    assert run.key == found[tuned.runs[0]]["key"]

    # The page is a function of what lies beside it.
    again = tmp_path / "again" / board.name
    rebuild(board, again)
    assert files(again) == files(board)

    # Leaderboards show no run that chose.
    assert main(["report", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "r")]) == 0
    assert [path.name for path in (tmp_path / "r").iterdir() if path.is_dir()] == ["toy"]

    # A folder of searches alone is enough.
    alone = tmp_path / "alone"
    assert main(["report", "--runs", str(board.parent), "--out", str(alone)]) == 0
    assert files(alone / board.name) == files(board)

    before, pages = files(tmp_path / "runs"), files(board)
    capsys.readouterr()
    assert search(toy_suite, space, tmp_path, "--dry-run") == 0
    assert "2 trials, 2 ended before; 0 runs of trials left" in capsys.readouterr().out
    assert files(tmp_path / "runs") == before
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob(RECORD)}
    assert search(toy_suite, space, tmp_path) == 0
    assert times == {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob(RECORD)}
    assert files(board) == pages
    assert {p for p in before if p.name == RECORD} == {
        p.relative_to(tmp_path / "runs") for p in times
    }


def test_a_search_is_published_and_its_commands_work_from_its_folder(
    toy_suite, space, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    words = [str(toy_suite), "--space", str(space)]
    assert main(["publish", *words]) == 2
    assert "there is no search in runs/pages/toy-search-mine" in capsys.readouterr().err
    assert main(["search", *words, "--jobs", "2"]) == 0
    below = tmp_path / "runs" / "pages" / "toy-search-mine"
    assert main(["publish", *words]) == 0
    kept = tmp_path / "leaderboards" / "toy-search-mine"
    assert files(kept) == files(below)

    for folder in (below, kept):
        monkeypatch.chdir(folder)
        page = Path("README.md").read_text().partition("## Use it")[2]
        run, again = re.findall("ganbench (run .*|search .*)", page)
        assert main([*shlex.split(run), "--jobs", "2"]) == 0
        assert main([*shlex.split(again), "--jobs", "2"]) == 0
        assert Path("runs/pages/toy-search-mine/README.md").is_file()
        shutil.rmtree("runs")

    # A trial's failure is published with the search: it is no result that could be wrong.
    monkeypatch.chdir(tmp_path)
    path = next((below / "trials").glob("*.json"))
    lost = records.read(path) | {"status": "failed", "reason": "out of memory"}
    records.write(path, lost)
    assert main(["publish", *words, "--replace"]) == 0
    assert records.ending(kept / "trials" / path.name)[1] == "failed"

    # Trials made anew are other records of the same runs: they displace none in silence.
    monkeypatch.chdir(tmp_path)
    assert main(["search", *words, "--jobs", "2", "--out", "again"]) == 0
    capsys.readouterr()
    assert main(["publish", *words, "--out", "again"]) == 2
    assert "would go" in capsys.readouterr().err
    assert main(["search", *words, "--out", "others", "--leaderboards", "leaderboards"]) == 2
    assert "that others does not have" in capsys.readouterr().err
    assert not Path("others/toy-search").exists()
    assert main(["publish", *words, "--out", "again", "--replace"]) == 0
    assert files(kept / "trials") == files(tmp_path / "again/pages/toy-search-mine/trials")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["quick", "--space", "epsilom"], "did you mean 'epsilon'?"),
        (["quick", "--methods", "as_gam"], "did you mean 'as_gan'?"),
        (["quick", "--trials", "0"], "--trials 0"),
        (["quick", "--space", "nosuch.gin"], "nosuch.gin"),
        (["quik"], "did you mean 'quick'?"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(words, complaint, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["search", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert complaint in captured.err
    assert not list(tmp_path.iterdir())


def test_a_batch_of_which_every_run_fails_teaches_nothing(toy_suite, space, tmp_path, capsys):
    """A full disk, say, must not end as a finding on a value."""
    runs = tmp_path / "runs"
    for value in ("0.05", "0.2"):
        plan = make_plan(str(toy_suite), (), ("Suite.seeds = [10000]", f"ASGAN.epsilon = {value}"))
        (run,) = (run for run in plan.runs if run.method == "as_gan")
        (run,) = as_search([run])
        blocked = run.folder(runs) / CHECKPOINT
        blocked.mkdir(parents=True)
        (blocked / "in the way").write_text("")
    assert search(toy_suite, space, tmp_path) == 1
    assert "every run failed" in capsys.readouterr().out
    for blocked in list(runs.rglob("in the way")):
        blocked.unlink()
        blocked.parent.rmdir()
    assert search(toy_suite, space, tmp_path) == 0
    findings = read(tmp_path / "boards" / "toy-search-mine" / FILE)
    assert [trial.state for trial in findings.studies[0].trials] == ["complete"] * 2


def _command(suite, space, where):
    places = ["--out", str(where / "runs"), "--leaderboards", str(where / "boards")]
    words = ["search", str(suite), "--space", str(space), *places, "--jobs", "1"]
    return [sys.executable, "-m", "ganbench", *words]


def _start(command):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, start_new_session=True, **quiet)


@pytest.mark.slow
def test_searches_killed_at_random_instants_end_as_one_that_was_not(toy_suite, space, tmp_path):
    """Two real commands at one study, both killed again and again, then left to finish."""
    space.write_text(SPACE.replace("[0.5, 2.0]", "[0.0, 0.5, 1.0, 1.5, 2.0, 3.0]"))
    assert search(toy_suite, space, tmp_path / "whole") == 0
    command = _command(toy_suite, space, tmp_path / "cut")
    dice = random.Random(0)
    for _ in range(6):
        processes = [_start(command) for _ in range(2)]
        time.sleep(5 + 15 * dice.random())
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    processes = [_start(command) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    whole, cut = (
        read(tmp_path / name / "boards" / "toy-search-mine" / FILE) for name in ("whole", "cut")
    )
    assert cut == whole
    storage = open_storage(str(tmp_path / "cut" / "runs" / "search" / "journal.log"), tmp_path)
    (summary,) = optuna.get_all_study_summaries(storage)
    trials = optuna.load_study(study_name=summary.study_name, storage=storage).trials
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    assert len(trials) == 6


def test_committed_searches_are_what_their_files_give(tmp_path, request):
    for findings in (request.config.rootpath / "leaderboards").glob(f"*/{FILE}"):
        folder = findings.parent
        rebuild(folder, tmp_path / folder.name)
        committed = files(folder)
        for name, data in files(tmp_path / folder.name).items():
            if name.suffix != ".svg":  # drawn alike, but not to the byte by every matplotlib
                assert committed[name] == data
        assert set(committed) == set(files(tmp_path / folder.name))
