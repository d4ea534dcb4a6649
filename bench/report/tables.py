"""The tables of a leaderboard, as typed values: what its pages and the terminal all show."""

from collections.abc import Iterable, Mapping
from math import nan

import pandas as pd

from bench.missing import known
from bench.report.document import EMPTY, Field, Row, Table, counted, estimated, valued
from bench.results.comparison import Comparison
from bench.results.results import ARROWS, BASELINE, Estimate, Results
from bench.statistics import mean_interval, proportion_interval
from bench.wording import NOTHING, bounds, percent, probability, ratio, score, span

RANK = "rank, IQM"


def of_method(results: Results, method: str, fields: Mapping[str, Field]) -> Row:
    """A row that begins with a method's name, and is about it."""
    return Row({"method": Field(results.name(method)), **fields}, {"method": [method]})


def headline(results: Results) -> Table:
    """One row a method: where it stands, how sure that is, how often it failed, its time.

    Groups only where any two methods can be told apart, ranks in one number only where some run
    has no score.
    """
    beside_baseline = {one.first: one for one in results.against_baseline}
    unscored = not results.runs["scored"].all()

    def fields(method: str) -> dict[str, Field]:
        group = {"group": Field(results.groups[method])} if results.distinguished else {}
        iqm = estimated(results.iqm[method], *results.unscored(method))
        rank = {RANK: _ranked(results.rank_iqm[method])} if unscored else {}
        beside = {
            f"beats {BASELINE}": _shared(results.improvement.get(method)),
            f"vs {BASELINE}": _result(beside_baseline.get(method)),
        }
        return {
            **group,
            f"{results.label}, IQM": iqm,
            **rank,
            "mean rank": _ranked(results.mean_ranks[method]),
            **(beside if beside_baseline else {}),
            "failures": failures(results.of(method)["failure"]),
            f"time / {results.clock}": valued(results.relative_time(method), ratio),
        }

    return Table([of_method(results, method, fields(method)) for method in results.methods])


def per_step(runs: pd.DataFrame) -> float:
    """Batches differentiated through D for each generator step, the median of some runs."""
    return float((runs["d_gradients"] / runs["g_steps"].where(runs["g_steps"] > 0)).median())


def scores_and_costs(results: Results) -> Table:
    """One row a method: its median run, and what a run costs."""
    rows = []
    for method in results.methods:
        runs = results.of(method)
        gap = float(runs.loc[runs["scored"], "gap"].median())
        fields = {
            "last": median_run(results, runs, "last"),
            "best": median_run(results, runs, "best"),
            "gap": estimated((gap, nan, nan), *results.unscored(method)),
            "D gradients / G step": valued(per_step(runs)),
            "images/s": valued(runs["images_per_second"].median()),
            "peak MB": valued(runs["peak_memory_bytes"].max() / 1e6),
        }
        rows.append(of_method(results, method, fields))
    return Table(rows)


def failures_by_reason(results: Results) -> Table:
    """One row a method that failed, one column a way to fail; empty where none did."""
    failed = results.runs[results.runs["failure"].notna()]
    kinds = sorted(failed["failure"].unique())
    rows = []
    for method in results.methods:
        counts = failed.loc[failed["method"] == method, "failure"].value_counts()
        if len(counts):
            told = {"runs": len(results.of(method))} | {kind: counts.get(kind, 0) for kind in kinds}
            fields = {name: valued(count, str) for name, count in told.items()}
            rows.append(of_method(results, method, fields))
    return Table(rows)


def by_setting(results: Results) -> Table:
    """The mean last score of the runs that have one, with its interval, one column a setting."""
    rows = []
    for method in results.methods:
        settings = dict(list(results.of(method).groupby("setting")))
        fields = {s: _field(settings[s]) if s in settings else EMPTY for s in results.settings}
        rows.append(of_method(results, method, fields))
    return Table(rows)


