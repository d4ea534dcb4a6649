"""What a choice is worth in each setting apart: a pooled test cannot show that it helps and hurts.

A comparison over all settings pairs by setting and seed. A value that wins every pair of one
setting and loses every pair of another is then not told apart from what it is compared with.
"""

from collections.abc import Iterable

import pandas as pd

from bench.report.tables import side
from bench.results import comparison
from bench.results.comparison import Comparison
from bench.search.findings import Study
from bench.search.outcomes import Outcomes
from bench.search.text import short

Cell = tuple[str, int]
"""A setting, and the number of a trial."""


def by_setting(outcomes: Outcomes, study: Study) -> dict[str, dict[Cell, Comparison]]:
    """Each trial that ended against each control in each setting, on the seeds that chose.

    Paired by seed. Holm's correction is over all trials and settings of one control: each control
    is a question, and a family, of its own.

    Returns:
        By the label of each control that shares a setting and a seed with a trial; empty where
        there are not two settings to tell apart.
    """
    controls = {group.label: group.runs for group in outcomes.groups(fresh=False)}
    trials = {str(trial.number): trial.runs for trial in study.ended}
    if not controls or not trials:
        return {}
    matrix = outcomes.badness(trials | controls)
    if matrix.index.get_level_values("setting").nunique() < 2:
        return {}
    families = {control: _family(matrix, trials, control) for control in controls}
    return {control: family for control, family in families.items() if family}


def table(study: Study, found: dict[str, dict[Cell, Comparison]]) -> pd.DataFrame:
    """One row a setting and trial, one column a control.

    Args:
        study: whose trials they are.
        found: what ``by_setting`` returns.
    """
    cells = sorted({cell for family in found.values() for cell in family})
    parameters = {trial.number: trial.parameters for trial in study.ended}
    rows = [
        {"setting": setting, "trial": str(number)}
        | {name: short(value) for name, value in parameters[number].items()}
        | {
            f"vs {control}": side(family.get((setting, number)))
            for control, family in found.items()
        }
        for setting, number in cells
    ]
    return pd.DataFrame(rows)


def _family(matrix: pd.DataFrame, trials: Iterable[str], control: str) -> dict[Cell, Comparison]:
    tested = {
        (str(setting), int(trial)): comparison.paired_test(rows, trial, control)
        for setting, rows in matrix.groupby(level="setting")
        for trial in trials
    }
    paired = {cell: one for cell, one in tested.items() if one.pairs}
    return dict(zip(paired, comparison.corrected(list(paired.values())), strict=True))
