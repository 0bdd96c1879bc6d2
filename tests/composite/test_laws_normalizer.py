"""Every normalizer keeps the laws it declares; for each it does not, the case that breaks it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from targeting import registry
from targeting.problems import TargetingError

NAMES = registry.names("normalizer")
APPLICABLE = ("rows", "scale", "monotone", "range", "missing", "ties")

# Whole numbers, scaled by powers of two: ties stay ties, and no digit is lost.
NUMBERS = st.lists(st.one_of(st.none(), st.integers(-40, 40)), min_size=1, max_size=25)
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


def answer(name, values, **settings):
    """Return the method's answer; a named refusal is no answer and no failure."""
    try:
        return registry.method("normalizer", name)(values, **settings)
    except TargetingError:
        assume(False)


def keeping(law):
    return [name for name in NAMES if law in registry.traits("normalizer", name).laws]


@pytest.mark.parametrize("name", keeping("rows"))
@CALM
@given(numbers=NUMBERS, order=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(name, numbers, order):
    values = series(numbers)
    shuffled = list(range(len(values)))
    order.shuffle(shuffled)
    one = answer(name, values)
    two = answer(name, values.iloc[shuffled])
    pd.testing.assert_series_equal(two, one.iloc[shuffled], rtol=1e-12)


@pytest.mark.parametrize("name", keeping("scale"))
@CALM
@given(numbers=NUMBERS, times=SCALES, plus=SHIFTS)
def test_another_unit_changes_nothing(name, numbers, times, plus):
    values = series(numbers)
    one, two = answer(name, values), answer(name, values * times + plus)
    np.testing.assert_allclose(two, one, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", keeping("monotone"))
@CALM
@given(numbers=NUMBERS, which=st.integers(0, 24), more=st.integers(1, 60))
def test_a_raised_value_never_lowers_its_row(name, numbers, which, more):
    values = series(numbers)
    which %= len(values)
    raised = values.copy()
    raised.iloc[which] += more
    before, after = answer(name, values).iloc[which], answer(name, raised).iloc[which]
    assert np.isnan(before) or after >= before - 1e-12


@pytest.mark.parametrize("name", keeping("range"))
@CALM
@given(numbers=NUMBERS, other=NUMBERS)
def test_the_result_lies_between_0_and_1(name, numbers, other):
    for reference in (None, series(other)):
        known = answer(name, series(numbers), reference=reference).dropna()
        assert ((known >= 0) & (known <= 1)).all()


@pytest.mark.parametrize("name", NAMES)
def test_range_and_unit_say_the_same(name):
    traits = registry.traits("normalizer", name)
    assert traits.unit == ("range" in traits.laws)


@pytest.mark.parametrize("name", keeping("missing"))
@CALM
@given(numbers=NUMBERS)
def test_missing_stays_missing_and_counts_as_left_out(name, numbers):
    values = series(numbers)
    parts = answer(name, values)
    assert (parts.isna() == values.isna()).all()
    left = values.dropna()
    if len(left):
        np.testing.assert_allclose(answer(name, left), parts.dropna(), rtol=1e-12)


@pytest.mark.parametrize("name", keeping("ties"))
@CALM
@given(numbers=NUMBERS)
def test_equal_values_get_equal_results(name, numbers):
    values = series(numbers + numbers)
    parts = answer(name, values)
    assert (parts.groupby(values).nunique() == 1).all()


@pytest.mark.parametrize("name", NAMES)
@CALM
@given(numbers=NUMBERS, labels=st.lists(st.sampled_from("abc"), min_size=25, max_size=25))
def test_groups_are_done_one_by_one(name, numbers, labels):
    values = series(numbers)
    groups = pd.Series(labels[: len(values)])
    together = answer(name, values, groups=groups)
    for label, part in values.groupby(groups):
        np.testing.assert_array_equal(together[groups == label], answer(name, part))


@pytest.mark.parametrize("name", NAMES)
@CALM
@given(numbers=NUMBERS)
def test_a_reference_equal_to_the_values_changes_nothing(name, numbers):
    values = series(numbers)
    np.testing.assert_allclose(
        answer(name, values, reference=values.copy()), answer(name, values), rtol=1e-12
    )


# ------------------------------------------------------------------ laws that are not kept, and how


def test_a_raised_value_can_move_the_whiskers_past_itself():
    # 0 0 0 0 3: the box has no height, only the zeros are inside, and all get the middle.
    # 1 0 0 0 3: hinges 0 and 1, medcouple 1 (all that is not the median lies above it), so the
    # upper fence lies at 1 + 1.5 e³ and the whiskers at 0 and 3: the first is now 1/3 up.
    one = answer("adjusted_boxplot", series([0, 0, 0, 0, 3]))
    two = answer("adjusted_boxplot", series([1, 0, 0, 0, 3]))
    assert (one[0], two[0]) == (0.5, pytest.approx(1 / 3))


def test_a_distance_falls_towards_its_point():
    one = answer("distance_to_reference", series([1, 3, 5]), per="one")
    two = answer("distance_to_reference", series([2, 3, 5]), per="one")
    assert (one[0], two[0]) == (4, 3)


def test_a_fraction_of_a_negative_value_turns_the_order_around():
    one = answer("fraction_of_reference", series([-4, -2]))
    two = answer("fraction_of_reference", series([-3, -2]))
    assert (one[0], two[0]) == (2, 1.5)


def test_a_fraction_knows_where_0_is():
    one = answer("fraction_of_reference", series([1, 2]))
    two = answer("fraction_of_reference", series([11, 12]))
    assert (one[0], two[0]) == (0.5, pytest.approx(11 / 12))


BROKEN_ABOVE = {
    ("adjusted_boxplot", "monotone"),
    ("distance_to_reference", "monotone"),
    ("fraction_of_reference", "monotone"),
    ("fraction_of_reference", "scale"),
}


def test_a_law_is_kept_or_its_breach_is_shown():
    not_kept = {
        (name, law)
        for name in NAMES
        for law in APPLICABLE
        if law not in registry.traits("normalizer", name).laws
    }
    # Methods whose results have no common range are those with another unit than 0 to 1.
    without_range = {
        (name, "range") for name in NAMES if not registry.traits("normalizer", name).unit
    }
    assert not_kept - without_range == BROKEN_ABOVE