def all_metrics(results: Results) -> Table:
    """The mean of every metric over the runs that have a score, and the same of real data."""
    metrics = results.board.metrics
    names = {name: f"{m['label']} {ARROWS[m['better']]}" for name, m in metrics.items()}
    rows = []
    for method in results.methods:
        runs = results.of(method)
        scored = runs[runs["scored"]]
        fields = {label: valued(scored[f"score_{name}"].mean()) for name, label in names.items()}
        rows.append(of_method(results, method, {"scored": _share(results, method), **fields}))
    floors = results.board.floors
    real = {label: valued(floors.get(name, nan)) for name, label in names.items()}
    return Table([*rows, Row({"method": Field("real data (floor)"), "scored": EMPTY, **real})])


def over_training(results: Results) -> Table:
    """Summaries of all of training, medians over the runs that have a score."""
    columns = {
        "last": "last",
        "best": "best",
        "gap": "gap",
        "tail": "mean of last tenth",
        "area": "geometric mean over training",
    }
    rows = []
    for method in results.methods:
        runs = results.of(method)
        medians = runs[runs["scored"]][list(columns)].median()
        fields = {label: valued(medians[column]) for column, label in columns.items()}
        rows.append(of_method(results, method, {"scored": _share(results, method), **fields}))
    return Table(rows)


def comparisons(found: Iterable[Comparison]) -> Table:
    """One row a comparison, the smallest p first."""
    rows = [
        Row(
            {
                "first": Field(one.first),
                "second": Field(one.second),
                "pairs": valued(one.pairs, str),
                "won-lost": won_lost(one),
                "effect": valued(one.effect, "{:+.2f}".format),
                "p": valued(one.p, probability),
                "p (Holm)": valued(one.adjusted, probability),
                "result": Field(f"{one.better} is better" if one.significant else "not told apart"),
            },
            {"method": [one.first, one.second]},
        )
        for one in sorted(found, key=lambda one: (one.p, one.first, one.second))
    ]
    return Table(rows)


def failures(reasons: "pd.Series[str]") -> Field:
    """How many runs diverged, collapsed or failed, the interval of that share, and which.

    Args:
        reasons: one entry a run, None where it did none of these.
    """
    counts = reasons.value_counts()
    failed, n = int(counts.sum()), len(reasons)
    text = f"{failed}/{n} {span(*proportion_interval(failed, n))}"
    why = ", ".join(f"{counts[reason]} {reason}" for reason in sorted(counts.index))
    return Field(f"{text}: {why}" if why else text, failed / n)


def median_run(results: Results, runs: pd.DataFrame, column: str) -> Field:
    """The median over some runs, one without a score counted as worse than any with one."""
    return valued(float(runs[column].where(runs["scored"], results.worst).median()), score)


def won_lost(one: Comparison) -> Field:
    """How many pairs the first won and lost, which sorts by their difference."""
    return Field(f"{one.wins}-{one.losses}", one.wins - one.losses)


def result(one: Comparison | None) -> Field:
    """What the first of two is beside the second, with the pairs that it won and lost."""
    if one is None:
        return EMPTY
    return Field(f"{one.result}, {one.wins}-{one.losses}, p = {probability(one.adjusted)}")


def _share(results: Results, method: str) -> Field:
    count, of = results.unscored(method)
    return counted(of - count, of)


def _ranked(estimate: Estimate) -> Field:
    value, low, high = (f"{rank:.1f}" if rank == rank else NOTHING for rank in estimate)
    return Field(value + bounds(low, high), known(estimate[0]))


def _shared(estimate: Estimate | None) -> Field:
    if estimate is None:
        return EMPTY
    value, low, high = estimate
    return Field(percent(value) + (f" {span(low, high)}" if low == low else ""), known(value))


def _result(one: Comparison | None) -> Field:
    if one is None:
        return EMPTY
    return Field(one.result + (f" (p = {probability(one.adjusted)})" if one.significant else ""))


def _field(runs: pd.DataFrame) -> Field:
    last = runs.loc[runs["scored"], "last"]
    mean = mean_interval(last) if len(last) else (nan, nan, nan)
    return estimated(mean, len(runs) - len(last), len(runs))
