"""What others report stands beside what our runs of the same comparison show."""

import pandas as pd
import pytest
from page_tables import keys, texts
from records_factory import PROTOCOL, record, suite

from bench.report.elsewhere import numbers, replicated
from bench.report.markdown import to_markdown
from bench.report.page import page
from bench.results import published
from bench.results.board import boards
from bench.results.replication import replications
from bench.results.results import Results
from bench.runs.records import Record

TABLE_2 = {
    "adam_beta2_0.9": ("27.18", "29.14"),
    "lr_d_double": ("26.57", "28.44"),
    "no_bn_both": ("56.18", "59.15"),
    "no_bn_d": ("51.30", "69.82"),
    "no_bn_g": ("26.72", "29.40"),
    "standard": ("25.50", "28.05"),
}
"""AS-GAN's Table 2: FID of AS-GAN and of vanilla."""


def results_of(records: list[Record], dataset: str = "cifar10", **changes: object) -> Results:
    (board,) = boards([one | {"dataset": dataset} | changes for one in records])
    return Results(board)


def rows_of(results: Results) -> pd.DataFrame:
    return texts(replicated(results, replications(results))).set_index("setting")


def page_of(results: Results) -> str:
    return to_markdown(page(results, []))


def test_every_cell_of_table_2_stands_beside_ours() -> None:
    rows = rows_of(results_of(suite({"as_gan": 8.0, "vanilla": 16.0}, tuple(TABLE_2))))
    for setting, (method, vanilla) in TABLE_2.items():
        assert rows.loc[setting, "reported FID"] == method
        assert rows.loc[setting, "vanilla's"] == vanilla
        assert rows.loc[setting, "won-lost"] == "3-0"
        assert rows.loc[setting, "result"] == "not told apart"  # of 3 pairs the smallest p is 1/4
    together = rows.loc["all of these"]
    assert together["won-lost"] == "18-0"
    assert together["p (Holm)"] == f"{7 * 2 / 2**18:.0e}"
    assert together["result"] == "as reported"
    assert len(rows) == 7


def test_a_difference_the_other_way_is_the_opposite() -> None:
    rows = rows_of(results_of(suite({"as_gan": 16.0, "vanilla": 8.0}, tuple(TABLE_2))))
    assert rows.loc["all of these", "result"] == "the opposite"


def test_a_failed_run_loses() -> None:
    failed = [record("vanilla", seed=seed, status="diverged") for seed in range(3)]
    rows = rows_of(results_of(suite({"as_gan": 500.0}) + failed))
    assert rows.loc["standard", ["vanilla's here", "won-lost"]].tolist() == ["no score", "3-0"]


def test_a_setting_at_reduced_scale_stands_for_the_published_one() -> None:
    runs = suite({"as_gan": 8.0, "vanilla": 9.0}, ("lr_d_2e-3",))
    rows = rows_of(results_of(runs, "cifar10_jpeg"))
    assert rows.loc["lr_d_2e-3", ["reported FID", "vanilla's"]].tolist() == ["26.57", "28.44"]


@pytest.mark.parametrize(
    ("dataset", "setting"), [("cifar10", "lr_d_2e-3"), ("cifar10_jpeg", "lr_d_double")]
)
def test_a_setting_stands_for_the_published_one_at_its_own_scale_only(dataset, setting) -> None:
    runs = suite({"as_gan": 8.0, "vanilla": 9.0}, (setting,))
    assert replications(results_of(runs, dataset)) == []


def test_two_reports_of_one_comparison_stand_in_one_row() -> None:
    rows = rows_of(results_of(suite({"as_gan": 8.0, "vanilla": 9.0}, ("lr_d_5e-5",)), "celeba64"))
    assert rows.loc["lr_d_5e-5", "reported FID"] == "10.90; 11.82"
    assert rows.loc["lr_d_5e-5", "vanilla's"] == "20.45; 18.73"


def test_methods_that_nobody_compared_have_no_row() -> None:
    rows = rows_of(results_of(suite({"as_gan": 8.0, "wgan_gp": 7.0, "vanilla": 9.0})))
    assert rows["method"].tolist() == ["as_gan"]


INCEPTION_SCORE = PROTOCOL | {
    "headline": "is",
    "metrics": {"is": {"label": "IS", "better": "higher"}},
}


@pytest.mark.parametrize(
    "results",
    [
        results_of(suite({"as_gan": 8.0}), "cifar10"),
        results_of(suite({"as_gan": 8.0, "vanilla": 9.0}), "digits"),
        results_of(suite({"as_gan": 8.0, "vanilla": 9.0}), architecture="mlp"),
        results_of(suite({"as_gan": 8.0, "vanilla": 9.0}, ("width_24",))),
        results_of(
            [record("as_gan", "no_bn_g"), record("vanilla", "no_bn_g")], protocol=INCEPTION_SCORE
        ),
        results_of([record("as_gan", "no_bn_g"), record("vanilla", "no_bn_d")]),
    ],
    ids=["no vanilla", "dataset", "architecture", "setting", "score", "no common cell"],
)
def test_where_nothing_can_be_compared_the_page_compares_nothing(results: Results) -> None:
    assert replications(results) == []
    assert "vanilla's here" not in page_of(results)


def test_the_page_says_what_is_reported_only_where_something_is() -> None:
    assert "## Reported elsewhere" in page_of(results_of(suite({"vanilla": 9.0})))
    assert "## Reported elsewhere" not in page_of(results_of(suite({"vanilla": 9.0}), "digits"))


def test_the_table_of_numbers_has_no_empty_column_and_every_row() -> None:
    results = results_of(suite({"vanilla": 9.0, "as_gan": 8.0}))
    quoted = texts(numbers(published.numbers("ring"), results))
    assert not {"architecture", "setting"} & set(quoted.columns)
    assert len(quoted) == len(published.numbers("ring").groupby(["method", "source", "protocol"]))
    spread = numbers(published.numbers("cifar10"), results)
    mine = texts(spread)["method"] == "as_gan"
    assert "7.21 ± 0.02" in texts(spread).loc[mine, "IS"].tolist()
    assert 7.21 in keys(spread.picked({"IS": "IS"})).loc[mine, "IS"].tolist()
    assert {tuple(row.about.get("method", ())) for row in spread.rows} == {
        (),
        ("vanilla",),
        ("as_gan",),
    }
