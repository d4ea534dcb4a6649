"""The section on methods at equal budgets, and its tables."""

from collections.abc import Collection, Sequence

from bench.missing import known
from bench.report import sentences
from bench.report.document import EMPTY, Block, Field, Heading, Paragraph, Table, pictures
from bench.report.markdown import escape
from bench.report.tables import of_method, result
from bench.results import budgets
from bench.results.budgets import Budget
from bench.results.results import BASELINE, Results
from bench.wording import number, unscored

UNITS = {"step": "G steps", "d_gradients": "D gradients", "seconds": "seconds"}

COST = {
    "cost.svg": "The same against batches differentiated through D: read it vertically to compare "
    "methods at equal compute."
}


def section(results: Results, figures: Collection[str]) -> list[Block]:
    """What each method scores once it has spent the same; nothing where that cannot be told."""
    found = budgets.budgets(results)
    if not found:
        return []
    return [
        Heading("At equal budgets"),
        Paragraph(
            f"{escape(results.label)}, interquartile mean, and in parentheses the mean rank among "
            "all methods, once each has spent the same: the most that every run spent that came to "
            "the end of its training. A run counts by the score that it had then; one that had "
            "diverged or failed by then has none, and is worse than any other. Scores are taken "
            "from a line between two evaluations; a method not yet scored has no entry. Seconds "
            f"are those of one kind of machine: {escape(budgets.machine(results))} (device, "
            "processor, threads)."
        ),
        table(results, found),
        *_beside_baseline(results, found),
        *pictures(COST, figures),
    ]


def table(results: Results, found: Sequence[Budget]) -> Table:
    """One row a method, one column a budget: the score, and in parentheses the mean rank."""
    return Table(
        [
            of_method(results, method, {label(budget): _field(budget, method) for budget in found})
            for method in results.methods
        ]
    )


def against_baseline(results: Results, found: Sequence[Budget]) -> Table:
    """One row a method but vanilla, one column a budget: who is better, and how sure that is."""
    columns = {
        label(budget): {one.first: one for one in budget.against_baseline} for budget in found
    }
    return Table(
        [
            of_method(
                results,
                method,
                {name: result(tested.get(method)) for name, tested in columns.items()},
            )
            for method in results.methods
            if any(method in tested for tested in columns.values())
        ]
    )


def label(budget: Budget) -> str:
    """``at 900 D gradients``."""
    return f"at {number(budget.amount)} {UNITS[budget.axis]}"


def _beside_baseline(results: Results, found: Sequence[Budget]) -> list[Block]:
    families = [budget.against_baseline for budget in found if budget.against_baseline]
    if not families:
        return []
    powers = dict.fromkeys(map(sentences.power, families))
    return [
        Paragraph(
            f"Each against {BASELINE} there, with pairs won and lost: the test of all comparisons, "
            f"a family each column. {escape(' '.join(powers))}"
        ),
        against_baseline(results, found),
    ]


def _field(budget: Budget, method: str) -> Field:
    if method not in budget.iqm:
        return EMPTY
    score, rank = budget.iqm[method], budget.rank[method]
    notes = [f"{rank:.1f}" if rank == rank else "", unscored(*budget.unscored[method])]
    beside = "; ".join(filter(None, notes))
    return Field(number(score) + (f" ({beside})" if beside else ""), known(score))
