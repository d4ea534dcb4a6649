"""The sections of a suite that compares methods."""

from collections.abc import Collection

from bench.report import budgets, elsewhere, sentences, tables
from bench.report.document import Block, Bullets, Folded, Heading, Paragraph, paragraphs, pictures
from bench.report.markdown import escape
from bench.results.results import BASELINE, Results
from bench.wording import UNSCORED, plural

CURVES = {
    "curves.svg": "Median over seeds against generator steps; the band spans the seeds, a cross "
    "marks the end of a run that diverged, collapsed or failed, the dashed line is real data."
}
PROFILES = {
    "profiles.svg": "Performance profiles: the share of all runs, over seeds and settings, that "
    "are at least as good as a score. Higher is better; a line ends below 1 where runs have none."
}
SAMPLES = {
    "samples.png": "Samples at the end of training, first seed of each cell, the same latents "
    "for every method."
}

GROUP = (
    "**group**: methods that share a letter cannot be told apart by an exact signed-rank test, "
    "paired by setting and seed, on the logarithm of the last score where all are positive, "
    "runs without a score ranked last, Holm-corrected over all pairs of methods, 5% level. Pairs "
    "count as independent; the claim is about these settings."
)


def sections(results: Results, figures: Collection[str]) -> list[Block]:
    """Who leads and how sure that is, at which cost, and what lies behind it.

    Args:
        results: what the records say.
        figures: names of the picture files that lie beside the page.
    """
    return [
        *_results(results),
        *pictures(CURVES, figures),
        *_scores_and_costs(results),
        *pictures(PROFILES, figures),
        *budgets.section(results, figures),
        *_failures(results),
        *_by_setting(results),
        *pictures(SAMPLES, figures),
        *_all_metrics(results),
        *_over_training(results),
        *elsewhere.section(results),
    ]


def _results(results: Results) -> list[Block]:
    bold = f"**{escape(sentences.standing(results))} {escape(sentences.leading(results))}**"
    return [
        Heading("Results"),
        Paragraph(f"{bold} {escape(sentences.beside_baseline(results))}".strip()),
        Paragraph(f"{sentences.overall(results)} {sentences.power(results.pairwise)}".strip()),
        tables.headline(results),
        *paragraphs(_footnotes(results)),
        Folded("How to read this table", [Bullets(_legend(results))]),
        Folded("All comparisons", _comparisons(results)),
    ]


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


def _legend(results: Results) -> list[str]:
    clock, settings = escape(results.clock), len(results.settings)
    over = f"{plural(settings, 'setting')} and all seeds" if settings > 1 else "all seeds"
    baseline = [
        f"**beats {BASELINE}**: how often a run is better than {BASELINE}'s of its setting and "
        "seed, a tie counting half, with an interval that is never too short.",
        f"**vs {BASELINE}**: the test of the groups for this question alone, a family of its own. "
        f"{escape(sentences.power(results.against_baseline))}",
    ]
    return [
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


def _comparisons(results: Results) -> list[Block]:
    if not results.pairwise:
        return [Paragraph(sentences.power(results.pairwise))]
    return [
        Paragraph(
            "*Effect* is in [-1, 1]: pairs the first won minus pairs it lost, each weighted by the "
            "rank of its difference."
        ),
        tables.comparisons(results.pairwise),
    ]


def _scores_and_costs(results: Results) -> list[Block]:
    return [
        Heading("Scores and costs"),
        Paragraph(
            f"{escape(results.label)}: the median over all runs at the last evaluation and at each "
            "run's best, a run without a score counting as worse than any other. Best is chosen "
            "after the fact, hence optimistic. *Gap*: how much worse the last is than the best, "
            "median of the runs that have a score. *D gradients / G step*: batches differentiated "
            "through D for each generator step."
        ),
        tables.scores_and_costs(results),
    ]


def _failures(results: Results) -> list[Block]:
    table = tables.failures_by_reason(results)
    return [Heading("Failures by reason"), table] if table.rows else []


def _by_setting(results: Results) -> list[Block]:
    if len(results.settings) == 1:
        return []
    return [
        Heading("By setting"),
        Paragraph(
            f"{escape(results.label)} at the last evaluation, mean [95% interval] over the seeds "
            "that have a score. The interval is Student's t for the mean: it holds for independent "
            "seeds with about normal scores, it is wide for few seeds because few seeds tell "
            "little, and it says nothing about other settings. Runs without a score are counted, "
            "never averaged."
        ),
        tables.by_setting(results),
    ]


def _all_metrics(results: Results) -> list[Block]:
    return [
        Heading("All metrics"),
        Paragraph(
            "Means at the last evaluation over the runs that have a score, all settings together. "
            "Where few have one, a mean says little about the method: see the failures above."
        ),
        tables.all_metrics(results),
    ]


def _over_training(results: Results) -> list[Block]:
    blocks: list[Block] = [
        Heading("Over training"),
        Paragraph(
            f"{escape(results.label)}, medians over the runs that have a score. The geometric mean "
            "over training is that of the curve from the first evaluation to the last, at equal "
            "generator steps: who learns faster, and stays there."
        ),
        tables.over_training(results),
    ]
    compared = results.over_training
    if compared:
        test = (
            "By that mean each method against vanilla, and against its controls: the "
            f"test of all comparisons, a family of its own. {escape(sentences.power(compared))}"
        )
        blocks += [Paragraph(test), tables.comparisons(compared)]
    return blocks
