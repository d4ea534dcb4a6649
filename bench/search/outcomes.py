"""What the records of a search say, computed once for its tables, sentences and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances

from bench.results import comparison
from bench.results.comparison import Comparison
from bench.results.frame import failure
from bench.runs.records import Record
from bench.search.findings import Findings, Group, Study, Trial
from bench.search.objective import Better, Objective
from bench.statistics import mean_interval, median_best

BASELINE = "vanilla"
"""The control that every other thing is compared with, where it ran."""


@dataclass(frozen=True)
class Estimate:
    """What runs were measured to be: a mean over seeds, each the mean of its settings.

    Attributes:
        mean: over the runs that have a score, NaN where none has.
        low, high: Student's 95% interval of the mean, NaN for one seed.
        error: the mean's standard error, NaN for one seed.
        unscored: how many runs have no score.
        runs: how many there are.
    """

    mean: float
    low: float
    high: float
    error: float
    unscored: int
    runs: int


@dataclass(frozen=True)
class Region:
    """The trials that cannot be told from the best: not worse by more than its standard error.

    Worse by what trials are chosen by, so that one with a run without a score is far away.

    Attributes:
        trials: how many, of how many that ended.
        complete: how many ended.
        spans: by parameter that is a number, the least and the greatest of their values.
    """

    trials: int
    complete: int
    spans: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Outcomes:
    """A search's findings with their records.

    Attributes:
        findings: what was tried.
        records: by id; those of trials that were stopped early are not there.
    """

    findings: Findings
    records: Mapping[str, Record]

    @property
    def objective(self) -> Objective:
        """The one that everything is compared on."""
        return self.findings.objectives[0]

    @property
    def better(self) -> Better:
        """Which way it is better."""
        return self.objective.better

    def group(self, label: str, fresh: bool) -> Group | None:
        """A group by its label, on fresh seeds or on those that chose."""
        found = [g for g in self.findings.groups if g.label == label and g.fresh == fresh]
        return found[0] if found else None

    def groups(self, fresh: bool) -> list[Group]:
        """The groups on fresh seeds, or on those that chose."""
        return [group for group in self.findings.groups if group.fresh == fresh]

    @property
    def fresh(self) -> list[str]:
        """The runs on seeds that had no part in the choice."""
        return [run for group in self.groups(fresh=True) for run in group.runs]

    def frame(
        self, runs: Sequence[str], label: str = "", aim: Objective | None = None
    ) -> pd.DataFrame:
        """One row a run that has a record, the columns as ``bench.results.frame.frame`` has them.

        Args:
            runs: their ids.
            label: the content of the column ``method``.
            aim: what ``last`` was measured of, the objective where none is named.
        """
        rows = []
        for record in (self.records[key] for key in runs if key in self.records):
            measured = (aim or self.objective).measured(record)
            scored = not np.isnan(measured)
            rows.append(
                {
                    "method": label,
                    "setting": record["setting"],
                    "seed": record["seed"],
                    "scored": scored,
                    "failure": failure(record["status"], scored),
                    "last": measured,
                }
            )
        columns = ["method", "setting", "seed", "scored", "failure", "last"]
        return pd.DataFrame(rows, columns=columns).astype({"scored": bool, "last": float})

    def estimate(self, runs: Sequence[str], aim: Objective | None = None) -> Estimate:
        """The mean of some runs and how sure it is; ``aim`` as in ``frame``."""
        frame = self.frame(runs, aim=aim)
        seeds = frame.groupby("seed")["last"].mean().dropna().to_numpy(dtype=np.float64)
        mean, low, high = mean_interval(seeds) if len(seeds) else (np.nan, np.nan, np.nan)
        error = seeds.std(ddof=1) / np.sqrt(len(seeds)) if len(seeds) > 1 else np.nan
        return Estimate(mean, low, high, float(error), int((~frame["scored"]).sum()), len(frame))

    def of(self, trial: Trial, aim: Objective | None = None) -> Estimate:
        """The mean of a trial's runs; there is none where it was stopped early."""
        return self.estimate(trial.runs if trial.state == "complete" else [], aim)

    def badness(self, groups: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """What ``bench.results.comparison.badness`` makes of groups of runs, a column a group.

        A group without a record is a column of NaN.
        """
        frames = [self.frame(runs, label) for label, runs in groups.items()]
        frame = pd.concat([one for one in frames if not one.empty] or frames, ignore_index=True)
        return comparison.badness(frame, self.better).reindex(columns=list(groups))

    def compared(self, groups: Mapping[str, Sequence[str]], baseline: str) -> list[Comparison]:
        """Each group of runs against one of them, paired by setting and seed; one family."""
        if baseline not in groups or len(groups) < 2:
            return []
        return comparison.compare(self.badness(groups), comparison.against(baseline, list(groups)))

    def against_baseline(self, study: Study) -> dict[int, Comparison]:
        """Each trial that ended against the baseline on the seeds that chose, by number."""
        baseline = self.group(BASELINE, fresh=False)
        if baseline is None:
            return {}
        groups = {str(trial.number): trial.runs for trial in study.ended}
        groups[BASELINE] = baseline.runs
        return {int(one.first): one for one in self.compared(groups, BASELINE)}

    @cached_property
    def confirmed(self) -> list[Comparison]:
        """On fresh seeds each group against the winner, one family; empty where there are more."""
        if len(self.findings.objectives) > 1:
            return []
        groups = {group.label: group.runs for group in self.groups(fresh=True)}
        winners = [g.label for g in self.groups(fresh=True) if g.role == "tuned"]
        return self.compared(groups, winners[0]) if winners else []

    def region(self, study: Study) -> Region | None:
        """The trials within one standard error of the best; None without one."""
        chosen = study.chosen(self.findings.objectives)
        if not chosen:
            return None
        best, sign = chosen[0], 1 if self.better == "lower" else -1
        error = np.nan_to_num(self.of(best).error)
        near = [t for t in study.ended if sign * (t.values[0] - best.values[0]) <= error]
        spans = {}
        for name in study.kinds:
            values = [v for t in near if not isinstance(v := t.parameters[name], str)]
            if values:
                spans[name] = (min(values), max(values))
        return Region(len(near), len(study.ended), spans)

    def ranked(self, study: Study) -> list[Trial]:
        """The trials from the best to the worst by what they are chosen by, without it last."""
        sign = 1 if self.better == "lower" else -1
        return sorted(
            study.trials, key=lambda trial: sign * trial.values[0] if trial.values else np.inf
        )

    def best_of(self, study: Study) -> list[Estimate]:
        """What the median best of k trials was measured to be, for k = 1 to n.

        The bounds are what the trials were measured to be that bound the median, NaN without one.
        """
        ranked = [self.of(trial) for trial in self.ranked(study)]
        found = []
        for middle, *ends in np.transpose(median_best(np.arange(len(ranked)))).tolist():
            low, high = sorted(np.nan if end != end else ranked[int(end)].mean for end in ends)
            found.append(replace(ranked[int(middle)], low=low, high=high))
        return found

    def importance(self, study: Study) -> dict[str, float]:
        """Each parameter's share of the values' variance (fANOVA), the largest first.

        Empty where there is nothing to compare: one parameter, or too few trials.
        """
        ended = study.ended
        values = {trial.values[0] for trial in ended}
        if len(study.kinds) < 2 or len(ended) < 4 or len(values) < 2:
            return {}
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        copy = optuna.create_study()
        distributions = {name: _distribution(name, study, ended) for name in study.kinds}
        for trial in ended:
            copy.add_trial(
                optuna.trial.create_trial(
                    params=trial.parameters, distributions=distributions, value=trial.values[0]
                )
            )
        evaluator = FanovaImportanceEvaluator(seed=0)
        return dict(get_param_importances(copy, evaluator=evaluator))


def _distribution(name: str, study: Study, trials: Sequence[Trial]) -> BaseDistribution:
    """What the values of a parameter look drawn from."""
    values = [trial.parameters[name] for trial in trials]
    numbers = [value for value in values if not isinstance(value, str)]
    if study.kinds[name] in ("categorical", "grid") or len(numbers) < len(values):
        return CategoricalDistribution(sorted(set(values), key=str))
    return FloatDistribution(min(numbers), max(numbers), log=study.kinds[name] == "log_uniform")
