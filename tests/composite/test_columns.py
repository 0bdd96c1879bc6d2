"""Bricks between columns: worked by hand; the laws each declares, and those it breaks."""

from __future__ import annotations

import inspect
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting import registry
from targeting.composite.columns import half_up
from targeting.problems import TargetingError

# How many columns a brick takes here, and with what settings.
BRICKS: dict[str, tuple[int, dict[str, object]]] = {
    "apart": (1, {"origin": 2.0}),
    "at_least": (1, {"threshold": 2.0}),
    "clip": (1, {"low": 1.0, "high": 3.0}),
    "first_known": (3, {}),
    "line": (1, {"times": 2.0, "plus": 1.0}),
    "logarithm": (1, {}),
    "mean": (3, {"exponent": 0.0, "missing_max": 1}),
    "power": (1, {"exponent": -1.0}),
    "product": (3, {}),
    "rank_groups": (1, {"groups": 3}),
    "ranking": (1, {}),
    "ratio": (2, {"times": 100.0}),
    "round_half_up": (1, {"decimals": 0}),
    "scale_by_max": (1, {"times": 10.0}),
    "sharpened": (2, {"decimals": 0}),
    "total": (3, {"missing_max": 1}),
    "where_enough": (3, {"missing_max": 1}),
}
WEIGHTED = tuple(
    name
    for name in BRICKS
    if "weights" in inspect.signature(registry.method("column", name)).parameters
)
NAMES = ["a", "b", "c"]


def made(name: str, table: pd.DataFrame, **more: object) -> pd.Series:
    count, chosen = BRICKS[name]
    return registry.method("column", name)(table[NAMES[:count]], **{**chosen, **more})


def laws(name: str) -> tuple[str, ...]:
    return registry.traits("column", name).laws


# Quarters: sums and halves of them are exact, and many are equal.
NUMBERS = st.one_of(st.just(np.nan), st.integers(1, 20).map(lambda n: n / 4))
TABLES = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=2, max_size=8).map(
    lambda rows: pd.DataFrame(rows, columns=NAMES, dtype=float)
)
FULL = st.lists(
    st.tuples(*[st.integers(1, 20).map(lambda n: n / 4)] * 3), min_size=2, max_size=8
).map(lambda rows: pd.DataFrame(rows, columns=NAMES, dtype=float))


def test_every_brick_is_tried_here() -> None:
    assert set(BRICKS) == set(registry.names("column"))
    assert WEIGHTED == ("mean", "total")


@pytest.mark.parametrize("name", BRICKS)
@settings(max_examples=25, deadline=None)
@given(table=TABLES, seed=st.integers(0, 99))
def test_rows_and_ties(name: str, table: pd.DataFrame, seed: int) -> None:
    assert {"rows", "ties", "missing"} <= set(laws(name))
    before = made(name, table)
    assert list(before.index) == list(table.index)
    order = np.random.default_rng(seed).permutation(len(table))
    after = made(name, table.iloc[order])
    pd.testing.assert_series_equal(after, before.iloc[order], check_names=False)
    twice = pd.concat([table, table.iloc[[0]]], ignore_index=True)
    again = made(name, twice)
    assert again.iloc[0] == again.iloc[-1] or (np.isnan(again.iloc[0]) & np.isnan(again.iloc[-1]))


@pytest.mark.parametrize("name", BRICKS)
@settings(max_examples=25, deadline=None)
@given(table=TABLES)
def test_missing_stays_missing_or_counts_as_left_out(name: str, table: pd.DataFrame) -> None:
    count, _ = BRICKS[name]
    held = table[NAMES[:count]]
    result = made(name, table)
    assert result[held.isna().all(axis=1)].isna().all()
    if count == 1:
        assert (result.isna() == held.iloc[:, 0].isna()).all()
    if name in ("total", "mean"):
        one_missing = held.isna().sum(axis=1) == 1
        for row in held.index[one_missing]:
            left = held.loc[[row]].dropna(axis=1)
            alone = registry.method("column", name)(left, **BRICKS[name][1])
            assert result[row] == pytest.approx(alone[row], abs=1e-12)


MONOTONE = [name for name in BRICKS if "monotone" in laws(name)]


@pytest.mark.parametrize("name", MONOTONE)
@settings(max_examples=40, deadline=None)
@given(table=FULL, row=st.integers(0, 7), column=st.integers(0, 2), more=st.integers(1, 9))
def test_raising_one_value_never_lowers_its_row(
    name: str, table: pd.DataFrame, row: int, column: int, more: int
) -> None:
    raised = table.copy()
    raised.iloc[row % len(table), column] += more / 4
    before, after = made(name, table), made(name, raised)
    assert after.iloc[row % len(table)] >= before.iloc[row % len(table)] - 1e-12


# One row and what to add to one of its values so that the result falls.
FALLS: dict[str, tuple[list[float], dict[str, object], int, float]] = {
    "apart": ([0.0], {}, 0, 1.0),
    "line": ([1.0], {"times": -1.0}, 0, 1.0),
    "power": ([1.0], {}, 0, 1.0),
    "product": ([1.0, -1.0, 1.0], {}, 0, 1.0),
    "ranking": ([1.0], {}, 0, 3.0),
    "ratio": ([1.0, 1.0], {}, 1, 1.0),
    "sharpened": ([1.0, 1.4], {}, 1, 0.2),
    "total": ([1.0, 1.0, 1.0], {"weights": pd.Series({"a": -1.0, "b": 1.0, "c": 1.0})}, 0, 1.0),
}


