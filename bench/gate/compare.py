"""What got worse, tested so that all tests of a suite together seldom raise a false alarm."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bench.gate.pairs import BEFORE, REFERENCE, Floats, Losses, ended, falls, growths, losses, pair
from bench.gate.side import PLACE, Side
from bench.runs.records import Metric
from bench.statistics import holm, signed_rank_test, smallest_p
from bench.wording import plural

TOGETHER = "all methods"
"""Stands for a method where the median over the methods of a setting and seed is tested."""

SHARES = {"score": 0.5, "status": 0.4, "cost": 0.1}
"""How the false-alarm rate is divided between the families of tests."""

SCORES = {"area": "over training", "last": "at the end"}
"""The scores that are tested, and how they are called."""

UNKNOWN: Metric = {"label": "score", "better": "lower"}
"""Stands for the metric where no run was scored."""

NEW = "failures of new runs"
BEGINNING = "course"
"""How reports of the gate call what first scores show; scripts read it."""

CONFIG = "config"
EARLY = 25
"""Generator steps in which other rounding does not yet show."""
APART = 0.005
"""Relative difference of first scores that rounding does not explain: on the stability suite, whose
runs are first scored after 20 steps, initial weights off by 1e-7 of their size move most scores by
less than 0.0005."""

STATUS = "collapsed or diverged"

COSTS = {
    "seconds": f"training time / {REFERENCE}'s",
    "peak_memory_bytes": f"peak memory / {REFERENCE}'s",
}


@dataclass(frozen=True)
class Strictness:
    """What counts as worse.

    Attributes:
        alpha: chance that a suite that is as good as its baseline is called worse.
        tolerance: relative loss of a score that is of no concern.
        cost_tolerance: relative growth of a cost, relative to the reference, of no concern.
        unchanged: whether a method that trains differently is called out, whatever its scores.
    """

    alpha: float = 0.01
    tolerance: float = 0.02
    cost_tolerance: float = 0.25
    unchanged: bool = True

    def level(self, family: str) -> float:
        """The false-alarm rate of a family of ``SHARES``."""
        return self.alpha * SHARES[family]


@dataclass(frozen=True)
class Evidence:
    """One thing that was looked at in one method's runs.

    Attributes:
        method: its name, or ``TOGETHER``.
        what: what was compared.
        seen: what the pairs show, in words.
        p: after the correction for the number of tests; None where chance plays no part.
        worse: whether it got worse.
    """

    method: str
    what: str
    seen: str
    p: float | None
    worse: bool


@dataclass(frozen=True)
class Verdict:
    """What the gate says of a suite's runs beside a baseline's.

    Attributes:
        origin: where the baseline was read.
        metric: of the scores.
        pairs: see ``bench.gate.pairs.pair``.
        unmatched: runs of the baseline that were not made again, and the reverse.
        strictness: what counted as worse.
        evidence: all that was looked at, by method; ``TOGETHER`` first.
    """

    origin: str
    metric: Metric
    pairs: pd.DataFrame
    unmatched: tuple[int, int]
    strictness: Strictness
    evidence: list[Evidence]

    @cached_property
    def worse(self) -> list[Evidence]:
        """What got worse."""
        return [one for one in self.evidence if one.worse]

    @property
    def changed(self) -> list[str]:
        """The methods that train differently, for better or worse."""
        changed = [one.method for one in self.evidence if one.what in (BEGINNING, CONFIG)]
        return list(dict.fromkeys(changed))

    @property
    def methods(self) -> list[str]:
        """The methods that were compared, the reference first."""
        return sorted(set(self.pairs["method"]), key=lambda name: (name != REFERENCE, name))

    def of(self, method: str) -> list[Evidence]:
        """What was looked at in one method's runs."""
        return [one for one in self.evidence if one.method == method]


