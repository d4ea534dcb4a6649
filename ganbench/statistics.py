"""The statistics of the leaderboards, for scores of one's own.

Scores of one method form an array of runs x settings: a row a seed, a column a setting. NaN is a
run that does not exist, and is left out. Where a function reads *badness*, less is better and a run
without a score is ``inf``, worse than any other. Where there are too few runs for an interval its
bounds are NaN.
"""

from collections.abc import Mapping
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bench import statistics
from bench.results import comparison
from bench.statistics import *  # noqa: F403  (they are documented there)
from bench.statistics.tuning import Better

__all__ = ["compare"]
__all__ += statistics.__all__


def compare(
    scores: Mapping[str, ArrayLike], better: Better = "lower", baseline: str | None = None
) -> pd.DataFrame:
    """Tests methods against each other as a page does: by exact paired tests, Holm's correction.

    Runs are paired by their place in the arrays, so each row must be of one seed in all of them,
    and each column of one setting. Where all scores are positive, their logarithms are compared.

    Args:
        scores: by method, shape (runs,) or (runs, settings), the same for all. NaN is a run that
            does not exist; one without a score is ``inf`` or ``-inf``, and loses to any score.
        better: which scores are better, "lower" or "higher".
        baseline: test each other method against this one, in place of every couple.

    Returns:
        One row a couple: ``first``, ``second``; ``pairs``, ``wins`` and ``losses`` of the first;
        ``effect`` in [-1, 1], positive where the first is better; ``p``; ``adjusted``, p after
        the correction over all rows; and ``significant``, at 5%.

    Raises:
        ValueError: shapes differ or hold no run, or there is no such baseline or ``better``.
    """
    if better not in get_args(Better):
        raise ValueError(f"better = {better!r}: it must be one of {', '.join(get_args(Better))}")
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in scores.items()}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) not in (1, 2):
        raise ValueError(
            f"scores have the shapes {sorted(shapes)}: it must be one, (runs,) or (runs, settings)"
        )
    if not all(map(np.size, arrays.values())):
        raise ValueError("scores hold no run")
    if baseline is not None and baseline not in arrays:
        raise ValueError(f"baseline = {baseline!r}: scores are of {', '.join(arrays)}")
    runs = pd.DataFrame(
        [
            (method, setting, seed, value, bool(np.isfinite(value)))
            for method, array in arrays.items()
            for (seed, setting), value in np.ndenumerate(array.reshape(len(array), -1))
            if not np.isnan(value)
        ],
        columns=pd.Index(["method", "setting", "seed", "last", "scored"]),
    )
    names = list(arrays)
    couples = (
        comparison.all_couples(names) if baseline is None else comparison.against(baseline, names)
    )
    badness = comparison.badness(runs, better).reindex(columns=names)  # all of one may be NaN
    found = comparison.compare(badness, couples)
    columns = ["first", "second", "pairs", "wins", "losses", "effect", "p", "adjusted"]
    rows = [{**vars(one), "significant": one.significant} for one in found]
    return pd.DataFrame(rows, columns=pd.Index([*columns, "significant"]))
