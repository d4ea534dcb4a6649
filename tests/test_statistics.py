from itertools import product

import numpy as np
import pytest
from scipy import stats

from bench.statistics import (
    holm,
    mean_interval,
    proportion_interval,
    signed_rank_test,
    smallest_p,
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


def by_enumeration(differences: np.ndarray) -> float:
    """The same p from all 2^n sign patterns."""
    data = differences[differences != 0]
    ranks = stats.rankdata(np.abs(data))
    seen = abs(np.sum(ranks * np.sign(data)))
    flips = np.array([np.dot(ranks, signs) for signs in product((-1, 1), repeat=len(data))])
    return float(np.mean(np.abs(flips) >= seen - 1e-9))


@pytest.mark.parametrize("n", [1, 2, 3, 6, 10])
def test_the_paired_test_agrees_with_enumeration(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(5):
        differences = rng.integers(-3, 5, size=n).astype(float)  # many ties, some zeros
        assert signed_rank_test(differences)[1] == pytest.approx(by_enumeration(differences))


@pytest.mark.parametrize("n", [5, 12, 25])
def test_the_paired_test_agrees_with_scipy_where_there_are_no_ties(n: int) -> None:
    differences = np.random.default_rng(n).normal(0.4, 1, size=n)
    expected = stats.wilcoxon(differences, method="exact").pvalue
    assert signed_rank_test(differences)[1] == pytest.approx(expected)


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


def test_the_paired_test_keeps_its_level() -> None:
    rng = np.random.default_rng(1)
    p = np.array([signed_rank_test(rng.standard_normal(9))[1] for _ in range(2000)])
    assert np.mean(p <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert len(holm([])) == 0


def test_holm_keeps_the_chance_of_any_false_claim() -> None:
    rng = np.random.default_rng(2)
    wrong = np.mean([(holm(rng.uniform(size=13)) <= 0.05).any() for _ in range(2000)])
    assert wrong == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 2000))
