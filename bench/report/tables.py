"""The tables of a leaderboard, as frames of text: what the page and the terminal both show."""

from collections.abc import Iterable
from math import nan

import pandas as pd

from bench.report.comparison import Comparison
from bench.report.results import ARROWS, BASELINE, Estimate, Results
from bench.report.text import (
    FAILED,
    NOTHING,
    bounds,
    number,
    percent,
    probability,
    ratio,
    score,
    span,
)
from bench.statistics import mean_interval, proportion_interval


def headline(results: Results) -> pd.DataFrame:
    """One row a method: where it stands, how sure that is, how often it failed, its time.

    Groups only where any two methods can be told apart.
    """
    verdicts = {one.first: _verdict(one) for one in results.against_baseline}
    rows = [
        {
            "method": results.name(method),
            "group": results.groups[method],
            f"{results.label}, IQM": _scored(results.iqm[method]),
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
    return table.drop(columns=without if results.distinguished else [*without, "group"])


def scores_and_costs(results: Results) -> pd.DataFrame:
    """One row a method: its median run, and what a run costs."""
    rows = []
    for method in results.methods:
        runs = results.of(method)
        per_step = runs["d_gradients"] / runs["g_steps"].where(runs["g_steps"] > 0)
        rows.append(
            {
                "method": results.name(method),
                "last": median_run(results, runs, "last"),
                "best": median_run(results, runs, "best"),
                "gap": number(runs.loc[runs["finished"], "gap"].median()),
                "D gradients / G step": number(per_step.median()),
                "images/s": number(runs["images_per_second"].median()),
                "peak MB": number(runs["peak_memory_bytes"].max() / 1e6),
            }
        )
    return pd.DataFrame(rows)


def failures_by_reason(results: Results) -> pd.DataFrame:
    """One row a method that failed, one column a way to fail; empty where none did."""
    failed = results.runs[~results.runs["finished"]]
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
    """The mean last score of the runs that finished, with its interval, one column a setting."""
    rows = []
    for method in results.methods:
        settings = dict(list(results.of(method).groupby("setting")))
        cells = {s: _cell(settings[s]) if s in settings else NOTHING for s in results.settings}
        rows.append({"method": results.name(method), **cells})
    return pd.DataFrame(rows)


def all_metrics(results: Results) -> pd.DataFrame:
    """The mean of every metric over the runs that finished, and the same of real data."""
    metrics = results.board.metrics
    names = {name: f"{m['label']} {ARROWS[m['better']]}" for name, m in metrics.items()}
    rows = []
    for method in results.methods:
        runs = results.of(method)
        finished = runs[runs["finished"]]
        cells = {label: number(finished[f"score_{name}"].mean()) for name, label in names.items()}
        count = f"{len(finished)} of {len(runs)}"
        rows.append({"method": results.name(method), "finished": count, **cells})
    floors = results.board.floors
    real = {label: number(floors.get(name, nan)) for name, label in names.items()}
    rows.append({"method": "real data (floor)", "finished": NOTHING, **real})
    return pd.DataFrame(rows)


def course(results: Results) -> pd.DataFrame:
    """Summaries of the whole course of training, medians over the runs that finished."""
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
        medians = runs[runs["finished"]][list(columns)].median()
        cells = {label: number(medians[column]) for column, label in columns.items()}
        rows.append({"method": results.name(method), **cells})
    return pd.DataFrame(rows)


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
    """How many runs failed, of how many, the interval of that share, and why.

    Args:
        reasons: one entry a run, None where it did not fail.
    """
    counts = reasons.value_counts()
    failed, n = int(counts.sum()), len(reasons)
    text = f"{failed}/{n} {span(*proportion_interval(failed, n))}"
    why = ", ".join(f"{counts[reason]} {reason}" for reason in sorted(counts.index))
    return f"{text}: {why}" if why else text


def median_run(results: Results, runs: pd.DataFrame, column: str) -> str:
    """The median over some runs, a failed one counted as worse than any that finished."""
    return score(float(runs[column].where(runs["finished"], results.worst).median()))


def _scored(estimate: Estimate) -> str:
    value, low, high = map(score, estimate)
    return value if value == FAILED else value + bounds(low, high)


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
    last = runs.loc[runs["finished"], "last"]
    if last.empty:
        return f"0 of {len(runs)} finished"
    mean, low, high = map(number, mean_interval(last))
    text = mean + bounds(low, high)
    return text if len(last) == len(runs) else f"{text} ({len(last)} of {len(runs)} finished)"
