"""The method to compare with: same types, same checks, same reasons where they apply."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from targeting.delineation import check_polygons, street_links, ward
from targeting.problems import TargetingError
from tests.delineation.lattice import lattice, patch
from tests.delineation.test_grow import CITIES, noisy_city, random_city

BOUNDS = {
    "polygons": 4,
    "population_min": 800.0,
    "population_max": 3000.0,
    "area_max_km2": 3.0,
    "compactness_min": 0.0,
}


def test_two_hot_squares_are_two_clusters():
    blocks = lattice(12, 12)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(0, 4), range(0, 4))] = 0.9
    score[patch(blocks, range(8, 12), range(8, 12))] = 0.7
    found = ward(blocks, score, street_links(blocks.geometry), **BOUNDS)
    assert found.polygons["population"].tolist() == [1600.0, 1600.0]
    assert found.polygons["score"].round(6).tolist() == [0.9, 0.7]


def test_only_as_many_as_asked_for_and_the_reason_says_so():
    blocks = lattice(12, 12)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(0, 4), range(0, 4))] = 0.9
    score[patch(blocks, range(8, 12), range(8, 12))] = 0.7
    found = ward(blocks, score, street_links(blocks.geometry), **{**BOUNDS, "polygons": 1})
    assert len(found.polygons) == 1
    assert found.reasons.loc["r09c09", "code"] == "polygon_limit"


def test_every_component_is_clustered_on_its_own():
    blocks = lattice(8, 17, without=[(r, 8) for r in range(8)], street_m=35)
    chance = np.random.default_rng(0)
    score = pd.Series(chance.random(len(blocks)), index=blocks.index)
    links = street_links(blocks.geometry)
    found = ward(blocks, score, links, **BOUNDS)
    assert found.notes["component_count"] == 2


@settings(max_examples=20, deadline=None)
@given(CITIES)
def test_every_rule_holds_in_every_city(city):
    blocks, score = random_city(**city)
    links = street_links(blocks.geometry)
    bounds = {**BOUNDS, "population_min": 200.0, "population_max": 900.0, "compactness_min": 0.2}
    found = ward(blocks, score, links, **bounds)
    check_polygons(found, blocks, links, **bounds)
    assert not set(found.reasons["code"]) & {"full", "separation", "barrier"}


def test_row_order_does_not_matter():
    blocks, score = noisy_city(rows=9, columns=9, noise=0.3)
    order = np.random.default_rng(4).permutation(len(blocks))
    one = ward(blocks, score, street_links(blocks.geometry), **BOUNDS)
    other = blocks.iloc[order]
    two = ward(other, score.iloc[order], street_links(other.geometry), **BOUNDS)
    assert two.membership.reindex(blocks.index).equals(one.membership)
    assert two.polygons.equals(one.polygons)


def test_all_missing_and_bad_settings():
    blocks = lattice(3, 3)
    links = street_links(blocks.geometry)
    nothing = pd.Series(np.nan, index=blocks.index)
    assert len(ward(blocks, nothing, links).polygons) == 0
    with pytest.raises(TargetingError) as wrong:
        ward(blocks, nothing, links, score_weight=-1.0, polygons=0)
    assert len(wrong.value.problems) == 2
