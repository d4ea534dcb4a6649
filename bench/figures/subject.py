"""A run on the disk, as figures see it: its record, and the networks of its last checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.data.dataset import decode
from bench.errors import UsageError
from bench.missing import column
from bench.results.board import AGAIN, boards
from bench.runs import records
from bench.runs.records import RECORD, Record
from bench.training.experiment import Experiment
from bench.training.finished import Finished, at_checkpoint
from bench.training.recalled import Recalled, recall
from methods.base import GAN, Method

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """One run.

    Attributes:
        folder: of the run, as ``ganbench run`` leaves it.
        record: what it left.
        suite: the path of its suite's gin file, where its data are known by that alone.
    """

    folder: Path
    record: Record
    suite: str | None = None

    @property
    def label(self) -> str:
        """Its name in a figure."""
        record = self.record
        return f"{record['method']}, {record['setting']}, seed {record['seed']}"

    def curve(self, rows: Literal["scores", "diagnostics", "losses"], name: str) -> Floats:
        """One column of the record's rows over training, NaN where a row lacks it."""
        return column(self.record[rows], name)

    @cached_property
    def recalled(self) -> Recalled:
        """The parts it was made of, and their config.

        Raises:
            UsageError: they are not known here.
        """
        return recall(self.record, self.suite)

    @property
    def experiment(self) -> Experiment:
        """The parts it was made of."""
        return self.recalled.experiment

    @cached_property
    def run(self) -> Finished:
        """The run as its last checkpoint has it, on the CPU.

        Raises:
            UsageError: there is none, or it is damaged.
        """
        return at_checkpoint(self.folder, self.record, self.recalled, torch.device("cpu"))

    @cached_property
    def gan(self) -> GAN:
        """The networks of the last checkpoint; D is in train mode, as G met it."""
        self.run.discriminator.train()
        return self.run.gan

    def samples(self, n: int) -> Tensor:
        """The first ``n`` samples that the run's scores are of, (n, ...), decoded."""
        return self.run.generate(self.run.latents(n))

    @property
    def has_pictures(self) -> bool:
        """Whether its samples are pictures (C, H, W); else they are points."""
        return len(self.experiment.data.shape) == 3

    @property
    def has_confidence(self) -> bool:
        """Whether sigmoid D is D's probability that a sample is real: G descends -log of it.

        A Wasserstein critic has none, nor has D under the hinge, least-squares or relativistic
        loss: there D's output is no logit. Of a method not known here it is taken for granted.
        """
        try:
            method = self.experiment.method
        except UsageError:
            return True
        return type(method).g_loss is Method.g_loss

    def real(self, n: int) -> Tensor:
        """The first ``n`` held-out samples, decoded, the same for every run on a data set."""
        return decode(self.experiment.data.evaluation()[:n])


def open_all(paths: Iterable[Path], suite: str | None = None) -> list[Subject]:
    """The runs at these paths, and in the folders below them.

    Args:
        paths: of records, or of folders.
        suite: the path of their suite's gin file, where it is needed.

    Raises:
        UsageError: a path holds no record, or runs that would have one name in a figure differ in
            more than the seed.
    """
    found = [subject for path in paths for subject in _open(path, suite)]
    for board in boards(subject.record for subject in found):
        for other in board.left_out:
            if other.why != (AGAIN,):
                raise UsageError(
                    f"RUN: {other.entry.id} is another run than the others of {board.label}, and "
                    f"one figure cannot show both: {'; '.join(other.why)}; name the folders of "
                    "those that belong together"
                )
    return found


def _open(path: Path, suite: str | None) -> list[Subject]:
    files = [path] if path.is_file() else sorted(path.rglob(RECORD))
    if not files:
        raise UsageError(f"{path}: there is no {RECORD} in it; name the folder of a run")
    return [Subject(file.parent, records.read(file), suite) for file in files]


def require_pictures(subjects: Iterable[Subject], figure: str) -> None:
    """Refuses runs whose samples are points.

    Raises:
        UsageError: names the run.
    """
    for subject in subjects:
        if not subject.has_pictures:
            raise UsageError(
                f"{subject.folder}: the figure {figure!r} shows pictures, and samples of "
                f"{subject.record['dataset']!r} have the shape {subject.experiment.data.shape}"
            )
