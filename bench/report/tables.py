"""The tables of a leaderboard, as frames of text: what the page and the terminal both show."""

from collections.abc import Iterable
from math import nan

import pandas as pd

from bench.results.comparison import Comparison
from bench.results.results import ARROWS, BASELINE, Estimate, Results
from bench.statistics import mean_interval, proportion_interval
from bench.wording import (
    NOTHING,
    averaged,
    bounds,
    number,
    percent,
    probability,
    ratio,
    score,
    span,
)

RANK = "rank, IQM"


def headline(results: Results) -> pd.DataFrame:
    """One row a method: where it stands, how sure that is, how often it failed, its time.

    Groups only where any two methods can be told apart, ranks in one number only where some run
    has no score.
    """
    verdicts = {one.first: _verdict(one) for one in results.against_baseline}
    rows = [
        {
            "method": results.name(method),
            "group": results.groups[method],
            f"{results.label}, IQM": averaged(results.iqm[method], *results.unscored(method)),
            RANK: _ranked(results.rank_iqm[method]),
            "mean rank": _ranked(results.mean_ranks[method]),
            f"beats {BASELINE}": _shared(results.improvement.get(method, (nan, nan, nan))),
            f"vs {BASELINE}": verdicts.get(method, NOTHING),
            "failures": failures(results.of(method)["failure"]),
            f"time / {results.clock}": ratio(results.relative_time(method)),
        }
        for method in results.methods
    ]
    table = pd.DataFrame(rows)
    without = [] if results.against_baseline else [f"beats {BASELINE}", f"vs {BASELINE}"]
    without += [] if results.distinguished else ["group"]
    without += [RANK] if results.runs["scored"].all() else []
    return table.drop(columns=without)


def scores_and_costs(results: Results) -> pd.DataFrame:
    """One row a method: its median run, and what a run costs."""
    rows = []
    for method in results.methods:
        runs = results.of(method)
        gap = float(runs.loc[runs["scored"], "gap"].median())
        per_step = runs["d_gradients"] / runs["g_steps"].where(runs["g_steps"] > 0)
        rows.append(
            {
                "method": results.name(method),
                "last": median_run(results, runs, "last"),
                "best": median_run(results, runs, "best"),
                "gap": averaged((gap, nan, nan), *results.unscored(method)),
                "D gradients / G step": number(per_step.median()),
                "images/s": number(runs["images_per_second"].median()),
                "peak MB": number(runs["peak_memory_bytes"].max() / 1e6),
            }
        )
    return pd.DataFrame(rows)


def failures_by_reason(results: Results) -> pd.DataFrame:
    """One row a method that failed, one column a way to fail; empty where none did."""
    failed = results.runs[results.runs["failure"].notna()]
    kinds = sorted(failed["failure"].unique())
    rows = []
    for method in results.methods:
        counts = failed.loc[failed["method"] == method, "failure"].value_counts()
        if len(counts):
            n = len(results.of(method))
            told = {kind: str(counts.get(kind, 0)) for kind in kinds}
            rows.append({"method": results.name(method), "runs": str(n), **told})
    return pd.DataFrame(rows)


def by_setting(results: Results) -> pd.DataFrame:
    """The mean last score of the runs that have one, with its interval, one column a setting."""
    rows = []
    for method in results.methods:
        settings = dict(list(results.of(method).groupby("setting")))
        cells = {s: _cell(settings[s]) if s in settings else NOTHING for s in results.settings}
        rows.append({"method": results.name(method), **cells})
    return pd.DataFrame(rows)


def all_metrics(results: Results) -> pd.DataFrame:
    """The mean of every metric over the runs that have a score, and the same of real data."""
    metrics = results.board.metrics
    names = {name: f"{m['label']} {ARROWS[m['better']]}" for name, m in metrics.items()}
    rows = []
    for method in results.methods:
        runs = results.of(method)
        scored = runs[runs["scored"]]
        cells = {label: number(scored[f"score_{name}"].mean()) for name, label in names.items()}
        rows.append({"method": results.name(method), "scored": _share(results, method), **cells})
    floors = results.board.floors
    real = {label: number(floors.get(name, nan)) for name, label in names.items()}
    rows.append({"method": "real data (floor)", "scored": NOTHING, **real})
    return pd.DataFrame(rows)


def course(results: Results) -> pd.DataFrame:
    """Summaries of the whole course of training, medians over the runs that have a score."""
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
        cells = {label: number(medians[column]) for column, label in columns.items()}
        rows.append({"method": results.name(method), "scored": _share(results, method), **cells})
    return pd.DataFrame(rows)


def _share(results: Results, method: str) -> str:
    count, of = results.unscored(method)
    return f"{of - count} of {of}"


def comparisons(found: Iterable[Comparison]) -> pd.DataFrame:
    """One row a comparison, the smallest p first."""
    rows = [
        {
            "first": one.first,
            "second": one.second,
            "pairs": str(one.pairs),
            "won-lost": f"{one.wins}-{one.losses}",
            "effect": f"{one.effect:+.2f}",
            "p": probability(one.p),
            "p (Holm)": probability(one.adjusted),
            "result": f"{one.better} is better" if one.significant else "not told apart",
        }
        for one in sorted(found, key=lambda one: (one.p, one.first, one.second))
    ]
    return pd.DataFrame(rows)


def failures(reasons: "pd.Series[str]") -> str:
    """How many runs diverged, collapsed or failed, the interval of that share, and which.

    Args:
        reasons: one entry a run, None where it did none of these.
    """
    counts = reasons.value_counts()
    failed, n = int(counts.sum()), len(reasons)
    text = f"{failed}/{n} {span(*proportion_interval(failed, n))}"
    why = ", ".join(f"{counts[reason]} {reason}" for reason in sorted(counts.index))
    return f"{text}: {why}" if why else text


def median_run(results: Results, runs: pd.DataFrame, column: str) -> str:
    """The median over some runs, one without a score counted as worse than any with one."""
    return score(float(runs[column].where(runs["scored"], results.worst).median()))


def _ranked(estimate: Estimate) -> str:
    value, low, high = (f"{rank:.1f}" if rank == rank else NOTHING for rank in estimate)
    return value + bounds(low, high)


def _shared(estimate: Estimate) -> str:
    value, low, high = estimate
    return percent(value) + (f" {span(low, high)}" if low == low else "")


def side(one: Comparison | None) -> str:
    """Which side the first of two is on, with the pairs that it won and lost."""
    if one is None:
        return NOTHING
    return f"{_word(one)}, {one.wins}-{one.losses}, p = {probability(one.adjusted)}"


def _verdict(one: Comparison) -> str:
    return _word(one) + (f" (p = {probability(one.adjusted)})" if one.significant else "")


def _word(one: Comparison) -> str:
    if not one.significant:
        return "not told apart"
    return "better" if one.better == one.first else "worse"


def _cell(runs: pd.DataFrame) -> str:
    last = runs.loc[runs["scored"], "last"]
    mean = mean_interval(last) if len(last) else (nan, nan, nan)
    return averaged(mean, len(runs) - len(last), len(runs))
