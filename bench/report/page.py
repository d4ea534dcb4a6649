"""The README of one leaderboard, and the overview of all of them."""

import shlex
from collections.abc import Iterable
from typing import Any

import pandas as pd

from bench.records import Record, canonical, finished_at
from bench.report import markdown, oracles, published, tables
from bench.report.markdown import escape
from bench.report.selection import Board
from bench.report.tables import Results, plural

ORIGINS = (  # what a score may depend on; never a host's name
    "ganbench",
    "commit",
    "python",
    "torch",
    "torchvision",
    "torch-fidelity",
    "device",
    "cpu",
    "threads",
)


def page(board: Board, figures: Iterable[str]) -> str:
    """The README of one leaderboard.

    Args:
        board: the records to show.
        figures: names of the picture files that lie beside it.
    """
    results = Results(board)
    body = _theory(board) if oracles.has_oracle(board) else _ranking(results, list(figures))
    sections = [
        f"# {escape(board.label)}",
        _introduction(results),
        _left_out(board),
        *body,
        "## Protocol",
        "Scores compare only under the same protocol.",
        markdown.table(_two_columns(flatten(board.protocol or {}))),
        "## Provenance",
        markdown.table(_two_columns(_origins(board.records))),
        "## Reproduce",
        _reproduce(results),
        "This page and its figures are generated from `records/`; edit neither by hand.",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


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


def _ranking(results: Results, available: list[str]) -> list[str]:
    """The sections of a suite that compares methods."""
    board = results.board
    return [
        "## Results",
        _verdict(results),
        markdown.table(tables.headline(results)),
        _footnotes(results),
        _legend(results),
        "## By setting",
        f"{escape(results.label)} at the last evaluation, {INTERVAL}",
        markdown.table(tables.by_setting(results)),
        _pictures(available),
        "## All metrics",
        "Means at the last evaluation over the runs that finished, all settings together. Where "
        "few finished, a mean says little about the method: see the failures above.",
        markdown.table(tables.all_metrics(results)),
        markdown.folded("The course of training", _course(results)),
        markdown.folded("All comparisons", _comparisons(results)),
        _published(board),
    ]


INTERVAL = (
    "mean [95% interval] over the seeds that finished. The interval is Student's t for the mean: "
    "it holds for independent seeds with about normal scores, it is wide for few seeds because "
    "few seeds tell little, and it says nothing about other settings. Failed runs are counted, "
    "never averaged."
)


def overview(boards: Iterable[Board]) -> str:
    """The README above all leaderboards: one row each."""
    rows = []
    for board in boards:
        results = Results(board)
        leading = ", ".join(results.leaders) if results.distinguished else "none told apart"
        if oracles.has_oracle(board):
            leading = oracles.summary(board).rstrip(".")
        rows.append(
            {
                "leaderboard": f"[{escape(board.label)}]({board.label}/README.md)",
                "dataset": _names(board.records, "dataset"),
                "metric": escape(results.label),
                "methods": str(len(results.methods)),
                "settings": str(len(results.settings)),
                "seeds": str(results.seeds),
                "runs": str(len(board.records)),
                "leading": escape(leading),
            }
        )
    table = pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True) if rows else ""
    text = (
        "One row a leaderboard. *Leading* are the methods that no other is significantly better "
        "than, where any two can be told apart at all; *seeds* is the smallest number in any "
        "cell. Generated from the records below it; edit nothing by hand."
    )
    return "\n\n".join(part for part in ("# Leaderboards", text, table) if part) + "\n"


