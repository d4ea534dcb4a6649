"""The tables of a leaderboard, as frames of text: what the page and the terminal both show."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import floor, inf, isfinite, log10

import numpy as np
import pandas as pd

from bench.report import comparison
from bench.report.comparison import Comparison
from bench.report.frame import frame
from bench.report.selection import Board, methods_of, settings_of
from bench.statistics import mean_interval, proportion_interval, smallest_p

BASELINE = "vanilla"
NOTHING = "—"
ARROWS = {"lower": "↓", "higher": "↑"}
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Results:
    """What the records of one board say, computed once for all its tables."""

    board: Board

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run."""
        return frame(self.board)

    @cached_property
    def better(self) -> str:
        """Which way the headline metric is better."""
        board = self.board
        return board.metrics[board.headline]["better"] if board.headline else "lower"

    @cached_property
    def label(self) -> str:
        """The headline metric's name, with an arrow to where it is better."""
        board = self.board
        name = board.metrics[board.headline]["label"] if board.headline else "score"
        return f"{name} {ARROWS[self.better]}"

    @cached_property
    def settings(self) -> list[str]:
        """The settings, sorted."""
        return settings_of(self.board.records)

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Cells by methods, less is better."""
        return comparison.badness(self.runs, self.better)

    @cached_property
    def pairwise(self) -> list[Comparison]:
        """Every method against every other, one family."""
        couples = comparison.all_couples(methods_of(self.board.records))
        return comparison.compare(self.matrix, couples)

    @cached_property
    def against_baseline(self) -> list[Comparison]:
        """Every method against vanilla, one family; empty where vanilla did not run."""
        couples = comparison.against(BASELINE, methods_of(self.board.records))
        return comparison.compare(self.matrix, couples)

    @cached_property
    def wins(self) -> dict[str, float]:
        """The share of paired runs each method won."""
        return comparison.win_rates(self.pairwise, methods_of(self.board.records))

    @cached_property
    def ranks(self) -> dict[str, tuple[int, int]]:
        """The ranks each method may hold."""
        return comparison.rank_ranges(self.pairwise, methods_of(self.board.records))

    @cached_property
    def methods(self) -> list[str]:
        """The order of rows: by share of wins, then as the methods are sorted."""
        known = methods_of(self.board.records)
        return sorted(known, key=lambda method: -np.nan_to_num(self.wins[method], nan=-1.0))

    @cached_property
    def leaders(self) -> list[str]:
        """The methods that no other is significantly better than, in the order of rows."""
        return [method for method in self.methods if self.ranks[method][0] == 1]

    @cached_property
    def distinguished(self) -> bool:
        """Whether any two methods can be told apart."""
        return any(one.significant for one in self.pairwise)

    @cached_property
    def seeds(self) -> int:
        """Seeds of the (method, setting) that has the fewest."""
        return int(self.runs.groupby(["method", "setting"])["seed"].nunique().min())

    @cached_property
    def clock(self) -> str:
        """The method that seconds are relative to: vanilla, else the fastest."""
        if BASELINE in self.ranks:
            return BASELINE
        speeds = {m: np.nan_to_num(_pace(self.of(m)).median(), nan=inf) for m in self.methods}
        return min(self.methods, key=lambda method: speeds[method])

    def of(self, method: str) -> pd.DataFrame:
        """The rows of one method."""
        return self.runs[self.runs["method"] == method]

    def remedies(self) -> dict[str, dict[str, list[str]]]:
        """Method -> what the suite changed for it -> the settings it did so in."""
        found: dict[str, dict[str, list[str]]] = {}
        for record in self.board.records:
            if record["remedies"]:
                applied = found.setdefault(record["method"], {})
                where = applied.setdefault(", ".join(record["remedies"]), [])
                if record["setting"] not in where:
                    where.append(record["setting"])
        return {m: {k: sorted(v) for k, v in sorted(found[m].items())} for m in sorted(found)}

    def name(self, method: str) -> str:
        """A method's name, with the mark of its footnote where it has one."""
        marked = list(self.remedies())
        mark = str(marked.index(method) + 1) if method in marked else ""
        return method + mark.translate(SUPERSCRIPTS)


def headline(results: Results) -> pd.DataFrame:
    """One row a method: where it stands, how often it failed, what it cost."""
    verdicts = {one.first: _verdict(one) for one in results.against_baseline}
    rows = []
    for method in results.methods:
        runs = results.of(method)
        finished = runs[runs["finished"]]
        low, high = results.ranks[method]
        per_step = runs["d_gradients"] / runs["g_steps"].where(runs["g_steps"] > 0)
        rows.append(
            {
                "method": results.name(method),
                "rank": str(low) if low == high else f"{low}-{high}",
                "wins": percent(results.wins[method]),
                f"vs {BASELINE}": verdicts.get(method, NOTHING),
                f"{results.label}, last": _median_run(runs, "last", results.better),
                "best": _median_run(runs, "best", results.better),
                "gap": number(finished["gap"].median()),
                "failures": failures(runs["failure"]),
                "D gradients / G step": number(per_step.median()),
                f"time / {results.clock}": ratio(_relative_time(results, method)),
                "images/s": number(runs["images_per_second"].median()),
                "peak MB": number(runs["peak_memory_bytes"].max() / 1e6),
            }
        )
    table = pd.DataFrame(rows)
    return table if results.against_baseline else table.drop(columns=f"vs {BASELINE}")


