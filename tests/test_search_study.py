"""Studies that many processes share, and that any of them may be killed at."""

import json
import multiprocessing
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from optuna.trial import TrialState

from bench.errors import UsageError
from bench.search.objective import Objective
from bench.search.parameters import Parameter
from bench.search.space import Search, Space
from bench.search.storage import open_storage
from bench.search.study import SharedStudy
from bench.search.task import Source, Task

POINTS = 12


def task(sampler, limit=POINTS, **words):
    """Two parameters of a task whose runs are of no concern here."""
    parameters = {
        "ASGAN.epsilon": Parameter("ASGAN.epsilon", "grid", [0.0, 0.1, 0.2], False, "here"),
        "g_norm": Parameter("g_norm", "categorical", ["a", "b", "c", "d"], False, "here"),
    }
    if sampler != "grid":
        parameters["ASGAN.epsilon"] = Parameter(
            "ASGAN.epsilon", "log_uniform", (0.01, 1.0), False, "here"
        )
    search = Search(sampler=sampler, batch=3, **words)
    return Task(
        suite="toy",
        method="as_gan",
        space=Space("mine", "", search, tuple(parameters.values()), {}),
        source=Source("toy"),
        defaults=(),
        parameters=parameters,
        distributions={name: p.distribution(None) for name, p in parameters.items()},
        units={},
        objectives=(Objective("fid", "FID", "lower", "last"),),
        evaluations=4,
        overrides=(),
        limit=limit,
        study="toy-mine-as_gan",
    )


def study(folder: Path, what: Task):
    folder.mkdir(exist_ok=True)
    return SharedStudy(what, open_storage(str(folder / "journal.log"), folder), folder)


def value(values):
    """An objective with a minimum inside the space."""
    return abs(np.log(values["ASGAN.epsilon"] + 1e-3) + 2) + 0.1 * "abcd".index(values["g_norm"][1])


def finish(shared, stop=None):
    """Conducts a study, or drops what it holds after so many trials have been told."""
    told = 0
    while held := shared.claim():
        for one in held:
            if told == stop:
                for other in held:
                    shared.let_go(other)
                return
            shared.tell(one, [value(one.values)])
            told += 1


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe", "gp"])
def test_a_search_that_was_interrupted_anywhere_ends_as_one_that_was_not(sampler, tmp_path):
    what = task(sampler)
    finish(study(tmp_path / "whole", what))
    whole = [(t.params, t.value) for t in study(tmp_path / "whole", what).trials]
    assert len(whole) == POINTS
    for stop in (1, 2, 4, 3):
        finish(study(tmp_path / "cut", what), stop)
    finish(study(tmp_path / "cut", what))
    assert [(t.params, t.value) for t in study(tmp_path / "cut", what).trials] == whole


def test_another_seed_is_another_search(tmp_path):
    for seed in (0, 1):
        finish(study(tmp_path / str(seed), task("tpe", seed=seed)))
    first, second = (study(tmp_path / str(seed), task("tpe", seed=seed)).trials for seed in (0, 1))
    assert [t.params for t in first] != [t.params for t in second]


def test_the_search_finds_the_minimum_better_than_chance(tmp_path):
    for sampler in ("random", "tpe"):
        finish(study(tmp_path / sampler, task(sampler, limit=40)))
    random_best, tpe_best = (
        np.mean([t.value for t in study(tmp_path / name, task(name, limit=40)).trials[20:]])
        for name in ("random", "tpe")
    )
    assert tpe_best < random_best


def test_workers_share_without_overlap_and_nobody_takes_a_living_ones_trial(tmp_path):
    first, second = (study(tmp_path, task("grid")) for _ in range(2))
    mine, others = first.claim(), second.claim()
    assert [one.number for one in mine] == [0, 1, 2]
    assert [one.number for one in others] == [3, 4, 5]
    for one in mine:
        first.let_go(one)  # as the kernel does for a process that dies
    taken_up = second.claim()
    assert [one.number for one in taken_up] == [0, 1, 2]
    for one in others:
        second.tell(one, [1.0])
    assert [one.number for one in first.claim()] == [6, 7, 8]


def test_a_grid_ends_with_its_last_point_and_more_trials_extend_another_search(tmp_path):
    finish(study(tmp_path / "grid", task("grid", limit=POINTS)))
    shared = study(tmp_path / "grid", task("grid", limit=99))
    assert shared.claim() == []
    assert len({str(sorted(t.params.items())) for t in shared.trials}) == POINTS
    finish(study(tmp_path / "tpe", task("tpe", limit=2)))
    finish(study(tmp_path / "tpe", task("tpe", limit=5)))
    assert len(study(tmp_path / "tpe", task("tpe", limit=5)).trials) == 5


def test_a_study_of_another_runs_folder_is_refused(tmp_path):
    journal = str(tmp_path / "journal.log")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    SharedStudy(task("grid"), open_storage(journal, tmp_path / "one"), tmp_path / "one")
    with pytest.raises(UsageError, match="another runs folder"):
        SharedStudy(task("grid"), open_storage(journal, tmp_path / "two"), tmp_path / "two")


def test_a_database_serves_as_well_as_a_journal(tmp_path):
    storage = open_storage(f"sqlite:///{tmp_path / 'study.db'}", tmp_path)
    finish(SharedStudy(task("grid"), storage, tmp_path), stop=4)
    shared = SharedStudy(task("grid"), storage, tmp_path)
    finish(shared)
    assert all(trial.state == TrialState.COMPLETE for trial in shared.trials)
    assert len(shared.trials) == POINTS


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("nosuch://host/db", "nosuch"),
        ("postgresql+nosuch://user:secret@host/db", "host/db"),
        ("sqlite:////nosuch/folder/study.db", "cannot be opened"),
    ],
)
def test_a_storage_that_cannot_be_opened_is_named_without_its_password(place, complaint, tmp_path):
    with pytest.raises(UsageError, match="--storage") as refused:
        open_storage(place, tmp_path)
    assert complaint in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a journal\nat all\n")
    with pytest.raises(UsageError, match="no journal"):
        open_storage(str(path), tmp_path)


def _worker(folder):
    """A process at the study, slow enough to be killed at any instant of it."""
    shared = study(folder, task("grid"))
    while True:
        held = shared.claim()
        if not held and not shared.running:
            return
        for one in held:
            time.sleep(0.01)
            shared.tell(one, [value(one.values)])


def test_processes_killed_at_random_instants_leave_no_zombie_no_duplicate_no_torn_line(tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.search.study"])
    dice = random.Random(0)
    study(tmp_path, task("grid"))
    journal = tmp_path / "journal.log"
    killed = 0
    for _ in range(12):
        workers = [context.Process(target=_worker, args=(tmp_path,)) for _ in range(2)]
        for worker in workers:
            worker.start()
        enough = journal.stat().st_size + dice.randrange(2000)  # an instant on any machine
        while journal.stat().st_size < enough and any(worker.is_alive() for worker in workers):
            time.sleep(0.001)
        for worker in workers:
            worker.kill()  # also one that has just ended
            worker.join()
            killed += worker.exitcode == -signal.SIGKILL
    last = context.Process(target=_worker, args=(tmp_path,))
    last.start()
    last.join()
    assert last.exitcode == 0
    assert killed >= 4
    trials = study(tmp_path, task("grid")).trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * POINTS
    assert len({str(sorted(trial.params.items())) for trial in trials}) == POINTS
    for line in journal.read_bytes().splitlines():
        json.loads(line)
