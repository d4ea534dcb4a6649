import dataclasses
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import records_factory
from scipy import stats

from bench.cli import main
from bench.errors import UsageError
from bench.gate.compare import BEGINNING, NEW, STATUS, TOGETHER, Strictness, compare
from bench.gate.power import flips, noticed, pairs_needed
from bench.gate.side import COLUMNS, Side, of_records, read_baseline
from bench.gate.write import as_junit, as_markdown, headline, notes
from bench.results.board import boards
from bench.results.frame import csv, frame
from bench.runs import records

METHODS = ("vanilla", "as_gan", "wgan_gp")
SETTINGS = ("standard", "no_bn_d", "no_bn_g", "no_bn_both")
SEEDS = range(4)
FID = {"label": "FID", "better": "lower"}
OVERLAP = {"label": "overlap", "better": "higher"}


def side(metric=FID, methods=METHODS, noise=0.1, seed=0, spread=0.2):
    """16 runs of each method: log-normal places, each run ``noise`` away from its place.

    The first scores are those of the places: training begins alike.
    """
    places = np.random.default_rng(0)
    rng = np.random.default_rng(seed)
    rows = []
    for method in methods:
        for setting in SETTINGS:
            for number in SEEDS:
                place = 50 * np.exp(spread * places.standard_normal())
                first, (last, area) = place, place * np.exp(noise * rng.standard_normal(2))
                per_step = 4 if method == "as_gan" else 3
                rows.append(
                    {
                        "suite": "gated",
                        "overrides": "[]",
                        "conditions": f"of {setting}",
                        "own": f"of {method}",
                        "record": "",
                        "method": method,
                        "setting": setting,
                        "seed": number,
                        "status": "completed",
                        "machine": "cpu; x86_64; 1",
                        "first": first,
                        "first_step": 20.0,
                        "last": last,
                        "area": area,
                        "g_steps": 100.0,
                        "d_gradients": 100.0 * per_step,
                        "seconds": per_step * np.exp(0.05 * rng.standard_normal()),
                        "peak_memory_bytes": 3e8,
                    }
                )
    return Side("baseline.csv", pd.DataFrame(rows)[COLUMNS], metric)


def changed(before, method, **columns):
    """The side with some columns of one method's runs replaced, or mapped by a function."""
    runs = before.runs.copy()
    mine = runs["method"] == method
    for name, value in columns.items():
        runs.loc[mine, name] = value(runs.loc[mine, name]) if callable(value) else value
    return dataclasses.replace(before, runs=runs)


def worse(current, baseline, **strictness):
    verdict = compare(current, baseline, Strictness(**strictness))
    return {(one.method, one.what) for one in verdict.worse}


def evidence(current, baseline, method, what, **strictness):
    verdict = compare(current, baseline, Strictness(**strictness))
    return next(one for one in verdict.of(method) if one.what == what)


def test_the_same_runs_are_not_worse():
    verdict = compare(side(), side(), Strictness())
    assert not verdict.worse
    assert not verdict.changed
    assert all(one.p == 1 for one in verdict.evidence)


def test_a_repetition_is_not_worse():
    assert not worse(side(seed=1), side(seed=2))


@pytest.mark.parametrize(("metric", "factor"), [(FID, 1.6), (OVERLAP, 1 / 1.6)])
def test_a_method_with_worse_scores_is_found_and_no_other(metric, factor):
    before, again = side(metric), side(metric, seed=1)
    after = changed(again, "wgan_gp", last=lambda x: x * factor, area=lambda x: x * factor)
    label = metric["label"]
    assert worse(after, before) == {
        ("wgan_gp", f"{label} over training"),
        ("wgan_gp", f"{label} at the end"),
    }
    better = changed(again, "wgan_gp", last=lambda x: x / factor, area=lambda x: x / factor)
    assert not worse(better, before)


def test_seen_says_what_became_of_the_score_itself():
    before = side(OVERLAP)
    half = changed(before, "as_gan", last=lambda x: x / 2)
    assert evidence(half, before, "as_gan", "overlap at the end").seen == (
        "50.0% lower, 16 of 16 worse"
    )


def test_p_is_wilcoxons_times_the_number_of_tests():
    before, after = side(), side(seed=1)
    after = changed(after, "as_gan", last=lambda x: x * 1.5)
    found = evidence(after, before, "as_gan", "FID at the end", tolerance=0.1)
    mine = [one.runs[one.runs["method"] == "as_gan"]["last"].to_numpy() for one in (after, before)]
    differences = np.log(mine[0] / mine[1]) - np.log(1.1)
    expected = stats.wilcoxon(differences, alternative="greater", method="exact").pvalue
    assert found.p == pytest.approx(8 * expected)  # two scores of three methods and of all


