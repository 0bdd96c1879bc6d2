"""Normalizers and aggregators: by hand, and by law."""

import numpy as np
import pandas as pd
import pytest

from targeting.composite import arithmetic, minmax, power_mean, rank


def series(numbers):
    return pd.Series(numbers, dtype=float)


def test_minmax_with_stated_ends_cuts_off():
    assert minmax(series([-5, 0, 5, 20]), low=0, high=10).tolist() == [0.0, 0.0, 0.5, 1.0]


def test_minmax_of_a_constant_is_the_middle():
    assert minmax(series([3, 3, None])).tolist()[:2] == [0.5, 0.5]


def test_rank_by_hand():
    # Of 4: values 1, 1, 5, 9. Ties of the two ones: places 0 and 1 of 3, middle 0.5/3.
    assert rank(series([5, 1, 1, 9])).tolist() == pytest.approx([2 / 3, 0.5 / 3, 0.5 / 3, 1.0])


def test_rank_against_another_city():
    assert rank(series([0, 2.5, 9]), series([1, 2, 3])).tolist() == pytest.approx([0, 0.75, 1])


def test_power_mean_by_hand():
    parts = pd.DataFrame({"a": [0.8], "b": [0.6]})
    weights = pd.Series({"a": 1.0, "b": 1.0})
    one = power_mean(parts, weights, exponent=2)
    assert one.value.item() == pytest.approx(0.5**0.5)  # sqrt((0.64 + 0.36) / 2)
    # Contributions as the shares of the squares: 64 % and 36 %.
    assert one.contributions.iloc[0].tolist() == pytest.approx([0.64 * 0.5**0.5, 0.36 * 0.5**0.5])


def test_missing_leaves_its_weight_to_the_others():
    parts = pd.DataFrame({"a": [0.8, np.nan], "b": [np.nan, np.nan]})
    one = arithmetic(parts, pd.Series({"a": 1.0, "b": 3.0}))
    assert one.value.iloc[0] == 0.8
    assert one.coverage.tolist() == [0.25, 0.0]
    assert np.isnan(one.value.iloc[1])
