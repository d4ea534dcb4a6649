"""The page of a search, in the order in which it is read."""

import json
import shlex
from collections.abc import Collection, Iterable

import pandas as pd

from bench.records import Record, canonical
from bench.report import markdown, sentences, tables
from bench.report.comparison import SCREENING_SEEDS, Comparison
from bench.report.entry import ORIGINS
from bench.report.markdown import escape
from bench.report.origins import flatten, two_columns
from bench.report.text import NOTHING, bounds, number, percent, plural, probability
from bench.search.findings import Study, Trial, Value
from bench.search.outcomes import BASELINE, Estimate, Outcomes

CAPTIONS = {
    "scores.svg": "Scores of the trials on the seeds that chose: the mean and its 95% interval, "
    "each run a dot, one that failed a cross at what it counts as. The diamond is the winner on "
    "fresh seeds. Dashed lines and bands are the controls, on the seeds that chose.",
    "expected.svg": "The best score to expect of k trials, with its 95% bootstrap interval.",
    "front.svg": "Every trial, and through those that no other is better than in all objectives "
    "the Pareto front.",
}

STEPS = (1, 2, 5, 10, 20, 50, 100)
"""Numbers of trials for which the expected best is in the table."""


def page(outcomes: Outcomes, figures: Collection[str], winners: Collection[str]) -> str:
    """The README of a search.

    Args:
        outcomes: what its records say.
        figures: names of the picture files that lie beside it.
        winners: names of the gin files that lie beside it.
    """
    findings = outcomes.findings
    return markdown.document(
        f"# {escape(findings.label)}",
        _introduction(outcomes),
        "## Result",
        _verdict(outcomes),
        _pictures(figures),
        "## On fresh seeds",
        _hygiene(outcomes),
        markdown.table(_contest(outcomes)),
        _confirmed(outcomes),
        "## How much the choice matters",
        markdown.table(_sensitivity(outcomes)),
        _legend(),
        _importances(outcomes),
        "## Trials",
        *(part for study in findings.studies for part in _trials(outcomes, study)),
        "## Use it",
        _use(outcomes, winners),
        "## The search",
        markdown.code(findings.text.splitlines(), "python"),
        "## Protocol",
        _protocol(outcomes),
        "## Provenance",
        markdown.table(_origins(outcomes.records.values())),
        "This page and its figures are generated from `search.json` and `runs/`; edit neither by "
        "hand. [trials.csv](trials.csv) has one row a trial.",
    )


def shown(parameters: dict[str, Value]) -> str:
    """Values of parameters, as bindings on one line."""
    return ", ".join(f"{key} = {short(value)}" for key, value in parameters.items())


def short(value: Value) -> str:
    """A value to be read; gin files and trials.csv have it whole."""
    return value if isinstance(value, str) else f"{value:.4g}"


def gin_text(value: Value) -> str:
    """A value in gin's notation."""
    return value if isinstance(value, str) else repr(value)


def _introduction(outcomes: Outcomes) -> str:
    findings, records = outcomes.findings, list(outcomes.records.values())
    trials = sum(len(study.trials) for study in findings.studies)
    names = ", ".join(study.method for study in findings.studies)
    failed = sum(record["status"] != "completed" for record in records)
    aims = " and ".join(escape(aim.label) for aim in findings.objectives)
    lines = [
        f"Search {escape(findings.space)} on suite {escape(findings.suite)}: hyper-parameters of "
        f"{escape(names)}, chosen by {aims} in {plural(trials, 'trial')} (sampler: "
        f"{findings.sampler}). {plural(len(records), 'run')}, of which {failed} failed."
    ]
    if findings.overrides:
        lines += ["Run with these changes to the suite:", markdown.code(findings.overrides)]
    return "\n\n".join(lines)


def _verdict(outcomes: Outcomes) -> str:
    return "\n\n".join(_verdict_on(outcomes, study) for study in outcomes.findings.studies)


