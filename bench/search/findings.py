"""What a search has found, as a file: with the records of its runs, all that its page needs."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from optuna.trial import FrozenTrial, TrialState

from bench.errors import UsageError
from bench.files import write_whole
from bench.labels import slug
from bench.runs.records import load
from bench.search.objective import Objective
from bench.search.task import Task

FILE = "search.json"
SPACES = "search"
"""The folder of the space's gin file, where it is not one of ganbench's own."""

Value = float | str
"""A parameter's: a number, or the gin text of a category."""

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "stopped",
    TrialState.FAIL: "failed",
}


class Trial(msgspec.Struct, frozen=True):
    """One choice of values, and what came of it.

    Attributes:
        number: in its study, from 0.
        state: "complete", "stopped" early, or "failed" where it has no value.
        parameters: the values, by name.
        values: by which trials are chosen, one an objective, see ``Objective.value``; of a trial
            that was stopped, the last that was known. None of them is a score to be shown.
        runs: the ids of its runs.
    """

    number: int
    state: str
    parameters: dict[str, Value]
    values: list[float]
    runs: list[str]


class Study(msgspec.Struct, frozen=True):
    """The trials of one method.

    Attributes:
        name: Optuna's.
        method: whose parameters were chosen.
        kinds: of the parameters, by name.
        units: what the suite binds those to whose values are its multiples.
        trials: in order of their numbers.
    """

    name: str
    method: str
    kinds: dict[str, str]
    units: dict[str, float]
    trials: list[Trial]

    @property
    def ended(self) -> list[Trial]:
        """The trials that came to a value, neither stopped early nor failed."""
        return [trial for trial in self.trials if trial.state == "complete"]

    def chosen(self, objectives: Sequence[Objective]) -> list[Trial]:
        """The best trial; of several objectives those that no other is better than in all."""
        return [
            trial
            for trial in self.ended
            if not any(_beats(other, trial, objectives) for other in self.ended)
        ]


class Group(msgspec.Struct, frozen=True):
    """Runs that stand beside each other in a contest.

    Attributes:
        label: in tables.
        method: that ran.
        role: "tuned", "default" (as the suite has the method) or "control".
        fresh: whether its seeds are other than those that chose.
        parameters: what the search chose, as far as the group was run with it.
        runs: their ids.
    """

    label: str
    method: str
    role: str
    fresh: bool
    parameters: dict[str, Value]
    runs: list[str]


class Findings(msgspec.Struct, frozen=True):
    """A search that has come to its end.

    Attributes:
        suite: the suite's name.
        space: the search space's name; ``text`` is its gin file.
        overrides: what the command line changed of the suite.
        objectives: what was made better, the first of which everything is compared on.
        aggregate: how a trial's runs make one value.
        sampler: who proposed the trials.
        studies: one a method.
        groups: what is compared at the end.
        suite_file: the suite as one gin file, where it is not one of ganbench's own.
        own_space: whether the space is one of ganbench's own.
        users_files: gin files of the user's own that the suite names, by their paths beside it.
    """

    suite: str
    space: str
    text: str
    overrides: list[str]
    objectives: list[Objective]
    aggregate: str
    sampler: str
    studies: list[Study]
    groups: list[Group]
    suite_file: str | None = None
    own_space: bool = True
    users_files: dict[str, str] | msgspec.UnsetType = msgspec.UNSET

    @property
    def references(self) -> tuple[str, str]:
        """The suite and the space as a command in the search's folder names them."""
        suite = self.suite if self.suite_file is None else f"{slug(self.suite)}.gin"
        return suite, self.space if self.own_space else f"{SPACES}/{slug(self.space)}.gin"

    @property
    def label(self) -> str:
        """The search's name among leaderboards."""
        return f"{self.suite}-search-{self.space}"

    @property
    def run_ids(self) -> list[str]:
        """The ids of all runs, each once."""
        trials = (run for study in self.studies for trial in study.trials for run in trial.runs)
        return sorted({*trials, *(run for group in self.groups for run in group.runs)})


def study_of(task: Task, trials: Sequence[FrozenTrial]) -> Study:
    """A study that has ended, without what only Optuna needs."""
    return Study(
        name=task.study,
        method=task.method,
        kinds={name: parameter.kind for name, parameter in task.parameters.items()},
        units=task.units,
        trials=[_trial(trial) for trial in trials if trial.state in STATES],
    )


def write(path: Path, findings: Findings) -> None:
    """Writes findings so that they read as lines in a diff."""
    text = msgspec.json.format(msgspec.json.encode(findings, order="deterministic"), indent=1)
    write_whole(path, text, b"\n", durable=True)


def read(path: Path) -> Findings:
    """Reads findings.

    Raises:
        UsageError: names the file and what is wrong with it.
    """
    try:
        return msgspec.json.decode(load(path), type=Findings)
    except (ValueError, msgspec.ValidationError) as error:
        raise UsageError(f"{path} is not a search's findings: {error}.") from error


def _trial(trial: FrozenTrial) -> Trial:
    return Trial(
        number=trial.number,
        state=STATES[trial.state],
        parameters=dict(sorted(trial.params.items())),
        values=[float(value) for value in trial.values or ()],
        runs=list(trial.user_attrs.get("runs", ())),
    )


def _beats(first: Trial, second: Trial, objectives: Sequence[Objective]) -> bool:
    """Whether one is as good in all objectives and better in one; of equals, the earlier is."""
    signs = [1 if aim.better == "lower" else -1 for aim in objectives]
    gains = [s * (b - a) for s, a, b in zip(signs, first.values, second.values, strict=True)]
    if min(gains) < 0:
        return False
    return max(gains) > 0 or first.number < second.number
