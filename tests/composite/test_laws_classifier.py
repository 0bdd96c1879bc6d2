"""Every classifier keeps the laws it declares; for each it does not, the case that breaks it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from targeting import registry
from targeting.problems import TargetingError

NAMES = registry.names("classifier")
APPLICABLE = ("rows", "scale", "monotone", "missing", "ties")
NEEDED = {"stated_breaks": {"breaks": (-3.0, 5.0, 12.0)}}
SMALLER = {"dalenius_hodges": {"classes": 3}, "natural_breaks": {"classes": 3}}

NUMBERS = st.lists(st.one_of(st.none(), st.integers(-40, 40)), min_size=4, max_size=25)
SCALES = st.sampled_from([0.25, 0.5, 2.0, 8.0])
SHIFTS = st.integers(-100, 100)
# A loaded machine is slow, the first call may compile, and a refusal is no answer: none is a fault.
CALM = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def series(numbers):
    return pd.Series(numbers, dtype=float)


def answer(name, values, **given_settings):
    """Return the classes; a named refusal is no answer and no failure."""
    stated = NEEDED.get(name, {}) | SMALLER.get(name, {}) | given_settings
    try:
        return registry.method("classifier", name)(values, **stated)
    except TargetingError:
        assume(False)


def keeping(law):
    return [name for name in NAMES if law in registry.traits("classifier", name).laws]


@pytest.mark.parametrize("name", NAMES)
@CALM
@given(numbers=NUMBERS)
def test_codes_bounds_and_counts_agree(name, numbers):
    values = series(numbers)
    one = answer(name, values)
    assert str(one.codes.dtype) == "Int64"
    known = one.codes.dropna().astype(int)
    assert known.between(1, len(one.bounds) + 1).all()
    assert list(one.bounds) == sorted(one.bounds)
    found = known.value_counts().reindex(range(1, len(one.bounds) + 2), fill_value=0)
    assert one.notes["counts"][: len(found)] == tuple(found)
    higher = np.maximum.accumulate(known[values[known.index].sort_values().index])
    assert (higher == known[higher.index]).all()  # a higher value is never in a lower class


@pytest.mark.parametrize("name", keeping("rows"))
@CALM
@given(numbers=NUMBERS, order=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(name, numbers, order):
    values = series(numbers)
    shuffled = list(range(len(values)))
    order.shuffle(shuffled)
    one, two = answer(name, values), answer(name, values.iloc[shuffled])
    pd.testing.assert_series_equal(two.codes, one.codes.iloc[shuffled])


@pytest.mark.parametrize("name", keeping("scale"))
@CALM
@given(numbers=NUMBERS, times=SCALES, plus=SHIFTS)
def test_another_unit_changes_nothing(name, numbers, times, plus):
    values = series(numbers)
    one, two = answer(name, values), answer(name, values * times + plus)
    pd.testing.assert_series_equal(two.codes, one.codes)


@pytest.mark.parametrize("name", keeping("monotone"))
@CALM
@given(numbers=NUMBERS, which=st.integers(0, 24), more=st.integers(1, 60))
def test_a_raised_value_never_lowers_its_row(name, numbers, which, more):
    values = series(numbers)
    which %= len(values)
    raised = values.copy()
    raised.iloc[which] += more
    before, after = answer(name, values).codes.iloc[which], answer(name, raised).codes.iloc[which]
    assert before is pd.NA or after >= before


@pytest.mark.parametrize("name", keeping("missing"))
@CALM
@given(numbers=NUMBERS)
def test_missing_stays_missing_and_counts_as_left_out(name, numbers):
    values = series(numbers)
    one = answer(name, values).codes
    assert (one.isna() == values.isna()).all()
    pd.testing.assert_series_equal(answer(name, values.dropna()).codes, one.dropna())


@pytest.mark.parametrize("name", keeping("ties"))
@CALM
@given(numbers=NUMBERS)
def test_equal_values_are_in_one_class(name, numbers):
    values = series(numbers + numbers)
    codes = answer(name, values).codes
    assert (codes.groupby(values).nunique() == 1).all()


# ------------------------------------------------------------------ laws that are not kept, and how


def test_a_stated_limit_knows_its_unit():
    one = answer("stated_breaks", series([4, 6]), breaks=(5.0,)).codes
    two = answer("stated_breaks", series([8, 12]), breaks=(5.0,)).codes
    assert (one[0], two[0]) == (1, 2)


def test_a_search_by_the_coefficient_of_variation_knows_where_0_is():
    # The coefficient is the deviation over the mean: far from 0 the target asks for less.
    held = series(np.random.default_rng(5).gamma(2.0, size=300))
    one = answer("dalenius_hodges", held, bins_max=40)
    two = answer("dalenius_hodges", held + 100, bins_max=40)
    assert one.notes["bins"] != two.notes["bins"]
    # With the bins given, nothing but the values' order and distances counts.
    three = answer("dalenius_hodges", held, bins=12)
    four = answer("dalenius_hodges", held + 64, bins=12)
    pd.testing.assert_series_equal(three.codes, four.codes)


def test_a_raised_value_can_empty_a_bin_and_move_the_strata():
    # 4 to 18 in 6 bins. Roots of the frequencies 1 1 0 0 √2 √2, a third of their sum is 1.609.
    # The first stratum may end with bin 1 or 2; after 2 only empty bins could follow, so it ends
    # with 1: 4 | 7 14 15 | 17 18 (1, 2.414, 1.414) is the best left.
    # With 11 for 7 the roots are 1 0 0 1 √2 √2, and 4 11 | 14 15 | 17 18 (2, √2, √2) is open.
    stated = {"classes": 3, "bins": 6}
    one = answer("dalenius_hodges", series([4, 7, 14, 15, 17, 18]), **stated)
    two = answer("dalenius_hodges", series([4, 11, 14, 15, 17, 18]), **stated)
    assert one.codes.tolist() == [1, 2, 2, 2, 3, 3]
    assert two.codes.tolist() == [1, 1, 2, 2, 3, 3]


def test_a_law_is_kept_or_its_breach_is_shown():
    not_kept = {
        (name, law)
        for name in NAMES
        for law in APPLICABLE
        if law not in registry.traits("classifier", name).laws
    }
    assert not_kept == {
        ("stated_breaks", "scale"),
        ("dalenius_hodges", "scale"),
        ("dalenius_hodges", "monotone"),
    }
