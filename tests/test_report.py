import hashlib
import random
import re
import xml.etree.ElementTree as ET
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from records_factory import PROTOCOL, record, ring, suite
from rich.console import Console

from bench.records import Record, read_all
from bench.report import comparison, markdown, screen, tables
from bench.report.build import build
from bench.report.figures import curve
from bench.report.frame import curve_mean, frame
from bench.report.page import page
from bench.report.samples import COLUMNS, GAP, LINE, TILE, sample_grid
from bench.report.selection import Board, boards, slug
from bench.report.tables import Results


def board_of(records: list[Record]) -> Board:
    (board,) = boards(records)
    return board


def results_of(records: list[Record]) -> Results:
    return Results(board_of(records))


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def mixed() -> list[Record]:
    """Two settings, a failing method, an old protocol and a cell that was run again."""
    return [
        *suite({"vanilla": 40.0, "as_gan": 20.0}, ("high_lr", "standard"), seeds=2),
        record("lsgan", "standard", 0, last=90.0, status="diverged", end=240),
        record("lsgan", "standard", 1, status="failed", end=0),
        record(id="quick/old", finished="2025-01-01T00:00:00Z", protocol=PROTOCOL | {"samples": 9}),
        record(id="quick/again", finished="2025-06-01T00:00:00Z", last=77.0),
    ]


# --- which records are shown


def test_the_newest_protocol_is_the_page_and_the_rest_is_named() -> None:
    board = board_of(mixed())
    assert board.protocol == PROTOCOL
    assert [r["id"] for r in board.foreign] == ["quick/old"]
    assert [r["id"] for r in board.superseded] == ["quick/again"]
    text = page(board, [])
    assert "1 record of another protocol" in text
    assert "- samples: 9, here 2000" in text
    assert "1 older record" in text


def test_the_newest_of_two_configurations_wins_a_cell() -> None:
    old = record(id="a", finished="2026-01-01T23:00:00+00:00")
    new = record(id="b", finished="2026-01-02T00:30:00+01:00")  # half an hour later
    assert [r["id"] for r in board_of([new, old]).records] == ["b"]


def test_overrides_make_a_leaderboard_of_their_own() -> None:
    changed = record(overrides=["Experiment.steps = 10"], id="quick/changed")
    plain, other = boards([record(), changed])
    assert plain.label == "quick"
    assert re.fullmatch(r"quick-[0-9a-f]{6}", other.label)
    assert "Experiment.steps = 10" in page(other, [])
    assert "--gin_bindings 'Experiment.steps = 10'" in page(other, [])


def test_a_run_that_failed_before_its_protocol_still_counts() -> None:
    early = record(seed=1, status="failed", end=0, protocol=None, cost=None, floors=None)
    results = results_of([record(), early])
    assert tables.headline(results)["failures"][0].startswith("1/2 ")


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
    assert row["finished"]
    assert np.isnan(row["score_recall"])


def test_the_area_of_a_curve_is_its_geometric_mean() -> None:
    steps = np.array([0.0, 1.0, 3.0])
    assert curve_mean(steps, np.array([5.0, 5.0, 5.0])) == pytest.approx(5)
    assert curve_mean(steps, np.exp([0.0, 1.0, 3.0])) == pytest.approx(np.exp(1.5))
    assert np.isnan(curve_mean(steps, np.array([1.0, 0.0, 1.0])))


def test_a_run_without_a_last_score_is_no_finished_run() -> None:
    scores = [{"step": 10, "fid": 3.0}, {"step": 20, "fid": None}]
    row = frame(board_of([record(scores=scores)])).iloc[0]
    assert not row["finished"]
    assert row["failure"] == "no score"


# --- comparisons