def test_a_loss_shared_by_all_methods_is_found_together():
    before, after = side(noise=0.15), side(noise=0.15, seed=1)
    for method in METHODS:
        after = changed(after, method, area=lambda x: x * 1.25)
    assert (TOGETHER, "FID over training") in worse(after, before)


def test_losses_up_to_the_tolerance_pass():
    before = side()
    after = changed(before, "as_gan", last=lambda x: x * 1.03)
    assert not worse(after, before, tolerance=0.04)
    assert worse(after, before, tolerance=0.02) == {("as_gan", "FID at the end")}


def test_scores_that_are_not_all_positive_are_compared_by_difference():
    before = changed(side(), "as_gan", last=lambda x: x - 50)
    after = changed(before, "as_gan", last=lambda x: x + 20)
    found = evidence(after, before, "as_gan", "FID at the end")
    assert found.worse
    assert found.seen == "20 higher, 16 of 16 worse"


def test_an_area_that_one_run_lacks_is_no_loss():
    before = side()
    after = changed(before, "as_gan", area=np.nan)
    found = evidence(after, before, "as_gan", "FID over training")
    assert (found.seen, found.worse) == ("no pair has a score", False)


def first_runs(count, value):
    return lambda column: [value] * count + list(column[count:])


@pytest.mark.parametrize(("count", "found"), [(7, False), (8, True)])
def test_new_divergences_are_found_from_eight_on(count, found):
    before = side()
    after = changed(before, "as_gan", status=first_runs(count, "diverged"))
    one = evidence(after, before, "as_gan", STATUS)
    assert one.worse is found
    assert one.seen == f"{count} of 16 worse, 0 better"
    verdict = compare(after, before, Strictness())
    assert flips(verdict) == 8


def test_divergences_that_others_make_up_for_are_chance():
    before = changed(side(), "as_gan", status=lambda x: ["collapsed"] * 8 + ["completed"] * 8)
    after = changed(before, "as_gan", status=lambda x: ["completed"] * 8 + ["collapsed"] * 8)
    found = evidence(after, before, "as_gan", STATUS)
    assert found.seen == "8 of 16 worse, 8 better"
    assert not found.worse
    named = next(note for note in notes(compare(after, before, Strictness())) if "ended" in note)
    assert named.startswith("8 runs ended worse than in the baseline and 8 better: as_gan · ")


def test_a_run_that_raises_is_worse_even_alone():
    before = side()
    after = changed(before, "as_gan", status=first_runs(1, "failed"))
    assert worse(after, before) == {("as_gan", "failures")}
    assert not worse(after, after)


def test_more_work_a_step_is_worse():
    before = side()
    more = changed(before, "wgan_gp", d_gradients=lambda x: x + 100)
    assert evidence(more, before, "wgan_gp", "D gradients").seen == "4 a G step, where it was 3"
    less = changed(before, "wgan_gp", d_gradients=lambda x: x - 100)
    assert not worse(less, before)


def test_time_is_compared_with_vanillas_on_the_same_kind_of_machine():
    before, after = side(), side(seed=1)
    for method in METHODS:
        after = changed(after, method, seconds=lambda x: 3 * x)
    assert not worse(after, before)
    slower = changed(after, "as_gan", seconds=lambda x: 1.6 * x)
    assert worse(slower, before) == {("as_gan", "training time / vanilla's")}
    assert not worse(slower, before, cost_tolerance=1.0)
    elsewhere = slower
    for method in METHODS:
        elsewhere = changed(elsewhere, method, machine="NVIDIA H200; x86_64; 1")
    assert not worse(elsewhere, before)


def test_memory_is_compared_too():
    before = side()
    after = changed(before, "as_gan", peak_memory_bytes=4e8)
    assert worse(after, before) == {("as_gan", "peak memory / vanilla's")}


def test_a_method_that_trains_differently_is_called_out_even_if_better():
    before = side()
    after = changed(before, "as_gan", first=lambda x: x / 1.05, last=lambda x: x / 2)
    verdict = compare(after, before, Strictness())
    assert {(one.method, one.what) for one in verdict.worse} == {("as_gan", BEGINNING)}
    assert headline(verdict).startswith("nothing got worse; trained differently: as_gan (")
    assert any(note.startswith("Trained differently") for note in notes(verdict))
    allowed = compare(after, before, Strictness(unchanged=False))
    assert not allowed.worse
    assert allowed.changed == ["as_gan"]


