from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from targeting.model import Indicator, PublishSpec
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


def test_one_or_two_people_are_not_counted_and_nobody_is():
    shown, few = public.population(pd.Series([0.0, 1.0, 2.0, 3.0, np.nan]))
    assert few.tolist() == [False, True, True, False, False]
    assert shown[[0, 3]].tolist() == [0, 3]
    assert np.isnan(shown[[1, 2, 4]]).all()


def test_the_study_says_from_how_many_people_on_a_block_is_told(result):
    study = replace(result.study, publish=PublishSpec(people_min=50))
    few = result.territory.blocks["population"].between(1, 49).to_numpy()
    assert few.sum() > 10
    shown, hidden = public.shown_people(replace(result, study=study))
    assert np.array_equal(hidden, few)
    assert np.nanmin(shown[shown > 0]) == 58


def test_levels_are_tenths_of_the_city():
    level = public.levels(pd.Series(np.arange(100.0)))
    assert np.bincount(level.astype(int))[1:].tolist() == [10] * 10


def test_levels_of_a_city_without_values_are_missing():
    assert np.isnan(public.levels(pd.Series([np.nan, np.nan]))).all()


def test_equal_values_share_a_level():
    level = public.levels(pd.Series([1.0] * 99 + [2.0]))
    assert set(level[:99]) == {5.0}  # middle rank 50 of 100
    assert level[99] == 10


def with_violence(result, weight: float):
    """The result with another weight of violence, its score and contributions to match."""
    scores = result.scores
    dimensions = pd.Series({"violence": weight, "marginalization": 1 - weight, "facilities": 0.0})
    own = {"incidents_per_1k": weight, "no_internet_share": 1 - weight}
    weights = pd.Series(own).reindex(scores.weights.index).fillna(0.0)
    known = scores.parts.notna() * weights
    coverage = known.sum(axis=1)
    shares = (scores.parts * weights).div(coverage, axis=0)
    score = shares.sum(axis=1, min_count=1)
    changed = replace(
        scores,
        score=score,
        low=score,
        high=score,
        weights=weights,
        dimension_weights=dimensions,
        contributions=shares,
        coverage=coverage,
    )
    return replace(result, scores=changed)


def test_a_score_that_is_mostly_violence_is_told_as_violence_is(result):
    for weight, step in ((0.51, 5), (1.0, 5)):
        changed = with_violence(result, weight)
        parts, total = public.shown_points(changed)
        known = ~np.isnan(total)
        assert known.sum() == 99
        assert (total[known] % step == 0).all()
        assert (np.nan_to_num(parts[known]) % step == 0).all()
        assert np.array_equal(np.nansum(parts[known], axis=1), total[known])
        assert public.line_points(changed) % step == 0


def test_a_block_that_knows_little_but_violence_is_told_as_violence_is(result):
    changed = with_violence(result, 0.5)
    _, total = public.shown_points(changed)
    alone = changed.scores.parts["no_internet_share"].isna().to_numpy() & ~np.isnan(total)
    assert alone.sum() == 1  # block 5 has no share of internet
    assert (total[alone] % 5 == 0).all()
    assert (total[~alone & ~np.isnan(total)] % 5 != 0).any()


@pytest.mark.parametrize("weight", [0.4, 1.0])
def test_the_spread_holds_the_shown_score(result, weight):
    changed = with_violence(result, weight)
    _, total = public.shown_points(changed)
    low, high = public.spread_points(changed)
    known = ~np.isnan(total)
    assert (low[known] % 5 == 0).all()
    assert (high[known] % 5 == 0).all()
    assert (low[known] <= total[known]).all()
    assert (total[known] <= high[known]).all()


@pytest.mark.parametrize("weight", [0.4, 1.0])
@pytest.mark.parametrize("block", [8, 20, 50])
def test_the_margin_agrees_with_the_side_of_the_line(result, weight, block):
    changed = with_violence(result, weight)
    score = changed.scores.score.to_numpy(float)
    for away in (-0.004, -1e-6, 0.0, 1e-6, 0.004):
        polygons = replace(changed.polygons, threshold=float(score[block] + away))
        exact = score - polygons.threshold
        margin = public.margin_points(replace(changed, polygons=polygons))
        known = ~np.isnan(exact)
        assert np.array_equal(np.sign(margin[known]), np.sign(exact[known]))
