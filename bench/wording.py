"""Numbers as text, the way every table and sentence of a leaderboard writes them."""

from math import floor, isfinite, log10

NOTHING = "—"
UNSCORED = "no score"


def number(value: float) -> str:
    """Three significant digits, never an exponent."""
    if not isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    return f"{value:,.{max(0, 2 - floor(log10(abs(value))))}f}"


def score(value: float) -> str:
    """A number, or the words for an infinite one: what a run without a score counts as."""
    return UNSCORED if abs(value) == float("inf") else number(value)


def percent(value: float) -> str:
    """A share in percent."""
    return f"{100 * value:.0f}%" if isfinite(value) else NOTHING


def ratio(value: float) -> str:
    """A factor."""
    return f"{value:.2f}x" if isfinite(value) else NOTHING


def probability(value: float) -> str:
    """A p-value."""
    return f"{value:.2g}" if value >= 1e-3 else f"{value:.0e}"


def plural(count: int, noun: str) -> str:
    """``3 seeds``, ``1 seed``."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def unscored(count: int, of: int) -> str:
    """How many runs have no score, of how many; empty where all have one."""
    return f"{count} of {of} have none" if count else ""


def bounds(low: str, high: str) -> str:
    """An interval to stand behind a value; empty where there is none."""
    return "" if NOTHING in (low, high) else f" [{low}, {high}]"


def span(low: float, high: float) -> str:
    """An interval of shares, in percent."""
    return f"[{100 * low:.0f}-{100 * high:.0f}%]"


def averaged(estimate: tuple[float, float, float], count: int, of: int) -> str:
    """An average with its interval, and how many runs have no score, if any.

    Args:
        estimate: a value, infinite where there is none to show, and the bounds of its interval.
        count: of the runs without a score.
        of: of all runs.
    """
    value, low, high = estimate
    text = number(value) + (bounds(score(low), score(high)) if isfinite(value) else "")
    return f"{text} ({unscored(count, of)})" if count else text


def clock(seconds: float) -> str:
    """A time as a clock has it: ``1:23``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """A time in words, as exact as is of use: ``40 s``, ``12 min``, ``3 h 20 min``, ``5 days``."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"