def test_three_seeds_screen_and_rank_nothing() -> None:
    results = results_of(suite({"vanilla": 400.0, "as_gan": 10.0, "r1": 11.0}))
    assert not results.distinguished
    assert set(results.ranks.values()) == {(1, 3)}
    text = page(results.board, [])
    assert "Screening only: 3 seeds." in text
    assert "No significant difference" in text
    assert "smallest attainable p is 0.25, or 0.75 after Holm" in text
    assert set(tables.headline(results)["vs vanilla"]) == {"no significant difference", "—"}
    assert set(tables.headline(results)["rank"]) == {"1-3"}


def test_many_pairs_tell_a_real_difference_apart_and_no_other() -> None:
    settings = tuple("abcdef")
    results = results_of(suite({"vanilla": 40.0, "as_gan": 10.0, "r1": 10.0}, settings, seeds=5))
    assert results.ranks == {"vanilla": (3, 3), "as_gan": (1, 2), "r1": (1, 2)}
    assert set(results.leaders) == {"as_gan", "r1"}
    verdict = dict(tables.headline(results)[["method", "vs vanilla"]].to_numpy())
    assert verdict["as_gan"].startswith("better (p = ")
    assert "enough for a claim about all of them pooled" in tables.standing(results)


def test_equal_methods_are_seldom_told_apart() -> None:
    rng = np.random.default_rng(0)
    false = 0
    for _ in range(100):
        matrix = pd.DataFrame(rng.standard_normal((12, 4)), columns=list("abcd"))
        family = comparison.compare(matrix, comparison.all_couples(list("abcd")))
        false += any(one.significant for one in family)
    assert false <= 12  # 5 expected; more than 12 has a chance below 0.2%


def test_a_failed_run_loses_to_the_worst_that_finished() -> None:
    runs = [record("vanilla", seed=s, last=1000.0 + s) for s in range(8)]
    runs += [record("lsgan", seed=s, last=1.0, status="collapsed") for s in range(8)]
    (one,) = results_of(runs).pairwise
    assert (one.first, one.wins, one.losses, one.better) == ("vanilla", 8, 0, "vanilla")
    assert one.p == pytest.approx(2 / 2**8)


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


# --- tables


def test_failures_are_counted_and_never_averaged() -> None:
    runs = [record(seed=s, last=v) for s, v in enumerate([10.0, 12.0])]
    runs += [record(seed=2, last=1e6, status="diverged", end=120), record(seed=3, status="failed")]
    results = results_of(runs)
    head = tables.headline(results).iloc[0]
    assert head["failures"] == "2/4 [7-93%]: 1 diverged, 1 failed"
    assert head[f"{results.label}, last"] == "failed"  # the median of two of four
    assert tables.by_setting(results)["standard"][0] == "11.0 [-1.71, 23.7] (2 of 4 finished)"
    assert tables.all_metrics(results).iloc[0]["finished"] == "2 of 4"


def test_the_median_run_stands_over_all_runs() -> None:
    runs = [record(seed=s, last=v) for s, v in enumerate([10.0, 14.0])]
    results = results_of([*runs, record(seed=2, status="diverged", end=60)])
    assert tables.headline(results).iloc[0][f"{results.label}, last"] == "14.0"


def test_costs_are_relative_to_vanilla_on_the_same_machine() -> None:
    results = results_of(suite({"vanilla": 40.0, "as_gan": 20.0}))
    head = tables.headline(results).set_index("method")
    assert head.loc["as_gan", "time / vanilla"] == "1.33x"
    assert head.loc["as_gan", "D gradients / G step"] == "4.00"
    other = record("as_gan")
    other["provenance"] = other["provenance"] | {"device": "cuda"}
    head = tables.headline(results_of([record(), other])).set_index("method")
    assert head.loc["as_gan", "time / vanilla"] == "—"


def test_without_vanilla_the_cheapest_is_the_clock() -> None:
    results = results_of(suite({"as_gan": 20.0, "r1": 30.0}))
    assert results.clock == "r1"
    assert "vs vanilla" not in tables.headline(results)
    assert "**vs vanilla**" not in page(results.board, [])