def test_only_an_early_difference_on_the_same_machine_is_a_change():
    before = side()
    after = changed(before, "as_gan", first=lambda x: x / 1.05)
    assert compare(after, before, Strictness()).changed == ["as_gan"]
    rounding = changed(before, "as_gan", first=lambda x: x * 1.001)
    assert not compare(rounding, before, Strictness()).changed
    elsewhere = changed(after, "as_gan", machine="NVIDIA H200; x86_64; 1")
    assert not compare(elsewhere, before, Strictness()).changed
    late = changed(after, "as_gan", first_step=50.0)
    assert not compare(late, before, Strictness()).changed


def test_other_conditions_are_refused_with_their_setting():
    other = side()
    other.runs.loc[other.runs["setting"] == "no_bn_g", "conditions"] = "others"
    with pytest.raises(UsageError, match=r"baseline\.csv: its conditions are not .* in no_bn_g:"):
        compare(side(), other, Strictness())


def test_runs_that_all_failed_early_are_compared_nevertheless():
    early = changed(side(methods=["vanilla"]), "vanilla", status="failed", last=np.nan)
    early = dataclasses.replace(early, metric=None)
    assert ("vanilla", "failures") in worse(early, side())


def test_no_run_in_common_is_refused():
    with pytest.raises(UsageError, match="no method, setting and seed"):
        compare(side(methods=["as_gan"]), side(methods=["wgan_gp"]), Strictness())


def test_what_cannot_be_compared_is_counted():
    verdict = compare(side(methods=["vanilla", "as_gan"]), side(), Strictness())
    assert verdict.unmatched == (16, 0)
    assert notes(verdict)[-1].startswith("Not compared: 16 runs of the baseline")


def written(folder, **changes):
    """A suite's records as a folder and as a table."""
    made = records_factory.suite({"vanilla": 10.0, "as_gan": 8.0}, SETTINGS[:2], seeds=2)
    made += [records_factory.record("as_gan", seed=7, status="diverged", end=60)]
    made = [one | changes for one in made]
    for number, one in enumerate(made):
        records.write(folder / "records" / f"{number}.json", one)
    table = folder / "records.csv"
    table.write_bytes(csv(frame(boards(made)[0])))
    return table


def test_a_table_and_the_records_it_was_made_of_read_alike(tmp_path):
    table = read_baseline(written(tmp_path), "quick").runs
    folder = read_baseline(tmp_path / "records", "quick").runs
    again = of_records(records.find(tmp_path), "quick", tmp_path)
    pd.testing.assert_frame_equal(table, folder, check_dtype=False, check_exact=True)
    pd.testing.assert_frame_equal(table, again.runs, check_dtype=False, check_exact=True)
    assert again.metric == records_factory.METRICS["fid"]
    one = read_baseline(tmp_path / "records" / "0.json", "quick").runs
    assert len(one) == 1


def test_runs_that_failed_before_they_had_a_protocol_are_read(tmp_path):
    early = {"protocol": None, "cost": None, "floors": None, "scores": [], "diagnostics": []}
    for seed in range(2):
        one = records_factory.record(seed=seed, status="failed", end=0, **early)
        records.write(tmp_path / f"{seed}" / "record.json", one)
    current = of_records(records.find(tmp_path), "quick", tmp_path)
    assert current.metric is None
    assert not worse(current, current)


def test_a_baseline_of_another_suite_is_refused(tmp_path):
    table = written(tmp_path)
    with pytest.raises(UsageError, match=r"records\.csv: it holds runs of quick, and none of ring"):
        read_baseline(table, "ring")


def test_a_baseline_with_overrides_is_refused(tmp_path):
    table = written(tmp_path, overrides=["Adam.lr = 1.0"])
    with pytest.raises(UsageError, match="quick, all with overrides"):
        read_baseline(table, "quick")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: "", "no table of runs"),
        (lambda text: text.replace("status", "state", 1), "no column 'status'"),
        (lambda text: text.replace("diverged", "divreged"), "'divreged'; .*diverged"),
        (lambda text: text + text.splitlines()[-1], "more than once"),
        (lambda text: text.replace(",diverged", ",", 1), "status ''"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path, edit, message):
    table = written(tmp_path)
    table.write_text(edit(table.read_text()))
    with pytest.raises(UsageError, match=message):
        read_baseline(table, "quick")


