"""A trial under way: what it reports, and when it is stopped."""

from dataclasses import replace

import pytest
from optuna.trial import TrialState
from records_factory import record

from bench.config.catalogue import Catalogue
from bench.runs.progress import Progress
from bench.search import live
from bench.search.conduct import _outcome
from bench.search.live import LiveTrial
from bench.search.objective import Objective
from bench.search.samplers import FIELD, WARM_UP
from bench.search.space import read_space
from bench.search.storage import open_storage
from bench.search.study import SharedStudy
from bench.search.task import Source, prepare

EVALUATIONS = 10
FIELD_OF = (10.0, 20.0, 30.0, 40.0)
"""Last scores of the trials that have ended: the next is held against their medians."""


@pytest.fixture
def task(toy_suite, tmp_path):
    path = tmp_path / "mine.gin"
    path.write_text(
        'Search.uniform = {"ASGAN.epsilon": (0.0, 1.0)}\nSearch.sampler = "random"\n'
        'Search.pruner = "median"\nSearch.seeds = 2\nSearch.trials = 8\n'
    )
    (made,) = prepare(read_space(str(path), Catalogue.of()), Source(str(toy_suite)))
    aim = Objective("fid", "FID", "lower", "last")
    return replace(made, objectives=(aim,), evaluations=EVALUATIONS)


def records_of(trial, lasts):
    return {run.id: record(last=last) for run, last in zip(trial.runs, lasts, strict=True)}


def at_the_fifth_trial(task, folder):
    """A study in which as many trials have ended as it takes to judge another."""
    folder.mkdir()
    shared = SharedStudy(task, open_storage(str(folder / "journal.log"), folder), folder)
    assert len(FIELD_OF) == FIELD
    for held, last in zip(shared.claim(), FIELD_OF, strict=True):
        trial = LiveTrial(task, held)
        trial.end(records_of(trial, (last, last)))
        assert trial.values() == [last]
        shared.tell(held, trial.values())
    return shared, shared.claim()[0]


def told_as_it_goes(trial, found, order):
    """The runs' scores one evaluation after the other, in some order of the runs."""
    for run, evaluation in order(trial.runs):
        rows = found[run.id]["scores"][: evaluation + 1]
        trial.hear(run, Progress(step=60 * (evaluation + 1), steps=600, scores=rows))


ORDERS = {
    "side by side": lambda runs: [(run, e) for e in range(EVALUATIONS) for run in runs],
    "one after the other": lambda runs: [(run, e) for run in runs for e in range(EVALUATIONS)],
    "only the end": lambda runs: [],
}


@pytest.mark.parametrize(
    ("lasts", "stopped"), [((90.0, 110.0), True), ((5.0, 15.0), False), ((5.0, 300.0), True)]
)
def test_a_trial_is_stopped_by_its_scores_whatever_ran_beside_what(task, tmp_path, lasts, stopped):
    seen = []
    for name, order in ORDERS.items():
        shared, held = at_the_fifth_trial(task, tmp_path / name)
        trial = LiveTrial(task, held)
        found = records_of(trial, lasts)
        told_as_it_goes(trial, found, order)
        trial.end(found)
        shared.tell(held, trial.values())
        trial = shared.trials[held.number]
        seen.append((trial.state, trial.value, trial.intermediate_values))
    assert seen[0] == seen[1] == seen[2]
    state, value, reported = seen[0]
    if stopped:
        assert state == TrialState.PRUNED
        assert max(reported) == WARM_UP  # the first evaluation at which it may be
    else:
        assert state == TrialState.COMPLETE
        assert value == sum(lasts) / 2
        assert len(reported) == EVALUATIONS


def test_a_trial_taken_up_again_reports_on_from_where_it_was(task, tmp_path):
    shared, held = at_the_fifth_trial(task, tmp_path / "study")
    trial = LiveTrial(task, held)
    found = records_of(trial, (90.0, 110.0))
    told_as_it_goes(trial, found, lambda runs: [(run, WARM_UP) for run in runs])
    assert trial.stopped
    shared.let_go(held)
    again = shared.claim()[0]
    assert again.number == held.number
    assert again.values == held.values
    assert LiveTrial(task, again).stopped


def test_a_run_without_a_score_counts_in_the_choice_and_in_nothing_that_is_shown(
    task, tmp_path, monkeypatch
):
    monkeypatch.setattr(live, "untrained", lambda run: {"fid": 777.25})
    folder = tmp_path / "study"
    folder.mkdir()
    shared = SharedStudy(task, open_storage(str(folder / "journal.log"), folder), folder)
    (held, *_) = shared.claim()
    trial = LiveTrial(task, held)
    first, second = trial.runs
    trial.end(
        {
            first.id: record(last=12.5, status="collapsed"),
            second.id: record(status="diverged", end=300),
        }
    )
    assert trial.values() == [(12.5 + 777.25) / 2]
    assert _outcome(trial).endswith(": FID 12.5 (1 of 2 have none)")
    trial.annotate()
    noted = shared.trials[held.number].user_attrs
    assert (noted["fid"], noted["failed"]) == ([12.5, None], ["diverged"])