def compare(current: Side, baseline: Side, strictness: Strictness) -> Verdict:
    """Compares runs with a baseline's runs of the same method, setting and seed.

    Raises:
        UsageError: see ``bench.gate.pairs.pair``.
    """
    pairs = pair(current, baseline)
    metric = current.metric or UNKNOWN
    families = {
        "score": _score_tests(pairs, metric, strictness.tolerance),
        "status": _status_tests(pairs),
        "cost": _cost_tests(pairs, strictness.cost_tolerance),
    }
    tested = [
        one for name, family in families.items() for one in _judge(family, strictness.level(name))
    ]
    unchanged = strictness.unchanged
    changes = [*_configs(pairs, unchanged), *_beginnings(pairs, metric, unchanged)]
    evidence = [*_certain(pairs), *_new_failures(current, pairs), *changes, *tested]
    verdict = Verdict(
        baseline.origin,
        metric,
        pairs,
        (len(baseline.runs) - len(pairs), len(current.runs) - len(pairs)),
        strictness,
        evidence,
    )
    order = [TOGETHER, *verdict.methods, *(one.method for one in evidence)]
    evidence.sort(key=lambda one: order.index(one.method))
    return verdict


@dataclass(frozen=True)
class _Test:
    """A one-sided test of paired differences: do they lie above 0?"""

    method: str
    what: str
    seen: str
    differences: Floats

    @property
    def least(self) -> float:
        """The smallest p that differences of these sizes could have had."""
        return smallest_p(int(np.count_nonzero(self.differences)), "greater")

    @property
    def p(self) -> float:
        return signed_rank_test(self.differences, "greater")[1]


def _judge(tests: Sequence[_Test], level: float) -> list[Evidence]:
    """Holm's correction over the tests that could have found something.

    A test whose pairs are too few to reach ``level`` over the number of such tests, whatever
    their signs, is left out and counts for nothing; this depends on the sizes of differences
    only, so that the family's false-alarm rate stays at ``level``. Source: Tarone 1990,
    Biometrics 46(2).
    """
    least = np.array([test.least for test in tests])
    able = np.zeros(len(tests), dtype=bool)
    for count in range(1, len(tests) + 1):
        able = least <= level / count
        if able.sum() <= count:
            break
    adjusted = np.ones(len(tests))
    adjusted[able] = holm([test.p for test, can in zip(tests, able, strict=True) if can])
    return [
        Evidence(test.method, test.what, test.seen, float(p), bool(can and p <= level))
        for test, p, can in zip(tests, adjusted, able, strict=True)
    ]


def _score_tests(pairs: pd.DataFrame, metric: Metric, tolerance: float) -> list[_Test]:
    """Each score of each method, and the median method of each setting and seed."""
    tests = []
    for column, name in SCORES.items():
        lost = losses(pairs, column, metric["better"])
        margin = lost.margin(tolerance)
        what = f"{metric['label']} {name}"
        for method, values in _by_method(pairs, lost.values):
            tests.append(_Test(method, what, _seen(values, lost), values - margin))
        drawn = pairs.assign(loss=lost.values).groupby(PLACE[1:])["loss"]
        if pairs["method"].nunique() > 1:
            middle = _known(drawn.median().to_numpy(dtype=np.float64))
            tests.append(_Test(TOGETHER, what, _seen(middle, lost), middle - margin))
    return tests


def _status_tests(pairs: pd.DataFrame) -> list[_Test]:
    """Runs that ended worse than in the baseline against those that ended better."""
    tests = []
    for method, fell in _by_method(pairs, falls(pairs)):
        worse, improved = int((fell > 0).sum()), int((fell < 0).sum())
        seen = f"{worse} of {len(fell)} worse, {improved} better"
        tests.append(_Test(method, STATUS, seen, np.sign(fell)))
    return tests


def _cost_tests(pairs: pd.DataFrame, tolerance: float) -> list[_Test]:
    tests = []
    for cost, name in COSTS.items():
        for method, growth in _by_method(pairs, growths(pairs, cost)):
            if method == REFERENCE or not len(growth):
                continue
            seen = f"{np.expm1(np.median(growth)):+.0%}"
            tests.append(_Test(method, name, seen, growth - np.log1p(tolerance)))
    return tests