def test_a_missing_or_empty_baseline_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no such file or folder"):
        read_baseline(tmp_path / "none.csv", "quick")
    with pytest.raises(UsageError, match="no records in this folder"):
        read_baseline(tmp_path, "quick")


def test_junit_has_a_case_a_method_that_fails_where_it_got_worse():
    before = side()
    after = changed(before, "as_gan", last=lambda x: x * 2)
    root = ElementTree.fromstring(as_junit(compare(after, before, Strictness()), "gated"))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert list(cases) == [TOGETHER, *METHODS[:1], "as_gan", "wgan_gp"]
    failed = [name for name, case in cases.items() if case.find("failure") is not None]
    assert failed == ["as_gan"]
    assert cases["as_gan"].find("failure").get("message") == "as_gan got worse: FID at the end"
    assert root.find("testsuite").get("tests") == "4"
    assert root.find("testsuite").get("failures") == "1"


def test_markdown_is_a_section_with_a_row_a_method():
    before = side()
    after = changed(before, "as_gan", last=lambda x: x * 2)
    text = as_markdown(compare(after, before, Strictness()))
    assert text.startswith("## worse: as_gan (48 runs of 3 methods beside those of baseline.csv)\n")
    assert "| as_gan   | FID at the end | 100.0% higher, 16 of 16 worse |" in text
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert rows[-4:] == [TOGETHER, *METHODS]
    assert "nothing got worse" in as_markdown(compare(before, before, Strictness()))


def resampled(pool, places, rng):
    """A suite of one method a pool, each run drawn from the real ones of its method."""
    drawn = [
        runs.iloc[rng.integers(len(runs), size=len(places))].assign(
            setting=[setting for setting, _ in places], seed=[seed for _, seed in places]
        )
        for runs in pool
    ]
    return pd.concat(drawn, ignore_index=True)


@pytest.mark.parametrize(
    ("alpha", "suites"), [(0.2, 100), pytest.param(0.01, 3000, marks=pytest.mark.slow)]
)
def test_false_alarms_are_as_rare_as_promised_on_real_runs(alpha, suites):
    """Both sides are drawn from the ring's runs, failures included, so that none is worse."""
    real = read_baseline(Path(__file__).parents[1] / "leaderboards" / "ring", "ring").runs
    mixed = ("vanilla", "as_gan_random_sign", "wgan_gp", "dragan", "sn_gan", "r1")
    pool = [real[real["method"] == method] for method in mixed]
    places = [(f"setting {number // 4}", number % 4) for number in range(16)]
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(suites):
        before, after = (Side("ring", resampled(pool, places, rng), OVERLAP) for _ in range(2))
        alarms += bool(compare(after, before, Strictness(alpha, tolerance=0.0)).worse)
    assert alarms <= stats.binom.ppf(0.999, suites, alpha)
    assert alarms >= 1  # a gate that never fires would pass the line above


def test_the_stated_loss_is_found_as_often_as_stated():
    """One method whose two scores are one, so that nothing but the stated test can find it."""
    rng = np.random.default_rng(0)
    before = side(methods=["vanilla"], noise=0.0)

    def rerun():
        scores = 50 * np.exp(0.1 * rng.standard_normal(len(before.runs)))
        return dataclasses.replace(before, runs=before.runs.assign(last=scores, area=scores))

    spreads = [compare(rerun(), rerun(), Strictness()) for _ in range(25)]
    stated = float(np.median([noticed(one, "last")[0]["vanilla"] for one in spreads]))
    found = 0
    for _ in range(120):
        after, baseline = rerun(), rerun()
        shift = np.exp(stated)
        after = changed(after, "vanilla", last=lambda x: x * shift, area=lambda x: x * shift)  # noqa: B023
        found += bool(worse(after, baseline))
    assert found / 120 == pytest.approx(0.8, abs=0.12)


def test_power_is_not_claimed_for_too_few_pairs():
    few = side(methods=["vanilla"])
    few = dataclasses.replace(few, runs=few.runs[few.runs["setting"] == "standard"])
    verdict = compare(few, few, Strictness())
    assert np.isnan(noticed(verdict, "last")[0]["vanilla"])
    assert pairs_needed(verdict) == 9  # 2^-9 <= .005 / 2 < 2^-8
    assert any("a method needs 9 pairs" in note for note in notes(verdict))


