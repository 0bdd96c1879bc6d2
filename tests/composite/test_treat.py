"""Treatment, screening and filling by hand, and wrong use by name."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from targeting.composite.fences import hinges, tukey_fences
from targeting.composite.impute import denominate, impute
from targeting.composite.screen import correlated, enough_data, screen, statistics
from targeting.composite.treat import (
    box_cox,
    is_skewed,
    log,
    log_from_lowest,
    none,
    skew_and_kurtosis,
    treat,
    winsorize_fences,
    winsorize_points,
    winsorize_share,
    winsorize_skew,
)
from targeting.composite.treat._stepwise import winsorized_to_pass
from targeting.model import MethodSpec
from targeting.problems import TargetingError


def series(numbers, name="rate"):
    return pd.Series(numbers, dtype=float, name=name)


def refusal(function, *arguments, **settings_):
    with pytest.raises(TargetingError) as error:
        function(*arguments, **settings_)
    (problem,) = error.value.problems
    assert all(problem.text(language) for language in ("es", "en"))
    return problem.code, problem.where


# ------------------------------------------------------------------------------------------ shape


@given(st.lists(st.integers(-30, 30), min_size=4, max_size=40))
def test_skewness_and_kurtosis_are_those_of_scipy(numbers):
    values = np.array(numbers, float)
    made = skew_and_kurtosis(values)
    if values.min() == values.max():
        assert np.isnan(made).all()
    else:
        assert made[0] == pytest.approx(stats.skew(values, bias=False), abs=1e-9)
        assert made[1] == pytest.approx(stats.kurtosis(values, bias=False), abs=1e-9)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_shape_of_tiny_and_huge_numbers(size):
    one = skew_and_kurtosis(np.array([1.0, 2, 3, 4, 10]))
    assert skew_and_kurtosis(size * np.array([1.0, 2, 3, 4, 10])) == pytest.approx(one)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # R 4: fivenum(1:5) is 1 2 3 4 5; of 1:6, 1 2 3.5 5 6; of 1:7, 1 2.5 4 5.5 7.
        (range(1, 6), (2, 4)),
        (range(1, 7), (2, 5)),
        (range(1, 8), (2.5, 5.5)),
        ([3], (3, 3)),
        ([1, 2], (1, 2)),
    ],
)
def test_hinges_as_in_fivenum(values, expected):
    assert hinges(np.array(list(values), float)) == expected


def test_fences():
    assert tukey_fences(np.arange(1.0, 6.0), 1.5) == (-1.0, 7.0)


# -------------------------------------------------------------------------------------- winsorizing


def test_points_at_both_ends_with_ties():
    made = winsorize_points(series([1, 2, 3, 9, 9, None]), low=1, high=1)
    assert made.values.tolist()[:5] == [2, 2, 3, 9, 9]  # the next highest is 9 as well
    assert made.moved.tolist() == [-1, 0, 0, 0, 0, 0]
    assert (made.notes["low"], made.notes["high"]) == (2, None)


def test_share_is_rounded_down():
    made = winsorize_share(series(range(100)), high=0.29)
    assert made.notes["high_points"] == 29
    assert winsorize_share(series(range(9)), high=0.1).notes["high_points"] == 0


def test_fences_to_the_last_value_inside_or_to_the_fence():
    held = series([1, 2, 3, 4, 5, 90])  # hinges 2 and 5, fences -2.5 and 9.5
    assert winsorize_fences(held).values.iloc[-1] == 5
    assert winsorize_fences(held, to="fence").values.iloc[-1] == 9.5
    assert winsorize_fences(held, ends="low").values.iloc[-1] == 90
    assert winsorize_fences(held).notes["fences"] == (-2.5, 9.5)


def plain_winsorize(values, skew_max, kurtosis_max, limit):
    """Move one extreme after another, reckoning the shape anew each time."""
    held = np.array(values, float)
    moved_low = moved_high = 0
    while True:
        skew, kurtosis = skew_and_kurtosis(held)
        passes = not is_skewed(skew, kurtosis, skew_max, kurtosis_max)
        if passes or moved_low + moved_high >= limit:
            return held, passes
        if skew >= 0:
            at = held == held.max()
            held[at] = held[~at].max()
            moved_high = at.sum()
        else:
            at = held == held.min()
            held[at] = held[~at].min()
            moved_low = at.sum()


FAR = st.lists(
    st.one_of(st.integers(-5, 5), st.sampled_from([-900, -70, 70, 900])), min_size=4, max_size=60
)


@settings(deadline=None, max_examples=300)
@given(numbers=FAR, limit=st.integers(0, 12), limits=st.sampled_from([(2.0, 3.5), (0.3, -1.0)]))
def test_all_steps_at_once_are_the_steps_one_by_one(numbers, limit, limits):
    values = np.array(numbers, float)
    if values.min() == values.max():
        return
    expected, passes = plain_winsorize(values, *limits, limit)
    low, high, answer = winsorized_to_pass(values, *limits, limit)
    np.testing.assert_array_equal(np.clip(values, low, high), expected)
    assert answer == passes


def test_a_billion_leaves_no_trace_once_it_is_pulled_in():
    held = np.append(np.linspace(0, 1, 200), [1e12, 2e12])
    low, high, passes = winsorized_to_pass(held, 2.0, 3.5, 5)
    assert (low, high, passes) == (None, 1.0, True)


def test_five_points_are_nothing_in_a_city():
    rng = np.random.default_rng(2)
    held = series(np.append(rng.normal(size=5000), np.full(20, 60.0)))
    assert winsorize_skew(held, points_max=5).notes["high_points"] == 20  # equal ones together
    spread = series(np.append(rng.normal(size=5000), np.linspace(50, 60, 20)))
    assert winsorize_skew(spread, points_max=5).notes["method"] == "log_from_lowest"
    assert winsorize_skew(spread, share_max=0.01).notes["method"] == "winsorize_skew"


@pytest.mark.parametrize(
    ("otherwise", "method"),
    [
        ("log", "log_from_lowest"),
        ("log_by_skew", "log_from_lowest"),
        ("box_cox", "box_cox"),
        ("none", "winsorize_skew"),
    ],
)
def test_what_is_done_otherwise(otherwise, method):
    held = series([*range(40), 200, 900])
    made = winsorize_skew(held, points_max=1, otherwise=otherwise)
    assert made.notes["method"] == method
    if otherwise == "none":
        assert made.values.max() == 200


# ---------------------------------------------------------------------------------- transformations


def test_log_from_the_high_end_mirrors_the_low_one():
    held = series([0, 5, 9, 10, None])
    low = log_from_lowest(-held).values
    high = log_from_lowest(held, end="high").values
    np.testing.assert_allclose(high, -low)
    assert log_from_lowest(held, end="by_skew").notes["end"] == "high"  # the tail is low


def test_the_order_is_kept_where_all_values_are_below_1():
    # The logarithm of the Global Innovation Index 2020 would turn this around.
    held = series([0.1, 0.2, 0.5, 0.9])
    assert log_from_lowest(held).values.is_monotonic_increasing


def test_box_cox_by_hand_and_by_likelihood():
    assert box_cox(series([1, 4]), exponent=2.0).values.tolist() == pytest.approx([0, 7.5])
    assert box_cox(series([1, np.e]), exponent=0.0).values.tolist() == pytest.approx([0, 1])
    held = np.random.default_rng(0).gamma(2.0, size=400)
    expected, exponent = stats.boxcox(held)
    made = box_cox(pd.Series(held))
    assert made.notes["exponent"] == pytest.approx(exponent, abs=1e-5)
    np.testing.assert_allclose(made.values, expected, rtol=1e-4)


# ------------------------------------------------------------------------------------------ tables


def test_a_table_with_an_exception():
    held = pd.DataFrame({"a": [*range(10), 500.0], "b": [*range(10), 500.0]})
    made = treat(held, MethodSpec("winsorize_skew"), {"b": MethodSpec("none")})
    assert made.values.iloc[-1].tolist() == [9, 500]
    assert made.notes["method"].tolist() == ["winsorize_skew", "none"]
    assert made.moved.iloc[-1].tolist() == [1, 0]
    assert held.iloc[-1, 0] == 500  # what was given is left alone


def test_all_columns_complain_at_once():
    held = pd.DataFrame({"a": [0.0, 1.0], "b": [-1.0, 1.0], "c": [1.0, 2.0]})
    with pytest.raises(TargetingError) as error:
        treat(held, MethodSpec("log"))
    assert [(one.code, one.where) for one in error.value.problems] == [
        ("not-positive", "a"),
        ("not-positive", "b"),
    ]


def test_wrong_use_is_named():
    assert refusal(log, series([1, 0])) == ("not-positive", "rate")
    assert refusal(box_cox, series([1, -1]), exponent=0.5) == ("not-positive", "rate")
    assert refusal(box_cox, series([2, 2])) == ("constant-column", "rate")
    assert refusal(log_from_lowest, series([2, 2])) == ("constant-column", "rate")
    assert refusal(winsorize_points, series([1, 2]), low=1, high=1) == ("too-many-points", "rate")
    assert refusal(none, series([1, np.inf])) == ("infinite-value", "rate")


@pytest.mark.parametrize(
    "function",
    [none, log, log_from_lowest, box_cox, winsorize_points, winsorize_fences, winsorize_skew],
)
def test_nothing_known_stays_nothing(function):
    made = function(series([None, None]))
    assert made.values.isna().all()
    assert not made.moved.any()
    assert len(function(series([])).values) == 0


@pytest.mark.parametrize("function", [winsorize_fences, winsorize_skew, winsorize_share])
def test_a_constant_or_single_value_is_left_alone(function):
    assert function(series([4, 4, 4, 4])).values.tolist() == [4] * 4
    assert function(series([4])).values.tolist() == [4]


# --------------------------------------------------------------------------------------- screening


def test_screening_names_what_is_wrong():
    rng = np.random.default_rng(1)
    first = rng.normal(size=200)
    table = pd.DataFrame(
        {
            "one": first,
            "percent": 100 * first + 3,
            "turned": -first,
            "near": first + rng.normal(scale=0.1, size=200),
            "still": np.where(np.arange(200) < 195, 1.0, 2.0),
            "zero": np.zeros(200),
            "scarce": np.where(np.arange(200) < 120, rng.normal(size=200), np.nan),
        }
    )
    made = screen(table)
    assert made.still == ("still", "zero")
    assert made.scarce == ("scarce",)
    assert made.doubled == (("one", "percent", "turned"),)
    assert set(made.alike["one"]) | set(made.alike["other"]) == {"one", "percent", "turned", "near"}
    apart = {"one": "a", "percent": "b", "turned": "c", "near": "a"}
    assert screen(table, apart).alike[["one", "other"]].to_numpy().tolist() == [["near", "one"]]


def test_a_pair_the_wrong_way_round():
    held = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [4.0, 3, 2, 1]})
    assert len(correlated(held, sign="positive")) == 0
    assert correlated(held, sign="negative")["correlation"].tolist() == pytest.approx([-1])


def test_statistics_by_hand():
    made = statistics(pd.DataFrame({"a": [0.0, 0.0, 3.0, None]}), available_min=0.8).loc["a"]
    assert made[["available", "nonzero", "unique", "same"]].tolist() == [3, 1, 2, 2]
    assert made["available_share"] == 0.75
    assert made[["few_available", "few_nonzero", "few_unique"]].tolist() == [True, True, False]


def test_units_without_data_leave():
    held = pd.DataFrame({"a": [1.0, None, 0.0], "b": [2.0, 3.0, 0.0]}, index=list("xyz"))
    assert enough_data(held, known_min=0.9).removed == ("y",)
    assert enough_data(held, known_min=0.5, nonzero_min=0.5).removed == ("z",)
    assert refusal(enough_data, held * np.nan) == ("no-unit-with-data", "screen")


# ----------------------------------------------------------------------------------------- filling


def test_filling_from_the_own_group_only():
    held = pd.DataFrame({"v": [1.0, 3.0, None, 10.0, None, None]})
    groups = pd.Series(list("aaabbc"))
    made = impute(held, groups=groups)
    assert made.values["v"].tolist()[:5] == [1, 3, 2, 10, 10]
    assert np.isnan(made.values["v"].iloc[5])  # its group has nothing
    assert made.filled["v"].tolist() == [False, False, True, False, True, False]
    assert impute(held, by="median").values["v"].iloc[2] == 3
    lost = pd.Series(["a", None, "a", "b", "b", "c"])
    assert refusal(impute, held, groups=lost) == ("no-group", "impute")


def test_denominators_are_above_0_and_known():
    held = pd.DataFrame({"cases": [3.0, None, 1.0]})
    people = pd.DataFrame({"people": [100.0, 0.0, None]})
    made = denominate(held, people, {"cases": "people"}, times={"cases": 1000.0})
    assert made["cases"].tolist()[:1] == [30]
    assert made["cases"].isna().tolist() == [False, True, True]
    code = ("denominator-not-positive", "cases")
    assert refusal(denominate, held.fillna(1.0), people, {"cases": "people"}) == code
    assert refusal(denominate, held, people, {"cases": "peple"})[0] == "unknown-name"
