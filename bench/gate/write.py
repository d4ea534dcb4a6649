"""The verdict in words: on a screen, in Markdown for a pull request, in JUnit's XML for CI."""

from xml.etree import ElementTree

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from bench.gate.compare import BEGINNING, CONFIG, SCORES, TOGETHER, Evidence, Verdict
from bench.gate.pairs import BEFORE, falls
from bench.gate.power import POWER, flips, noticed, pairs_needed
from bench.report.document import Bullets, Field, Folded, Heading, Row, Table, valued
from bench.report.markdown import escape, to_markdown
from bench.report.screen import to_terminal

SHOWN = 12
"""How many of the runs that ended worse are named."""


def on_screen(verdict: Verdict) -> list[RenderableType]:
    """What got worse, as a table if anything did, and what could have been found."""
    parts: list[RenderableType] = [Text(headline(verdict))]
    if verdict.worse:
        parts.append(to_terminal(_worse(verdict)))
    return [*parts, *map(Text, notes(verdict))]


def as_markdown(verdict: Verdict) -> str:
    """The same as a section, with everything that was looked at behind a fold."""
    return to_markdown(
        [
            Heading(headline(verdict)),
            *([_worse(verdict)] if verdict.worse else []),
            Bullets([escape(note) for note in notes(verdict)]),
            Folded("All that was compared", [_overview(verdict)]),
        ]
    )


def as_junit(verdict: Verdict, suite: str) -> bytes:
    """A test case a method, and one for all together, that fails where something got worse."""
    methods = list(dict.fromkeys(one.method for one in verdict.evidence))
    root = ElementTree.Element("testsuites")
    tests = ElementTree.SubElement(
        root,
        "testsuite",
        name=f"ganbench check {suite}",
        tests=str(len(methods)),
        failures=str(len({one.method for one in verdict.worse})),
        errors="0",
        skipped="0",
    )
    for method in methods:
        case = ElementTree.SubElement(tests, "testcase", classname=suite, name=method)
        worse = [one for one in verdict.of(method) if one.worse]
        if worse:
            message = f"{method} got worse: {', '.join(one.what for one in worse)}"
            failure = ElementTree.SubElement(case, "failure", message=message, type="worse")
            failure.text = "\n".join(map(_line, worse))
        ElementTree.SubElement(case, "system-out").text = "\n".join(map(_line, verdict.of(method)))
    ElementTree.SubElement(tests, "system-out").text = "\n".join(notes(verdict))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def headline(verdict: Verdict) -> str:
    """One sentence: whether anything got worse, or must not have changed and did."""
    lost = dict.fromkeys(one.method for one in verdict.worse if one.what not in (BEGINNING, CONFIG))
    other = dict.fromkeys(one.method for one in verdict.worse if one.what in (BEGINNING, CONFIG))
    answer = f"worse: {', '.join(lost)}" if lost else "nothing got worse"
    if other:
        answer += f"; trained differently: {', '.join(other)}"
    runs, methods = len(verdict.pairs), len(verdict.methods)
    plural = "methods" if methods > 1 else "method"
    return f"{answer} ({runs} runs of {methods} {plural} beside those of {verdict.origin})"


def notes(verdict: Verdict) -> list[str]:
    """What could have been found, and what was seen but is no evidence; a sentence each."""
    strict = verdict.strictness
    found = [
        f"A suite as good as its baseline is called worse with a chance of at most "
        f"{strict.alpha:.1%}. Losses up to {strict.tolerance:.0%} of a score and growth up to "
        f"{strict.cost_tolerance:.0%} of a cost are let pass.",
        *(_power(verdict, column) for column in SCORES),
        f"Where runs of one method newly collapse or diverge, and none of it no longer does, "
        f"{flips(verdict)} are enough to be found; fewer may be chance.",
        _changes(verdict),
    ]
    if verdict.changed:
        found.append(
            "Trained differently from the first steps on, or bound otherwise, for better or "
            "worse: "
            f"{', '.join(verdict.changed)}. If that is meant, make a new baseline, which will "
            "notice what comes next; if not, look what changed."
        )
    gone, new = verdict.unmatched
    if gone or new:
        found.append(
            f"Not compared: {gone} runs of the baseline that the suite no longer has, and {new} "
            "runs that the baseline does not have."
        )
    return found


def _power(verdict: Verdict, column: str) -> str:
    least, lost = noticed(verdict, column)
    together = least.pop(TOGETHER, np.nan)
    known = {name: value for name, value in least.items() if np.isfinite(value)}
    what = f"{verdict.metric['label']} {SCORES[column]}"
    if not known:
        return (
            f"{what}: too few pairs or seeds to tell a loss from chance; "
            f"a method needs {pairs_needed(verdict)} pairs, and a setting two seeds."
        )
    easiest, hardest = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    middle = lost.text(float(np.median(list(known.values()))))
    everyone = f"; {lost.text(together)} for all methods" if np.isfinite(together) else ""
    return (
        f"{what}: if a rerun differs as another seed does, one method's score that gets {middle} "
        f"is noticed with {POWER:.0%} probability ({lost.text(known[easiest])} for {easiest}, "
        f"{lost.text(known[hardest])} for {hardest}{everyone})."
    )


def _changes(verdict: Verdict) -> str:
    """The single runs that ended otherwise: news, and no evidence."""
    fell = falls(verdict.pairs)
    worse = verdict.pairs[fell > 0]
    text = f"{len(worse)} runs ended worse than in the baseline and {(fell < 0).sum()} better"
    if worse.empty:
        return f"{text}."
    named = [
        f"{run.method} · {run.setting} · seed {run.seed} ({run.before}, now {run.status})"
        for run in worse.rename(columns={f"status{BEFORE}": "before"}).itertuples()
    ]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return f"{text}: {', '.join(named[:SHOWN])}{more}."


def _worse(verdict: Verdict) -> Table:
    """A row for each thing that got worse."""
    rows = [
        {
            "method": Field(one.method),
            "what": Field(one.what),
            "seen": Field(one.seen),
            "p": Field("") if one.p is None else valued(one.p, _p),
        }
        for one in verdict.worse
    ]
    return Table([Row(fields) for fields in rows])


def _line(one: Evidence) -> str:
    return f"{one.what}: {one.seen}{_chance(one)}"


def _chance(one: Evidence) -> str:
    return "" if one.p is None or one.p == 1 else f" (p = {_p(one.p)})"


def _p(p: float) -> str:
    return f"{p:.2g}" if p >= 1e-6 else "< 1e-6"


def _overview(verdict: Verdict) -> Table:
    """A row a method, and all together; a column for each thing that was looked at."""
    columns = dict.fromkeys(one.what for one in verdict.evidence)
    rows = []
    for method in dict.fromkeys(one.method for one in verdict.evidence):
        seen = {one.what: one.seen + _chance(one) for one in verdict.of(method)}
        fields = {what: Field(seen.get(what, "")) for what in columns}
        rows.append(Row({"method": Field(method), **fields}))
    return Table(rows)
