from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from targeting.model import Indicator
from targeting.render import public


def an_indicator(dimension: str, unit: str) -> Indicator:
    return Indicator("a", {"es": "a", "en": "a"}, unit, "higher", dimension, "share")


def test_violence_shows_a_level_whatever_its_unit():
    for unit in ("per_1k", "share", "index", "count"):
        assert public.shown_as_level(an_indicator("violence", unit))


def test_counts_of_people_show_a_level_and_counts_of_places_do_not():
    assert public.shown_as_level(an_indicator("marginalization", "people"))
    assert public.shown_as_level(an_indicator("marginalization", "count"))
    assert not public.shown_as_level(an_indicator("facilities", "count"))
    assert not public.shown_as_level(an_indicator("marginalization", "share"))


def test_violence_parts_have_at_most_21_values():
    parts = np.linspace(0, 1, 10_001)
    assert len(np.unique(public.part_grain("violence").round(parts))) == 21


@given(
    arrays(
        float,
        st.tuples(st.integers(1, 20), st.integers(1, 8)),
        elements=st.one_of(st.just(np.nan), st.floats(0, 1)),
    )
)
def test_points_add_up_to_the_score(shares):
    table = pd.DataFrame(shares) / shares.shape[1]
    score = table.sum(axis=1, min_count=1)
    parts, total = public.points(table, score)
    known = ~np.isnan(total)
    assert np.array_equal(np.nansum(parts[known], axis=1), total[known])
    assert np.array_equal(np.isnan(parts[known]), np.isnan(table.to_numpy()[known]))
    exact = table.to_numpy()[known] * 100
    assert np.nanmax(np.abs(parts[known] - exact), initial=0) <= 1 + 1e-6


def test_a_block_without_a_score_has_no_points():
    table = pd.DataFrame({"a": [0.2, 0.4]})
    parts, total = public.points(table, pd.Series([0.2, np.nan]))
    assert parts[:, 0].tolist()[0] == 20
    assert np.isnan(parts[1, 0])
    assert np.isnan(total[1])


def test_fewer_than_three_people_are_not_counted():
    shown, few = public.population(pd.Series([0.0, 1.0, 2.0, 3.0, np.nan]))
    assert few.tolist() == [True, True, True, False, False]
    assert shown[3] == 3
    assert np.isnan(shown[[0, 1, 2, 4]]).all()


def test_levels_are_tenths_of_the_city():
    level = public.levels(pd.Series(np.arange(100.0)))
    assert np.bincount(level.astype(int))[1:].tolist() == [10] * 10


def test_levels_of_a_city_without_values_are_missing():
    assert np.isnan(public.levels(pd.Series([np.nan, np.nan]))).all()


def test_equal_values_share_a_level():
    level = public.levels(pd.Series([1.0] * 99 + [2.0]))
    assert set(level[:99]) == {5.0}  # middle rank 50 of 100
    assert level[99] == 10
