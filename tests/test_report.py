import hashlib
import json
import random
import re
import xml.etree.ElementTree as ET
from io import BytesIO, StringIO
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from page_tables import texts
from PIL import Image
from records_factory import METRICS, PROTOCOL, record, ring, saved, suite
from rich.console import Console

from bench.errors import UsageError
from bench.labels import slug
from bench.report import budgets, screen, sentences, tables
from bench.report import build as building
from bench.report.document import Code
from bench.report.figures import curve, steps_figure
from bench.report.markdown import to_markdown
from bench.report.page import page as written
from bench.report.samples import COLUMNS, GAP, LINE, TILE, sample_grid
from bench.results import comparison
from bench.results.board import AGAIN, Board, boards
from bench.results.budgets import budgets as budgets_of
from bench.results.frame import csv, frame
from bench.results.results import CONTROL, Results
from bench.runs import records as files
from bench.runs.records import Record
from bench.wording import number


def board_of(records: list[Record]) -> Board:
    (board,) = boards(records)
    return board


def results_of(records: list[Record]) -> Results:
    return Results(board_of(records))


def page(board: Board, figures: list[str]) -> str:
    return to_markdown(written(Results(board), figures))


def build(found: list[Record], out: Path) -> list[Path]:
    return building.build(saved(found, out.parent / f"{out.name}-runs"), out)


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != building.LOCK
    }


def mixed() -> list[Record]:
    """Two settings, a failing method, an old protocol and a cell that was run again."""
    return [
        *suite({"vanilla": 40.0, "as_gan": 20.0}, ("high_lr", "standard"), seeds=2),
        record("lsgan", "standard", 0, last=90.0, status="diverged", end=240),
        record("lsgan", "standard", 1, status="failed", end=0),
        record(finished="2025-01-01T00:00:00Z", protocol=PROTOCOL | {"samples": 9}),
        record(finished="2025-06-01T00:00:00Z", last=77.0),
    ]


# --- which records are shown


def test_the_newest_conditions_are_the_page_and_the_rest_is_named() -> None:
    board = board_of(mixed())
    assert board.protocol == PROTOCOL
    assert {one.why for one in board.left_out} == {(AGAIN,), ("judge.samples: 9, here 2000",)}
    text = page(board, [])
    assert "Left out: 2 records of this suite" in text
    assert "- 1 record of vanilla (standard): judge.samples: 9, here 2000" in text
    assert f"- 1 record of vanilla (standard): {AGAIN}" in text
    assert "This command, from this folder" not in text  # newer runs of both are shown


def test_a_command_completes_what_was_left_out_and_has_no_newer_run() -> None:
    old = record("wgan_gp", finished="2025-01-01T00:00:00Z", protocol=PROTOCOL | {"samples": 9})
    text = page(board_of([*mixed(), old]), [])
    methods = '["as_gan","lsgan","vanilla","wgan_gp"]'
    assert f"ganbench run quick --gin_bindings 'Suite.methods = {methods}'" in text


def test_of_one_run_made_twice_the_later_counts() -> None:
    old = record(last=1.0, finished="2026-01-01T23:00:00+00:00")
    new = record(last=2.0, finished="2026-01-02T00:30:00+01:00")  # half an hour later
    board = board_of([new, old])
    assert [r.scores[-1] for r in board.records] == [2.0]
    assert [one.why for one in board.left_out] == [(AGAIN,)]


def test_a_failure_displaces_no_result_of_the_same_run() -> None:
    done = record(last=1.0, finished="2026-01-01T00:00:00Z")
    lost = record(status="failed", end=0, finished="2026-01-02T00:00:00Z")
    for found in (board_of([done, lost]), board_of([lost, done])):
        assert [r.status for r in found.records] == ["completed"]
        assert [one.why for one in found.left_out] == [(AGAIN,)]
    assert [r.status for r in board_of([lost]).records] == ["failed"]


def test_metrics_of_several_versions_stand_beside_each_other_under_the_newest_names() -> None:
    renamed = METRICS | {"fid": METRICS["fid"] | {"label": "Fréchet distance"}}
    added = renamed | {"kid": {"label": "KID", "better": "lower"}}
    newer = record(seed=1, finished="2026-02-01T00:00:00Z", protocol=PROTOCOL | {"metrics": added})
    newer["scores"] = [row | {"kid": 0.5} for row in newer["scores"]]
    board = board_of([record(), newer])
    assert not board.left_out
    assert list(board.metrics) == ["fid", "kid", "recall"]
    runs = frame(board)
    assert runs["score_kid"].isna().tolist() == [True, False]
    assert "Fréchet distance" in page(board, [])
    assert "FID (digits-cnn" not in page(board, [])


def test_all_records_are_read_under_the_pages_headline() -> None:
    other = record(
        seed=1, finished="2026-02-01T00:00:00Z", protocol=PROTOCOL | {"headline": "recall"}
    )
    runs = frame(board_of([record(), other]))
    last = [one["scores"][-1]["recall"] for one in (record(), other)]
    assert runs["last"].tolist() == last


def test_overrides_make_a_leaderboard_of_their_own() -> None:
    changed = record(overrides=["Experiment.steps = 10"])
    plain, other = boards([record(), changed])
    assert plain.label == "quick"
    assert re.fullmatch(r"quick-[0-9a-f]{6}", other.label)
    assert "Experiment.steps = 10" in page(other, [])
    assert "--gin_bindings 'Experiment.steps = 10'" in page(other, [])


