"""What is known here about a run's data and judge, built from gin files that are here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from torch import nn

from bench.config.bound import Bound
from bench.config.catalogue import Catalogue
from bench.config.compose import on_base
from bench.config.facts import described
from bench.config.run import Run
from bench.data.dataset import Dataset
from bench.errors import UsageError
from bench.identity import apart, canonical, scoring
from bench.runs.records import Record
from bench.scores.judge import Judge
from bench.training.execute import protocol_of
from bench.training.experiment import Experiment, experiment_of
from methods.base import Method

BUDGET = ("steps", "batch_size", "batch_norm")
"""Keys of a protocol that a run's suite decides, and not its data set."""

_floors: dict[str, dict[str, float]] = {}
"""Of each data set and judge that was asked for in this process."""


@dataclass(frozen=True)
class Yardstick:
    """A data set and its judge, as they are here.

    Attributes:
        experiment: of which the data are a part.
        judge: of the data.
        whole: whether the experiment is the run's own; else only its data are known to be.
    """

    experiment: Experiment
    judge: Judge
    whole: bool

    @property
    def data(self) -> Dataset:
        """What the generator learns."""
        return self.experiment.data

    @cached_property
    def protocol(self) -> dict[str, Any]:
        """What scores here depend on, as far as it is known."""
        unknown = () if self.whole else BUDGET
        known = protocol_of(self.experiment, self.judge)
        return {key: value for key, value in known.items() if key not in unknown}

    @property
    def floors(self) -> dict[str, float]:
        """The scores of real samples, computed once for the same data and judge."""
        known = canonical(described(self.data, self.judge))
        if known not in _floors:
            _floors[known] = self.judge.floors()
        return _floors[known]

    def contradictions(self, protocol: dict[str, Any]) -> list[str]:
        """What of a protocol makes its scores others than those here, each as "key: why"."""
        here, there = scoring(self.protocol), scoring(protocol)
        for key in BUDGET if self.whole else ():
            here[key], there[key] = canonical(self.protocol[key]), canonical(protocol.get(key))
        return [
            f"protocol: {key} is {its}, and here it is {ours}"
            for key, (ours, its) in apart(here, there).items()
        ]


def of_run(run: Run) -> Yardstick:
    """The yardstick of a run whose config is all ours: a suite's, without overrides.

    Raises:
        UsageError: its data, or the judge's weights, are not on this machine.
    """
    found = _of_config(run.config)
    found.protocol  # noqa: B018  what is missing shows when the data are read
    return found


def of_data(record: Record, catalogue: Catalogue) -> Yardstick:
    """The yardstick of the record's data set.

    Raises:
        UsageError: no such data set is known here, or it or its judge is another here, or not on
            this machine.
    """
    path = catalogue.available("datasets").get(record["dataset"])
    if path is None:
        raise UsageError(f"no data set {record['dataset']!r} is known here")
    found = _of_dataset(path, catalogue)
    contradictions = found.contradictions(record["protocol"] or {})
    if contradictions:
        raise UsageError(contradictions[0])
    return found


@cache
def _of_config(config: str) -> Yardstick:
    experiment = experiment_of(Bound(config))
    return Yardstick(experiment, experiment.judge(experiment.data), whole=True)


@cache
def _of_dataset(path: Path, catalogue: Catalogue) -> Yardstick:
    composition = on_base(catalogue, path)
    if "judge" in composition.missing():
        raise UsageError(f"the data set {path.stem!r} has no judge of its own here")
    # Only data and judge are asked for; the rest stands in for what a suite would bind.
    experiment = experiment_of(
        Bound(composition.text),
        generator=nn.Identity,
        discriminator=nn.Identity,
        method=Method(),
        steps=1,
        evaluations=1,
        device="cpu",
    )
    return Yardstick(experiment, experiment.judge(experiment.data), whole=False)
