"""A run's losses, scores and diagnostics as CSV files in its folder, while it goes on."""

import csv
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from torch import Tensor

from bench.callbacks.base import Callback, Start
from bench.files import write_whole
from bench.missing import Numbers


class Csv(Callback):
    """Writes losses.csv, scores.csv and diagnostics.csv: the record's rows, one a line, at once.

    A number that is not defined is an empty field. A run that goes on from a checkpoint has only
    the rows up to there.
    """

    def started(self, start: Start) -> None:
        """Writes the rows of before."""
        self._losses = _Sheet(start.folder / "losses.csv", start.losses)
        self._scores = _Sheet(start.folder / "scores.csv", start.scores)
        self._diagnostics = _Sheet(start.folder / "diagnostics.csv", start.diagnostics)

    def logged(self, losses: Numbers) -> None:
        """Adds a line to losses.csv."""
        self._losses.add(losses)

    def evaluated(self, scores: Numbers, diagnostics: Numbers, samples: Tensor) -> None:
        """Adds a line to each of the others."""
        self._scores.add(scores)
        self._diagnostics.add(diagnostics)


class _Sheet:
    """A CSV file that grows by a line at a time, and by a column where a row has a new one."""

    def __init__(self, path: Path, rows: list[Numbers]) -> None:
        self._path, self._rows = path, rows
        self._write()

    def add(self, row: Numbers) -> None:
        self._rows.append(row)
        if row.keys() <= self._columns.keys():
            with self._path.open("a", encoding="utf-8", newline="") as file:
                file.write(self._text([row]))
        else:
            self._write()

    def _write(self) -> None:
        self._columns = dict.fromkeys(column for row in self._rows for column in row)
        header = dict(zip(self._columns, self._columns, strict=True))
        write_whole(self._path, self._text([header, *self._rows] if header else []).encode())

    def _text(self, rows: Iterable[dict[str, Any]]) -> str:
        text = StringIO()
        csv.DictWriter(text, [*self._columns], lineterminator="\n").writerows(rows)
        return text.getvalue()
