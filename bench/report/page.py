"""The README of one leaderboard, in the order in which it is read."""

from collections import defaultdict
from collections.abc import Collection

import pandas as pd

from bench.report import (
    budgets,
    left_out,
    markdown,
    oracles,
    published,
    replication,
    sentences,
    tables,
)
from bench.report.markdown import escape
from bench.report.origins import conditions, flatten, names, origins, reproduce, two_columns
from bench.results.board import Board
from bench.results.comparison import Comparison
from bench.results.results import BASELINE, Results
from bench.wording import UNSCORED, plural

CAPTIONS = {
    "curves.svg": "Median over seeds against generator steps; the band spans the seeds, a cross "
    "marks the end of a run that diverged, collapsed or failed, the dashed line is real data.",
    "cost.svg": "The same against batches differentiated through D: read it vertically to compare "
    "methods at equal compute.",
    "profiles.svg": "Performance profiles: the share of all runs, over seeds and settings, that "
    "are at least as good as a score. Higher is better; a line ends below 1 where runs have none.",
    "samples.png": "Samples at the end of training, first seed of each cell, the same latents "
    "for every method.",
}


GROUP = (
    "**group**: methods that share a letter cannot be told apart by an exact signed-rank test, "
    "paired by setting and seed, on the logarithm of the last score where all are positive, "
    "runs without a score ranked last, Holm-corrected over all pairs of methods, 5% level. Pairs "
    "count as independent; the claim is about these settings."
)


def page(results: Results, figures: Collection[str]) -> str:
    """The README of one leaderboard.

    Args:
        results: what its records say.
        figures: names of the picture files that lie beside it.
    """
    board = results.board
    body = _theory(board) if oracles.has_oracle(board) else _ranking(results, figures)
    return markdown.document(
        f"# {escape(board.label)}",
        _introduction(results),
        _left_out(board),
        *body,
        "## Protocol",
        "In a setting all rows have the same conditions, and differ in the method alone.",
        markdown.folded("The conditions", _conditions(board)),
        markdown.folded("What each method has of its own", _methods(board)),
        markdown.folded("The data, the judge and its scores", _protocol(board)),
        "## Provenance",
        markdown.table(two_columns(origins(board))),
        "## Reproduce",
        reproduce(results),
        "This page and its figures are generated from `records/`; edit neither by hand. "
        "[records.csv](records.csv) has one row a run.",
    )


def _introduction(results: Results) -> str:
    board = results.board
    ends = results.runs["failure"].value_counts()
    how = ", ".join(f"{ends[end]} {end}" for end in sorted(ends.index))
    counts = (
        f"{plural(len(results.methods), 'method')}, {plural(len(results.settings), 'setting')}, "
        f"{plural(len(board.records), 'run')}{f', of which {how}' if how else ''}."
    )
    lines = [f"Suite {escape(board.suite)} on {names(board)}: {counts}"]
    if board.overrides:
        lines.append("Run with these changes to the suite:")
        lines.append(markdown.code(board.overrides))
    return "\n\n".join(lines)


def _theory(board: Board) -> list[str]:
    """The sections of a suite that theory speaks of; its methods are not ranked."""
    verdicts = [f"**{verdict}**: {text}." for verdict, (_, text) in oracles.VERDICTS.items()]
    return [
        "## Theory and observation",
        f"**{escape(oracles.summary(board))}** Predictions are closed forms in each method's "
        "hyper-parameters; what they are held against is measured on the course of the real "
        "method in the real training loop. Nothing here ranks methods.",
        "![Courses through the plane of generator and discriminator](courses.svg)",
        "Each run's course: the generator's location theta to the right, the discriminator's slope "
        "psi upwards, pale at its beginning, with a dot at its end. The data are at the centre, "
        "the dotted circle has radius 1, and black marks are where theory says that the course "
        "ends: at a cross, or on the dashed circle.",
        markdown.table(oracles.table(board)),
        markdown.bullets(verdicts),
        "*Eigenvalues*: of the continuous system at the equilibrium. *Factor a step*: of the "
        "distance r from the equilibrium, near it. *Gain*: in a unit of time, which is h times "
        "steps for the learning rate h. *Friction*: what the amplitude loses in a half-cycle "
        "beyond vanilla's own loss, in runs that come to rest where theory allows. *Tolerance*: "
        "how far apart predicted and observed may be; the factor is exact, and the other forms "
        "are to leading order in h and r.",
    ]


