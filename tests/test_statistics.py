"""Intervals, tests and their power against enumeration, closed forms and scipy."""

from itertools import product

import numpy as np
import pytest
from scipy import optimize, stats

from bench.statistics import (
    best,
    curve_mean,
    detectable_effect,
    holm,
    iqm,
    mean_interval,
    proportion_interval,
    signed_rank_power,
    signed_rank_test,
    smallest_p,
    smallest_p_unpaired,
    stratified_bootstrap_interval,
    tail_mean,
)


def test_the_interval_of_a_mean_by_hand() -> None:
    mean, low, high = mean_interval([1.0, 2.0, 3.0])
    margin = 4.302653 / np.sqrt(3)  # t with two degrees of freedom; the deviation is 1
    assert mean == 2.0
    assert (low, high) == pytest.approx((2 - margin, 2 + margin))


def test_one_value_has_no_interval() -> None:
    mean, low, high = mean_interval([5.0])
    assert mean == 5.0
    assert np.isnan([low, high]).all()


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    trials = 2000
    inside = sum(
        low <= 7.0 <= high
        for _, low, high in (mean_interval(rng.normal(7, 2, size=3)) for _ in range(trials))
    )
    assert inside / trials == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / trials))


@pytest.mark.parametrize(("n", "most"), [(3, 0.708), (5, 0.522), (10, 0.308)])
def test_no_failure_leaves_room_for_this_rate(n: int, most: float) -> None:
    low, high = proportion_interval(0, n)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / n)) == pytest.approx(most, abs=1e-3)


def test_the_bounds_of_a_proportion_leave_a_fortieth_on_each_side() -> None:
    low, high = proportion_interval(3, 11)
    assert stats.binom.sf(2, 11, low) == pytest.approx(0.025)
    assert stats.binom.cdf(3, 11, high) == pytest.approx(0.025)


def test_more_failures_than_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="n"):
        proportion_interval(4, 3)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_interval_of_a_proportion_never_covers_less_than_it_says(n: int) -> None:
    counts = np.arange(n + 1)
    low, high = np.array([proportion_interval(int(count), n) for count in counts]).T
    for rate in np.linspace(0.001, 0.999, 200):
        inside = (low <= rate) & (rate <= high)
        assert stats.binom.pmf(counts, n, rate)[inside].sum() >= 0.95


def pooled_mean(scores: np.ndarray) -> np.ndarray:
    return np.nanmean(scores, axis=(-2, -1))


def test_the_bootstrap_agrees_with_all_its_draws() -> None:
    scores = np.array([[0.0, 10.0], [1.0, 14.0], [5.0, np.nan]])
    draws = product(product([0.0, 1.0, 5.0], repeat=3), product([10.0, 14.0], repeat=2))
    means = [np.mean(first + second) for first, second in draws]
    runs = 2 / (1 / 3 + 1 / 2)  # their harmonic mean
    tail = stats.norm.cdf(stats.t.ppf(0.25, df=3) * np.sqrt(runs / (runs - 1)))
    expected = np.quantile(means, [tail, 1 - tail], method="inverted_cdf")
    mean, low, high = stratified_bootstrap_interval(scores, pooled_mean, 0.5, resamples=20_000)
    assert mean == 6.0
    assert (low, high) == pytest.approx(tuple(expected))
    assert low < mean < high


def test_the_bootstrap_repeats_and_leaves_the_global_state_alone() -> None:
    scores = np.random.default_rng(0).normal(size=(5, 6))
    before = np.random.get_state()[1].copy()
    first = stratified_bootstrap_interval(scores, iqm, seed=1)
    assert first == stratified_bootstrap_interval(scores, iqm, seed=1)
    assert first != stratified_bootstrap_interval(scores, iqm, seed=2)
    assert (before == np.random.get_state()[1]).all()


def test_a_setting_with_one_run_has_no_bootstrap_interval() -> None:
    scores = np.array([[1.0, 2.0], [3.0, np.nan]])
    mean, low, high = stratified_bootstrap_interval(scores, pooled_mean)
    assert mean == 2.0
    assert np.isnan([low, high]).all()
    assert np.isnan(stratified_bootstrap_interval(np.empty((0, 3)), iqm)).all()


