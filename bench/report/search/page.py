"""The page of a search, in the order in which it is read."""

import json
import shlex
from collections import Counter
from collections.abc import Collection, Iterable

from bench.identity import canonical
from bench.report import sentences
from bench.report.commands import gin_options
from bench.report.document import (
    Block,
    Bullets,
    Code,
    Folded,
    Heading,
    Pairs,
    Paragraph,
    filled,
    paragraphs,
    pictures,
)
from bench.report.markdown import escape
from bench.report.origins import joined, overridden
from bench.report.protocol import flatten
from bench.report.search import settings, tables
from bench.report.search.finding import finding
from bench.report.tables import comparisons
from bench.results.comparison import SCREENING_SEEDS
from bench.results.entry import ORIGINS
from bench.runs.records import Record
from bench.search.findings import Study
from bench.search.outcomes import Outcomes
from bench.wording import UNSCORED, percent, plural

CAPTIONS = {
    "scores.svg": "Scores of the trials on the seeds that chose: the mean and its 95% interval "
    "of the runs that have a score, each a dot, a hollow one where it collapsed. A cross at the "
    "edge is a run without a score. The diamond is the winner on fresh seeds. Dashed lines and "
    "bands are the controls, on the seeds that chose.",
    "best.svg": "The median best of k trials, with a 95% interval by order statistics.",
    "front.svg": "Every trial, and through those that no other is better than in all objectives "
    "the Pareto front.",
}


def page(outcomes: Outcomes, figures: Collection[str], winners: Collection[str]) -> list[Block]:
    """The page of a search.

    Args:
        outcomes: what its records say.
        figures: names of the picture files that lie beside it.
        winners: names of the gin files that lie beside it.
    """
    findings = outcomes.findings
    return [
        Heading(findings.label, 1),
        *_introduction(outcomes),
        Heading("Result"),
        *(Paragraph(finding(outcomes, study)) for study in findings.studies),
        *pictures(CAPTIONS, figures),
        Heading("On fresh seeds"),
        *_fresh(outcomes),
        Heading("How much the choice matters"),
        *_sensitivity(outcomes),
        *_importances(outcomes),
        Heading("Trials"),
        *(block for study in findings.studies for block in _trials(outcomes, study)),
        *_by_setting(outcomes),
        Heading("Use it"),
        *_use(outcomes, winners),
        Heading("The search"),
        Code(findings.text.splitlines(), "python"),
        Heading("Protocol"),
        *_protocol(outcomes),
        Heading("Provenance"),
        _origins(outcomes.records.values()),
        Paragraph(
            "This page and its figures are generated from `search.json` and `trials/`; edit "
            "neither by hand. [trials.csv](trials.csv) has one row a trial."
        ),
    ]


def _introduction(outcomes: Outcomes) -> list[Block]:
    findings, records = outcomes.findings, list(outcomes.records.values())
    trials = sum(len(study.trials) for study in findings.studies)
    names = ", ".join(study.method for study in findings.studies)
    ends = Counter(record["status"] for record in records)
    ended = ", ".join(f"{count} {status}" for status, count in sorted(ends.items()))
    aims = " and ".join(escape(aim.label) for aim in findings.objectives)
    text = (
        f"Search {escape(findings.space)} on suite {escape(findings.suite)}: hyper-parameters of "
        f"{escape(names)}, chosen by {aims} in {plural(trials, 'trial')} (sampler: "
        f"{findings.sampler}). {plural(len(records), 'run')}: {ended}."
    )
    return [Paragraph(text), *overridden(findings.overrides)]


def _fresh(outcomes: Outcomes) -> list[Block]:
    return [
        Paragraph(_hygiene(outcomes)),
        *filled(tables.contest(outcomes)),
        *paragraphs(_without_score(outcomes)),
        *_confirmed(outcomes),
    ]


def _hygiene(outcomes: Outcomes) -> str:
    chose = _seeds(
        outcomes, (r for s in outcomes.findings.studies for t in s.trials for r in t.runs)
    )
    fresh = _seeds(outcomes, outcomes.fresh)
    caution = ""
    if len(fresh) < SCREENING_SEEDS:
        caution = f" {plural(len(fresh), 'seed')}: this screens, and proves little."
    return (
        f"Seeds {_listed(chose)} chose; seeds {_listed(fresh)} did not, and these scores are "
        "theirs. A seed decides initial weights, the order of the data and the latents of the "
        "scored samples, so no score below had a part in the choice; the real data that samples "
        f"are held against are the same for all.{caution}"
    )


def _without_score(outcomes: Outcomes) -> str:
    if outcomes.frame(outcomes.fresh)["scored"].all():
        return ""
    return (
        "Means are over the runs that have a score. A run that diverged or failed has none: it is "
        f"worse than any that has one, and a median or a worst run is *{UNSCORED}* where it falls "
        "on it. A collapsed run has been scored like any other."
    )


def _confirmed(outcomes: Outcomes) -> list[Block]:
    compared = outcomes.confirmed
    if not compared:
        return []
    text = (
        "Each against the winner: an exact signed-rank test, paired by setting and seed, runs "
        "without a score ranked last, Holm-corrected over these comparisons. "
        f"{escape(sentences.power(compared))}"
    )
    return [Paragraph(text), comparisons(compared)]


