"""Differences from vanilla that others report, and what our runs of the same settings show."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bench.results import comparison, published
from bench.results.comparison import Comparison
from bench.results.results import BASELINE, Results

SCALED = {"cifar10_jpeg": {"lr_d_2e-3": "lr_d_double"}}
"""By data set the settings at reduced scale, and the published ones that they stand for."""


@dataclass(frozen=True)
class Replication:
    """One method against vanilla in some settings, as others report it and as we find it.

    Attributes:
        reported: (the method's value, vanilla's), of each source and setting.
        better: which way these are better, "lower" or "higher".
        found: of our own runs in these settings, corrected within the page's family.
    """

    method: str
    settings: list[str]
    reported: list[tuple[float, float]]
    better: str
    found: Comparison

    @cached_property
    def favoured(self) -> list[bool]:
        """Whether the method is the better one, by each report."""
        return [(a < b) == (self.better == "lower") for a, b in self.reported]

    @property
    def result(self) -> str:
        """What our runs say to what is reported."""
        if not self.found.significant:
            return "not told apart"
        better = self.found.better == self.method
        agree = sum(favoured == better for favoured in self.favoured)
        if 0 < agree < len(self.favoured):
            return "reports disagree"
        return "as reported" if agree else "the opposite"


def replications(results: Results) -> list[Replication]:
    """What was reported of a method and vanilla in a setting in which both ran here too.

    The same architecture, setting and kind of score, so far as names tell. One entry a method and
    setting, and one of a method's settings together where they are several. Holm's correction is
    over all of them.
    """
    drafts = list(_drafts(results))
    tested = [
        comparison.paired_test(results.matrix.loc[settings], method, BASELINE)
        for method, settings, _ in drafts
    ]
    return [
        Replication(method, settings, reported, results.better, found)
        for (method, settings, reported), found in zip(
            drafts, comparison.corrected(tested), strict=True
        )
    ]


def _drafts(results: Results) -> Iterator[tuple[str, list[str], list[tuple[float, float]]]]:
    if BASELINE not in results.board.methods:
        return
    record = results.board.records[0]
    numbers = published.numbers(record.dataset)
    comparable = numbers[
        (numbers["architecture"] == record.architecture)
        & (numbers["metric"].str.lower() == results.board.headline)
    ]
    wide = comparable.assign(value=comparable["value"].astype(float)).pivot(
        index=["setting", "source"], columns="method", values="value"
    )
    scaled = SCALED.get(record.dataset, {})
    names = {setting: setting for setting in results.settings if setting not in scaled.values()}
    names |= scaled
    for method in results.methods:
        if method == BASELINE or not {method, BASELINE} <= set(wide.columns):
            continue
        ran = results.matrix[[method, BASELINE]].dropna().index.get_level_values("setting")
        both = wide[[method, BASELINE]].dropna()
        reported = {
            setting: list(dict.fromkeys(both.loc[[name]].itertuples(index=False, name=None)))
            for setting in results.settings
            if (name := names.get(setting)) in both.index.get_level_values("setting")
            and setting in ran
        }
        for setting, pairs in reported.items():
            yield method, [setting], pairs
        if len(reported) > 1:
            yield method, list(reported), [pair for pairs in reported.values() for pair in pairs]