@pytest.mark.parametrize("name", sorted(set(BRICKS) - set(MONOTONE)))
def test_a_brick_that_is_not_monotone_has_a_counter_example(name: str) -> None:
    values, more, position, step = FALLS[name]
    others = [2.0] * len(values)
    table = pd.DataFrame([values, others], columns=NAMES[: len(values)])
    raised = table.copy()
    raised.iloc[0, position] += step
    assert made(name, raised, **more)[0] < made(name, table, **more)[0]


@pytest.mark.parametrize("name", [name for name in BRICKS if BRICKS[name][0] > 1])
def test_the_order_of_columns_counts_only_where_said(name: str) -> None:
    table = pd.DataFrame([[1.0, 1.4, 3.0], [np.nan, 2.0, np.nan]], columns=NAMES)
    count, chosen = BRICKS[name]
    function = registry.method("column", name)
    turned = table[NAMES[:count]].iloc[:, ::-1]
    same = function(turned, **chosen).equals(function(table[NAMES[:count]], **chosen))
    assert same == ("columns" in laws(name))


@pytest.mark.parametrize("name", WEIGHTED)
def test_all_weights_times_a_number(name: str) -> None:
    table = pd.DataFrame([[1.0, 2.0, 4.0]], columns=NAMES)
    weights = pd.Series({"c": 3.0, "a": 1.0, "b": 2.0})
    once, twice = (made(name, table, weights=w)[0] for w in (weights, weights * 2))
    assert (once == pytest.approx(twice)) == ("homogeneous" in laws(name))


@settings(max_examples=40, deadline=None)
@given(table=FULL, exponent=st.sampled_from([-1.0, 0.0, 1.0, 2.0]))
def test_a_mean_lies_between_the_smallest_and_the_largest(
    table: pd.DataFrame, exponent: float
) -> None:
    value = made("mean", table, exponent=exponent)
    assert (value >= table.min(axis=1) - 1e-12).all()
    assert (value <= table.max(axis=1) + 1e-12).all()


def test_means_by_hand() -> None:
    table = pd.DataFrame({"a": [2.0, 0.0], "b": [8.0, 8.0], "c": [4.0, 4.0]})
    # 2 · 8 · 4 = 64, its cube root 4; 3 / (1/2 + 1/8 + 1/4) = 24/7; (2 + 8 + 4) / 3
    assert made("mean", table, exponent=0.0).tolist() == pytest.approx([4.0, 0.0])
    assert made("mean", table, exponent=-1.0).tolist() == pytest.approx([24 / 7, 0.0])
    assert made("mean", table, exponent=1.0).tolist() == pytest.approx([14 / 3, 4.0])


def test_a_sum_of_nothing_is_missing() -> None:
    nothing = pd.DataFrame([[np.nan] * 3], columns=NAMES)
    assert np.isnan(made("total", nothing, missing_max=3)[0])
    assert np.isnan(made("mean", nothing, missing_max=3)[0])


@settings(max_examples=200, deadline=None)
@given(
    above=st.integers(-4000, 4000),
    below=st.integers(1, 4000),
    decimals=st.integers(0, 4),
)
def test_a_half_goes_up_whatever_the_machine_makes_of_it(
    above: int, below: int, decimals: int
) -> None:
    exact = Fraction(above, below) * 10**decimals + Fraction(1, 2)
    expected = Fraction(exact.numerator // exact.denominator, 10**decimals)
    found = half_up(np.array([above / below]), decimals)[0]
    assert found == pytest.approx(float(expected), abs=1e-12)


def test_a_column_of_zeros_cannot_be_scaled_by_its_largest() -> None:
    assert made("scale_by_max", pd.DataFrame({"a": [0.0, 0.0]})).isna().all()
    assert made("scale_by_max", pd.DataFrame({"a": [-1.0, -2.0]})).isna().all()


@pytest.mark.parametrize("name", [name for name in BRICKS if BRICKS[name][0] == 1] + ["ratio"])
def test_the_wrong_number_of_columns_is_refused(name: str) -> None:
    table = pd.DataFrame([[1.0, 2.0, 3.0]], columns=NAMES)
    function = registry.method("column", name)
    with pytest.raises(TargetingError) as caught:
        function(table, **BRICKS[name][1])
    assert [one.code for one in caught.value.problems] == ["columns-needed"]


def test_filling_by_group_keeps_rows_and_ties() -> None:
    fill = registry.method("imputer", "group_value")
    values = pd.Series([1.0, np.nan, 3.0, np.nan, 7.0], index=list("abcde"))
    groups = pd.Series(["x", "x", "x", "y", "y"], index=list("abcde"))
    assert fill(values, groups).tolist() == [1.0, 2.0, 3.0, 7.0, 7.0]
    order = ["d", "a", "e", "c", "b"]
    assert fill(values[order], groups[order]).tolist() == [7.0, 1.0, 7.0, 3.0, 2.0]
    assert fill(values).tolist()[1] == pytest.approx(11 / 3)
    assert fill(values, by="median").tolist()[1] == 3.0