def test_a_setting_without_a_run_plays_no_part_in_the_bootstrap() -> None:
    scores = np.random.default_rng(0).normal(size=(5, 6))
    wider = np.hstack([scores, np.full((5, 1), np.nan)])
    assert stratified_bootstrap_interval(wider, iqm) == stratified_bootstrap_interval(scores, iqm)


def test_failures_near_a_quarter_leave_the_upper_bound_open() -> None:
    scores = np.random.default_rng(0).normal(size=(5, 6))
    scores[0, :] = np.inf
    value, low, high = stratified_bootstrap_interval(scores, iqm)
    assert np.isfinite([value, low]).all()
    assert high == np.inf


def by_enumeration(differences: np.ndarray, alternative: str = "two-sided") -> float:
    """The same p from all 2^n sign patterns."""
    data = differences[differences != 0]
    ranks = stats.rankdata(np.abs(data))
    seen = np.sum(ranks * np.sign(data))
    flips = np.array([np.dot(ranks, signs) for signs in product((-1, 1), repeat=len(data))])
    extreme = {
        "greater": flips >= seen - 1e-9,
        "less": flips <= seen + 1e-9,
        "two-sided": np.abs(flips) >= abs(seen) - 1e-9,
    }
    return float(np.mean(extreme[alternative]))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("n", [1, 2, 3, 6, 10])
def test_the_paired_test_agrees_with_enumeration(n: int, alternative: str) -> None:
    rng = np.random.default_rng(n)
    for _ in range(5):
        differences = rng.integers(-3, 5, size=n).astype(float)  # many ties, some zeros
        p = signed_rank_test(differences, alternative)[1]
        assert p == pytest.approx(by_enumeration(differences, alternative))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("n", [5, 12, 25])
def test_the_paired_test_agrees_with_scipy_where_there_are_no_ties(
    n: int, alternative: str
) -> None:
    differences = np.random.default_rng(n).normal(0.4, 1, size=n)
    expected = stats.wilcoxon(differences, method="exact", alternative=alternative).pvalue
    assert signed_rank_test(differences, alternative)[1] == pytest.approx(expected)


def test_a_failure_ranks_above_any_difference() -> None:
    effect, p = signed_rank_test([np.inf, np.inf, -1.0, -1000.0])
    assert effect == pytest.approx((3.5 + 3.5 - 1 - 2) / 10)
    assert p == by_enumeration(np.array([1e6, 1e6, -1.0, -1000.0]))


def test_no_difference_is_no_evidence() -> None:
    assert signed_rank_test([0.0, 0.0]) == (0.0, 1.0)
    assert signed_rank_test([]) == (0.0, 1.0)


def test_swapping_the_two_sides_turns_the_effect() -> None:
    differences = np.array([1.0, 2.0, -0.5, 3.0])
    effect, p = signed_rank_test(differences)
    assert signed_rank_test(-differences) == (-effect, p)
    assert effect == pytest.approx(0.8)


@pytest.mark.parametrize("n", [1, 3, 6, 10, 40])
def test_a_clean_sweep_attains_the_smallest_p(n: int) -> None:
    effect, p = signed_rank_test(np.arange(1, n + 1))
    assert effect == 1
    assert p == pytest.approx(smallest_p(n)) == pytest.approx(2 / 2**n)


@pytest.mark.parametrize("n", [1, 6, 10])
def test_one_side_attains_half_of_the_smallest_p(n: int) -> None:
    p = signed_rank_test(np.full(n, np.inf), "greater")[1]
    assert p == pytest.approx(smallest_p(n, "greater")) == pytest.approx(1 / 2**n)
    assert signed_rank_test(np.full(n, np.inf), "less")[1] == 1


@pytest.mark.parametrize(("first", "second"), [(3, 3), (5, 5), (2, 6)])
def test_two_samples_apart_attain_the_smallest_unpaired_p(first: int, second: int) -> None:
    x, y = np.arange(first), 100 + np.arange(second)
    two_sided = stats.mannwhitneyu(x, y, method="exact").pvalue
    one_sided = stats.mannwhitneyu(x, y, method="exact", alternative="less").pvalue
    assert smallest_p_unpaired(first, second) == pytest.approx(two_sided)
    assert smallest_p_unpaired(first, second, "less") == pytest.approx(one_sided)


def test_the_smallest_p_are_those_one_knows() -> None:
    assert [round(smallest_p(n), 3) for n in (3, 6, 10)] == [0.25, 0.031, 0.002]
    assert [round(smallest_p_unpaired(n, n), 3) for n in (3, 5)] == [0.1, 0.008]
    assert smallest_p(0) == smallest_p_unpaired(0, 4) == 1


