"""What runs have left, as tables to compute with, and pages of it."""

from pathlib import Path

import pandas as pd

from bench.errors import UsageError
from bench.report.below import pages_of
from bench.report.rewrite import rewrite
from bench.results import curves as over_training
from bench.results.entry import Entry, read_entry
from bench.results.frame import frame_of
from bench.runs.records import find
from ganbench.terms import in_python


@in_python
def records(runs: str | Path = "runs") -> pd.DataFrame:
    """All records below a folder, one row a run, those of searches too.

    Args:
        runs: a folder of runs, or of leaderboards.

    Returns:
        Sorted by suite, method, setting and seed. Beside what names a run (``suite``, ``method``,
        ``setting``, ``seed``, ``id``, ``status``, ``reason``, ...) there is

        - ``headline``, the metric that its suite ranks by, and under it ``first``, ``last`` and
          ``best``, ``tail`` (the mean of the last tenth of the evaluations) and ``area`` (the
          geometric mean over training);
        - ``score_NAME``, the last value of each metric;
        - ``g_steps``, ``d_gradients`` (batches differentiated through D, of the size that a
          suite's rows have), ``seconds`` of training,
          ``peak_memory_bytes`` and ``images_per_second``.

        What a run does not have is NaN, and nothing is put in its place: ``scored`` says whether
        it counts.

    Raises:
        UsageError: there is no record, or one is not valid.
    """
    return frame_of(_entries(Path(runs)))


@in_python
def curves(runs: str | Path = "runs") -> pd.DataFrame:
    """All that the records below a folder say over training, in long form.

    Args:
        runs: a folder of runs, or of leaderboards.

    Returns:
        One row a run, step and metric: ``run`` (the record's id), ``suite``, ``method``,
        ``setting``, ``seed``, ``step``, ``metric``, ``value``. Metrics are scores, what they had
        cost by then (``d_gradients``, ``seconds``), diagnostics of D, and losses.

    Raises:
        UsageError: there is no record, or one is not valid.
    """
    return over_training.curves(_entries(Path(runs)))


@in_python
def report(runs: str | Path = "runs", pages: str | Path | None = None) -> list[Path]:
    """Writes every page of a folder of runs anew, as ``ganbench report`` does.

    Args:
        runs: the folder of records.
        pages: the folder of pages; that below the runs, unless another is named.

    Returns:
        The pages as Markdown, beside which lie ``index.html`` and ``records.csv``: one a suite,
        the overview, and one a search.

    Raises:
        UsageError: there is no record, one is not valid, or ``pages`` would lose one.
    """
    runs = Path(runs)
    return [page for _, page in rewrite(runs, pages_of(runs, Path(pages) if pages else None))]


def _entries(runs: Path) -> list[Entry]:
    """The records below a folder, each once: pages keep copies of theirs."""
    entries = {entry.digest: entry for entry in map(read_entry, find(runs))}
    if not entries:
        raise UsageError(f"{runs}: there are no records in it; ganbench.run makes some")
    return sorted(entries.values(), key=lambda entry: entry.id)