def test_a_run_that_failed_before_its_protocol_still_counts() -> None:
    early = record(seed=1, status="failed", end=0, protocol=None, cost=None, floors=None)
    results = results_of([record(), early])
    assert texts(tables.headline(results))["failures"][0].startswith("1/2 ")


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "..", "a|b"])
def test_no_name_leaves_the_folder(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", slug(name))
    assert slug(name) != name


def test_names_that_clean_alike_stay_apart() -> None:
    assert slug("a b") != slug("a_b") == "a_b"


# --- one row a run


def test_a_run_is_summed_up() -> None:
    scores = [
        {"step": step, "d_gradients": 3 * step, "seconds": 1.0, "fid": fid}
        for step, fid in [(10, 100.0), (20, 4.0), (30, None), (40, 10.0)]
    ]
    row = frame(board_of([record(scores=scores)])).iloc[0]
    assert (row["last"], row["best"], row["gap"], row["tail"]) == (10, 4, 6, 10)
    assert row["scored"]
    assert np.isnan(row["score_recall"])


@pytest.mark.parametrize(
    ("status", "scored", "failure"),
    [
        ("completed", True, None),
        ("collapsed", True, "collapsed"),
        ("diverged", False, "diverged"),
        ("failed", False, "failed"),
    ],
)
def test_a_run_that_reached_its_end_has_a_score(
    status: str, scored: bool, failure: str | None
) -> None:
    row = frame(board_of([record(status=status)])).iloc[0]
    assert (row["scored"], row["failure"]) == (scored, failure)


@pytest.mark.parametrize(
    ("status", "failure"), [("completed", "no score"), ("collapsed", "collapsed")]
)
def test_a_run_without_a_last_score_has_none_to_count_by(status: str, failure: str) -> None:
    scores = [{"step": 10, "fid": 3.0}, {"step": 20, "fid": None}]
    row = frame(board_of([record(scores=scores, status=status)])).iloc[0]
    assert not row["scored"]
    assert row["failure"] == failure


# --- comparisons


def test_three_seeds_screen_and_rank_nothing() -> None:
    results = results_of(suite({"vanilla": 400.0, "as_gan": 10.0, "r1": 11.0}))
    assert not results.distinguished
    assert set(results.ranks.values()) == {(1, 3)}
    text = page(results.board, [])
    assert "Screening only: 3 seeds." in text
    assert "no two methods can be told apart" in text
    assert "smallest attainable p is 0.25, or 0.75 after Holm" in text
    assert set(texts(tables.headline(results))["vs vanilla"]) == {"not told apart", "—"}
    assert "group" not in texts(tables.headline(results))


def test_many_pairs_tell_a_real_difference_apart_and_no_other() -> None:
    settings = tuple("abcdef")
    results = results_of(suite({"vanilla": 40.0, "as_gan": 10.0, "r1": 10.0}, settings, seeds=5))
    assert results.ranks == {"vanilla": (3, 3), "as_gan": (1, 2), "r1": (1, 2)}
    assert set(results.leaders) == {"as_gan", "r1"}
    beside = dict(texts(tables.headline(results))[["method", "vs vanilla"]].to_numpy())
    assert beside["as_gan"].startswith("better (p = ")
    assert "enough for a claim about all of them pooled" in sentences.standing(results)


def test_equal_methods_are_seldom_told_apart() -> None:
    rng = np.random.default_rng(0)
    false = 0
    for _ in range(100):
        matrix = pd.DataFrame(rng.standard_normal((12, 4)), columns=list("abcd"))
        family = comparison.compare(matrix, comparison.all_couples(list("abcd")))
        false += any(one.significant for one in family)
    assert false <= 12  # 5 expected; more than 12 has a chance below 0.2%


def test_a_run_without_a_score_loses_to_the_worst_score() -> None:
    runs = [record("vanilla", seed=s, last=1000.0 + s) for s in range(8)]
    runs += [record("lsgan", seed=s, last=1.0, status="diverged") for s in range(8)]
    (one,) = results_of(runs).pairwise
    assert (one.first, one.wins, one.losses, one.better) == ("vanilla", 8, 0, "vanilla")
    assert one.p == pytest.approx(2 / 2**8)


def test_a_collapsed_run_wins_and_loses_by_its_score() -> None:
    runs = [record("vanilla", seed=s, last=1000.0 + s) for s in range(8)]
    runs += [record("lsgan", seed=s, last=1.0, status="collapsed") for s in range(8)]
    (one,) = results_of(runs).pairwise
    assert (one.first, one.wins, one.losses, one.better) == ("vanilla", 0, 8, "lsgan")


def test_two_failures_are_a_tie() -> None:
    runs = [record(m, status="diverged", end=120) for m in ("vanilla", "lsgan")]
    results = results_of(runs)
    (one,) = results.pairwise
    assert (one.wins, one.losses, one.p) == (0, 0, 1)
    assert results.wins == {"vanilla": 0.5, "lsgan": 0.5}


def test_higher_is_better_where_the_protocol_says_so() -> None:
    higher = PROTOCOL | {"headline": "recall"}
    runs = [record(m, last=v, protocol=higher) for m, v in (("vanilla", 50.0), ("r1", 5.0))]
    results = results_of(runs)  # a lower FID comes with a higher recall
    assert results.methods == ["r1", "vanilla"]
    assert "higher is better" not in results.label
    assert "↑" in results.label


def test_only_cells_that_both_ran_in_are_compared() -> None:
    runs = suite({"vanilla": 10.0}, seeds=4) + suite({"r1": 5.0}, seeds=2)
    (one,) = results_of(runs).pairwise
    assert one.pairs == 2


def test_methods_share_a_letter_just_where_they_cannot_be_told_apart() -> None:
    truth = {"vanilla": 40.0, "a": 30.0, "b": 22.0, "c": 16.0, "d": 12.0, "e": 3.0}
    results = results_of(suite(truth, tuple("xyz"), seeds=5, spread=0.6))
    apart = {frozenset((one.first, one.second)) for one in results.pairwise if one.significant}
    assert 3 < len(apart) < 15
    for one, other in combinations(truth, 2):
        shared = set(results.groups[one]) & set(results.groups[other])
        assert bool(shared) is (frozenset((one, other)) not in apart)
    assert results.groups[results.methods[0]].startswith("a")
    assert list(texts(tables.headline(results))["group"]) == [
        results.groups[m] for m in results.methods
    ]


@pytest.mark.parametrize(
    ("diverged", "expected", "shown"),
    [
        (0, 13.0, "13.0 [10.0, 30.0]"),
        (1, 13.0, "13.0 [10.0, no score] (1 of 4 have none)"),
        (2, np.inf, "— (2 of 4 have none)"),
        (3, np.inf, "— (3 of 4 have none)"),
    ],
)
def test_a_quarter_without_a_score_is_cut_and_with_more_there_is_no_mean(
    diverged: int, expected: float, shown: str
) -> None:
    runs = [record(seed=s, last=v) for s, v in enumerate([10.0, 12.0, 14.0, 30.0])]
    for seed in range(diverged):
        runs[3 - seed] = record(seed=3 - seed, last=1.0, status="diverged")
    results = results_of(runs)
    assert results.iqm["vanilla"][0] == pytest.approx(expected)  # the middle two of four
    assert texts(tables.headline(results))[f"{results.label}, IQM"][0] == shown


def test_with_three_of_four_runs_diverged_ranks_have_an_interquartile_mean() -> None:
    runs = [record("vanilla", seed=s, last=50.0) for s in range(4)]
    runs += [record("r1", seed=0, last=10.0)]
    runs += [record("r1", seed=s, status="diverged", end=60) for s in (1, 2, 3)]
    results = results_of(runs)
    # r1 is first once and last three times, vanilla the other way round: the middle two of each.
    assert {m: value for m, (value, _, _) in results.rank_iqm.items()} == {"r1": 2, "vanilla": 1}
    head = texts(tables.headline(results)).set_index("method")
    assert head[f"{results.label}, IQM"].to_dict() == {
        "vanilla": "50.0 [50.0, 50.0]",
        "r1": "— (3 of 4 have none)",
    }
    assert head.loc["r1", "rank, IQM"].startswith("2.0 [")
    assert "**rank, IQM**" in page(results.board, [])


def test_ranks_in_one_number_are_shown_only_where_a_run_has_no_score() -> None:
    runs = suite({"vanilla": 40.0, "r1": 10.0})
    runs[0]["status"] = "collapsed"
    assert "rank, IQM" not in texts(tables.headline(results_of(runs)))
    assert "have none" not in page(board_of(runs), [])
    runs[0]["status"] = "diverged"
    assert "rank, IQM" in texts(tables.headline(results_of(runs)))
    assert "(1 of 3 have none)" in page(board_of(runs), [])


def test_a_higher_score_that_is_missing_is_minus_infinity() -> None:
    higher = PROTOCOL | {"headline": "recall"}
    runs = [
        record(seed=s, protocol=higher, status="diverged" if s else "completed") for s in (0, 1)
    ]
    assert results_of(runs).iqm["vanilla"][0] == -np.inf


def test_mean_ranks_are_over_settings_with_failures_last() -> None:
    runs = [
        record(method, setting, seed, last=score, status="completed" if score else "diverged")
        for setting, scores in {
            "x": {"a": 1.0, "b": 2.0, "c": 3.0},
            "y": {"a": 0, "b": 2.0, "c": 1.0},
        }.items()
        for method, score in scores.items()
        for seed in (0, 1)
    ]
    found = results_of(runs).mean_ranks
    assert {m: value for m, (value, _, _) in found.items()} == {"a": 2.0, "b": 2.0, "c": 2.0}


def test_the_chance_to_beat_vanilla_counts_pairs() -> None:
    runs = [record("vanilla", seed=s, last=10.0) for s in range(4)]
    runs += [record("r1", seed=s, last=v) for s, v in enumerate([9.0, 11.0, 10.0, 8.0])]
    (share, low, high) = results_of(runs).improvement["r1"]
    assert share == pytest.approx(2.5 / 4)
    assert low < share < high
    assert results_of(suite({"r1": 1.0, "r2": 2.0})).improvement == {}


# --- equal budgets


def costing(method: str, seed: int, per_step: int, slope: float, **changes: object) -> Record:
    """A run whose score is 100 - ``slope`` times its generator steps, at 10, 20, 30 and 40."""
    scores = [
        {
            "step": s,
            "d_gradients": per_step * s,
            "seconds": 0.1 * per_step * s,
            "fid": 100 - slope * s,
        }
        for s in (10, 20, 30, 40)
    ]
    return record(method, seed=seed, end=40, **({"scores": scores} | changes))


def test_equal_budgets_read_each_curve_where_all_have_spent_as_much() -> None:
    runs = [costing("vanilla", s, 2, 1.0) for s in (0, 1)] + [
        costing("r1", s, 4, 1.5) for s in (0, 1)
    ]
    steps, gradients, seconds = budgets_of(results_of(runs))
    assert (steps.amount, gradients.amount, seconds.amount) == (40, 80, pytest.approx(8.0))
    assert steps.iqm == pytest.approx({"vanilla": 60, "r1": 40})  # at 40 steps each
    assert gradients.iqm == pytest.approx({"vanilla": 60, "r1": 70})  # r1 at 20 steps
    assert steps.rank == {"vanilla": 2, "r1": 1}
    assert gradients.rank == seconds.rank == {"vanilla": 1, "r1": 2}


def test_who_is_better_depends_on_what_is_spent_alike() -> None:
    runs = [costing("vanilla", s, 2, 1.0) for s in range(10)] + [
        costing("r1", s, 4, 1.5) for s in range(10)
    ]
    results = results_of(runs)
    table = texts(budgets.against_baseline(results, budgets_of(results))).set_index("method")
    assert table.loc["r1"].tolist() == [
        "better, 10-0, p = 0.002",  # at 40 steps each
        "worse, 0-10, p = 0.002",  # at 80 D gradients, r1's 20 steps
        "worse, 0-10, p = 0.002",
    ]
    assert "worse, 0-10, p = 0.002" in page(results.board, [])


def test_without_vanilla_no_budget_is_tested() -> None:
    results = results_of([costing("r1", s, 4, 1.5) for s in range(2)])
    assert texts(budgets.against_baseline(results, budgets_of(results))).empty
    assert "Each against vanilla there" not in page(results.board, [])


def test_a_failed_run_ranks_last_at_every_budget_and_sets_none() -> None:
    short = [{"step": 10, "d_gradients": 20, "seconds": 2.0, "fid": 1.0}]
    spent = {"g_steps": 15, "d_gradients": 30, "seconds": 3.0}
    runs = [
        costing("vanilla", 0, 2, 1.0),
        costing("r1", 0, 2, 2.0, scores=short, status="diverged", step=15, cost=spent),
    ]
    results = results_of(runs)
    found = budgets_of(results)
    for budget in found:
        assert budget.rank == {"vanilla": 1, "r1": 2}
        assert budget.iqm["r1"] == np.inf
        assert budget.amount > 2.0
    shown = texts(budgets.table(results, found)).set_index("method").loc["r1"]
    assert set(shown) == {"— (2.0; 1 of 1 have none)"}


def test_at_a_budget_a_run_counts_by_the_score_it_had_there_whatever_became_of_it() -> None:
    slow = [costing("vanilla", s, 2, 1.0) for s in (0, 1)]
    dear = [costing("r1", s, 8, 2.0, status="diverged") for s in (0, 1)]
    for one, end in zip(dear, (12, 4), strict=True):
        one["step"], one["scores"] = end, one["scores"][: end // 10]
        one["cost"] = {"g_steps": end, "d_gradients": 8 * end, "seconds": 0.8 * end}
    _, gradients, _ = budgets_of(results_of([*slow, *dear]))
    # At 80 D gradients the first r1 has come to step 10 of the 12 that it lived; the second had
    # diverged after 32.
    assert gradients.amount == 80
    assert gradients.unscored == {"r1": (1, 2), "vanilla": (0, 2)}
    ((one,),) = [gradients.against_baseline]
    assert (one.wins, one.losses) == (0, 2)  # 80 against 60, and nothing against 60
    fast = [costing("vanilla", 0, 2, 0.1), costing("r1", 0, 8, 2.0, status="collapsed")]
    _, gradients, _ = budgets_of(results_of(fast))
    assert gradients.iqm == pytest.approx({"vanilla": 96, "r1": 80})


def test_a_run_that_diverges_after_the_budget_had_its_score_there() -> None:
    (whole,) = budgets_at_80(costing("r1", 0, 8, 2.0))
    dead = costing("r1", 0, 8, 2.0, status="diverged", step=12)
    dead["scores"] = dead["scores"][:1]
    dead["cost"] = {"g_steps": 12, "d_gradients": 96, "seconds": 9.6}
    assert budgets_at_80(dead) == [whole] == [80.0]
    at_the_instant = dead | {"cost": {"g_steps": 10, "d_gradients": 80, "seconds": 8.0}}
    assert budgets_at_80(at_the_instant) == [np.inf]


def budgets_at_80(r1: Record) -> list[float]:
    """What r1 scores once 80 D gradients are spent, which is all that vanilla spends."""
    _, gradients, _ = budgets_of(results_of([costing("vanilla", 0, 2, 1.0), r1]))
    assert gradients.amount == 80
    return [gradients.iqm["r1"]]


def test_a_run_that_was_never_scored_has_no_score_at_any_budget() -> None:
    blank = [{"step": s, "d_gradients": 2 * s, "seconds": 0.2 * s} for s in (10, 20, 30, 40)]
    runs = [costing("vanilla", 0, 2, 1.0), costing("r1", 0, 2, 2.0, scores=blank)]
    for budget in budgets_of(results_of(runs)):
        assert budget.unscored == {"r1": (1, 1), "vanilla": (0, 1)}


def test_a_method_first_scored_beyond_the_budget_has_no_score_there() -> None:
    results = results_of([costing("vanilla", 0, 2, 1.0), costing("unrolled", 0, 10, 1.0)])
    _, gradients, _ = budgets_of(results)
    assert gradients.iqm == {"vanilla": 60}
    table = texts(budgets.table(results, [gradients])).set_index("method")
    assert table.loc["unrolled"].item() == "—"


def test_seconds_are_compared_on_one_kind_of_machine_only() -> None:
    runs = [costing("vanilla", s, 2, 1.0) for s in (0, 1)] + [
        costing("r1", s, 2, 2.0) for s in (0, 1)
    ]
    for one in runs[2:3]:
        one["provenance"] = one["provenance"] | {"device": "cuda"}
        one["scores"] = [row | {"seconds": 1e-3 * row["step"]} for row in one["scores"]]
    *_, seconds = budgets_of(results_of(runs))
    assert seconds.amount == pytest.approx(8.0)  # the GPU's 0.04 would have set it


# --- tables


def test_a_control_stands_below_its_method() -> None:
    truth = {"vanilla": 40.0, "as_gan": 20.0, "r1": 15.0, "none": 10.0, "sign": 30.0}
    runs = suite(truth, spread=0.01)
    for one in runs:
        if one["method"] in ("none", "sign"):
            one["control_of"] = "as_gan"
    results = results_of(runs)
    assert results.methods == ["r1", "as_gan", "none", "sign", "vanilla"]
    assert texts(tables.headline(results))["method"][2] == f"{CONTROL}none"
    assert "↳ marks a control" in page(results.board, [])


def test_a_control_whose_method_is_not_there_stands_alone() -> None:
    runs = [record("none", control_of="as_gan", last=1.0), record("vanilla")]
    results = results_of(runs)
    assert results.methods == ["none", "vanilla"]
    assert results.name("none") == "none"


def test_failures_are_counted_and_never_averaged() -> None:
    runs = [record(seed=s, last=v) for s, v in enumerate([10.0, 12.0])]
    runs += [record(seed=2, last=1e6, status="diverged", end=120), record(seed=3, status="failed")]
    results = results_of(runs)
    head = texts(tables.headline(results)).iloc[0]
    assert head["failures"] == "2/4 [7-93%]: 1 diverged, 1 failed"
    assert head[f"{results.label}, IQM"] == "— (2 of 4 have none)"  # more than a quarter
    assert (
        texts(tables.scores_and_costs(results)).iloc[0]["last"] == "no score"
    )  # the median of the four
    told = texts(tables.failures_by_reason(results)).iloc[0]
    assert told.to_dict() == {"method": "vanilla", "runs": "4", "diverged": "1", "failed": "1"}
    assert (
        texts(tables.by_setting(results))["standard"][0] == "11.0 [-1.71, 23.7] (2 of 4 have none)"
    )
    for table in (tables.all_metrics, tables.over_training):
        assert texts(table(results)).iloc[0]["scored"] == "2 of 4"
    assert texts(tables.scores_and_costs(results)).iloc[0]["gap"] == "0 (2 of 4 have none)"


def test_a_collapse_changes_no_number_but_the_count_of_failures() -> None:
    def text_of(runs: list[Record]) -> str:
        """The page without the column of failures, and without the width of columns."""
        text = page(board_of(runs), ["curves.svg", "profiles.svg"])
        return re.sub(r"\d+/10 [^|]*|:?-{3,}:?| +", " ", re.sub(r", of which \d+ \w+", "", text))

    runs = suite({"vanilla": 40.0, "as_gan": 20.0}, ("high_lr", "standard"), seeds=5, spread=0.6)
    before = text_of(runs)
    for one in runs[::3]:
        one["status"] = "collapsed"
    after = text_of(runs)
    reasons = after[after.index("## Failures by") : after.index("## By setting")]
    assert after.replace(reasons, "") == before
    counts = texts(tables.headline(results_of(runs)))["failures"]
    assert list(counts) == ["3/10 [7-65%]: 3 collapsed", "4/10 [12-74%]: 4 collapsed"]


def test_no_cell_shows_a_score_that_nothing_measured() -> None:
    runs = suite({"vanilla": 40.0, "as_gan": 20.0}, ("high_lr", "standard"), seeds=4)
    lost = [
        record("lsgan", s, seed, last=6543.21, status="diverged", end=240)
        for seed in range(4)
        for s in ("high_lr", "standard")
    ]
    text = page(board_of([*runs, *lost]), [])
    shown = text[: text.index("## Protocol")]
    assert "6,543" not in shown
    assert "inf" not in re.findall(r"[a-z]+", shown)
    (row,) = [line for line in shown.splitlines() if line.startswith("| lsgan") and "8/8" in line]
    assert "— (8 of 8 have none)" in row


def test_who_learns_faster_is_told_though_all_end_alike() -> None:
    def falling(method: str, seed: int, rate: float, status: str) -> Record:
        steps = np.arange(60, 601, 60)
        fid = 100.0 * np.exp(-steps / rate)
        fid[-1] = 1.0
        scores = [{"step": int(s), "fid": float(v)} for s, v in zip(steps, fid, strict=True)]
        return record(method, seed=seed, scores=scores, status=status)

    runs = [
        falling(method, seed, rate * (1 + seed / 100), status)
        for method, rate, status in (
            ("as_gan", 100.0, "collapsed"),
            ("vanilla", 200.0, "completed"),
            ("r1", 150.0, "diverged"),
        )
        for seed in range(8)
    ]
    results = results_of(runs)
    against = {one.first: one for one in results.over_training}
    assert against["as_gan"].wins == 8
    assert against["as_gan"].p == 2 / 2**8
    assert against["as_gan"].adjusted == 2 * 2 / 2**8
    assert against["r1"].losses == 8  # it is the faster one, and diverged
    assert {one.first for one in results.against_baseline if one.wins} == set()  # all end alike


def test_a_control_is_compared_with_its_method_over_training() -> None:
    runs = [
        *suite({"as_gan": 10.0, "vanilla": 20.0}),
        *(record("as_gan_none", seed=seed, control_of="as_gan") for seed in range(3)),
    ]
    couples = {(one.first, one.second) for one in results_of(runs).over_training}
    assert couples == {
        ("as_gan", "vanilla"),
        ("as_gan_none", "vanilla"),
        ("as_gan", "as_gan_none"),
    }


def test_scores_without_a_geometric_mean_are_not_compared_over_training() -> None:
    runs = [*suite({"as_gan": 10.0, "vanilla": 20.0}), record("r1", last=0.0)]
    results = results_of(runs)
    assert results.over_training == []
    assert "learns faster" in page(results.board, [])


def test_the_median_run_stands_over_all_runs() -> None:
    runs = [record(seed=s, last=v) for s, v in enumerate([10.0, 14.0])]
    results = results_of([*runs, record(seed=2, status="diverged", end=60)])
    assert texts(tables.scores_and_costs(results)).iloc[0]["last"] == "14.0"


def test_costs_are_relative_to_vanilla_on_the_same_machine() -> None:
    results = results_of(suite({"vanilla": 40.0, "as_gan": 20.0}))
    head = texts(tables.headline(results)).set_index("method")
    assert head.loc["as_gan", "time / vanilla"] == "1.33x"
    costs = texts(tables.scores_and_costs(results)).set_index("method")
    assert costs.loc["as_gan", "D gradients / G step"] == "4.00"
    other = record("as_gan")
    other["provenance"] = other["provenance"] | {"device": "cuda"}
    head = texts(tables.headline(results_of([record(), other]))).set_index("method")
    assert head.loc["as_gan", "time / vanilla"] == "—"


def test_without_vanilla_the_cheapest_is_the_clock() -> None:
    results = results_of(suite({"as_gan": 20.0, "r1": 30.0}))
    assert results.clock == "r1"
    assert "vs vanilla" not in texts(tables.headline(results))
    assert "**vs vanilla**" not in page(results.board, [])


def test_real_data_stands_beside_the_metrics() -> None:
    row = texts(tables.all_metrics(results_of([record()]))).iloc[-1]
    assert list(row) == ["real data (floor)", "—", "0.900", "0.970"]


def test_remedies_are_footnotes() -> None:
    runs = [record(), record("wgan_gp", remedies=["layer_norm_d"])]
    text = page(board_of(runs), [])
    assert "wgan_gp¹ ran with layer_norm_d (standard)" in text
    assert "| wgan_gp¹" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234.5, "1,234"), (12.34, "12.3"), (0.02134, "0.0213"), (np.nan, "—")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


# --- the page


def test_names_cannot_become_markup() -> None:
    evil = "a|b <script>alert(1)</script> `x` [y](z) *w*"
    text = page(board_of([record(evil, suite=evil), record(evil, "s|t", suite=evil)]), [])
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert "<script>" not in prose
    assert "](z)" not in prose.replace("\\]", "")
    widths = [
        {len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}
        for block in re.findall(r"(?:^\|.*\n)+", prose, flags=re.MULTILINE)
    ]
    assert len(widths) >= 5
    assert all(len(width) == 1 for width in widths)  # no name opened a column


def test_a_fence_outlasts_the_backticks_inside() -> None:
    assert to_markdown([Code(["a ```` b"])]) == "`````\na ```` b\n`````\n"


def test_the_page_says_how_to_run_it_again_and_names_no_host() -> None:
    one = record()
    one["provenance"] = one["provenance"] | {"host": "secret-box"}
    text = page(board_of([one]), [])
    assert "ganbench run quick --gin_bindings 'Suite.seeds = [0]'\n" in text
    assert """--gin_bindings 'Suite.methods = ["vanilla"]'""" in text
    assert "secret-box" not in text


def test_a_suite_in_which_nothing_ever_ran_has_a_page(tmp_path: Path) -> None:
    dead = record(status="failed", end=0, protocol=None, cost=None, floors=None, samples=None)
    written = build([dead], tmp_path)
    assert "1/1 " in written[0].read_text(encoding="utf-8")
    assert not (tmp_path / "quick" / "curves.svg").exists()


# --- figures


def test_a_collapsed_run_is_drawn_to_its_end_and_its_end_is_marked() -> None:
    runs = [record(seed=0, last=10.0), record(seed=1, last=90.0), record(seed=2, last=50.0)]
    whole = curve(board_of(runs).records, "step", "lower")
    runs[1]["status"] = "collapsed"
    drawn = curve(board_of(runs).records, "step", "lower")
    for seen, before in zip(vars(drawn).values(), vars(whole).values(), strict=True):
        if seen is not drawn.ends:
            np.testing.assert_array_equal(seen, before)
    assert drawn.middle[-1] == pytest.approx(50)
    assert drawn.ends == [(600, pytest.approx(90))]


def test_a_curve_ends_where_most_seeds_have_failed() -> None:
    seeds = [
        record(seed=0, last=10.0),
        record(seed=1, last=90.0, status="diverged", end=120),
        record(seed=2, status="diverged", end=0),
    ]
    drawn = curve(board_of(seeds).records, "step", "lower")
    assert np.isfinite(drawn.middle).tolist() == [True, True] + [False] * 8
    assert drawn.low[-1] == drawn.high[-1] == pytest.approx(10)
    assert drawn.ends[0] == (120, pytest.approx(90))
    assert drawn.ends[1][0] == 0
    assert np.isnan(drawn.ends[1][1])


@pytest.mark.parametrize(("floor", "seen"), [(9.0, True), (0.01, False)])
def test_the_line_of_real_data_takes_at_most_half_of_the_axis(floor: float, seen: bool) -> None:
    runs = [record(last=10.0, floors={"fid": floor})]  # scores from 200 to 10
    figure = steps_figure(board_of(runs))
    assert figure is not None
    low, high = figure.axes[0].get_ylim()
    assert (low <= floor <= high) == seen
    assert low < 10.0 < 200.0 < high
    assert np.log(200.0 / 10.0) >= 0.45 * np.log(high / low)
    (legend,) = figure.legends
    text = legend.get_texts()[-1].get_text()
    assert text == ("real data (9.00)" if seen else "real data (0.0100, off the scale)")


def test_every_method_has_a_tile_of_samples_and_pixels_stay_sharp() -> None:
    runs = [record("vanilla"), record("lsgan", status="diverged", end=60)]
    picture = Image.open(BytesIO(sample_grid(board_of(runs)) or b""))
    enlarged = round(TILE / 73) * 73
    top = GAP + 2 * LINE  # below the setting and the method
    tile = picture.crop((GAP, top, GAP + enlarged, top + enlarged))
    small = tile.resize((73, 73), Image.Resampling.NEAREST)
    assert small.resize(tile.size, Image.Resampling.NEAREST).tobytes() == tile.tobytes()
    assert picture.size == (GAP + 2 * (enlarged + GAP), top + enlarged + 2 * GAP)


def test_many_methods_wrap_and_long_names_are_cut_to_their_tile() -> None:
    few, many = ([record(f"method_{i}" * 5) for i in range(n)] for n in (COLUMNS, COLUMNS + 1))
    narrow, wide = (Image.open(BytesIO(sample_grid(board_of(r)) or b"")) for r in (few, many))
    assert wide.width == narrow.width
    assert wide.height > 1.7 * narrow.height


def test_points_are_drawn_where_they_are() -> None:
    def inked(samples: dict[str, object]) -> np.ndarray:
        runs = [record("vanilla", samples=ring(0)), record("as_gan", samples=samples)]
        picture = Image.open(BytesIO(sample_grid(board_of(runs)) or b"")).convert("L")
        right, bottom = picture.width - GAP, picture.height - 2 * GAP
        return np.asarray(picture.crop((right - TILE, bottom - TILE, right, bottom))) < 200

    corner = inked({"kind": "points", "values": [[0.7, 0.7]] * 5})
    half = TILE // 2
    assert corner[:half, half:].any()  # up and to the right
    assert not corner[half:].any()
    assert not corner[:, :half].any()


# --- the whole


def test_the_same_records_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    records = mixed()
    written = build(records, tmp_path / "first")
    random.Random(0).shuffle(records)
    build(records, tmp_path / "second")
    first = bytes_of(tmp_path / "first")
    assert first == bytes_of(tmp_path / "second")
    # The folder keeps what is shown, and so the page of that has nothing left out.
    for source, target in (("first", "third"), ("third", "fourth")):
        building.build(files.find(tmp_path / source / "quick" / "records"), tmp_path / target)
    assert bytes_of(tmp_path / "third") == bytes_of(tmp_path / "fourth")
    assert {name: text for name, text in first.items() if "records" in name} == {
        name: text for name, text in bytes_of(tmp_path / "third").items() if "records" in name
    }
    assert written == [tmp_path / "first" / "quick" / "README.md", tmp_path / "first" / "README.md"]
    names = {Path(name).name for name in first if "records/" not in name}
    figures = {"curves.svg", "cost.svg", "profiles.svg", "samples.png"}
    assert names == figures | {"README.md", "index.html", "records.csv", "summary.json"}
    for name in ("curves.svg", "cost.svg", "profiles.svg"):
        root = ET.parse(tmp_path / "first" / "quick" / name).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"


def several() -> list[Record]:
    """Three boards without figures, and a search that none may show."""
    bare: dict[str, Any] = {"samples": None, "scores": []}
    found = [record(seed=seed, suite=name, **bare) for name in ("one", "two") for seed in (0, 1)]
    changed = record(suite="one", overrides=["Experiment.steps = 9"], **bare)
    return [*found, changed, record(suite="one", search=True, last=0.1)]


def test_adding_records_gives_what_building_all_of_them_gives(tmp_path: Path) -> None:
    build(several(), tmp_path / "whole")
    paths = saved(several(), tmp_path / "runs")
    for part in (paths[2:], paths[:1], paths[:2], []):
        building.update(part, tmp_path / "parts")
    assert bytes_of(tmp_path / "parts") == bytes_of(tmp_path / "whole")


def test_adding_a_record_reads_and_writes_no_other_leaderboard(tmp_path: Path) -> None:
    build(several(), tmp_path / "boards")
    other = tmp_path / "boards" / "two"
    broken, *_ = sorted(other.glob("records/*.json"))
    broken.write_text("")
    before = {file: file.stat().st_mtime_ns for file in other.rglob("*")}
    (added,) = saved([record(suite="one", seed=9, scores=[])], tmp_path / "new")
    pages = building.update([added], tmp_path / "boards")
    assert [page.parent.name for page in pages] == ["one", "boards"]
    assert {file: file.stat().st_mtime_ns for file in other.rglob("*")} == before
    assert "3 runs" in pages[0].read_text(encoding="utf-8")


def test_a_leaderboard_without_a_summary_is_read_once_more(tmp_path: Path) -> None:
    build(several()[:4], tmp_path / "boards")
    whole = bytes_of(tmp_path / "boards")
    (tmp_path / "boards" / "two" / "summary.json").unlink()
    building.update(saved(several()[:1], tmp_path / "new"), tmp_path / "boards")
    assert bytes_of(tmp_path / "boards") == whole


def test_a_damaged_summary_is_named(tmp_path: Path) -> None:
    build([record()], tmp_path / "boards")
    (tmp_path / "boards" / "quick" / "summary.json").write_text('{"label": 1}')
    with pytest.raises(UsageError, match=r"summary\.json is not .*delete it"):
        building.update([], tmp_path / "boards")


def test_records_are_copied_as_they_are_and_only_where_they_differ(tmp_path: Path) -> None:
    source = tmp_path / "runs" / "record.json"
    source.parent.mkdir()
    source.write_text(json.dumps(record(), indent=3), encoding="utf-8")
    building.build([source], tmp_path / "boards")
    (copy,) = (tmp_path / "boards" / "quick" / "records").iterdir()
    assert copy.read_bytes() == source.read_bytes()
    written = {file: file.stat().st_ino for file in (tmp_path / "boards").rglob("*")}
    building.build([source, copy], tmp_path / "boards")
    assert {file: file.stat().st_ino for file in (tmp_path / "boards").rglob("*")} == written


def test_nothing_is_written_where_one_record_is_not_valid(tmp_path: Path) -> None:
    paths = saved([record(), record(suite="toy")], tmp_path / "runs")
    paths[1].write_text("{}")
    with pytest.raises(UsageError, match=re.escape(str(paths[1]))):
        building.build(paths, tmp_path / "boards")
    assert not [file for file in (tmp_path / "boards").iterdir() if file.name != building.LOCK]


def test_the_table_of_runs_reads_back_equal() -> None:
    runs = frame(board_of(mixed()))
    back = pd.read_csv(BytesIO(csv(runs)), keep_default_na=True)
    assert list(back) == list(runs)
    for column in runs.select_dtypes("number"):
        np.testing.assert_array_equal(back[column].to_numpy(float), runs[column].to_numpy(float))
    assert list(back["id"]) == list(runs["id"])
    assert set(back["failure"].dropna()) == {"diverged", "failed"}


def test_rebuilding_leaves_nothing_stale(tmp_path: Path) -> None:
    build(mixed(), tmp_path / "used")
    fewer = [record(samples=None)]
    with pytest.raises(UsageError, match="would lose 9 records"):
        build(fewer, tmp_path / "used")
    for name in ("used", "fresh"):
        building.build(saved(fewer, tmp_path / "runs"), tmp_path / name, free=True)
    assert bytes_of(tmp_path / "used") == bytes_of(tmp_path / "fresh")


def test_the_overview_has_a_row_for_each_suite(tmp_path: Path) -> None:
    *_, above = build([record(), record(suite="toy", dataset="ring")], tmp_path)
    text = above.read_text(encoding="utf-8")
    assert "| [quick](quick/README.md)" in text
    assert "| [toy](toy/README.md)" in text
    assert "none told apart" in text


def test_the_terminal_shows_the_pages_main_columns() -> None:
    board = board_of(suite({"vanilla": 40.0, "as_gan": 20.0}))
    console = Console(width=250, file=StringIO(), force_terminal=False)
    console.print(screen.headline(board))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    rows = texts(tables.headline(Results(board)))
    for field in rows[["method", "mean rank", "failures", "time / vanilla"]].to_numpy().ravel():
        assert field in shown
    assert "Screening only: 3 seeds." in shown


def test_the_page_names_what_differs_from_vanilla_and_which_way() -> None:
    truth = {"vanilla": 40.0, "as_gan": 10.0, "wgan": 160.0}
    results = Results(board_of(suite(truth, seeds=10, spread=0.05)))
    assert sentences.beside_baseline(results) == (
        "Significantly better than vanilla: as_gan; significantly worse than vanilla: wgan."
    )
    same = Results(board_of(suite({"vanilla": 40.0, "as_gan": 39.9}, spread=0.5)))
    assert sentences.beside_baseline(same) == "No significant difference from vanilla."


def test_a_budget_that_no_method_was_scored_by_is_none() -> None:
    """One evaluation at the end, of runs that took different times."""
    runs = [record(seed=seed) for seed in range(2)]
    for seed, one in enumerate(runs):
        one["scores"] = one["scores"][-1:]
        one["scores"][0]["seconds"] = one["cost"]["seconds"] = 1.0 + seed
    axes = [budget.axis for budget in budgets_of(results_of(runs))]
    assert axes == ["step", "d_gradients"]