def _ranking(results: Results, figures: Collection[str]) -> list[str]:
    """The sections of a suite that compares methods."""
    return [
        "## Results",
        _verdict(results),
        markdown.table(tables.headline(results)),
        _footnotes(results),
        markdown.folded("How to read this table", _legend(results)),
        markdown.folded("All comparisons", _comparisons(results)),
        *_pictures(figures, "curves.svg"),
        *_scores_and_costs(results, figures),
        *_equal_budgets(results, figures),
        *_failures(results),
        *_by_setting(results),
        *_pictures(figures, "samples.png"),
        "## All metrics",
        "Means at the last evaluation over the runs that have a score, all settings together. "
        "Where few have one, a mean says little about the method: see the failures above.",
        markdown.table(tables.all_metrics(results)),
        *_over_training(results),
        *_published(results),
    ]


def _verdict(results: Results) -> str:
    bold = f"**{escape(sentences.standing(results))} {escape(sentences.leading(results))}**"
    tested = f"{sentences.overall(results)} {sentences.power(results.pairwise)}".strip()
    return f"{bold} {escape(sentences.beside_baseline(results))}".strip() + f"\n\n{tested}"


def _footnotes(results: Results) -> str:
    notes = [
        f"{escape(results.marked(method))} ran with {escape(remedy)} ({escape(', '.join(where))}): "
        "the suite applies it because the method does not work without."
        for method, applied in results.remedies.items()
        for remedy, where in applied.items()
    ]
    if results.controls:
        notes.append(
            "↳ marks a control of the method above: what the two differ in is the idea itself."
        )
    return "  \n".join(notes)


def _legend(results: Results) -> str:
    clock, settings = escape(results.clock), len(results.settings)
    over = f"{plural(settings, 'setting')} and all seeds" if settings > 1 else "all seeds"
    baseline = [
        f"**beats {BASELINE}**: how often a run is better than {BASELINE}'s of its setting and "
        "seed, a tie counting half, with an interval that is never too short.",
        f"**vs {BASELINE}**: the test of the groups for this question alone, a family of its own. "
        f"{escape(sentences.power(results.against_baseline))}",
    ]
    items = [
        *([GROUP] if results.distinguished else []),
        f"**IQM**: the interquartile mean over {over}: the mean without the "
        "best and the worst quarter of the runs, at the last evaluation. The 95% interval is a "
        "stratified bootstrap's.",
        *_without_score(results),
        "**mean rank**: among all methods, in each setting and seed, runs without a score last; "
        "seeds are drawn again for the 95% interval. Rows are in this order wherever all runs are "
        "there.",
        *(baseline if results.against_baseline else []),
        "**failures**: runs that diverged, collapsed (samples cover less than half the modes) "
        "or failed, with Clopper and Pearson's 95% interval of the rate. A collapsed run has been "
        "scored like any other, and its score counts.",
        f"**time / {clock}**: seconds a generator step over those of {clock}, the process's own "
        "on a CPU and the wall's on a GPU; median over cells run on the same kind of machine.",
    ]
    return markdown.bullets(items)


def _without_score(results: Results) -> list[str]:
    """What the table does where some runs have no score; nothing is put in its place."""
    if results.runs["scored"].all():
        return []
    return [
        "**have none**: runs that diverged or failed, or whose last score is no number, have no "
        "score, and are worse than any that has one. Where they are at most a quarter of a "
        "method's runs, they are among those that the IQM leaves out; where they are more, it does "
        f"not exist. A bound or a median that falls on them is shown as *{UNSCORED}*.",
        f"**{tables.RANK}**: the interquartile mean of the ranks that *mean rank* averages, which "
        "exists however many runs have no score.",
    ]


def _scores_and_costs(results: Results, figures: Collection[str]) -> list[str]:
    return [
        "## Scores and costs",
        f"{escape(results.label)}: the median over all runs at the last evaluation and at each "
        "run's best, a run without a score counting as worse than any other. Best is chosen "
        "after the fact, hence optimistic. *Gap*: how much worse the last is than the best, median "
        "of the runs that have a score. *D gradients / G step*: batches differentiated through D "
        "for each generator step.",
        markdown.table(tables.scores_and_costs(results)),
        *_pictures(figures, "profiles.svg"),
    ]


def _equal_budgets(results: Results, figures: Collection[str]) -> list[str]:
    found = budgets.budgets(results)
    if not found:
        return []
    return [
        "## At equal budgets",
        f"{escape(results.label)}, interquartile mean, and in parentheses the mean rank among all "
        "methods, once each has spent the same: the most that every run spent that came to the end "
        "of its training. A run counts by the score that it had then; one that had diverged or "
        "failed by then has none, and is worse than any other. Scores are taken from a line "
        "between two evaluations; a method not yet scored has no entry. "
        f"Seconds are those of one kind of machine: {escape(budgets.machine(results))} (device, "
        "processor, threads).",
        markdown.table(budgets.table(results, found)),
        *_against_baseline(results, found),
        *_pictures(figures, "cost.svg"),
    ]


