"""A search chooses by whatever it needs to, and shows what was measured."""

import csv
import re
from io import StringIO
from itertools import combinations

import numpy as np
from page_tables import texts
from records_factory import PROTOCOL, record

from bench import wording
from bench.report.markdown import to_markdown
from bench.report.search import folder, tables
from bench.report.search.figures import best, scores
from bench.report.search.page import page
from bench.search.findings import Findings, Group, Study, Trial
from bench.search.objective import Objective
from bench.search.outcomes import Outcomes

IMPUTED = 777.25
"""What a run without a score counts as where a trial is chosen, and far from all scores."""

FID = Objective("fid", PROTOCOL["metrics"]["fid"]["label"], "lower", "last")
RECALL = Objective("recall", PROTOCOL["metrics"]["recall"]["label"], "higher", "last")
CHOSE, FRESH = 10000, 0

Run = tuple[float, str]


def utility(aim, runs):
    """What a trial counts as where its generators were as bad before training."""
    worst = {"fid": IMPUTED, "recall": -IMPUTED}
    return float(np.mean([aim.value(run, lambda: worst) for run in runs]))


def outcomes_of(trials, tuned=None, controls=None, aims=(FID,)):
    """A search whose runs, a list a trial, have these last scores and statuses, one a seed."""
    found = {}

    def ran(method, label, runs, first=CHOSE):
        keys = []
        for seed, (last, status) in enumerate(runs, first):
            key = f"quick-search/{method}/standard/seed-{seed}-{label}"
            end = 600 if status in ("completed", "collapsed") else 240
            found[key] = record(method, seed=seed, last=last, status=status, end=end, id=key)
            keys.append(key)
        return keys

    held = []
    for number, runs in enumerate(trials):
        keys = ran("as_gan", number, runs)
        values = [utility(aim, [found[key] for key in keys]) for aim in aims]
        held.append(Trial(number, "complete", {"ASGAN.epsilon": 0.1 * number}, values, keys))
    study = Study("s", "as_gan", {"ASGAN.epsilon": "uniform"}, {}, held)
    groups = [
        Group(name, name, "control", False, {}, ran(name, "c", runs))
        for name, runs in (controls or {}).items()
    ]
    if tuned:
        keys = ran("as_gan", "tuned", tuned, FRESH)
        groups.append(Group("as_gan, tuned", "as_gan", "tuned", True, {"ASGAN.epsilon": 0.1}, keys))
    findings = Findings(
        suite="quick",
        space="epsilon",
        text="",
        overrides=[],
        objectives=list(aims),
        aggregate="mean",
        sampler="random",
        studies=[study],
        groups=groups,
    )
    return Outcomes(findings, found), study


def ended(*lasts, status="completed"):
    return [(last, status) for last in lasts]


LOST = [(30.0, "completed"), (60.0, "collapsed"), (5.0, "diverged"), (5.0, "diverged")]
"""Measured 45 over two of four; one that diverged had come to 5."""


def test_a_trials_mean_is_over_the_runs_that_have_a_score():
    outcomes, study = outcomes_of([LOST, ended(40.0, 50.0, 60.0, 70.0)])
    shown = texts(tables.trials(outcomes, study)).set_index("trial")
    assert shown[FID.label].tolist() == ["45.0 (2 of 4 have none)", "55.0"]
    assert shown["failures"]["0"].startswith("3/4 ")
    assert shown["chosen by"].tolist() == [wording.number((30 + 60 + 2 * IMPUTED) / 4), "55.0"]
    assert study.chosen([FID]) == [study.trials[1]]  # by what they count as, not by 45
    assert "*chosen by* is no score" in to_markdown(page(outcomes, (), ()))


def test_where_all_runs_have_a_score_nothing_else_is_shown():
    outcomes, study = outcomes_of([ended(30.0, 34.0), ended(40.0, 44.0)])
    before = texts(tables.trials(outcomes, study))
    assert "chosen by" not in before
    text = to_markdown(page(outcomes, (), ()))
    assert "chosen by* is no score" not in text
    assert "have none" not in text
    for run in study.trials[0].runs:
        outcomes.records[run]["status"] = "collapsed"
    after = texts(tables.trials(outcomes, study))
    assert after.drop(columns="failures").equals(before.drop(columns="failures"))


def test_what_trials_are_chosen_by_is_shown_where_it_is_no_mean():
    outcomes, study = outcomes_of([ended(1.0, 1.0, 4.0)])
    study.trials[0].values[0] = 1.0  # their median
    assert texts(tables.trials(outcomes, study))[[FID.label, "chosen by"]].to_numpy().tolist() == [
        ["2.00", "1.00"]
    ]


def test_no_number_but_what_trials_are_chosen_by_has_anything_imputed(tmp_path):
    """by comparing: the imputed score is moved, and all that is shown but that column stays."""
    texts = []
    for moved in (0.0, 1000.0):
        outcomes, study = outcomes_of(
            [LOST, ended(40.0, 50.0, 60.0, 70.0)], tuned=LOST, controls={"vanilla": LOST}
        )
        study.trials[0].values[0] += moved
        place = tmp_path / str(moved) / "search"
        folder.write(outcomes.findings, dict(outcomes.records), place)
        texts.append(
            {
                path.name: re.sub(r"\| +[\d,.]+ \| +3/4", "| | 3/4", path.read_text())
                for path in place.glob("*")
                if path.is_file() and path.name != "search.json"
            }
        )
    assert texts[0].keys() >= {"README.md", "trials.csv", "scores.svg", "winner-as_gan.gin"}
    assert {name for name in texts[0] if texts[0][name] != texts[1][name]} == set()
    rows = list(csv.DictReader(StringIO(texts[0]["trials.csv"])))
    assert [(float(row["fid"]), row["unscored"]) for row in rows] == [(45.0, "2"), (55.0, "0")]
    assert "FID (digits-cnn, 2k) 55.0 [34.5, 75.5] where it chose" in texts[0]["winner-as_gan.gin"]


