"""What is said of many settings, and of k trials, against loops, enumeration and formulas."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.statistics import (
    friedman_test,
    iqm,
    mean_ranks,
    median_best,
    performance_profile,
    probability_of_improvement,
    proportion_interval,
    rank_intervals,
    setting_ranks,
)

INF, NAN = np.inf, np.nan


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (5, 6), (7, 3)])
def test_the_interquartile_mean_is_the_trimmed_mean(shape: tuple[int, int]) -> None:
    scores = np.random.default_rng(0).normal(size=shape)
    assert iqm(scores) == pytest.approx(stats.trim_mean(scores, 0.25, axis=None))


def test_the_interquartile_mean_leaves_missing_runs_out() -> None:
    scores = np.random.default_rng(0).normal(size=(5, 4))
    scores[3:, 1] = NAN
    assert iqm(scores) == pytest.approx(stats.trim_mean(scores[~np.isnan(scores)], 0.25))
    assert np.isnan(iqm(np.full((2, 3), NAN)))
    assert np.isnan(iqm(np.empty((0, 3))))


def test_the_interquartile_mean_of_many_matrices_at_once() -> None:
    scores = np.random.default_rng(0).normal(size=(4, 2, 5, 3))
    scores[0, 0, 0, 0] = NAN
    one_by_one = [[iqm(matrix) for matrix in row] for row in scores]
    assert iqm(scores) == pytest.approx(np.array(one_by_one))


def test_the_interquartile_mean_bears_a_quarter_of_failures() -> None:
    scores = np.arange(12.0).reshape(3, 4)
    scores[0, :3] = INF
    assert iqm(scores) == pytest.approx(np.mean([6, 7, 8, 9, 10, 11]))
    scores[0, 3] = INF
    assert iqm(scores) == INF
    assert iqm(-scores) == -INF


def test_the_probability_of_improvement_by_a_loop() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, size=(2, 5, 6)).astype(float)
    x[0, 0] = y[0, 0] = x[1, 2] = INF
    won = {True: 1.0, False: 0.0}
    shares = [
        np.mean([0.5 if a == b else won[a < b] for a, b in zip(*pair, strict=True)])
        for pair in zip(x.T, y.T, strict=True)
    ]
    p, low, high = probability_of_improvement(x, y)
    assert p == pytest.approx(np.mean(shares))
    assert low < p < high
    assert probability_of_improvement(y, x) == pytest.approx((1 - p, 1 - high, 1 - low))


def test_a_finished_run_beats_a_failed_one_and_two_failures_tie() -> None:
    p, _, _ = probability_of_improvement([[1e9], [INF], [INF], [2.0]], [[INF], [INF], [1.0], [2.0]])
    assert p == pytest.approx((1 + 0.5 + 0 + 0.5) / 4)


def test_every_setting_weighs_the_same_however_many_pairs_it_has() -> None:
    x = np.array([[1.0, 1.0], [1.0, NAN], [1.0, 1.0], [1.0, NAN]])
    y = np.array([[0.0, 2.0], [0.0, 2.0], [0.0, NAN], [0.0, 2.0]])
    p, low, high = probability_of_improvement(x, y)
    assert p == 0.5
    n = 2**2 / (1 / 4 + 1 / 1)
    assert stats.beta.cdf(low, p * n, n - p * n + 1) == pytest.approx(0.025)
    assert stats.beta.sf(high, p * n + 1, n - p * n) == pytest.approx(0.025)


@pytest.mark.parametrize("wins", [0, 1, 17, 30])
def test_without_ties_the_bounds_are_those_of_a_proportion(wins: int) -> None:
    badness = np.where(np.arange(30) < wins, 0.0, 2.0).reshape(5, 6)
    share, low, high = probability_of_improvement(badness, np.ones((5, 6)))
    assert share == pytest.approx(wins / 30)
    assert (low, high) == pytest.approx(proportion_interval(wins, 30))


def test_no_pair_has_no_probability() -> None:
    assert np.isnan(probability_of_improvement([[1.0, NAN]], [[NAN, 1.0]])).all()


def test_the_profile_by_a_loop() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(5, 4))
    scores[0, :2] = INF
    scores[1, 3] = NAN
    thresholds = [-1.0, scores[2, 2], 0.5, 100.0, INF]
    expected = [
        np.mean([np.mean([s <= t and s < INF for s in c if s == s]) for c in scores.T])
        for t in thresholds
    ]
    share, low, high = performance_profile(scores, thresholds)
    assert share == pytest.approx(expected)
    assert share[-1] == share[-2] < 1
    assert (low <= share).all()
    assert (share <= high).all()
    assert (np.diff([share, low, high]) >= 0).all()


def test_the_profile_of_nothing() -> None:
    for part in performance_profile(np.full((2, 2), NAN), [0.0, 1.0]):
        assert part.shape == (2,)
        assert np.isnan(part).all()


@pytest.mark.parametrize(
    "rates", [[0.5] * 6, [0.02, 0.1, 0.3, 0.7, 0.9, 0.98], [0.01] * 5 + [0.99], [0.97] * 6]
)
def test_unlike_settings_never_cost_a_share_its_coverage(rates: list[float]) -> None:
    runs, settings = 5, len(rates)
    chance = np.ones(1)  # of each number of successes, exactly
    for rate in rates:
        chance = np.convolve(chance, stats.binom.pmf(np.arange(runs + 1), runs, rate))
    covered = 0.0
    for count, probability in enumerate(chance):
        scores = np.where(np.arange(runs * settings) < count, 0.0, INF).reshape(runs, settings)
        _, low, high = performance_profile(scores, [1.0])
        covered += probability * bool(low[0] <= np.mean(rates) <= high[0])
    assert covered >= 0.95


def test_ranks_within_settings_agree_with_pandas() -> None:
    badness = np.random.default_rng(0).integers(0, 5, size=(4, 3, 6)).astype(float)
    badness[badness == 4] = INF
    expected = np.mean(
        [[pd.Series(row).rank(method="average") for row in one] for one in badness], axis=0
    )
    assert setting_ranks(badness) == pytest.approx(expected)
    assert mean_ranks(badness) == pytest.approx(expected.mean(axis=0))
    assert mean_ranks(badness).sum() == pytest.approx(6 * 7 / 2)


def test_failures_tie_as_last() -> None:
    assert mean_ranks([[1.0, INF, 0.5, INF]]).tolist() == [2, 3.5, 1, 3.5]


def test_a_cell_in_which_a_method_is_missing_is_left_out() -> None:
    badness = np.array([[[1.0, 2.0, 3.0], [3.0, 2.0, NAN]], [[3.0, 2.0, 1.0], [2.0, 1.0, 3.0]]])
    assert setting_ranks(badness).tolist() == [[2, 2, 2], [2, 1, 3]]
    assert mean_ranks(badness).tolist() == [2, 1.5, 2.5]
    badness[1, 1, 0] = NAN
    assert np.isnan(setting_ranks(badness)[1]).all()
    assert mean_ranks(badness).tolist() == [2, 2, 2]


def test_rank_intervals_hold_the_mean_ranks_and_repeat() -> None:
    badness = np.random.default_rng(0).normal(size=(5, 6, 4)) + np.arange(4)
    ranks, low, high = rank_intervals(badness, seed=3)
    assert ranks == pytest.approx(mean_ranks(badness))
    assert (low < ranks).all()
    assert (ranks < high).all()
    again = rank_intervals(badness, seed=3)
    assert all((a == b).all() for a, b in zip((ranks, low, high), again, strict=True))


def test_ranks_are_summed_up_by_their_interquartile_mean_whoever_has_no_score() -> None:
    badness = np.full((4, 1, 3), INF)
    badness[:, 0, 0] = 1.0
    badness[0, 0, 1] = 0.5
    # a is 2, 1, 1, 1; b is 1 and three times shares 2 and 3 with c, which is 3 where b has a score.
    ranks, low, high = rank_intervals(badness, iqm)
    assert ranks.tolist() == [1.0, 2.5, 2.5]
    assert np.isfinite([low, high]).all()
    assert (low <= ranks).all()
    assert (ranks <= high).all()


def test_one_seed_has_no_rank_interval() -> None:
    ranks, low, high = rank_intervals([[[1.0, 2.0], [2.0, 1.0]]])
    assert ranks.tolist() == [1.5, 1.5]
    assert np.isnan([low, high]).all()


def test_friedman_agrees_with_conovers_formula_under_ties() -> None:
    badness = np.random.default_rng(0).integers(0, 3, size=(4, 5, 6)).astype(float)
    badness[badness == 2] = INF
    ranks = stats.rankdata(badness.reshape(20, 6), axis=1)
    blocks, methods = ranks.shape
    middle = (methods + 1) / 2
    spread = np.sum((ranks.sum(axis=0) - blocks * middle) ** 2)
    statistic = (methods - 1) * spread / np.sum((ranks - middle) ** 2)
    seen, p = friedman_test(badness)
    assert seen == pytest.approx(statistic)
    assert p == pytest.approx(stats.chi2.sf(statistic, methods - 1))


def test_friedman_on_blocks_that_agree() -> None:
    statistic, _ = friedman_test(np.tile(np.arange(4.0), (7, 1)))
    assert statistic == pytest.approx(7 * 3)  # blocks x (methods - 1) is the most there can be


def test_friedman_without_a_difference_or_without_enough_blocks() -> None:
    assert friedman_test(np.full((6, 3), INF)) == (0.0, 1.0)
    assert np.isnan(friedman_test(np.zeros((6, 2)))).all()
    assert np.isnan(friedman_test([[1.0, 2.0, 3.0], [1.0, 2.0, NAN]])).all()


def best_of_every_choice(scores: np.ndarray, k: int) -> np.ndarray:
    return np.array([min(choice) for choice in combinations(scores, k)])


def test_the_median_best_is_the_median_over_every_choice_of_trials() -> None:
    scores = np.array([5.0, 1.5, NAN, 2.0, 2.0, INF, INF, INF, INF])
    failed_last = np.where(np.isfinite(scores), scores, INF)
    expected = [
        np.quantile(best_of_every_choice(failed_last, k), 0.5, method="inverted_cdf")
        for k in range(1, 10)
    ]
    median, _, _ = median_best(scores)
    assert median.tolist() == expected
    assert median[0] == INF
    assert median_best(-scores, "higher")[0].tolist() == [-value for value in expected]


def test_the_bounds_of_the_median_best_by_hand() -> None:
    _, low, high = median_best(np.arange(1.0, 11.0))
    # Of ten, the second and the ninth hold the median: binomial(10, 1/2) is 0 or 1, or 9 or 10,
    # 1.07% of the time each, and up to 2 5.5%.
    assert (low[0], high[0]) == (2, 9)
    assert np.isfinite(high).all()
    assert np.flatnonzero(np.isnan(low)).min() == 1  # 0.5 ** (10 / 2) is over 2.5%
    _, mirrored_low, mirrored_high = median_best(-np.arange(1.0, 11.0), "higher")
    assert (mirrored_low[0], mirrored_high[0]) == (-9, -2)
    assert np.isnan(mirrored_high[1])


def test_too_few_trials_bound_no_median() -> None:
    for few in ([], [1.0], [1.0, 2.0]):
        _, low, high = median_best(few)
        assert len(low) == len(few)
        assert np.isnan(low).all()
        assert np.isnan(high[:1]).all()