def test_the_headline_names_what_got_worse():
    before = side()
    assert headline(compare(before, before, Strictness())) == (
        "nothing got worse (48 runs of 3 methods beside those of baseline.csv)"
    )


@pytest.fixture
def trained(tmp_path, toy_suite, monkeypatch):
    """A toy suite with its runs and its leaderboard; returns the command to check it."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(toy_suite), "--jobs", "1"]) == 0
    baseline = "runs/pages/toy/records.csv"
    return ["check", str(toy_suite), "--baseline", baseline, "--out", "again", "--jobs", "1"]


def test_runs_are_never_compared_with_themselves(trained, tmp_path, capsys):
    here = [*trained, "--out", "runs"]
    assert main(here) == 2
    error = capsys.readouterr().err
    assert "2 of 2 of its runs are the very runs in runs" in error
    assert "name another runs folder with --runs" in error
    committed = tmp_path / "committed.csv"  # nor where the table was moved away
    committed.write_bytes((tmp_path / "runs" / "pages" / "toy" / "records.csv").read_bytes())
    assert main([*here, "--baseline", str(committed)]) == 2


def test_another_budget_is_refused_before_any_run(trained, toy_suite, tmp_path, capsys):
    toy_suite.write_text(toy_suite.read_text().replace("steps = 6", "steps = 8"))
    assert main(trained) == 2
    assert "its conditions are not those of these runs in standard" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_a_method_that_is_bound_otherwise_is_called_out(trained, toy_suite, capsys):
    toy_suite.write_text(toy_suite.read_text().replace("epsilon = 0.1", "epsilon = 0.2"))
    assert main(trained) == 1
    shown = capsys.readouterr().out
    assert "trained differently: as_gan" in shown
    assert "bound otherwise in 1 of 1 runs" in shown
    assert main([*trained, "--allow_changes"]) == 0


def test_the_command_compares_and_writes(trained, tmp_path, capsys):
    table = tmp_path / "runs" / "pages" / "toy" / "records.csv"
    reports = ["--markdown", "summary.md", "--junit", "ci/gate.xml"]
    assert main([*trained, *reports]) == 0
    assert "nothing got worse (2 runs of 2 methods" in capsys.readouterr().out

    less = pd.read_csv(table).assign(d_gradients=lambda runs: runs["d_gradients"] - 6)
    less.to_csv(table, index=False)
    assert main([*trained, *reports]) == 1
    shown = capsys.readouterr().out
    assert "worse: vanilla, as_gan" in shown
    assert "D gradients" in shown
    assert (tmp_path / "summary.md").read_text().count("\n## ") == 1  # the second of two sections
    assert len(list(ElementTree.parse("ci/gate.xml").iter("failure"))) == 2


def test_a_run_that_fails_and_that_the_baseline_lacks_is_no_success(
    trained, tmp_path, capsys, offer_fault
):
    broken = offer_fault("Explodes")
    times = tmp_path / "times"
    for attempt in range(3):
        (times / str(attempt)).mkdir(parents=True)
    words = ["--methods", f"vanilla,{broken}", "--retries", "0", "--allow_changes"]
    words += ["--gin_bindings", f"Explodes.times = '{times}'"]
    assert main([*trained, *words]) == 1
    shown = capsys.readouterr().out
    assert f"worse: {broken}" in shown
    assert "1 run that the baseline lacks failed" in shown


def test_a_run_that_failed_before_and_fails_still_got_no_worse():
    before = changed(side(), "as_gan", status="failed", last=np.nan, area=np.nan)
    assert not worse(before, before)
    fewer = dataclasses.replace(before, runs=before.runs[before.runs["seed"] != 0])
    assert worse(before, fewer) == {("as_gan", NEW)}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--alpha", "1"], "--alpha 1: it is a probability"),
        (["--tolerance", "-0.1"], "--tolerance -0.1: it must be 0 or more"),
        (["--cost_tolerance", "nan"], "--cost_tolerance nan"),
        (["--junit", "."], "--junit .: cannot write there"),
        (["--jobs", "0"], "--jobs 0"),
        (["--baseline", "none.csv"], "--baseline none.csv: there is no such file"),
    ],
)
def test_bad_usage_exits_with_2_before_any_run(
    toy_suite, tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    written(tmp_path)
    assert main(["check", str(toy_suite), "--baseline", "records.csv", *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