def _verdict_on(outcomes: Outcomes, study: Study) -> str:
    chosen = study.chosen(outcomes.findings.objectives)
    if not chosen:
        return f"**{escape(study.method)}**: no trial came to a value."
    if len(outcomes.findings.objectives) > 1:
        return (
            f"**{escape(study.method)}**: {plural(len(chosen), 'trial')} of {len(study.trials)} "
            "make the Pareto front."
        )
    (best,) = chosen
    estimate = outcomes.estimate(best.runs)
    label = escape(outcomes.objective.label)
    values = escape(shown(best.parameters)) or "nothing to choose"
    text = (
        f"**{escape(study.method)}: {values}** was best, {label} {_text(estimate)} on "
        "the seeds that chose."
    )
    for group in outcomes.groups(fresh=True):
        if group.role == "tuned" and group.method == study.method:
            text += f" On fresh seeds it has {_text(outcomes.estimate(group.runs))}."
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
    sides: dict[str, list[Trial]] = {"better than": [], "worse than": [], "not told apart from": []}
    for found, one in compared.items():
        word = "better than" if one.better == one.first else "worse than"
        sides[word if one.significant else "not told apart from"].append(by_number[found])
    parts = [
        f"{word} {BASELINE} at {', '.join(short(v) for t in of for v in t.parameters.values())}"
        for word, of in sides.items()
        if of
    ]
    power = sentences.power(list(compared.values()))
    return f"It is {escape('; '.join(parts))}. {escape(power)}"


def _hygiene(outcomes: Outcomes) -> str:
    chose = _seeds(
        outcomes, (r for s in outcomes.findings.studies for t in s.trials for r in t.runs)
    )
    fresh = _seeds(outcomes, (r for group in outcomes.groups(fresh=True) for r in group.runs))
    caution = ""
    if len(fresh) < SCREENING_SEEDS:
        caution = f" {plural(len(fresh), 'seed')}: this screens, and proves little."
    return (
        f"Seeds {_listed(chose)} chose; seeds {_listed(fresh)} did not, and these scores are "
        "theirs. A seed decides initial weights, the order of the data and the latents of the "
        "scored samples, so no score below had a part in the choice; the real data that samples "
        f"are held against are the same for all.{caution}"
    )


def _contest(outcomes: Outcomes) -> pd.DataFrame:
    """One row a group on fresh seeds."""
    rows = []
    for group in outcomes.groups(fresh=True):
        frame = outcomes.frame(group.runs)
        first = {"": group.label, "with": shown(group.parameters) or "its own values"}
        if frame.empty:
            rows.append(first)
            continue
        cells = {
            f"{outcomes.objective.label}, mean": _text(outcomes.estimate(group.runs)),
            "median": number(frame["counted"].median()),
            "worst": number(_worst(outcomes, frame["counted"])),
            "failures": tables.failures(frame["failure"]),
        }
        for aim in outcomes.findings.objectives[1:]:
            values = [aim.value(outcomes.records[r], dict) for r in group.runs]
            cells[aim.label] = number(pd.Series(values).mean())
        rows.append(first | cells)
    return pd.DataFrame(rows).fillna(NOTHING)


def _confirmed(outcomes: Outcomes) -> str:
    compared = outcomes.confirmed
    if not compared:
        return ""
    text = (
        "Each against the winner: an exact signed-rank test, paired by setting and seed, failures "
        f"ranked last, Holm-corrected over these comparisons. {escape(sentences.power(compared))}"
    )
    return f"{text}\n\n{markdown.table(tables.comparisons(compared))}"


def _sensitivity(outcomes: Outcomes) -> pd.DataFrame:
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


def _legend() -> str:
    return markdown.bullets(
        [
            "**median**, **worst**: of the trials, one stopped early at its last value. What a "
            "method is worth to who does not search.",
            "**near the best**: trials not worse than the best by more than the standard error of "
            "the best's mean. The more, the less picky.",
            "**best of k**: the expected best of k of these trials drawn at random, with its 95% "
            "bootstrap interval. Chosen after the fact on the seeds that chose, hence optimistic; "
            "equal k is an equal budget.",
        ]
    )