def by_setting(results: Results) -> pd.DataFrame:
    """The mean last score of the runs that finished, with its interval, one column a setting."""
    rows = []
    for method in results.methods:
        runs = results.of(method)
        cells = {s: _cell(runs[runs["setting"] == s]) for s in results.settings}
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
    real = {label: number(floors.get(name, np.nan)) for name, label in names.items()}
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


def standing(results: Results) -> str:
    """One sentence: what this many seeds and settings can support."""
    seeds, settings = results.seeds, len(results.settings)
    if seeds < comparison.SCREENING_SEEDS:
        return f"Screening only: {plural(seeds, 'seed')}."
    if seeds >= comparison.SINGLE_SETTING_SEEDS:
        return f"{seeds} seeds: enough for a claim about each setting."
    if settings >= comparison.POOLED_SETTINGS:
        return f"{seeds} seeds in {settings} settings: enough for a claim about all of them pooled."
    return (
        f"{seeds} seeds in {plural(settings, 'setting')}: indicative; a claim takes "
        f"{comparison.SINGLE_SETTING_SEEDS} seeds, or {comparison.POOLED_SETTINGS} settings."
    )


def beside_baseline(results: Results) -> str:
    """One sentence: which methods differ from vanilla, the family of fewest comparisons."""
    told_apart = [one for one in results.against_baseline if one.significant]
    if not told_apart:
        return f"No significant difference from {BASELINE}." if results.against_baseline else ""
    sides = []
    for word, keep in (("better", True), ("worse", False)):
        names = sorted(one.first for one in told_apart if (one.better == one.first) is keep)
        if names:
            sides.append(f"significantly {word} than {BASELINE}: {', '.join(names)}")
    sentence = "; ".join(sides)
    return f"{sentence[0].upper()}{sentence[1:]}."


def power(family: list[Comparison]) -> str:
    """One sentence: the smallest p that the test could have returned, before and after Holm."""
    if not family:
        return "No two methods share a setting and a seed, so nothing can be compared."
    pairs, size = max(one.pairs for one in family), len(family)
    least = smallest_p(pairs)
    corrected = min(1.0, size * least)
    text = (
        f"With {plural(pairs, 'pair')} the smallest attainable p is {probability(least)}, or "
        f"{probability(corrected)} after Holm's correction over {plural(size, 'comparison')}"
    )
    hopeless = corrected > comparison.ALPHA
    return text + (": no difference, however large, could be significant." if hopeless else ".")


def number(value: float) -> str:
    """Three significant digits, never an exponent."""
    if not isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    return f"{value:,.{max(0, 2 - floor(log10(abs(value))))}f}"


def percent(value: float) -> str:
    """A share in percent."""
    return f"{100 * value:.0f}%" if isfinite(value) else NOTHING


def ratio(value: float) -> str:
    """A factor."""
    return f"{value:.2f}x" if isfinite(value) else NOTHING


def probability(value: float) -> str:
    """A p-value."""
    return f"{value:.2g}" if value >= 1e-3 else f"{value:.0e}"


def plural(count: int, noun: str) -> str:
    """``3 seeds``, ``1 seed``."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def failures(reasons: "pd.Series[str]") -> str:
    """How many runs failed, of how many, the interval of that share, and why.

    Args:
        reasons: one entry a run, None where it did not fail.
    """
    counts = reasons.value_counts()
    failed, n = int(counts.sum()), len(reasons)
    low, high = proportion_interval(failed, n)
    text = f"{failed}/{n} [{100 * low:.0f}-{100 * high:.0f}%]"
    why = ", ".join(f"{counts[reason]} {reason}" for reason in sorted(counts.index))
    return f"{text}: {why}" if why else text


def _verdict(one: Comparison) -> str:
    if not one.significant:
        return "no significant difference"
    word = "better" if one.better == one.first else "worse"
    return f"{word} (p = {probability(one.adjusted)})"


def _median_run(runs: pd.DataFrame, column: str, better: str) -> str:
    """The median over all runs, a failed one counted as worse than any that finished."""
    worst = inf if better == "lower" else -inf
    middle = float(runs[column].where(runs["finished"], worst).median())
    return number(middle) if isfinite(middle) else "failed"


def _cell(runs: pd.DataFrame) -> str:
    if runs.empty:
        return NOTHING
    last = runs.loc[runs["finished"], "last"]
    if last.empty:
        return f"0 of {len(runs)} finished"
    mean, low, high = mean_interval(last)
    text = number(mean) + (f" [{number(low)}, {number(high)}]" if isfinite(low) else "")
    return text if len(last) == len(runs) else f"{text} ({len(last)} of {len(runs)} finished)"


def _pace(runs: pd.DataFrame) -> "pd.Series[float]":
    """Seconds a G step, by the cell and machine it was measured on."""
    pace = runs["seconds"] / runs["g_steps"].where(runs["g_steps"] > 0)
    return pace.set_axis(pd.MultiIndex.from_frame(runs[["setting", "seed", "machine"]]))


def _relative_time(results: Results, method: str) -> float:
    """Median ratio of seconds a G step, over the cells both ran in on the same machine."""
    ratios = (_pace(results.of(method)) / _pace(results.of(results.clock))).dropna()
    return float(ratios.median()) if len(ratios) else float("nan")
