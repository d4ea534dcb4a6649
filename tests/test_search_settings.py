"""What a search's page says of each setting apart, against records with a known answer."""

import pytest
from page_tables import texts
from records_factory import PROTOCOL, record

from bench.report.markdown import to_markdown
from bench.report.search.page import page
from bench.report.search.settings import by_setting, table
from bench.report.search.tables import trials
from bench.search.findings import Findings, Group, Study, Trial
from bench.search.objective import Objective
from bench.search.outcomes import Outcomes

SEEDS = 10
EVERY_WAY = {0: {"bare": 0.5, "normed": 2.0}, 1: {"bare": 2.0, "normed": 0.5}}
"""By trial: in each setting the factor of its score, the less the better, over the controls'."""

LEAST = 2 / 2**SEEDS
"""The two-sided p of as many wins as there are seeds, and of no loss."""


def outcomes_of(factors, controls=("vanilla", "as_gan_none")):
    """A search in which each trial scores its factor times what the controls do."""
    places = [*factors[0]]
    found, held = {}, []

    def ran(method, label, factor_of):
        for setting in places:
            for seed in range(10000, 10000 + SEEDS):
                key = f"quick-search/{method}/{setting}/seed-{seed}-{label}"
                score = (10.0 + seed % 7) * factor_of[setting]
                found[key] = record(method, setting, seed, last=score, id=key)
                yield key

    for number, factor_of in factors.items():
        values = {"ASGAN.epsilon": float(number)}
        keys = list(ran("as_gan", str(number), factor_of))
        held.append(Trial(number, "complete", values, [float(number)], keys))
    even = dict.fromkeys(places, 1.0)
    groups = [
        Group(name, name, "control", False, {}, list(ran(name, name, even))) for name in controls
    ]
    metric = PROTOCOL["metrics"]["fid"]
    study = Study("s", "as_gan", {"ASGAN.epsilon": "grid"}, {}, held)
    findings = Findings(
        suite="quick",
        space="epsilon",
        text="",
        overrides=[],
        objectives=[Objective("fid", metric["label"], metric["better"], "last")],
        aggregate="mean",
        sampler="grid",
        studies=[study],
        groups=groups,
    )
    return Outcomes(findings, found), study


def read(outcomes):
    return to_markdown(page(outcomes, figures=(), winners=()))


def test_a_value_that_helps_in_one_setting_and_hurts_in_another_is_seen_to():
    outcomes, study = outcomes_of(EVERY_WAY)

    pooled = texts(trials(outcomes, study))["vs vanilla"]
    assert list(pooled) == ["not told apart, 10-10, p = 1"] * 2

    # Two trials in two settings, each of the least p there is: Holm's factor is 4 for all.
    found = by_setting(outcomes, study)
    assert list(found) == ["vanilla", "as_gan_none"]
    for control, family in found.items():
        assert {spot: (one.wins, one.losses) for spot, one in family.items()} == {
            ("bare", 0): (10, 0),
            ("bare", 1): (0, 10),
            ("normed", 0): (0, 10),
            ("normed", 1): (10, 0),
        }
        assert [one.adjusted for one in family.values()] == pytest.approx([4 * LEAST] * 4)
        assert all(one.significant for one in family.values())
        assert [one.better for one in family.values()] == ["0", control, control, "1"]

    better, worse = "better, 10-0, p = 0.0078", "worse, 0-10, p = 0.0078"
    shown = texts(table(study, found))
    assert list(shown.columns) == [
        "setting",
        "trial",
        "ASGAN.epsilon",
        "vs vanilla",
        "vs as_gan_none",
    ]
    assert shown.to_numpy().tolist() == [
        ["bare", "0", "0", better, better],
        ["bare", "1", "1", worse, worse],
        ["normed", "0", "0", worse, worse],
        ["normed", "1", "1", better, better],
    ]

    text = read(outcomes)
    assert "## By setting" in text
    assert text.count(better) == text.count(worse) == 4
    assert "or 0.0078 after Holm's correction over 4 comparisons." in text
    assert "Were all columns one family: with 10 pairs" in text
    assert "or 0.016 after Holm's correction over 8 comparisons." in text


def test_a_run_that_failed_loses_in_its_own_setting_alone():
    outcomes, study = outcomes_of(EVERY_WAY, controls=("vanilla",))
    lost = study.trials[0].runs[0]
    outcomes.records[lost]["status"] = "diverged"
    family = by_setting(outcomes, study)["vanilla"]
    assert (family["bare", 0].wins, family["bare", 0].losses) == (9, 1)
    assert (family["normed", 0].wins, family["normed", 0].losses) == (0, 10)


def test_a_run_that_collapsed_counts_by_its_score():
    outcomes, study = outcomes_of(EVERY_WAY, controls=("vanilla",))
    before = by_setting(outcomes, study)
    for run in study.trials[0].runs:
        outcomes.records[run]["status"] = "collapsed"
    assert by_setting(outcomes, study) == before


def test_one_family_is_not_said_to_be_several():
    outcomes, _ = outcomes_of(EVERY_WAY, controls=("vanilla",))
    assert "## By setting" in read(outcomes)
    assert "Were all columns one family" not in read(outcomes)


def test_a_control_without_a_record_has_no_column():
    outcomes, study = outcomes_of(EVERY_WAY)
    whole = by_setting(outcomes, study)
    absent = outcomes.group("as_gan_none", fresh=False)
    for run in absent.runs:
        del outcomes.records[run]
    assert by_setting(outcomes, study) == {"vanilla": whole["vanilla"]}
    assert "vs as_gan_none" not in read(outcomes)


def test_a_trial_that_did_not_end_has_no_row():
    outcomes, study = outcomes_of(EVERY_WAY, controls=("vanilla",))
    study.trials.append(Trial(2, "stopped", {"ASGAN.epsilon": 2.0}, [9.0], study.trials[0].runs))
    assert {number for _, number in by_setting(outcomes, study)["vanilla"]} == {0, 1}


@pytest.mark.parametrize(
    ("factors", "controls"),
    [
        pytest.param({0: {"bare": 0.5}, 1: {"bare": 2.0}}, ("vanilla",), id="one setting"),
        pytest.param(EVERY_WAY, (), id="no control"),
    ],
)
def test_nothing_is_said_by_setting_where_there_is_nothing_to_tell_apart(factors, controls):
    outcomes, study = outcomes_of(factors, controls)
    assert by_setting(outcomes, study) == {}
    assert "By setting" not in read(outcomes)