def _against_baseline(results: Results, found: list[budgets.Budget]) -> list[str]:
    families = [budget.against_baseline for budget in found if budget.against_baseline]
    if not families:
        return []
    powers = dict.fromkeys(map(sentences.power, families))
    return [
        f"Each against {BASELINE} there, with pairs won and lost: the test of all comparisons, a "
        f"family each column. {escape(' '.join(powers))}",
        markdown.table(budgets.against_baseline(results, found)),
    ]


def _failures(results: Results) -> list[str]:
    table = tables.failures_by_reason(results)
    if table.empty:
        return []
    return ["## Failures by reason", markdown.table(table)]


def _by_setting(results: Results) -> list[str]:
    if len(results.settings) == 1:
        return []
    return [
        "## By setting",
        f"{escape(results.label)} at the last evaluation, mean [95% interval] over the seeds that "
        "have a score. The interval is Student's t for the mean: it holds for independent seeds "
        "with about normal scores, it is wide for few seeds because few seeds tell little, and it "
        "says nothing about other settings. Runs without a score are counted, never averaged.",
        markdown.table(tables.by_setting(results)),
    ]


def _pictures(available: Collection[str], name: str) -> list[str]:
    text = CAPTIONS[name]
    return [f"![{text}]({name})", text] if name in available else []


def _over_training(results: Results) -> list[str]:
    compared = results.over_training
    return [
        "## Over training",
        f"{escape(results.label)}, medians over the runs that have a score. The geometric mean "
        "over training is that of the curve from the first evaluation to the last, at equal "
        "generator steps: who learns faster, and stays there.",
        markdown.table(tables.course(results)),
        *(_courses_compared(compared) if compared else []),
    ]


def _courses_compared(compared: list[Comparison]) -> list[str]:
    return [
        "By that mean each method against vanilla, and against its controls: the "
        f"test of all comparisons, a family of its own. {escape(sentences.power(compared))}",
        markdown.table(tables.comparisons(compared)),
    ]


def _comparisons(results: Results) -> str:
    if not results.pairwise:
        return sentences.power(results.pairwise)
    text = (
        "*Effect* is in [-1, 1]: pairs the first won minus pairs it lost, each weighted by the "
        "rank of its difference."
    )
    return f"{text}\n\n{markdown.table(tables.comparisons(results.pairwise))}"


def _published(results: Results) -> list[str]:
    board = results.board
    quoted = published.numbers(board.records[0].dataset)
    if quoted.empty:
        return []
    caution = (
        "Quoted from their sources. Networks, training and data differ from ours as well as the "
        "protocol named, so they are not ranked with the rows above."
    )
    if board.headline:
        caution += f" Ours are {escape(results.label)} on {escape(board.records[0].dataset)}."
    return [
        "## Reported elsewhere",
        caution,
        *_replicated(results),
        markdown.folded("All numbers", markdown.table(published.table(quoted))),
    ]


def _replicated(results: Results) -> list[str]:
    found = replication.replications(results)
    if not found:
        return []
    return [
        f"What is reported of a method and {BASELINE} under a setting, beside what our runs of "
        "that setting show; *p* is corrected for all rows. Scores of different protocols do not "
        "compare: what can be compared is which of the two is better.",
        markdown.table(replication.table(results, found)),
    ]


def _left_out(board: Board) -> str:
    """How many records stand on no row, what they have otherwise, and what completes the page."""
    if not board.left_out:
        return ""
    text = (
        f"Left out: {plural(len(board.left_out), 'record')} of this suite that are other runs than "
        "those shown, which no table may mix in. They have otherwise:"
    )
    lines = markdown.bullets([escape(line) for line in left_out.groups(board)])
    command = left_out.completing(board, board.reference, board.runs)
    again = "This command, from this folder, runs them as what is shown here:"
    remedy = [again, markdown.code([command], "sh")] if command else []
    return "\n\n".join([text, lines, *remedy])


def _protocol(board: Board) -> str:
    return markdown.table(two_columns(flatten(board.protocol or {})))


def _conditions(board: Board) -> str:
    """What all rows share, and what each setting changes of it."""
    shared, decided = conditions(board)
    parts = [markdown.table(two_columns(shared))]
    if decided:
        rows = [
            {"setting": setting, "decides": "; ".join(f"{k} = {v}" for k, v in found.items())}
            for setting, found in decided.items()
        ]
        parts.append(markdown.table(pd.DataFrame(rows)))
    return "\n\n".join(parts)


def _methods(board: Board) -> str:
    """What each method has otherwise than the conditions."""
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (method, setting), runs in sorted(board.cells.items()):
        own = "; ".join(f"{key} = {text}" for key, text in runs[0].identity.method)
        alike[method, own].append(setting)
    rows = [
        {"method": method, "has": own}
        | ({"settings": ", ".join(settings)} if len(board.settings) > 1 else {})
        for (method, own), settings in alike.items()
    ]
    return markdown.table(pd.DataFrame(rows))