def test_real_data_stands_beside_the_metrics() -> None:
    row = tables.all_metrics(results_of([record()])).iloc[-1]
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
    assert tables.number(value) == text


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
    assert markdown.code(["a ```` b"]) == "`````\na ```` b\n`````"


def test_the_page_says_how_to_run_it_again_and_names_no_host() -> None:
    one = record()
    one["provenance"] = one["provenance"] | {"host": "secret-box"}
    text = page(board_of([one]), [])
    assert "ganbench run quick --seeds 1\n" in text
    assert """--gin_bindings 'Suite.methods = ["vanilla"]'""" in text
    assert "secret-box" not in text


def test_a_suite_in_which_nothing_ever_ran_has_a_page(tmp_path: Path) -> None:
    dead = record(status="failed", end=0, protocol=None, cost=None, floors=None, samples=None)
    written = build([dead], tmp_path)
    assert "1/1 " in written[0].read_text(encoding="utf-8")
    assert not (tmp_path / "quick" / "curves.svg").exists()


# --- figures


def test_a_curve_ends_where_most_seeds_have_failed() -> None:
    seeds = [
        record(seed=0, last=10.0),
        record(seed=1, last=90.0, status="diverged", end=120),
        record(seed=2, status="diverged", end=0),
    ]
    drawn = curve(seeds, "step", "fid", "lower", lambda one: float(one["step"]))
    assert np.isfinite(drawn.middle).tolist() == [True, True] + [False] * 8
    assert drawn.low[-1] == drawn.high[-1] == pytest.approx(10)
    assert drawn.ends[0] == (120, pytest.approx(90))
    assert drawn.ends[1][0] == 0
    assert np.isnan(drawn.ends[1][1])


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
    build(read_all(tmp_path / "first" / "quick" / "records"), tmp_path / "third")
    first = bytes_of(tmp_path / "first")
    assert first == bytes_of(tmp_path / "second") == bytes_of(tmp_path / "third")
    assert written == [tmp_path / "first" / "quick" / "README.md", tmp_path / "first" / "README.md"]
    names = {Path(name).name for name in first if "records" not in name}
    assert names == {"README.md", "curves.svg", "cost.svg", "samples.png"}
    for name in ("curves.svg", "cost.svg"):
        root = ET.parse(tmp_path / "first" / "quick" / name).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_rebuilding_leaves_nothing_stale(tmp_path: Path) -> None:
    build(mixed(), tmp_path / "used")
    fewer = [record(samples=None)]
    build(fewer, tmp_path / "used")
    build(fewer, tmp_path / "fresh")
    assert bytes_of(tmp_path / "used") == bytes_of(tmp_path / "fresh")


def test_the_overview_has_a_row_for_each_suite(tmp_path: Path) -> None:
    *_, above = build([record(), record(suite="toy", id="toy/a", dataset="ring")], tmp_path)
    text = above.read_text(encoding="utf-8")
    assert "| [quick](quick/README.md)" in text
    assert "| [toy](toy/README.md)" in text
    assert "none told apart" in text


def test_the_terminal_shows_the_pages_main_columns() -> None:
    board = board_of(suite({"vanilla": 40.0, "as_gan": 20.0}))
    console = Console(width=250, file=StringIO(), force_terminal=False)
    console.print(screen.headline(board))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    rows = tables.headline(Results(board))
    for cell in rows[["method", "rank", "best", "failures", "time / vanilla"]].to_numpy().ravel():
        assert cell in shown
    assert "Screening only: 3 seeds." in shown


def test_the_page_names_what_differs_from_vanilla_and_which_way() -> None:
    truth = {"vanilla": 40.0, "as_gan": 10.0, "wgan": 160.0}
    results = Results(board_of(suite(truth, seeds=10, spread=0.05)))
    assert tables.beside_baseline(results) == (
        "Significantly better than vanilla: as_gan; significantly worse than vanilla: wgan."
    )
    same = Results(board_of(suite({"vanilla": 40.0, "as_gan": 39.9}, spread=0.5)))
    assert tables.beside_baseline(same) == "No significant difference from vanilla."
