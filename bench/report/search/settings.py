"""What a choice is worth in each setting apart: a pooled test cannot show that it helps and hurts.

A comparison over all settings pairs by setting and seed. A value that wins every pair of one
setting and loses every pair of another is then not told apart from what it is compared with.
"""

from collections.abc import Iterable

import pandas as pd

from bench.report.document import Field, Row, Table, valued
from bench.report.search.tables import choice
from bench.report.tables import result
from bench.results import comparison
from bench.results.comparison import Comparison
from bench.search.findings import Study
from bench.search.outcomes import Outcomes

Spot = tuple[str, int]
"""A setting, and the number of a trial."""


def by_setting(outcomes: Outcomes, study: Study) -> dict[str, dict[Spot, Comparison]]:
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


def table(study: Study, found: dict[str, dict[Spot, Comparison]]) -> Table:
    """One row a setting and trial, one column a control.

    Args:
        study: whose trials they are.
        found: what ``by_setting`` returns.
    """
    spots = sorted({spot for family in found.values() for spot in family})
    parameters = {trial.number: trial.parameters for trial in study.ended}
    rows = [
        Row(
            {"setting": Field(setting), "trial": valued(number, str)}
            | choice(parameters[number])
            | {
                f"vs {control}": result(family.get((setting, number)))
                for control, family in found.items()
            },
            {"method": [study.method], "setting": [setting]},
        )
        for setting, number in spots
    ]
    return Table(rows)


def _family(matrix: pd.DataFrame, trials: Iterable[str], control: str) -> dict[Spot, Comparison]:
    tested = {
        (str(setting), int(trial)): comparison.paired_test(rows, trial, control)
        for setting, rows in matrix.groupby(level="setting")
        for trial in trials
    }
    paired = {spot: one for spot, one in tested.items() if one.pairs}
    return dict(zip(paired, comparison.corrected(list(paired.values())), strict=True))