def _importances(outcomes: Outcomes) -> str:
    parts = []
    for study in outcomes.findings.studies:
        found = outcomes.importance(study)
        if found:
            shares = [f"{escape(name)} {percent(share)}" for name, share in found.items()]
            parts.append(f"**{escape(study.method)}**: {', '.join(shares)}.")
    if not parts:
        return ""
    note = "Share of the trials' variance that each parameter explains (fANOVA):"
    return f"{note}\n\n{markdown.bullets(parts)}"


def _trials(outcomes: Outcomes, study: Study) -> tuple[str, str]:
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
        row["failures"] = tables.failures(frame["failure"]) if ended else trial.state
        if compared:
            row[f"vs {BASELINE}"] = _side(compared.get(trial.number))
        rows.append(row)
    table = markdown.table(pd.DataFrame(rows).fillna(NOTHING))
    title = f"### {escape(study.method)}" if len(outcomes.findings.studies) > 1 else ""
    return title, table


def _side(one: Comparison | None) -> str:
    if one is None:
        return NOTHING
    word = "better" if one.better == one.first else "worse"
    text = f"{word}, " if one.significant else "not told apart, "
    return f"{text}{one.wins}-{one.losses}, p = {probability(one.adjusted)}"


def _use(outcomes: Outcomes, winners: Collection[str]) -> str:
    findings = outcomes.findings
    lines = [
        shlex.join(["ganbench", "run", findings.suite, "--gin_file", name]) for name in winners
    ]
    methods = [study.method for study in findings.studies]
    changes = [part for binding in findings.overrides for part in ("--gin_bindings", binding)]
    fresh = [run for group in findings.groups if group.fresh for run in group.runs]
    seeds = str(outcomes.frame(fresh)["seed"].nunique())
    again = ["ganbench", "search", findings.suite, "--space", findings.space, "--seeds", seeds]
    again += ["--methods", *methods]
    return "\n\n".join(
        [
            "The winner, run as everything else is:" if lines else "",
            markdown.code(lines, "sh") if lines else "",
            "The search again:",
            markdown.code([shlex.join([*again, *changes])], "sh"),
        ]
    ).strip()


def _pictures(available: Collection[str]) -> str:
    found = [(name, text) for name, text in CAPTIONS.items() if name in available]
    return "\n\n".join(f"![{text}]({name})\n\n{text}" for name, text in found)


def _protocol(outcomes: Outcomes) -> str:
    """The protocol, or protocols where there are several, which the reader must be told."""
    texts = {canonical(record.get("protocol")) for record in outcomes.records.values()}
    known = sorted(texts - {canonical(None)})
    folds = [
        markdown.folded(
            "All that scores depend on", markdown.table(two_columns(flatten(json.loads(text))))
        )
        for text in known
    ]
    caution = "**These runs have several protocols, so that their scores do not compare.**"
    return "\n\n".join([*([caution] if len(known) > 1 else []), *folds])


def _origins(records: Iterable[Record]) -> pd.DataFrame:
    seen = [record["provenance"] for record in records]
    joined = {
        key: ", ".join(sorted({str(one[key]) for one in seen if one.get(key) is not None}))
        for key in ORIGINS
    }
    return two_columns({key: text or NOTHING for key, text in joined.items()})


def _text(estimate: Estimate) -> str:
    return number(estimate.mean) + bounds(number(estimate.low), number(estimate.high))


def _worst(outcomes: Outcomes, values: "pd.Series[float]") -> float:
    return float(values.max() if outcomes.better == "lower" else values.min())


def _seeds(outcomes: Outcomes, runs: Iterable[str]) -> list[int]:
    return sorted({outcomes.records[run]["seed"] for run in runs if run in outcomes.records})


def _listed(seeds: list[int]) -> str:
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds)) or "none"
