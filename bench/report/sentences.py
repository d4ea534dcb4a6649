"""What may be said of a board's results, in sentences."""

from bench.results import comparison
from bench.results.comparison import Comparison
from bench.results.results import BASELINE, Results
from bench.wording import plural, probability


def standing(results: Results) -> str:
    """What this many seeds and settings can support."""
    seeds, settings = results.seeds, len(results.settings)
    if seeds < comparison.SCREENING_SEEDS:
        return f"Screening only: {plural(seeds, 'seed')}."
    if seeds >= comparison.SINGLE_SETTING_SEEDS:
        return f"{seeds} seeds: enough for a claim about each setting."
    if settings >= comparison.POOLED_SETTINGS:
        return f"{seeds} seeds in {settings} settings: enough for a claim about all of them pooled."
    return (
        f"{seeds} seeds in {plural(settings, 'setting')}: indicative; a claim takes "
        f"{comparison.SINGLE_SETTING_SEEDS} seeds, or {comparison.POOLED_SETTINGS} settings."
    )


def leading(results: Results) -> str:
    """Which methods no other is significantly better than."""
    if not results.distinguished:
        return "Among all pairs no two methods can be told apart: the order of rows is no ranking."
    if len(results.leaders) == 1:
        return f"{results.leaders[0]} leads: it is significantly better than every other."
    return f"No method is significantly better than any of: {', '.join(results.leaders)}."


def beside_baseline(results: Results) -> str:
    """Which methods differ from vanilla, the family of fewest comparisons."""
    told_apart = [one for one in results.against_baseline if one.significant]
    if not told_apart:
        return f"No significant difference from {BASELINE}." if results.against_baseline else ""
    sides = []
    for word in ("better", "worse"):
        names = sorted(one.first for one in told_apart if one.result == word)
        if names:
            sides.append(f"significantly {word} than {BASELINE}: {', '.join(names)}")
    sentence = "; ".join(sides)
    return f"{sentence[0].upper()}{sentence[1:]}."


def overall(results: Results) -> str:
    """Friedman's test of all methods at once."""
    p, blocks = results.friedman
    if p != p:
        return ""
    answer = "refuted" if p <= comparison.ALPHA else "not refuted"
    return (
        f"That all methods rank alike is {answer} (Friedman's test, p = {probability(p)}, over "
        f"{plural(blocks, 'cell')} of a setting and a seed)."
    )


def power(family: list[Comparison]) -> str:
    """The smallest p that the test could have returned, before and after Holm."""
    if not family:
        return "No two methods share a setting and a seed, so nothing can be compared."
    pairs, (least, corrected) = max(one.pairs for one in family), comparison.smallest(family)
    text = (
        f"With {plural(pairs, 'pair')} the smallest attainable p is {probability(least)}, or "
        f"{probability(corrected)} after Holm's correction over {plural(len(family), 'comparison')}"
    )
    hopeless = corrected > comparison.ALPHA
    return text + (": no difference, however large, could be significant." if hopeless else ".")
