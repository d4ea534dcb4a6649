"""Who proposes trials, and who stops them early: Optuna's, seeded trial by trial."""

import hashlib
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

STARTUP = 8
"""Trials at random before a model of them is used."""

FIELD = 4
"""Trials that must have ended before another is held against them."""

WARM_UP = 2
"""Evaluations before a trial can be stopped: the first say little."""

SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP),
    "gp": lambda seed: optuna.samplers.GPSampler(seed=seed, n_startup_trials=STARTUP),
}

PRUNERS: dict[str, Callable[[], BasePruner]] = {
    "none": optuna.pruners.NopPruner,
    "median": lambda: optuna.pruners.MedianPruner(FIELD, WARM_UP),
    "quartile": lambda: optuna.pruners.PercentilePruner(25.0, FIELD, WARM_UP),
}
"""Only such as hold a trial against those that have ended: which of the others is how far depends
on the machine."""


def sampler(name: str, seed: int, number: int) -> BaseSampler:
    """The sampler of one trial: what it draws depends on no earlier use, so a search can resume.

    Args:
        name: one of ``SAMPLERS``; or "grid", whose points are not drawn.
        seed: of the search.
        number: of the trial.
    """
    digest = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    return SAMPLERS.get(name, SAMPLERS["random"])(int.from_bytes(digest[:4], "big"))


def grid(distributions: Mapping[str, BaseDistribution]) -> list[dict[str, Any]]:
    """Every combination of the choices, the last parameter's changing first."""
    choices = []
    for distribution in distributions.values():
        assert isinstance(distribution, CategoricalDistribution)
        choices.append(distribution.choices)
    return [dict(zip(distributions, point, strict=True)) for point in itertools.product(*choices)]
