"""The tables of a search's page, as frames of text."""

import pandas as pd

from bench.report.tables import failures, side
from bench.report.text import NOTHING, bounds, number
from bench.search.findings import Study
from bench.search.outcomes import BASELINE, Outcomes
from bench.search.text import estimated, short, shown

STEPS = (1, 2, 5, 10, 20, 50, 100)
"""Numbers of trials for which the expected best is in the table."""


def contest(outcomes: Outcomes) -> pd.DataFrame:
    """One row a group on fresh seeds."""
    rows = []
    for group in outcomes.groups(fresh=True):
        frame = outcomes.frame(group.runs)
        first = {"": group.label, "with": shown(group.parameters) or "its own values"}
        if frame.empty:
            rows.append(first)
            continue
        cells = {
            f"{outcomes.objective.label}, mean": estimated(outcomes.estimate(group.runs)),
            "median": number(frame["counted"].median()),
            "worst": number(_worst(outcomes, frame["counted"])),
            "failures": failures(frame["failure"]),
        }
        for aim in outcomes.findings.objectives[1:]:
            values = [aim.value(outcomes.records[r], dict) for r in group.runs]
            cells[aim.label] = number(pd.Series(values).mean())
        rows.append(first | cells)
    return pd.DataFrame(rows).fillna(NOTHING)


def sensitivity(outcomes: Outcomes) -> pd.DataFrame:
    """One row a method: what a choice is worth, and how hard it is to make."""
    rows = []
    for study in outcomes.findings.studies:
        values = pd.Series([t.values[0] for t in study.trials if t.values], dtype=float)
        region = outcomes.region(study)
        expected, low, high = outcomes.expected(study)
        ks = [k for k in STEPS if k < len(expected)] + [len(expected)]
        rows.append(
            {
                "method": study.method,
                "trials": str(len(study.trials)),
                "median": number(values.median()),
                "worst": number(_worst(outcomes, values)),
                "near the best": NOTHING
                if region is None
                else f"{region.trials} of {region.complete}",
            }
            | {
                f"best of {k}": number(expected[k - 1])
                + bounds(number(low[k - 1]), number(high[k - 1]))
                for k in ks
            }
        )
    return pd.DataFrame(rows).fillna(NOTHING)


def trials(outcomes: Outcomes, study: Study) -> pd.DataFrame:
    """One row a trial of a method."""
    compared = outcomes.against_baseline(study)
    rows = []
    for trial in study.trials:
        frame, estimate = outcomes.frame(trial.runs), outcomes.estimate(trial.runs)
        row = {"trial": str(trial.number)}
        row |= {name: short(value) for name, value in trial.parameters.items()}
        row |= {
            aim.label: number(value)
            for aim, value in zip(outcomes.findings.objectives, trial.values, strict=False)
        }
        ended = trial.state == "complete" and not frame.empty
        row["95% interval"] = (
            bounds(number(estimate.low), number(estimate.high)).strip() or NOTHING
            if ended
            else NOTHING
        )
        row["failures"] = failures(frame["failure"]) if ended else trial.state
        if compared:
            row[f"vs {BASELINE}"] = side(compared.get(trial.number))
        rows.append(row)
    return pd.DataFrame(rows).fillna(NOTHING)


def _worst(outcomes: Outcomes, values: "pd.Series[float]") -> float:
    return float(values.max() if outcomes.better == "lower" else values.min())
