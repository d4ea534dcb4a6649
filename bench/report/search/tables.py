"""The tables of a search's page, as typed values."""

from dataclasses import replace
from math import inf, nan

import numpy as np

from bench.missing import known
from bench.report.document import EMPTY, Field, Row, Table, counted, valued
from bench.report.document import estimated as field
from bench.report.tables import failures, result
from bench.search.findings import Group, Study, Trial, Value
from bench.search.outcomes import BASELINE, Estimate, Outcomes
from bench.search.text import short, shown
from bench.wording import NOTHING, bounds, number, score

STEPS = (1, 2, 5, 10, 20, 50, 100)
"""Numbers of trials for which the best is in the table."""

CHOSEN = "chosen by"


def contest(outcomes: Outcomes) -> Table:
    """One row a group on fresh seeds."""
    return Table([_contestant(outcomes, group) for group in outcomes.groups(fresh=True)])


def sensitivity(outcomes: Outcomes) -> Table:
    """One row a method: what a choice is worth, and how hard it is to make."""
    rows = []
    for study in outcomes.findings.studies:
        region, best = outcomes.region(study), outcomes.best_of(study)
        ks = [k for k in STEPS if k < len(best)] + [len(best)]
        fields = {"method": Field(study.method), "trials": valued(len(study.trials), str)}
        fields |= {f"best of {k}": estimated(best[k - 1]) for k in ks}
        fields["worst"] = _mean(outcomes.of(outcomes.ranked(study)[-1]))
        near = EMPTY if region is None else counted(region.trials, region.complete)
        rows.append(_row(fields | {"near the best": near}, study))
    return Table(rows)


def trials(outcomes: Outcomes, study: Study) -> Table:
    """One row a trial of a method.

    What trials are chosen by has columns of its own only where it differs from what was measured.
    """
    compared, apart = outcomes.against_baseline(study), utility_differs(outcomes, study)
    rows = []
    for trial in study.trials:
        fields = {"trial": valued(trial.number, str)} | choice(trial.parameters)
        fields |= _measured(outcomes, trial)
        fields |= _chosen_by(outcomes, trial) if apart else {}
        ended = bool(outcomes.of(trial).runs)
        reasons = outcomes.frame(trial.runs)["failure"]
        fields["failures"] = failures(reasons) if ended else Field(trial.state)
        if compared:
            fields[f"vs {BASELINE}"] = result(compared.get(trial.number))
        rows.append(_row(fields, study))
    return Table(rows)


def utility_differs(outcomes: Outcomes, study: Study) -> bool:
    """Whether some trial was chosen by another number than the mean that it was measured to be."""
    aims = outcomes.findings.objectives
    return any(
        not np.isclose(value, outcomes.of(trial, aim).mean) or outcomes.of(trial, aim).unscored
        for trial in study.trials
        for aim, value in zip(aims, trial.values, strict=False)
    )


def estimated(estimate: Estimate) -> Field:
    """A mean with its interval, and how many runs have no score."""
    interval = estimate.mean, estimate.low, estimate.high
    return field(interval, estimate.unscored, estimate.runs)


def choice(parameters: dict[str, Value]) -> dict[str, Field]:
    """A column a parameter."""
    return {
        name: Field(value) if isinstance(value, str) else valued(value, short)
        for name, value in parameters.items()
    }


def _contestant(outcomes: Outcomes, group: Group) -> Row:
    frame = outcomes.frame(group.runs)
    fields = {"": Field(group.label), "with": Field(shown(group.parameters) or "its own values")}
    if not frame.empty:
        sign = 1 if outcomes.better == "lower" else -1
        badness = (sign * frame["last"]).where(frame["scored"], inf)
        fields |= {
            f"{outcomes.objective.label}, mean": estimated(outcomes.estimate(group.runs)),
            "median": valued(sign * badness.median(), score),
            "worst": valued(sign * badness.max(), score),
            "failures": failures(frame["failure"]),
        }
        for aim in outcomes.findings.objectives[1:]:
            fields[aim.label] = _mean(outcomes.estimate(group.runs, aim))
    return Row(fields, {"method": [group.method]})


def _measured(outcomes: Outcomes, trial: Trial) -> dict[str, Field]:
    """What a trial's runs were measured to be."""
    estimate = outcomes.of(trial)
    interval = bounds(number(estimate.low), number(estimate.high)).strip() or NOTHING
    return {
        **{aim.label: _mean(outcomes.of(trial, aim)) for aim in outcomes.findings.objectives},
        "95% interval": Field(interval, known(estimate.low)),
    }


def _chosen_by(outcomes: Outcomes, trial: Trial) -> dict[str, Field]:
    aims = outcomes.findings.objectives
    names = [CHOSEN if len(aims) == 1 else f"{CHOSEN}, {aim.label}" for aim in aims]
    return dict(zip(names, map(valued, trial.values), strict=False))


def _row(fields: dict[str, Field], study: Study) -> Row:
    return Row(fields, {"method": [study.method]})


def _mean(estimate: Estimate) -> Field:
    return estimated(replace(estimate, low=nan, high=nan))
