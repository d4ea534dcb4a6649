"""Values and estimates as text, the way a search's page and files write them."""

import numpy as np

from bench import wording
from bench.results.entry import Floats
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
    """A mean with its interval, and how many runs have no score."""
    interval = estimate.mean, estimate.low, estimate.high
    return wording.averaged(interval, estimate.unscored, estimate.runs)


def averaged(values: Floats) -> str:
    """The mean of what runs were measured to be, and how many have no score, which are NaN."""
    known = values[~np.isnan(values)]
    mean = float(known.mean()) if len(known) else np.nan
    return wording.averaged((mean, np.nan, np.nan), len(values) - len(known), len(values))
