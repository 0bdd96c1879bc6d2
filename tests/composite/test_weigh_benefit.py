"""Benefit of the doubt: by hand, beside a linear program for each block, and wrong use."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from targeting.composite.weigh import benefit_of_doubt
from tests.composite.test_weigh_opinion import problems_of

HALF = pd.Series({"a": 1.0, "b": 1.0})


def by_program(numbers, row, stated, low, high):
    """Return one row's composite the textbook's way (Cherchye et al. 2007), bounds on weights."""
    size = numbers.shape[1]
    total = np.ones(size)
    above = [np.eye(size)[j] - high * stated[j] * total for j in range(size)]
    below = [low * stated[j] * total - np.eye(size)[j] for j in range(size)]
    sides = np.vstack([numbers, above, below])
    ends = np.concatenate([np.ones(len(numbers)), np.zeros(2 * size)])
    return -linprog(-numbers[row], A_ub=sides, b_ub=ends, method="highs").fun


@pytest.mark.parametrize("members", [2, 3, 5])
@pytest.mark.parametrize(("low", "high"), [(0.5, 1.5), (0.9, 3.0), (0.01, 100.0)])
def test_beside_a_program_for_each_block(members, low, high):
    random = np.random.default_rng(members)
    names = list("abcde")[:members]
    parts = pd.DataFrame(random.random((25, members)).round(1), columns=names)
    weights = pd.Series(random.uniform(0.5, 2, members), index=names)
    stated = (weights / weights.sum()).to_numpy()
    bounds = {"at_least": low, "at_most": high}
    kind = benefit_of_doubt(parts, weights, **bounds).value
    stern = benefit_of_doubt(parts, weights, reading="most_urgent", **bounds).value
    own = parts.to_numpy()
    for row in range(25):
        best = by_program(1 - own, row, stated, low, high)
        worst = by_program(own, row, stated, low, high)
        assert kind[row] == pytest.approx(1 - best, abs=1e-9)
        assert stern[row] == pytest.approx(worst, abs=1e-9)


def test_three_blocks_by_hand():
    # Well-being (1, 0.4), (0.4, 1), (0.4, 0.4); weights of a from 1/4 to 3/4. With weight v on a
    # the third has 0.4 and the best max(0.4 + 0.6 v, 1 - 0.6 v), least at v = 1/2: 0.4 / 0.7.
    parts = pd.DataFrame({"a": [0.0, 0.6, 0.6], "b": [0.6, 0.0, 0.6]})
    found = benefit_of_doubt(parts, HALF)
    assert found.value.tolist() == pytest.approx([0, 0, 1 - 4 / 7])
    assert found.contributions.iloc[2].tolist() == pytest.approx([3 / 14, 3 / 14])
    # Read against it: parts (0, 0.6), (0.6, 0), (0.6, 0.6); the first at best 3/4 of 0.6.
    stern = benefit_of_doubt(parts, HALF, reading="most_urgent")
    assert stern.value.tolist() == pytest.approx([0.75, 0.75, 1.0])
    assert stern.contributions.iloc[0].tolist() == pytest.approx([0.0, 0.75])


def test_the_kind_reading_is_never_above_that_with_stated_weights():
    random = np.random.default_rng(3)
    parts = pd.DataFrame(random.random((60, 3)), columns=list("abc"))
    weights = pd.Series({"a": 0.2, "b": 0.3, "c": 0.5})
    well = ((1 - parts) * weights).sum(axis=1)
    stated = 1 - well / well.max()
    wide = benefit_of_doubt(parts, weights, at_least=0.1, at_most=5.0).value
    narrow = benefit_of_doubt(parts, weights, at_least=0.9, at_most=1.1).value
    assert (narrow <= stated + 1e-9).all()
    assert (wide <= narrow + 1e-9).all()
    assert (wide < narrow - 0.01).any()


def test_a_part_of_no_weight_and_one_part_alone():
    parts = pd.DataFrame({"a": [0.2, 0.6, 1.0], "b": [0.9, 0.1, 0.5]})
    found = benefit_of_doubt(parts, pd.Series({"a": 1.0, "b": 0.0}))
    assert found.value.tolist() == pytest.approx([0.0, 0.5, 1.0])  # well-being 0.8, 0.4, 0
    assert (found.contributions["b"] == 0).all()


def test_blocks_with_a_gap_are_compared_by_what_they_have():
    parts = pd.DataFrame({"a": [0.2, 0.6, np.nan, np.nan], "b": [0.9, 0.1, 0.5, np.nan]})
    found = benefit_of_doubt(parts, HALF)
    # The third has b alone: well-being 0.5 where the best has 0.9.
    assert found.value[2] == pytest.approx(1 - 0.5 / 0.9)
    assert found.coverage.tolist() == [1, 1, 0.5, 0]
    assert np.isnan(found.value[3])
    whole = benefit_of_doubt(parts.head(2), HALF)
    np.testing.assert_allclose(found.value[:2], whole.value)


def test_all_alike_and_all_lost():
    one = pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 1.0]})
    assert benefit_of_doubt(one, HALF).value.tolist() == [1.0, 1.0]
    assert benefit_of_doubt(one, HALF, reading="most_urgent").value.tolist() == [1.0, 1.0]
    assert benefit_of_doubt(one * 0, HALF).value.tolist() == [0.0, 0.0]
    assert benefit_of_doubt(one * 0, HALF, reading="most_urgent").value.tolist() == [0.0, 0.0]


def test_too_many_members_are_refused():
    parts = pd.DataFrame([[0.5] * 8], columns=list("abcdefgh"))
    weights = pd.Series(1.0, index=parts.columns)
    assert problems_of(lambda: benefit_of_doubt(parts, weights)) == [
        ("too-many-to-choose", "weigh")
    ]
