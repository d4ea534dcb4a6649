"""What each method scores at equal budgets of generator steps, batches through D, or seconds."""

from dataclasses import dataclass

import numpy as np

from bench.results import comparison
from bench.results.comparison import Comparison
from bench.results.entry import AXES, Entry, Floats
from bench.results.results import BASELINE, Results
from bench.runs.records import SCORED
from bench.statistics import iqm, mean_ranks


@dataclass(frozen=True)
class Budget:
    """What each method scores once it has spent so much.

    Attributes:
        axis: what is spent, one of ``entry.AXES``.
        amount: the most that every run spent that came to the end of its training.
        iqm: method -> interquartile mean of the score then, over runs and settings; a run without
            one counts as worse than any other.
        unscored: method -> how many runs have no score then, and how many runs there are.
        rank: method -> mean rank then, over seeds and settings, runs without a score last.
        against_baseline: each method against vanilla then, one family.

    A method without a score so early stands in neither.
    """

    axis: str
    amount: float
    iqm: dict[str, float]
    unscored: dict[str, tuple[int, int]]
    rank: dict[str, float]
    against_baseline: list[Comparison]


def budgets(results: Results) -> list[Budget]:
    """The budgets that can be told: seconds only between runs on one kind of machine."""
    found = (_budget(results, axis) for axis in AXES)
    return [budget for budget in found if budget is not None]


def machine(results: Results) -> str:
    """The kind of machine that most runs ran on, the first by name of several."""
    return str(results.runs["machine"].mode().iloc[0])


def _budget(results: Results, axis: str) -> Budget | None:
    runs = results.runs
    if axis == "seconds":
        runs = runs[runs["machine"] == machine(results)]
    entries = {record.id: record for record in results.board.records}
    ends = [_end(entries[id], axis) for id in runs.loc[runs["scored"], "id"]]
    amount = float(np.min(ends)) if ends else np.nan
    if not amount > 0:
        return None
    found = [_score(entries[id], axis, amount) for id in runs["id"]]
    at = runs.assign(last=[results.worst if one is None else one for one in found])
    at["scored"] = np.isfinite(at["last"])
    at = at[~at["method"].isin(at.loc[at["last"].isna(), "method"])]
    if at.empty:  # each method's first score came later than some run's whole training
        return None
    matrix = comparison.badness(at, results.better)
    ranks = mean_ranks(matrix.to_numpy(np.float64)[None])
    scores = at.pivot(index="seed", columns=["method", "setting"], values="last")
    without = (~at["scored"]).groupby(at["method"]).agg(["sum", "size"])
    return Budget(
        axis,
        amount,
        {method: float(iqm(scores[method])) for method in matrix.columns},
        {method: (int(count), int(of)) for method, count, of in without.itertuples()},
        dict(zip(matrix.columns, ranks.tolist(), strict=True)),
        comparison.compare(matrix, comparison.against(BASELINE, list(matrix.columns))),
    )


def _known(record: Entry, axis: str) -> tuple[Floats, Floats]:
    spent, scores = record.along(axis), record.scores
    known = ~np.isnan(spent) & ~np.isnan(scores)
    return spent[known], scores[known]


def _end(record: Entry, axis: str) -> float:
    spent, _ = _known(record, axis)
    return float(spent[-1]) if len(spent) else np.nan


def _score(record: Entry, axis: str, amount: float) -> float | None:
    """The score once so much was spent, on a line between two evaluations.

    Returns:
        NaN before the first evaluation; None where the run had ended by then, unless with a score
        of its whole training, or where it was never scored.
    """
    spent, scores = _known(record, axis)
    if not len(spent):
        return None
    training = amount < record.spent(axis)
    if not training and (record.status not in SCORED or amount > spent[-1]):
        return None
    return float(np.interp(amount, spent, scores, left=np.nan))
