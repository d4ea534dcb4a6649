"""A record's experiment, put together from what the record says and what is known here.

Nothing in a run's folder is loaded as a config, and no module is imported because a record or a
config beside it names it: a folder may be a stranger's. What the record says by content is enough
for the networks and the method. The data set and the judge are looked up only when they are asked
for, by their names, and are refused where they are others than the record's.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gin
import msgspec
from torch import Tensor

from bench.config.bound import Bound
from bench.config.catalogue import Catalogue
from bench.config.compose import ROOT_CONFIGURABLE, Composition, on_base
from bench.config.facts import described, first_line
from bench.config.restated import restated, said
from bench.config.statements import read_file
from bench.data.dataset import Dataset
from bench.errors import UsageError
from bench.identity import scoring
from bench.runs.recorded import plan_of
from bench.runs.records import Record, identity
from bench.scores.judge import Judge
from bench.training import optimizers  # noqa: F401  which a config may name
from bench.training.experiment import Experiment, experiment_of

SLOTS = ("generator", "discriminator", "method", "also", "g_optimizer", "d_optimizer")
"""The parts of an experiment that a record says by content."""

KNOWN = ("architectures", "methods", "settings")
"""The kinds of gin files whose modules have these parts."""


@dataclass(frozen=True)
class Recalled:
    """An experiment, and its config.

    Attributes:
        experiment: the parts; its data and judge are looked up when they are asked for.
        composition: their config.
    """

    experiment: Experiment
    composition: Composition


def recall(record: Record, suite: str | None = None) -> Recalled:
    """The experiment of a record.

    Args:
        record: it need not be trusted.
        suite: the path of the suite's gin file, where it is not one of those known here and its
            data are, or what it imports is needed; it must be trusted.

    Raises:
        UsageError: the record names what is not known here.
    """
    catalogue = Catalogue.of(suite)
    composition = _composition(record, catalogue, suite)
    found = Elsewhere(record, catalogue, suite)
    try:
        experiment = experiment_of(
            Bound(composition.text), data=found, judge=found.judge, device="cpu"
        )
    except (ValueError, TypeError) as error:
        raise UsageError(f"{record['id']}: {first_line(error)}") from error
    return Recalled(experiment, composition)


def _composition(record: Record, catalogue: Catalogue, suite: str | None) -> Composition:
    found = said(identity(record), *SLOTS)
    if suite is not None:
        read_file(catalogue.suite(suite), catalogue)  # imports its modules
    try:
        return restated(found, record["id"])
    except UsageError:
        _import_known(catalogue)
    try:
        return restated(found, record["id"])
    except UsageError as error:
        remedy = "" if suite else "; --suite FILE names a suite that imports what is missing"
        raise UsageError(f"{error}{remedy}") from error


def _import_known(catalogue: Catalogue) -> None:
    """Imports what the gin files known here import; what cannot be is not known."""
    for kind in KNOWN:
        for path in catalogue.available(kind).values():
            with suppress(UsageError):
                read_file(path, catalogue)


class Elsewhere(Dataset):
    """A record's data, of which the shape is known before they are looked for.

    Args:
        record: it need not be trusted.
        catalogue: what is known here.
        suite: see ``recall``.
    """

    def __init__(self, record: Record, catalogue: Catalogue, suite: str | None) -> None:
        self._record = record
        self._catalogue = catalogue
        self._suite = suite
        self.name = record["dataset"]
        self.shape = _shape(record)

    def training(self) -> Tensor:
        """The samples that the run was trained on.

        Raises:
            UsageError: they are not here.
        """
        return self._found.training()

    def evaluation(self) -> Tensor:
        """The samples that it was scored against.

        Raises:
            UsageError: they are not here.
        """
        return self._found.evaluation()

    def judge(self, data: Dataset) -> Judge:
        """The judge of the run's scores.

        Raises:
            UsageError: it is not here, or another.
        """
        found = self._found if data is self else data
        judge: Judge = self._made("judge", found)
        self._require_same("judge", described(found, judge))
        return judge

    @cached_property
    def _found(self) -> Dataset:
        data: Dataset = self._made("data")
        self._require_same("data", {"data": data.described()})
        return data

    @cached_property
    def _whole(self) -> Composition:
        """The config of data and judge: the suite's, or that of the data set's name."""
        known = self._catalogue.available("suites")
        if self._suite is not None or self._record["suite"] in known:
            try:
                plan = plan_of(self._record, self._catalogue, self._suite, here=False)
                return plan.compositions[plan.runs[0].digest]
            except UsageError:
                if self._suite is not None:
                    raise
        path = self._catalogue.available("datasets").get(self.name)
        if path is None:
            raise UsageError(
                f"{self._record['id']}: no data set {self.name!r} is known here; --suite FILE "
                "names the suite that has it"
            )
        return on_base(self._catalogue, path)

    def _made(self, part: str, *arguments: object) -> Any:
        """A part as the config of data and judge makes it."""
        with Bound(self._whole.text).entered():
            reference = gin.query_parameter(f"{ROOT_CONFIGURABLE}.{part}")
            return reference.scoped_configurable_fn(*arguments)

    def _require_same(self, part: str, found: dict[str, Any]) -> None:
        """Sees to it that data, or the judge, are those of the record, by content.

        Raises:
            UsageError: names what differs.
        """
        there, here = self._record["conditions"], scoring(found)
        for key in (key for key in here if key.startswith(f"{part}.")):
            if there.get(key) != here[key]:
                raise UsageError(
                    f"{self._record['id']}: its {key} is {there.get(key)}, and {self.name!r} here "
                    f"has {here[key]}; --suite FILE names the suite it ran in"
                )


def _shape(record: Record) -> tuple[int, ...]:
    text = record["conditions"].get("data.shape", "")
    try:
        return msgspec.json.decode(text, type=tuple[int, ...])
    except msgspec.DecodeError as error:
        raise UsageError(f"{record['id']}: data.shape is {text!r}, which is no shape") from error