def flatten(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested mappings as dotted names, sorted, values as JSON (text without its quotes)."""
    if not isinstance(value, dict):
        return {prefix: value if isinstance(value, str) else canonical(value)}
    found: dict[str, str] = {}
    for key in sorted(value):
        found |= flatten(value[key], f"{prefix}.{key}" if prefix else key)
    return found


def _introduction(results: Results) -> str:
    board = results.board
    failed = int((~results.runs["finished"]).sum())
    counts = (
        f"{plural(len(results.methods), 'method')}, {plural(len(results.settings), 'setting')}, "
        f"{plural(len(board.records), 'run')}, of which {failed} failed."
    )
    where = f"{_names(board.records, 'dataset')}, {_names(board.records, 'architecture')}"
    lines = [f"Suite {escape(board.suite)} on {where}: {counts}"]
    if board.overrides:
        lines.append("Run with these changes to the suite:")
        lines.append(markdown.code(board.overrides))
    return "\n\n".join(lines)


def _verdict(results: Results) -> str:
    sentences = [f"**{tables.standing(results)}**"]
    if not results.distinguished:
        sentences.append(
            "**No significant difference** between any two methods, all pairs compared: rows are "
            "in order of wins, which is no ranking."
        )
    elif len(results.leaders) == 1:
        sentences.append(f"{escape(results.leaders[0])} leads: no other may hold rank 1.")
    else:
        names = escape(", ".join(results.leaders))
        sentences.append(f"No method is significantly better than any of: {names}.")
    sentences.append(tables.power(results.pairwise))
    sentences.append(escape(tables.beside_baseline(results)))
    return " ".join(sentence for sentence in sentences if sentence)


def _footnotes(results: Results) -> str:
    notes = [
        f"{escape(results.name(method))} ran with {escape(remedy)} ({escape(', '.join(where))}): "
        "the suite applies it because the method does not work without."
        for method, applied in results.remedies().items()
        for remedy, where in applied.items()
    ]
    return "  \n".join(notes)


def _legend(results: Results) -> str:
    clock = escape(results.clock)
    baseline = (
        f"**vs {tables.BASELINE}**: the same test for this question alone, a family of its own. "
        f"{escape(tables.power(results.against_baseline))}"
    )
    items = [
        "**rank**: the ranks a method may hold. Only a significant difference excludes one: "
        "an exact signed-rank test, paired by setting and seed, on the logarithm of the last "
        "score where all are positive, failures ranked last, Holm-corrected over all pairs of "
        "methods, 5% level. Pairs count as independent; the claim is about these settings.",
        "**wins**: the share of paired runs against all other methods that it won.",
        *([baseline] if results.against_baseline else []),
        "**last**, **best**: the median over all runs, at the last evaluation and at each run's "
        "best; a failed run counts as worse than any other, so nothing is averaged over "
        "failures. Best is chosen after the fact, hence optimistic.",
        "**gap**: how much worse the last evaluation is than the best; median of finished runs.",
        "**failures**: runs that diverged, collapsed (samples cover less than half the modes) "
        "or failed, with Clopper and Pearson's 95% interval of the rate.",
        "**D gradients / G step**: batches differentiated through D for each generator step.",
        f"**time / {clock}**: seconds a generator step over those of {clock}, the process's own "
        "on a CPU and the wall's on a GPU; median over cells run on the same kind of machine.",
    ]
    return markdown.bullets(items)


def _left_out(board: Board) -> str:
    notes = []
    if board.superseded:
        count = plural(len(board.superseded), "older record")
        notes.append(f"Left out: {count} of a cell that was run again; the newest counts.")
    if board.foreign:
        here = flatten(board.protocol or {})
        changes = sorted({line for one in board.foreign for line in _differences(here, one)})
        count = plural(len(board.foreign), "record")
        notes.append(
            f"Left out: {count} of another protocol, which no table may mix in. They differ in:"
        )
        notes.append(markdown.bullets(changes))
    return "\n\n".join(notes)


def _differences(here: dict[str, str], record: Record) -> list[str]:
    there = flatten(record.get("protocol") or {})
    return [
        f"{escape(key)}: {escape(there.get(key, 'none'))}, here {escape(here.get(key, 'none'))}"
        for key in sorted(here.keys() | there.keys())
        if here.get(key) != there.get(key)
    ]


def _pictures(available: list[str]) -> str:
    captions = {
        "curves.svg": "Median over seeds against generator steps; the band spans the seeds, a "
        "cross marks where a run failed, the dashed line is real data.",
        "cost.svg": "The same against batches differentiated through D: read it vertically to "
        "compare methods at equal compute.",
        "samples.png": "Samples at the end of training, first seed of each cell.",
    }
    shown = [(name, text) for name, text in captions.items() if name in available]
    return "\n\n".join(f"![{text}]({name})\n\n{text}" for name, text in shown)


def _course(results: Results) -> str:
    return (
        f"{escape(results.label)}, medians over the runs that finished.\n\n"
        f"{markdown.table(tables.course(results))}"
    )


def _comparisons(results: Results) -> str:
    if not results.pairwise:
        return tables.power(results.pairwise)
    text = (
        "*Effect* is in [-1, 1]: pairs the first won minus pairs it lost, each weighted by the "
        "rank of its difference."
    )
    return f"{text}\n\n{markdown.table(tables.comparisons(results.pairwise))}"


def _origins(records: list[Record]) -> dict[str, str]:
    found = {}
    for key in ORIGINS:
        seen = {record["provenance"].get(key) for record in records}
        known = sorted(str(value) for value in seen if value is not None)
        found[key] = ", ".join(known) or tables.NOTHING
    times = [finished_at(record) for record in records]
    found["finished"] = f"{min(times).date()} to {max(times).date()}"
    return found


def _reproduce(results: Results) -> str:
    board = results.board
    changes = [part for binding in board.overrides for part in ("--gin_bindings", binding)]
    seeds = str(results.runs["seed"].nunique())
    start = ["ganbench", "run", board.suite, "--seeds", seeds, *changes]
    rows = [
        [*start, "--gin_bindings", f"Suite.methods = [{canonical(method)}]"]
        for method in results.methods
    ]
    whole = markdown.code([shlex.join(start)], "sh")
    each = markdown.code([shlex.join(row) for row in rows], "sh")
    return f"{whole}\n\nOne row at a time:\n\n{each}"


def _published(board: Board) -> str:
    quoted = published.table(board.records[0]["dataset"])
    if quoted is None:
        return ""
    caution = (
        "Quoted from their sources. Networks, training and data differ from ours as well as the "
        "protocol named, so they are not ranked with the rows above."
    )
    return f"## Reported elsewhere\n\n{caution}\n\n{quoted}"


def _two_columns(pairs: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"": list(pairs), "value": list(pairs.values())})


def _names(records: list[Record], key: str) -> str:
    return escape(", ".join(sorted({str(record.get(key)) for record in records})))
