"""DP2 by hand, step by step beside least squares, and by law."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from targeting.composite.aggregate import one_less_dp2
from targeting.composite.distance import dp2, furthest, settle, triangle_of
from targeting.problems import TargetingError

NAMES = list("abcd")


def made(seed, units=60, names=NAMES):
    """Shares of people in want, correlated and skewed, 0 to 100."""
    chance = np.random.default_rng(seed)
    common = chance.gamma(2.0, 8.0, units)
    columns = {
        name: np.minimum(100, common * chance.uniform(0.2, 1.5) + chance.gamma(1.5, 6.0, units))
        for name in names
    }
    return pd.DataFrame(columns, index=[f"u{i}" for i in range(units)])


def by_least_squares(values, reference, *, ddof=0, tolerance=1e-4, iterations_max=50):
    """Follow the recipe word for word: a regression for every indicator in every round."""
    x = values.to_numpy(float)
    d = np.abs(x - np.array([reference[name] for name in values.columns])) / x.std(0, ddof=ddof)
    old, diffs = d.sum(axis=1), []
    while len(diffs) < iterations_max:
        alike = [abs(np.corrcoef(d[:, j], old)[0, 1]) for j in range(d.shape[1])]
        order = sorted(range(d.shape[1]), key=lambda j: -alike[j])
        weights = {order[0]: 1.0}
        for place in range(1, len(order)):
            design = np.column_stack([np.ones(len(d)), d[:, order[:place]]])
            target = d[:, order[place]]
            fitted = design @ np.linalg.lstsq(design, target, rcond=None)[0]
            left = ((target - fitted) ** 2).sum() / ((target - target.mean()) ** 2).sum()
            weights[order[place]] = left
        new = sum(weights[j] * d[:, j] for j in order)
        diffs.append(np.abs(new - old).mean())
        old = new
        if diffs[-1] <= tolerance:
            break
    names = list(values.columns)
    return new, {names[j]: weights[j] for j in order}, diffs


def test_two_unrelated_indicators_by_hand():
    # a and b do not correlate, so both count whole. sd is 2 (values 0, 0, 4, 4). From the worst,
    # (4, 4): the unit (0, 0) lies 4/2 + 4/2 = 4 away, (0, 4) and (4, 0) lie 2, (4, 4) lies 0.
    held = pd.DataFrame({"a": [0.0, 0, 4, 4], "b": [0.0, 4, 0, 4]})
    one = dp2(held)
    assert one.value.tolist() == [4.0, 2.0, 2.0, 0.0]
    assert one.weights.to_dict() == {"a": 1.0, "b": 1.0}
    assert (one.iterations, one.diffs, one.maximum) == (1, (0.0,), 4.0)
    assert one.normalized.tolist() == [1.0, 0.5, 0.5, 0.0]


def test_two_related_indicators_by_hand():
    # a = 0 2 4, b = 0 4 2: r = 4/8 = 1/2, so the second counts 1 - 1/4 = 3/4. Both sd are the root
    # of 8/3. Equally alike the sum, so a, given first, enters first; from the worst, 4 and 4:
    # unit 2 is (4-2)/sd + 0 = 2/sd, unit 3 is 0 + 0.75 * 2/sd.
    held = pd.DataFrame({"a": [0.0, 2, 4], "b": [0.0, 4, 2]})
    sd = (8 / 3) ** 0.5
    one = dp2(held)
    assert one.order == ("a", "b")
    assert one.weights.tolist() == pytest.approx([1.0, 0.75], abs=1e-15)
    assert one.value.tolist() == pytest.approx([7 / sd, 2 / sd, 1.5 / sd], abs=1e-14)
    other = dp2(held[["b", "a"]])  # with two indicators alone, who is given first decides
    assert other.value.tolist() == pytest.approx([7 / sd, 1.5 / sd, 2 / sd], abs=1e-14)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ddof", [0, 1])
def test_step_by_step_with_least_squares(seed, ddof):
    held = made(seed, names=list("abcdefgh"))
    reference = dict.fromkeys(held.columns, 100.0)
    expected, weights, diffs = by_least_squares(held, reference, ddof=ddof)
    one = dp2(held, reference=reference, ddof=ddof)
    assert one.order == tuple(weights)
    assert one.weights.tolist() == pytest.approx(list(weights.values()), abs=1e-12)
    np.testing.assert_allclose(one.value, expected, atol=1e-11, rtol=0)
    assert one.diffs == pytest.approx(diffs, abs=1e-11)
    assert one.settled


def test_one_round_is_the_order_of_the_plain_sum():
    held = made(11, names=list("abcdefgh"))
    reference = dict.fromkeys(held.columns, 100.0)
    expected, weights, _ = by_least_squares(held, reference, iterations_max=1)
    one = dp2(held, reference=reference, iterations_max=1)
    np.testing.assert_allclose(one.value, expected, atol=1e-11, rtol=0)
    assert (one.iterations, one.settled) == (1, False)


def test_a_repeated_indicator_counts_once_and_hides_nothing_of_the_next():
    held = made(3)
    twice = held.assign(again=held["a"] * 3 + 1)[["a", "again", "b", "c", "d"]]
    one, two = dp2(held), dp2(twice)
    assert sorted(two.weights[["a", "again"]])[0] == 0.0
    # Whatever of a and its copy comes first, the others tell as much beside both as beside one.
    if one.order == tuple(name for name in two.order if name != "again"):
        np.testing.assert_allclose(two.weights[list(one.order)[1:]], one.weights.iloc[1:])


def test_a_column_told_whole_leaves_no_direction_behind():
    # c does not correlate with a; b repeats a. Measured against rounding left of b it might.
    a = np.array([0.0, 0, 1, 1, 2, 2])
    c = np.array([0.0, 1, 0, 1, 0, 1])
    weights = settle(np.column_stack([a, a, c])).weights
    assert weights == pytest.approx([1.0, 0.0, 1.0], abs=1e-12)


def test_opposite_indicators_that_cancel_out_still_get_weights():
    weights = settle(np.array([[0.0, 3], [1, 2], [2, 1], [3, 0]])).weights
    assert weights == pytest.approx([1.0, 0.0], abs=1e-12)


@pytest.mark.parametrize(("rows", "columns"), [(3, 5), (700, 1), (20_000, 7), (1500, 300)])
def test_the_triangle_in_pieces_holds_the_covariances_of_the_whole(rows, columns):
    held = np.random.default_rng(rows).normal(50, 3, (rows, columns))
    triangle = triangle_of(held)
    centered = held - held.mean(axis=0)
    np.testing.assert_allclose(triangle.T @ triangle, centered.T @ centered, atol=1e-7)
    assert triangle.shape == (min(rows, columns), columns)


def test_years_at_school_are_worse_when_lower():
    held = made(5)
    turned = held.assign(b=100 - held["b"])
    one = dp2(held, ends=0.0)
    two = dp2(turned, worse={"b": "lower"}, ends={"a": 0, "b": 100, "c": 0, "d": 0})
    np.testing.assert_allclose(two.value, one.value, atol=1e-12)
    assert two.reference["b"] == turned["b"].min()
    assert two.maximum == pytest.approx(one.maximum, abs=1e-12)
    # Where better ends for a reader is not known unless told.
    assert np.isnan(dp2(turned, worse={"b": "lower"}).maximum)
    assert np.isnan(dp2(held, reference="best").maximum)


def test_the_two_ends_rank_in_opposite_order():
    held = made(6)
    worst, best = dp2(held), dp2(held, reference="best")
    assert np.corrcoef(worst.value, -best.value)[0, 1] == pytest.approx(1.0, abs=1e-12)


def test_another_reference_past_all_units_only_adds_a_constant():
    held = made(7)
    apart = dp2(held, reference=dict.fromkeys(NAMES, 100.0)).value - dp2(held).value
    assert np.ptp(apart) < 1e-12
    assert apart.iloc[0] > 0.1


def test_units_past_the_reference_are_counted():
    held = made(8)
    middle = dp2(held, reference=dict.fromkeys(NAMES, 100.0) | {"c": held["c"].nlargest(4).min()})
    assert middle.beyond == {"c": 3}
    assert dp2(held).beyond == {}


def test_the_pooled_reference_is_the_worst_of_all_years():
    years = [made(1), made(2)[list("dcba")]]
    pooled = furthest(years, worse={"b": "lower"})
    assert pooled["a"] == max(years[0]["a"].max(), years[1]["a"].max())
    assert pooled["b"] == min(years[0]["b"].min(), years[1]["b"].min())


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    order=st.permutations(range(30)),
    factor=st.floats(0.01, 100),
    shift=st.floats(-50, 50),
)
def test_laws(seed, order, factor, shift):
    held = made(seed, units=30)
    one = dp2(held)
    alike = np.sort(np.abs([np.corrcoef(held[name], one.value)[0, 1] for name in NAMES]))
    assume(np.diff(alike).min() > 1e-6)
    # The order of the rows, that of the columns, the unit of one of them: nothing changes.
    np.testing.assert_allclose(dp2(held.iloc[list(order)]).value[held.index], one.value, atol=1e-9)
    np.testing.assert_allclose(dp2(held[list("cadb")]).value, one.value, atol=1e-9)
    scaled = dp2(held.assign(a=held["a"] * factor + shift))
    np.testing.assert_allclose(scaled.value, one.value, atol=1e-8)
    # No distance is negative, weights are shares, the account sums to the value, ties stay ties.
    assert (one.value >= 0).all()
    assert ((one.weights > 0) & (one.weights <= 1)).all()
    np.testing.assert_allclose(one.contributions.sum(axis=1), one.value, atol=1e-12)
    doubled = dp2(pd.concat([held, held.iloc[[3]].set_axis(["copy"])]))
    assert doubled.value["copy"] == pytest.approx(doubled.value["u3"], abs=1e-12)


def problems_of(call):
    with pytest.raises(TargetingError) as caught:
        call()
    for problem in caught.value.problems:
        assert problem.code in problem.text("es")
        assert "{" not in problem.text("es") + problem.text("en")
        assert problem.text("es") != problem.text("en")
    return [(problem.code, problem.where) for problem in caught.value.problems]


def test_what_is_wrong_is_named_all_at_once():
    held = made(9)
    broken = held.assign(a=3.0)
    broken.iloc[2, 1] = np.nan
    broken.iloc[5, 2] = np.inf
    assert problems_of(lambda: dp2(broken)) == [
        ("gaps-in-table", "values.b"),
        ("gaps-in-table", "values.c"),
        ("constant-in-table", "values.a"),
    ]
    assert problems_of(lambda: dp2(held.head(1))) == [("small-table", "values")]
    assert problems_of(lambda: dp2(held.head(4))) == [("few-units", "values")]
    assert problems_of(lambda: dp2(held[[]])) == [("small-table", "values")]
    assert problems_of(lambda: dp2(held, reference={"a": 1, "b": 2, "C": 3, "d": np.nan})) == [
        ("no-reference", "reference"),
        ("no-reference", "reference"),
    ]
    assert problems_of(lambda: dp2(held, worse={"e": "lower"})) == [("one-direction", "worse")]


def test_a_constant_is_seen_through_rounding():
    held = made(9).assign(a=0.1 + 0.2)
    held.iloc[0, 0] = 0.3
    assert problems_of(lambda: dp2(held)) == [("constant-in-table", "values.a")]


def test_on_the_urgency_scale_it_is_one_less_the_share_of_the_longest_distance():
    parts = made(10) / 100
    one = one_less_dp2(parts, pd.Series(0.25, index=NAMES))
    whole = dp2(parts, reference=dict.fromkeys(NAMES, 1.0))
    np.testing.assert_allclose(one.value, 1 - whole.value / whole.maximum, atol=1e-12)
    np.testing.assert_allclose(one.contributions.sum(axis=1), one.value, atol=1e-12)
    ends = pd.DataFrame([[0.0] * 4, [1.0] * 4], columns=NAMES)
    at_ends = one_less_dp2(pd.concat([parts, ends]), pd.Series(1.0, index=NAMES))
    assert at_ends.value.iloc[-2:].tolist() == pytest.approx([0.0, 1.0], abs=1e-15)


def test_on_the_urgency_scale_a_part_of_no_weight_is_not_there():
    parts = made(10) / 100
    weights = pd.Series({"a": 2.0, "b": 1.0, "c": 0.0, "d": 1.0})
    without = one_less_dp2(parts[["a", "b", "d"]], weights[["a", "b", "d"]])
    np.testing.assert_allclose(one_less_dp2(parts, weights).value, without.value, atol=1e-12)


def test_on_the_urgency_scale_a_missing_part_leaves_its_weight_to_the_others():
    # Three blocks have both parts, so each share is known: r = 1/2 of (0, .5, 1) and (0, 1, .5),
    # the second counts 3/4. The fourth block has only the second, the fifth neither.
    parts = pd.DataFrame({"a": [0, 0.5, 1, np.nan, np.nan], "b": [0, 1, 0.5, 0.5, np.nan]})
    one = one_less_dp2(parts, pd.Series({"a": 1.0, "b": 1.0}))
    a, b = 1 / parts["a"].std(ddof=0), 0.75 / parts["b"].std(ddof=0)
    assert one.value[:4].tolist() == pytest.approx(
        [0, (a / 2 + b) / (a + b), (a + b / 2) / (a + b), 0.5], abs=1e-14
    )
    assert np.isnan(one.value[4])
    assert one.coverage.tolist() == [1, 1, 1, 0.5, 0]


def test_on_the_urgency_scale_what_does_not_differ_does_not_count():
    parts = pd.DataFrame({"a": [0.7, 0.7, 0.7], "b": [0.0, 1, 0.2]})
    weights = pd.Series({"a": 3.0, "b": 1.0})
    assert one_less_dp2(parts, weights).value.tolist() == [0.0, 1.0, 0.2]
    # Where nothing differs, the stated weights are all there is: 3/4 of 0.7 + 1/4 of 0.1.
    same = one_less_dp2(parts.assign(b=0.1), weights)
    assert same.value.tolist() == pytest.approx([0.55] * 3)
