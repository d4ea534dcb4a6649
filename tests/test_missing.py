"""None in a file and NaN in an array are each other's."""

from math import inf, nan

import numpy as np
import pytest

from bench.missing import column, known, or_nan, with_nan, without_nan


@pytest.mark.parametrize("value", [nan, inf, -inf, np.float64("nan")])
def test_what_is_not_finite_is_none_in_a_file(value: float) -> None:
    assert known(value) is None
    assert without_nan({"a": value, "b": 2.5}) == {"a": None, "b": 2.5}


def test_a_known_number_is_pythons_own() -> None:
    assert type(known(np.float64(0.1))) is float
    assert known(0) == 0.0


def test_a_row_comes_back_with_nan_for_what_it_lacked() -> None:
    assert np.isnan(or_nan(None))
    row = with_nan({"a": None, "b": 0.0})
    assert np.isnan(row["a"])
    assert row["b"] == 0.0


def test_a_column_has_a_number_or_nan_for_each_row() -> None:
    rows = [{"a": 1.0}, {"a": None}, {"b": 3.0}]
    np.testing.assert_array_equal(column(rows, "a"), [1.0, nan, nan])
    assert column([], "a").shape == (0,)