def _sensitivity(outcomes: Outcomes) -> list[Block]:
    legend = Bullets(
        [
            "**best of k**: what the best of k of these trials drawn at random was measured to "
            "be, the median over all draws, with a 95% interval by order statistics where there "
            "are trials enough. Best of 1 is what a method is worth to who does not search. Chosen "
            "after the fact on the seeds that chose, hence optimistic; equal k is an equal budget.",
            "**worst**: the last of the trials. They are in the order in which they are chosen; "
            "one stopped early has its last value there, and no score to show.",
            "**near the best**: trials not worse than the best by more than the standard error of "
            "the best's mean. The more, the less picky.",
        ]
    )
    return [*filled(tables.sensitivity(outcomes)), legend]


def _importances(outcomes: Outcomes) -> list[Block]:
    parts = []
    for study in outcomes.findings.studies:
        found = outcomes.importance(study)
        if found:
            shares = [f"{escape(name)} {percent(share)}" for name, share in found.items()]
            parts.append(f"**{escape(study.method)}**: {', '.join(shares)}.")
    if not parts:
        return []
    note = (
        "Share of the variance of what trials are chosen by that each parameter explains (fANOVA):"
    )
    return [Paragraph(note), Bullets(parts)]


def _trials(outcomes: Outcomes, study: Study) -> list[Block]:
    note = _utility(outcomes) if tables.utility_differs(outcomes, study) else ""
    return [*_title(outcomes, study), *filled(tables.trials(outcomes, study)), *paragraphs(note)]


def _utility(outcomes: Outcomes) -> str:
    """What trials are chosen by, which is shown nowhere else."""
    return (
        f"*{tables.CHOSEN}* is no score: it is the {outcomes.findings.aggregate} over a trial's "
        "runs, in which one without a score counts as its untrained generator, or as the worst "
        "that it came to. All other numbers are means over the runs that have a score."
    )


def _by_setting(outcomes: Outcomes) -> list[Block]:
    """The section that tells settings apart; none where there are not two."""
    blocks = [one for s in outcomes.findings.studies for one in _in_each_setting(outcomes, s)]
    if not blocks:
        return []
    text = (
        "What helps in one setting and hurts in another shows here alone: every test above takes "
        "the settings together. Each trial against the controls in one setting, on the seeds that "
        "chose: an exact signed-rank test, paired by seed, runs without a score ranked last. Each "
        "column is a question of its own, and a family of its own, Holm-corrected over its rows."
    )
    if any(group.parameters for group in outcomes.groups(fresh=False)):
        text += (
            " A control that uses what was searched ran with one choice of it in every row: the "
            "table on fresh seeds has it."
        )
    return [Heading("By setting"), Paragraph(text), *blocks]


def _in_each_setting(outcomes: Outcomes, study: Study) -> list[Block]:
    found = settings.by_setting(outcomes, study)
    if not found:
        return []
    families = [list(family.values()) for family in found.values()]
    powers = list(dict.fromkeys(map(sentences.power, families)))
    if len(families) > 1:
        whole = sentences.power([one for family in families for one in family])
        powers.append(f"Were all columns one family: {whole[0].lower()}{whole[1:]}")
    return [
        *_title(outcomes, study),
        Paragraph(escape(" ".join(powers))),
        settings.table(study, found),
    ]


def _title(outcomes: Outcomes, study: Study) -> list[Block]:
    """The method's name, where it must be told."""
    return [Heading(study.method, 3)] if len(outcomes.findings.studies) > 1 else []


def _use(outcomes: Outcomes, winners: Collection[str]) -> list[Block]:
    findings = outcomes.findings
    suite, space = findings.references
    lines = [shlex.join(["ganbench", "run", suite, "--gin_file", name]) for name in winners]
    methods = [study.method for study in findings.studies]
    seeds = str(len(_seeds(outcomes, outcomes.fresh)))
    again = ["ganbench", "search", suite, "--space", space, "--seeds", seeds]
    again += ["--methods", ",".join(methods)]
    command = shlex.join([*again, *gin_options(findings.overrides)])
    blocks: list[Block] = [Paragraph("The search again:"), Code([command], "sh")]
    if lines:
        run = Paragraph("The winner, run as everything else is:")
        return [run, Code(lines, "sh"), *blocks]
    return blocks


def _protocol(outcomes: Outcomes) -> list[Block]:
    """The protocol, or protocols where there are several, which the reader must be told."""
    texts = {canonical(record.get("protocol")) for record in outcomes.records.values()}
    known = sorted(texts - {canonical(None)})
    several = "**These runs have several protocols, so that their scores do not compare.**"
    return [
        *paragraphs(several if len(known) > 1 else ""),
        *(Folded("All that scores depend on", [Pairs(flatten(json.loads(t)))]) for t in known),
    ]


def _origins(records: Iterable[Record]) -> Pairs:
    seen = [record["provenance"] for record in records]
    return Pairs({key: joined(one.get(key) for one in seen) for key in ORIGINS})


def _seeds(outcomes: Outcomes, runs: Iterable[str]) -> list[int]:
    return sorted({outcomes.records[run]["seed"] for run in runs if run in outcomes.records})


def _listed(seeds: list[int]) -> str:
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds)) or "none"
