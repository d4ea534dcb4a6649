"""What a search found for a method, in sentences."""

from bench.report import sentences
from bench.report.markdown import escape
from bench.search.findings import Study
from bench.search.outcomes import BASELINE, Outcomes
from bench.search.text import estimated, short, shown
from bench.wording import plural


def finding(outcomes: Outcomes, study: Study) -> str:
    """What was chosen of one method, and what that is worth; in Markdown."""
    chosen = study.chosen(outcomes.findings.objectives)
    if not chosen:
        return f"**{escape(study.method)}**: no trial came to a value."
    if len(outcomes.findings.objectives) > 1:
        return (
            f"**{escape(study.method)}**: {plural(len(chosen), 'trial')} of {len(study.trials)} "
            "make the Pareto front."
        )
    (best,) = chosen
    estimate = outcomes.of(best)
    label = escape(outcomes.objective.label)
    values = escape(shown(best.parameters)) or "nothing to choose"
    text = (
        f"**{escape(study.method)}: {values}** was chosen, {label} {estimated(estimate)} on "
        "the seeds that chose."
    )
    for group in outcomes.groups(fresh=True):
        if group.role == "tuned" and group.method == study.method:
            text += f" On fresh seeds it has {estimated(outcomes.estimate(group.runs))}."
    return " ".join([text, _picky(outcomes, study), _beside_baseline(outcomes, study)]).strip()


def _picky(outcomes: Outcomes, study: Study) -> str:
    """How wide the region is in which the choice makes no difference that can be seen."""
    region = outcomes.region(study)
    if region is None or not study.kinds:
        return ""
    text = (
        f"{region.trials} of {plural(region.complete, 'trial')} that ended are within one standard "
        "error of it"
    )
    spans = [
        f"{escape(name)} from {low:g} to {high:g}{_multiple(study, name, low, high)}"
        for name, (low, high) in region.spans.items()
    ]
    return f"{text}{': ' + '; '.join(spans) if spans else ''}."


def _multiple(study: Study, name: str, low: float, high: float) -> str:
    unit = study.units.get(name)
    return "" if unit is None else f" ({low / unit:g} to {high / unit:g} times the suite's own)"


def _beside_baseline(outcomes: Outcomes, study: Study) -> str:
    """Which values differ from the baseline on the seeds that chose."""
    compared = outcomes.against_baseline(study)
    if not compared or len(study.kinds) != 1:
        return ""
    by_number = {trial.number: trial for trial in study.trials}
    words = {"better": "than", "worse": "than", "not told apart": "from"}
    results: dict[str, list[str]] = {result: [] for result in words}
    for found, one in compared.items():
        results[one.result] += map(short, by_number[found].parameters.values())
    parts = [
        f"{result} {words[result]} {BASELINE} at {', '.join(values)}"
        for result, values in results.items()
        if values
    ]
    power = sentences.power(list(compared.values()))
    return f"It is {escape('; '.join(parts))}. {escape(power)}"
