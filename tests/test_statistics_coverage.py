"""How often intervals hold the truth and tests raise a false alarm, by simulation."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from bench.statistics import (
    Statistic,
    friedman_test,
    iqm,
    mean_over_settings,
    median_best,
    probability_of_improvement,
    rank_intervals,
    stratified_bootstrap_interval,
)

Draw = Callable[[np.random.Generator, int, int], np.ndarray]


def alike(rng: np.random.Generator, runs: int, settings: int) -> np.ndarray:
    return rng.normal(size=(runs, settings))


def unlike(rng: np.random.Generator, runs: int, settings: int) -> np.ndarray:
    mean, deviation = np.linspace(0, 3, settings), np.linspace(0.5, 2, settings)
    return mean + deviation * rng.normal(size=(runs, settings))


def far_apart(rng: np.random.Generator, runs: int, settings: int) -> np.ndarray:
    return np.linspace(0, 12, settings) + rng.normal(size=(runs, settings))


def skewed(rng: np.random.Generator, runs: int, settings: int) -> np.ndarray:
    return np.linspace(0, 3, settings) + np.exp(0.8 * rng.normal(size=(runs, settings)))


def failing(rng: np.random.Generator, runs: int, settings: int) -> np.ndarray:
    failed = rng.random((runs, settings)) < 0.1
    return np.where(failed, np.inf, unlike(rng, runs, settings))


def coverage_of_the_iqm(draw: Draw, runs: int, settings: int, trials: int) -> float:
    rng = np.random.default_rng(0)
    truth = iqm(draw(rng, 100_000, settings))
    inside = 0
    for seed in range(trials):
        scores = draw(rng, runs, settings)
        _, low, high = stratified_bootstrap_interval(scores, iqm, resamples=500, seed=seed)
        inside += low <= truth <= high
    return inside / trials


@pytest.mark.parametrize("draw", [unlike, failing])
def test_the_bootstrap_covers_the_iqm_of_six_settings_and_five_seeds(draw: Draw) -> None:
    assert 0.92 <= coverage_of_the_iqm(draw, runs=5, settings=6, trials=400) <= 0.98


def test_the_bootstrap_covers_the_iqm_of_unequally_many_seeds() -> None:
    rng = np.random.default_rng(0)
    runs, mean = np.array([5, 5, 5, 5, 3, 2]), np.linspace(0, 12, 6)
    truth = iqm(np.repeat(mean, 20_000 * runs)[None] + rng.normal(size=(1, 20_000 * runs.sum())))
    trials, inside = 400, 0
    for seed in range(trials):
        scores = np.where(np.arange(5)[:, None] < runs, mean + rng.normal(size=(5, 6)), np.nan)
        _, low, high = stratified_bootstrap_interval(scores, iqm, resamples=500, seed=seed)
        inside += low <= truth <= high
    assert 0.91 <= inside / trials <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "runs"), [(6, 3), (6, 5), (6, 10), (12, 5), (24, 3)])
@pytest.mark.parametrize("draw", [alike, unlike, far_apart, skewed, failing])
def test_the_bootstrap_covers_the_iqm_elsewhere(draw: Draw, settings: int, runs: int) -> None:
    assert 0.91 <= coverage_of_the_iqm(draw, runs, settings, trials=2000) <= 0.98


@pytest.mark.parametrize("runs", [3, 5])
def test_the_probability_of_improvement_is_covered_even_near_one(runs: int) -> None:
    rng = np.random.default_rng(0)
    advantage = np.linspace(0, 6, 6)
    truth = stats.norm.cdf(advantage / np.sqrt(2)).mean()
    inside, trials = 0, 400
    for _ in range(trials):
        x, y = rng.normal(size=(2, runs, 6))
        _, low, high = probability_of_improvement(x, y + advantage)
        inside += low <= truth <= high
    assert inside / trials >= 0.95


@pytest.mark.parametrize("summary", [mean_over_settings, iqm])
def test_rank_intervals_cover_the_true_ranks(summary: Statistic) -> None:
    rng = np.random.default_rng(0)
    trials, better = 300, 0.3 * np.arange(5)
    ranks = stats.rankdata(rng.normal(size=(20_000, 6, 5)) + better, axis=-1)
    truth = summary(np.moveaxis(ranks, -1, 0))
    inside = np.zeros(5)
    for seed in range(trials):
        badness = rng.normal(size=(5, 6, 5)) + better
        _, low, high = rank_intervals(badness, summary, resamples=500, seed=seed)
        inside += (low <= truth) & (truth <= high)
    assert 0.91 <= (inside / trials).mean() <= 0.98


@pytest.mark.parametrize(("blocks", "methods"), [(3, 3), (6, 5), (12, 13)])
def test_friedmans_test_raises_no_more_false_alarms_than_it_says(blocks: int, methods: int) -> None:
    rng = np.random.default_rng(0)
    trials = 1000
    p = np.array([friedman_test(rng.normal(size=(blocks, methods)))[1] for _ in range(trials)])
    assert np.mean(p <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_the_bounds_of_the_median_best_keep_their_promise_with_failures() -> None:
    rng = np.random.default_rng(0)
    trials, n, finished = 1000, 20, 0.7
    k = np.arange(1, n + 1)
    level = 1 - 0.5 ** (1 / k)  # the best of k is below this quantile half of the time
    truth = np.where(level <= finished, level / finished, np.inf)
    inside = np.zeros(n)
    for _ in range(trials):
        scores = np.where(rng.random(n) < finished, rng.random(n), np.nan)
        _, low, high = median_best(scores)
        inside += ~((low > truth) | (truth > high))  # a bound that is NaN excludes nothing
    assert (inside / trials >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / trials)).all()