def _certain(pairs: pd.DataFrame) -> list[Evidence]:
    """What no chance brings about: runs that raise, and more work a step."""
    failed = (pairs["status"] == "failed") & (pairs[f"status{BEFORE}"] != "failed")
    work, before = (
        (pairs[f"d_gradients{which}"] / pairs[f"g_steps{which}"]).where(ended(pairs, which))
        for which in ("", BEFORE)
    )
    more = work > before * (1 + 1e-9)
    found = []
    for method, rows in pairs.groupby("method", sort=False).groups.items():
        crashes = int(failed[rows].sum())
        if crashes:
            seen = f"{crashes} of {len(rows)} runs fail that did not"
            found.append(Evidence(str(method), "failures", seen, None, True))
        if more[rows].any():
            now, then = work[rows][more[rows]].iloc[0], before[rows][more[rows]].iloc[0]
            seen = f"{now:.4g} a G step, where it was {then:.4g}"
            found.append(Evidence(str(method), "D gradients", seen, None, True))
    return found


def _new_failures(current: Side, pairs: pd.DataFrame) -> list[Evidence]:
    """Methods with runs that raise, of which the baseline has none to say that they always did."""
    runs = current.runs.merge(pairs[PLACE], on=PLACE, how="left", indicator=True)
    alone = runs[(runs["_merge"] == "left_only") & (runs["status"] == "failed")]
    return [
        Evidence(
            str(method),
            NEW,
            f"{plural(count, 'run')} that the baseline lacks failed",
            None,
            True,
        )
        for method, count in alone["method"].value_counts(sort=False).items()
    ]


def _configs(pairs: pd.DataFrame, unchanged: bool) -> list[Evidence]:
    """Methods whose own bindings, or their remedies, are not those of the baseline."""
    other = pairs["own"] != pairs[f"own{BEFORE}"]
    counts = pairs.assign(other=other).groupby("method", sort=False)["other"].agg(["sum", "size"])
    return [
        Evidence(str(method), CONFIG, f"bound otherwise in {some} of {all_} runs", None, unchanged)
        for method, some, all_ in counts.itertuples()
        if some
    ]


def _beginnings(pairs: pd.DataFrame, metric: Metric, unchanged: bool) -> list[Evidence]:
    """Methods whose runs leave the baseline's before chance has had time to part them.

    At the same seed the same computation begins alike, on the same kind of machine. Most runs
    scoring otherwise within ``EARLY`` steps, by more than ``APART``, means that something else is
    computed, for better or worse. Runs that are first scored later are not looked at.
    """
    lost = losses(pairs, "first", metric["better"])
    same = pairs["machine"] == pairs[f"machine{BEFORE}"]
    for which in ("", BEFORE):
        same &= pairs[f"first_step{which}"] <= EARLY
    found = []
    known = same.to_numpy() & np.isfinite(lost.values)
    for method, values in _by_method(pairs, np.where(known, np.abs(lost.values), np.nan)):
        middle = float(np.median(values)) if len(values) else 0.0
        if middle > lost.margin(APART):
            seen = f"first scores {lost.apart(middle)} apart at the median"
            found.append(Evidence(method, BEGINNING, seen, None, unchanged))
    return found


def _by_method(pairs: pd.DataFrame, values: Floats) -> list[tuple[str, Floats]]:
    """Each method's values, without NaN."""
    groups = pairs.groupby("method", sort=False).indices
    return [(str(method), _known(values[rows])) for method, rows in groups.items()]


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def _seen(values: Floats, lost: Losses) -> str:
    if not len(values):
        return "no pair has a score"
    up = int((values > 0).sum())
    return f"{lost.text(float(np.median(values)))}, {up} of {len(values)} worse"