def power_of_a_clean_sweep(effect: float) -> float:
    """Six pairs reach 0.05 on two sides only where all have the same sign."""
    return float(stats.norm.cdf(effect) ** 6 + stats.norm.cdf(-effect) ** 6)


@pytest.mark.parametrize("effect", [-1.0, 0.0, 0.7, 1.8])
def test_the_power_of_six_pairs_in_closed_form(effect: float) -> None:
    expected = power_of_a_clean_sweep(effect)
    assert signed_rank_power(effect, 6) == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(10_000))


def test_the_power_of_one_side_in_closed_form() -> None:
    power = signed_rank_power(1.2, 5, alpha=1 / 32, alternative="greater")
    assert power == pytest.approx(stats.norm.cdf(1.2) ** 5, abs=0.02)
    assert signed_rank_power(-1.2, 5, alpha=1 / 32, alternative="less") == pytest.approx(
        power, abs=0.02
    )
    assert signed_rank_power(1.2, 5, alpha=1 / 32, alternative="less") < 0.001


@pytest.mark.parametrize(("pairs", "effect"), [(10, 1.0), (30, 0.5), (100, 0.3)])
def test_the_power_is_a_little_below_that_of_the_t_test(pairs: int, effect: float) -> None:
    df, shift = pairs - 1, effect * np.sqrt(pairs)
    limit = stats.t.ppf(0.975, df)
    t_test = stats.nct.sf(limit, df, shift) + stats.nct.cdf(-limit, df, shift)
    assert t_test - 0.06 < signed_rank_power(effect, pairs) < t_test


def test_too_few_pairs_have_no_power() -> None:
    assert signed_rank_power(100.0, 5) == signed_rank_power(100.0, 0) == 0
    assert np.isnan(detectable_effect(5))
    assert np.isnan(detectable_effect(0))


def test_the_detectable_effect_in_closed_form() -> None:
    expected = optimize.brentq(lambda effect: power_of_a_clean_sweep(effect) - 0.8, 0, 5)
    assert detectable_effect(6) == pytest.approx(expected, abs=0.03)
    assert detectable_effect(6, power=0.01) == 0


def test_more_pairs_detect_less() -> None:
    effects = [detectable_effect(n, alternative="greater", draws=2000) for n in (5, 10, 30)]
    assert effects == sorted(effects, reverse=True)
    assert detectable_effect(10) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_paired_test_keeps_its_level(alternative: str) -> None:
    rng = np.random.default_rng(1)
    p = np.array([signed_rank_test(rng.standard_normal(9), alternative)[1] for _ in range(2000)])
    assert np.mean(p <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert len(holm([])) == 0


def test_holm_keeps_the_chance_of_any_false_claim() -> None:
    rng = np.random.default_rng(2)
    wrong = np.mean([(holm(rng.uniform(size=13)) <= 0.05).any() for _ in range(2000)])
    assert wrong == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 2000))


def test_the_area_of_a_curve_is_its_geometric_mean() -> None:
    steps = np.array([0.0, 1.0, 3.0])
    assert curve_mean(steps, np.array([5.0, 5.0, 5.0])) == pytest.approx(5)
    assert curve_mean(steps, np.exp([0.0, 1.0, 3.0])) == pytest.approx(np.exp(1.5))
    assert np.isnan(curve_mean(steps, np.array([1.0, 0.0, 1.0])))


@pytest.mark.parametrize(
    ("count", "expected"), [(1, 0.0), (9, 8.0), (19, 18.0), (20, 18.5), (30, 28.0)]
)
def test_the_tail_of_a_curve_is_its_last_tenth_and_at_least_one(
    count: int, expected: float
) -> None:
    assert tail_mean(np.arange(float(count))) == expected


def test_a_tail_without_a_score_has_no_mean() -> None:
    assert np.isnan(tail_mean(np.array([])))
    assert np.isnan(tail_mean(np.array([1.0, np.nan])))


def test_the_best_of_a_curve_is_the_best_that_is_known() -> None:
    curve = np.array([np.nan, 3.0, 1.0, 2.0])
    assert (best(curve, "lower"), best(curve, "higher")) == (1.0, 3.0)
    assert np.isnan(best(curve[:1], "lower"))
