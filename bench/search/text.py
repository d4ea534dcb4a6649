"""Values and estimates as text, the way a search's page and files write them."""

from bench.report.text import bounds, number
from bench.search.findings import Value
from bench.search.outcomes import Estimate


def shown(parameters: dict[str, Value]) -> str:
    """Values of parameters, as bindings on one line."""
    return ", ".join(f"{key} = {short(value)}" for key, value in parameters.items())


def short(value: Value) -> str:
    """A value to be read; gin files and trials.csv have it whole."""
    return value if isinstance(value, str) else f"{value:.4g}"


def gin_text(value: Value) -> str:
    """A value in gin's notation."""
    return value if isinstance(value, str) else repr(value)


def estimated(estimate: Estimate) -> str:
    """A mean and its interval."""
    return number(estimate.mean) + bounds(number(estimate.low), number(estimate.high))
