"""The tables of a search's page, as frames of text."""

from dataclasses import replace
from math import inf, nan

import numpy as np
import pandas as pd

from bench.report.tables import failures, side
from bench.search.findings import Study
from bench.search.outcomes import BASELINE, Estimate, Outcomes
from bench.search.text import estimated, short, shown
from bench.wording import NOTHING, bounds, number, score

STEPS = (1, 2, 5, 10, 20, 50, 100)
"""Numbers of trials for which the best is in the table."""

CHOSEN = "chosen by"


def contest(outcomes: Outcomes) -> pd.DataFrame:
    """One row a group on fresh seeds."""
    rows = []
    sign = 1 if outcomes.better == "lower" else -1
    for group in outcomes.groups(fresh=True):
        frame = outcomes.frame(group.runs)
        first = {"": group.label, "with": shown(group.parameters) or "its own values"}
        if frame.empty:
            rows.append(first)
            continue
        badness = (sign * frame["last"]).where(frame["scored"], inf)
        cells = {
            f"{outcomes.objective.label}, mean": estimated(outcomes.estimate(group.runs)),
            "median": score(sign * badness.median()),
            "worst": score(sign * badness.max()),
            "failures": failures(frame["failure"]),
        }
        for aim in outcomes.findings.objectives[1:]:
            cells[aim.label] = _mean(outcomes.estimate(group.runs, aim))
        rows.append(first | cells)
    return pd.DataFrame(rows).fillna(NOTHING)


def sensitivity(outcomes: Outcomes) -> pd.DataFrame:
    """One row a method: what a choice is worth, and how hard it is to make."""
    rows = []
    for study in outcomes.findings.studies:
        region, best = outcomes.region(study), outcomes.best_of(study)
        ks = [k for k in STEPS if k < len(best)] + [len(best)]
        row = {"method": study.method, "trials": str(len(study.trials))}
        row |= {f"best of {k}": estimated(best[k - 1]) for k in ks}
        row["worst"] = _mean(outcomes.of(outcomes.ranked(study)[-1]))
        row["near the best"] = (
            NOTHING if region is None else f"{region.trials} of {region.complete}"
        )
        rows.append(row)
    return pd.DataFrame(rows).fillna(NOTHING)


def trials(outcomes: Outcomes, study: Study) -> pd.DataFrame:
    """One row a trial of a method.

    What trials are chosen by has columns of its own only where it differs from what was measured.
    """
    aims, compared = outcomes.findings.objectives, outcomes.against_baseline(study)
    apart = utility_differs(outcomes, study)
    rows = []
    for trial in study.trials:
        frame, estimate = outcomes.frame(trial.runs), outcomes.of(trial)
        row = {"trial": str(trial.number)}
        row |= {name: short(value) for name, value in trial.parameters.items()}
        row |= {aim.label: _mean(outcomes.of(trial, aim)) for aim in aims}
        row["95% interval"] = bounds(number(estimate.low), number(estimate.high)).strip() or NOTHING
        if apart:
            names = [CHOSEN if len(aims) == 1 else f"{CHOSEN}, {aim.label}" for aim in aims]
            row |= dict(zip(names, map(number, trial.values), strict=False))
        row["failures"] = failures(frame["failure"]) if estimate.runs else trial.state
        if compared:
            row[f"vs {BASELINE}"] = side(compared.get(trial.number))
        rows.append(row)
    return pd.DataFrame(rows).fillna(NOTHING)


def utility_differs(outcomes: Outcomes, study: Study) -> bool:
    """Whether some trial was chosen by another number than the mean that it was measured to be."""
    aims = outcomes.findings.objectives
    return any(
        not np.isclose(value, outcomes.of(trial, aim).mean) or outcomes.of(trial, aim).unscored
        for trial in study.trials
        for aim, value in zip(aims, trial.values, strict=False)
    )


def _mean(estimate: Estimate) -> str:
    return estimated(replace(estimate, low=nan, high=nan))
