"""The curves of runs over training, in long form: one row a run, step and metric."""

import json
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from bench.results.entry import Entry
from bench.runs import records

ROWS = ("scores", "diagnostics", "losses")
"""The parts of a record that hold a row a step."""

COLUMNS = ("run", "suite", "method", "setting", "seed", "step", "metric", "value")


def curves(entries: Iterable[Entry]) -> pd.DataFrame:
    """All that records say over training: scores, costs so far, diagnostics and losses.

    D's gradients are in batches of the conditions' size.

    Returns:
        A row a run (its id), step and metric, in ``COLUMNS``; the value is NaN where it was not
        defined. Runs stand in the order given, steps and metrics in that of the record.
    """
    rows = [
        (one.id, one.suite, one.method, one.setting, one.seed, *point)
        for one in entries
        for point in _points(one)
    ]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _points(entry: Entry) -> Iterator[tuple[int, str, float]]:
    record = json.loads(entry.load())
    for part in ROWS:
        for row in records.in_common_batches(record[part], entry.identity):
            for name, value in row.items():
                if name != "step":
                    yield int(row["step"] or 0), name, np.nan if value is None else float(value)