def test_the_contest_on_fresh_seeds_shows_means_of_scores_and_ranks_the_rest_last():
    outcomes, _ = outcomes_of([ended(1.0)], tuned=LOST)
    (row,) = texts(tables.contest(outcomes)).to_dict("records")
    assert row[f"{FID.label}, mean"] == "45.0 [-146, 236] (2 of 4 have none)"
    assert (row["median"], row["worst"]) == ("no score", "no score")
    text = to_markdown(page(outcomes, (), ()))
    assert "On fresh seeds it has 45.0" in text
    assert "Means are over the runs that have a score" in text
    outcomes, _ = outcomes_of([ended(1.0)], tuned=ended(30.0, 50.0, 70.0, status="collapsed"))
    (row,) = texts(tables.contest(outcomes)).to_dict("records")
    assert (row["median"], row["worst"]) == ("50.0", "70.0")


def test_a_group_in_which_no_run_has_a_score_has_no_mean_and_no_line():
    gone = ended(5.0, 5.0, status="diverged")
    outcomes, _ = outcomes_of([gone, ended(9.0, 7.0)], tuned=gone, controls={"vanilla": gone})
    (row,) = texts(tables.contest(outcomes)).to_dict("records")
    assert row[f"{FID.label}, mean"] == "— (2 of 2 have none)"
    (panel,) = scores(outcomes).axes
    drawn = drawn_in(panel)
    assert {7.0, 8.0, 9.0} <= set(drawn)
    assert np.nanmax(drawn) < 21  # the upper end of the trial's interval
    assert "vanilla" not in [line.get_label() for line in panel.lines]


def test_the_best_of_k_is_the_median_over_every_choice_of_trials():
    lasts = [50.0, 20.0, 80.0, 30.0, 60.0]
    outcomes, study = outcomes_of([ended(last) for last in lasts])
    found = [one.mean for one in outcomes.best_of(study)]
    assert found == [
        np.quantile(list(map(min, combinations(lasts, k))), 0.5, method="inverted_cdf")
        for k in range(1, 6)
    ]
    row = texts(tables.sensitivity(outcomes)).iloc[0]
    assert row[["best of 1", "best of 2", "best of 5", "worst"]].tolist() == [
        "50.0",
        "30.0",
        "20.0",
        "80.0",
    ]


def test_the_best_of_k_is_chosen_by_what_trials_count_as_and_shown_as_measured():
    outcomes, study = outcomes_of([LOST, ended(40.0, 80.0), ended(70.0, 90.0)])
    assert [trial.number for trial in outcomes.ranked(study)] == [1, 2, 0]
    row = texts(tables.sensitivity(outcomes)).iloc[0]
    assert (row["best of 1"], row["best of 3"]) == ("80.0", "60.0")
    assert row["worst"] == "45.0 (2 of 4 have none)"


def test_a_trial_that_was_stopped_early_has_a_place_and_no_score():
    outcomes, study = outcomes_of([ended(20.0), ended(30.0)])
    study.trials.append(Trial(2, "stopped", {"ASGAN.epsilon": 0.3}, [99.5], study.trials[0].runs))
    shown = texts(tables.trials(outcomes, study)).set_index("trial").loc["2"]
    assert (shown[FID.label], shown["chosen by"], shown["failures"]) == ("—", "99.5", "stopped")
    assert texts(tables.sensitivity(outcomes)).iloc[0]["worst"] == "—"


def test_several_objectives_are_each_shown_as_measured():
    outcomes, study = outcomes_of([LOST, ended(50.0, 150.0)], tuned=LOST, aims=(FID, RECALL))
    shown = texts(tables.trials(outcomes, study))
    known = np.mean([1 / (1 + last / 50) for last in (30.0, 60.0)])
    assert shown[RECALL.label][0] == f"{known:.3f} (2 of 4 have none)"
    assert shown[f"chosen by, {RECALL.label}"][0].startswith("-388")
    assert texts(tables.contest(outcomes))[RECALL.label][0] == f"{known:.3f} (2 of 4 have none)"


def test_the_picture_has_runs_without_a_score_at_its_edge_and_marks_collapse():
    outcomes, _ = outcomes_of([LOST, ended(40.0, 50.0, 60.0, 70.0)], tuned=ended(1.0, 2.0))
    (panel,) = scores(outcomes).axes
    crosses = [line for line in panel.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert [len(line.get_xdata()) for line in crosses] == [2]
    assert all(line.get_transform() == panel.get_xaxis_transform() for line in crosses)
    assert set(crosses[0].get_ydata()) == {0.98}
    hollow = [y for line in panel.lines if line.get_fillstyle() == "none" for y in line.get_ydata()]
    assert hollow == [60.0]
    drawn = drawn_in(panel)
    assert drawn.max() < panel.get_ylim()[1] < 300
    assert {30.0, 45.0, 60.0} <= set(drawn)


def test_the_curve_of_the_best_of_k_is_of_what_was_measured():
    outcomes, study = outcomes_of([LOST, ended(40.0, 80.0), ended(70.0, 90.0)])
    outcomes.findings.studies.append(study)
    (panel,) = best(outcomes).axes
    assert panel.lines[0].get_ydata().tolist() == [80.0, 60.0, 60.0]


def drawn_in(panel):
    """All that stands at scores."""
    lines = [line for line in panel.lines if line.get_transform() == panel.transData]
    return np.concatenate([np.asarray(line.get_ydata(), dtype=np.float64) for line in lines])
