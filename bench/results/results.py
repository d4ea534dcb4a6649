"""What the records of one board say, computed once for all its tables and figures."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from math import inf

import networkx as nx
import numpy as np
import pandas as pd

from bench import statistics
from bench.results import comparison
from bench.results.board import Board
from bench.results.comparison import Comparison
from bench.results.entry import Floats
from bench.results.frame import frame

BASELINE = "vanilla"
ARROWS = {"lower": "↓", "higher": "↑"}
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
CONTROL = "↳ "
DRAWN = 40_000_000
"""Numbers that a bootstrap may draw: it resamples less often where there are very many runs."""

Estimate = tuple[float, float, float]
"""A value, and the bounds of its 95% interval; NaN where it has none."""


@dataclass(frozen=True)
class Results:
    """What the records of one board say."""

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
    def worst(self) -> float:
        """What a run without a score counts as in a rank or a median: worse than any score."""
        return inf if self.better == "lower" else -inf

    @cached_property
    def label(self) -> str:
        """The headline metric's name, with an arrow to where it is better."""
        board = self.board
        name = board.metrics[board.headline]["label"] if board.headline else "score"
        return f"{name} {ARROWS[self.better]}"

    @property
    def settings(self) -> list[str]:
        """The settings, sorted."""
        return self.board.settings

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Settings and seeds by methods, less is better."""
        return comparison.badness(self.runs, self.better)

    @cached_property
    def badness(self) -> Floats:
        """The matrix as an array of shape (seeds, settings, methods), methods as the board has."""
        seeds = sorted(self.runs["seed"].unique())
        blocks = pd.MultiIndex.from_product([self.settings, seeds])
        whole = self.matrix.reindex(index=blocks, columns=self.board.methods).to_numpy(np.float64)
        shape = len(self.settings), len(seeds), len(self.board.methods)
        return whole.reshape(shape).transpose(1, 0, 2)

    @property
    def logarithmic(self) -> bool:
        """Whether badness is that of the scores' logarithms."""
        return comparison.logarithmic(self.runs)

    def score_of(self, badness: Floats) -> Floats:
        """The scores that have this badness, of the same shape."""
        signed = badness if self.better == "lower" else -badness
        return np.exp(signed) if self.logarithmic else signed

    @cached_property
    def pairwise(self) -> list[Comparison]:
        """Every method against every other, one family."""
        return comparison.compare(self.matrix, comparison.all_couples(self.board.methods))

    @cached_property
    def against_baseline(self) -> list[Comparison]:
        """Every method against vanilla, one family; empty where vanilla did not run."""
        couples = comparison.against(BASELINE, self.board.methods)
        return comparison.compare(self.matrix, couples)

    @cached_property
    def over_training(self) -> list[Comparison]:
        """Every method against vanilla and its control, by the score over training, one family.

        Empty where some run with a score has no geometric mean.
        """
        if self.runs.loc[self.runs["scored"], "area"].isna().any():
            return []
        matrix = comparison.badness(self.runs.assign(last=self.runs["area"]), self.better)
        couples = comparison.against(BASELINE, self.methods)
        couples += [(of, control) for control, of in self.controls.items() if of != BASELINE]
        return comparison.compare(matrix, couples)

    @cached_property
    def wins(self) -> dict[str, float]:
        """The share of paired runs each method won."""
        return comparison.win_rates(self.pairwise, self.board.methods)

    @cached_property
    def ranks(self) -> dict[str, tuple[int, int]]:
        """The ranks each method may hold."""
        return comparison.rank_ranges(self.pairwise, self.board.methods)

    @cached_property
    def groups(self) -> dict[str, str]:
        """The letters of each method: two methods that share one cannot be told apart.

        A compact letter display (Piepho 2004, Journal of Computational and Graphical Statistics
        13(2)): a letter for each largest set of methods of which no two differ significantly.
        """
        same = nx.complete_graph(self.methods)
        same.remove_edges_from((one.first, one.second) for one in self.pairwise if one.significant)
        place = {method: index for index, method in enumerate(self.methods)}
        cliques = sorted(sorted(map(place.__getitem__, clique)) for clique in nx.find_cliques(same))
        found = dict.fromkeys(self.methods, "")
        for index, clique in enumerate(cliques):
            for member in clique:
                found[self.methods[member]] += _letter(index)
        return found

    @cached_property
    def iqm(self) -> dict[str, Estimate]:
        """The interquartile mean of the last score over runs and settings.

        A run without a score counts as worse than any other, so the value is infinite where more
        than a quarter of the runs have none.
        """
        last = self.runs["last"].where(self.runs["scored"], self.worst)
        wide = self.runs.assign(last=last).pivot(
            index="seed", columns=["method", "setting"], values="last"
        )
        return {
            method: statistics.stratified_bootstrap_interval(
                wide[method], statistics.iqm, resamples=_resamples(wide[method].size)
            )
            for method in self.methods
        }

    @cached_property
    def mean_ranks(self) -> dict[str, Estimate]:
        """The rank among all methods, averaged over seeds, then over settings."""
        return self._ranked(statistics.mean_over_settings)

    @cached_property
    def rank_iqm(self) -> dict[str, Estimate]:
        """The interquartile mean of the ranks among all methods, over seeds and settings.

        A run without a score has the last rank, so there is one however many have none.
        """
        return self._ranked(statistics.iqm)

    def _ranked(self, summary: statistics.Statistic) -> dict[str, Estimate]:
        cube = self.badness
        found = statistics.rank_intervals(cube, summary, resamples=_resamples(cube.size))
        return dict(zip(self.board.methods, map(tuple, np.transpose(found).tolist()), strict=True))

    @cached_property
    def improvement(self) -> dict[str, Estimate]:
        """How often a run beats vanilla's of its setting and seed; empty without vanilla."""
        if BASELINE not in self.board.methods:
            return {}
        columns = dict(zip(self.board.methods, np.moveaxis(self.badness, -1, 0), strict=True))
        return {
            method: statistics.probability_of_improvement(columns[method], columns[BASELINE])
            for method in self.methods
            if method != BASELINE
        }

    @cached_property
    def friedman(self) -> tuple[float, int]:
        """Friedman's p that any two methods differ, and the settings and seeds in which all ran."""
        return statistics.friedman_test(self.badness)[1], len(self.matrix.dropna())

    @cached_property
    def controls(self) -> dict[str, str]:
        """Control -> the method that it controls, where both are here."""
        told = {r.method: r.control_of for r in self.board.records if r.control_of}
        return {m: of for m, of in sorted(told.items()) if of in self.board.methods and of != m}

    @cached_property
    def methods(self) -> list[str]:
        """The order of rows: by share of wins, then by name; a control below its method."""
        shares = {m: np.nan_to_num(self.wins[m], nan=-1.0) for m in self.board.methods}
        order = sorted(self.board.methods, key=lambda method: -shares[method])
        place = {method: index for index, method in enumerate(order)}

        def row(method: str) -> tuple[int, bool, int]:
            above = self.controls.get(method, method)
            return place[above], above != method, place[method]

        return sorted(order, key=row)

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
        if BASELINE in self.board.methods:
            return BASELINE
        speeds = {m: np.nan_to_num(_pace(self.of(m)).median(), nan=inf) for m in self.methods}
        return min(self.methods, key=lambda method: speeds[method])

    def relative_time(self, method: str) -> float:
        """Median ratio of seconds a G step, at the same setting and seed on the same machine."""
        ratios = (_pace(self.of(method)) / _pace(self.of(self.clock))).dropna()
        return float(ratios.median()) if len(ratios) else float("nan")

    @cached_property
    def _by_method(self) -> dict[Hashable, pd.DataFrame]:
        return dict(list(self.runs.groupby("method")))

    def unscored(self, method: str) -> tuple[int, int]:
        """How many runs of a method have no score, and how many runs it has."""
        scored = self.of(method)["scored"]
        return int((~scored).sum()), len(scored)

    def of(self, method: str) -> pd.DataFrame:
        """The rows of one method."""
        return self._by_method[method]

    @cached_property
    def remedies(self) -> dict[str, dict[str, list[str]]]:
        """Method -> what the suite changed for it -> the settings it did so in."""
        found: dict[str, dict[str, list[str]]] = {}
        for record in self.board.records:
            if record.remedies:
                applied = found.setdefault(record.method, {})
                where = applied.setdefault(", ".join(record.remedies), [])
                if record.setting not in where:
                    where.append(record.setting)
        return {m: {k: sorted(v) for k, v in sorted(found[m].items())} for m in sorted(found)}

    def marked(self, method: str) -> str:
        """A method's name, with the mark of its footnote where it has one."""
        marked = list(self.remedies)
        mark = str(marked.index(method) + 1) if method in marked else ""
        return method + mark.translate(SUPERSCRIPTS)

    def name(self, method: str) -> str:
        """A method's name in a table: marked, and with an arrow where it is a control."""
        return (CONTROL if method in self.controls else "") + self.marked(method)


def _resamples(size: int) -> int:
    return int(np.clip(DRAWN // size, 200, 2000))


def _letter(index: int) -> str:
    """A to z, and then with a number: ``a2``."""
    again, place = divmod(index, 26)
    return chr(ord("a") + place) + (str(again + 1) if again else "")


def _pace(runs: pd.DataFrame) -> "pd.Series[float]":
    """Seconds a G step, by the setting, seed and machine it was measured on."""
    pace = runs["seconds"] / runs["g_steps"].where(runs["g_steps"] > 0)
    return pace.set_axis(pd.MultiIndex.from_frame(runs[["setting", "seed", "machine"]]))
