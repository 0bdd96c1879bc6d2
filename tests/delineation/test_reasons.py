"""A reason for every block: each code by hand, and each one true."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation import CODES, explain, grow, street_links
from targeting.delineation.graph import Limits, build_city
from targeting.i18n import LANGUAGES, catalogue, say
from targeting.model import Links
from tests.delineation.lattice import lattice, patch
from tests.delineation.test_grow import BOUNDS, CITIES, random_city

THRESHOLD = 0.5
LIMITS = Limits(100.0, 300.0, 30_000.0, 0.0, 0.1)


def row_of_blocks(count, **columns):
    """A row of blocks, each facing the next over 60 m across 10 m."""
    links = Links(
        np.arange(count - 1),
        np.arange(1, count),
        np.full(count - 1, 10.0),
        np.full(count - 1, 60.0),
    )
    score = np.asarray(columns.get("score", np.full(count, 0.9)), dtype=float)
    people = np.asarray(columns.get("people", np.full(count, 100.0)), dtype=float)
    area = np.asarray(columns.get("area", np.full(count, 3600.0)), dtype=float)
    need = np.nan_to_num(people * (score - THRESHOLD))
    city = build_city(need, np.nan_to_num(people), area, np.full(count, 240.0), links)
    return score, people, city


def reasons(membership, *, limits=LIMITS, surrounded=(), spare=(), links=None, **columns):
    count = len(membership)
    score, people, city = row_of_blocks(count, **columns)
    if links == "none":
        nobody = np.zeros(0, dtype=np.int64)
        alone = Links(nobody, nobody, np.zeros(0), np.zeros(0))
        city = build_city(city.need, city.population, city.area, city.outline, alone)
    return explain(
        score,
        people,
        np.array(membership),
        city,
        limits,
        threshold=THRESHOLD,
        surrounded=np.isin(np.arange(count), surrounded),
        spare=np.isin(np.arange(count), spare),
    )


def test_inside_chosen_bridge_and_hole():
    found = reasons(
        [1, 1, 1, 1], score=[0.9, 0.4, np.nan, 0.5], surrounded=[1], people=[100, 100, 100, 100]
    )
    assert found["code"].tolist() == ["chosen", "hole", "bridge", "bridge"]
    assert found["polygon"].tolist() == [1, 1, 1, 1]
    assert found["margin"].round(6).tolist()[:2] == [0.4, -0.1]
    assert np.isnan(found["margin"][2])


def test_inside_an_empty_block_above_the_line_is_a_bridge():
    assert reasons([1, 1], people=[100, 0])["code"].tolist() == ["chosen", "bridge"]


def test_too_little_data_nobody_there_and_below_the_line():
    found = reasons([0, 0, 0, 0], score=[np.nan, 0.9, 0.9, 0.5], people=[100, np.nan, 0, 100])
    assert found["code"].tolist() == ["no_score", "no_score", "no_people", "below_line"]
    assert found["polygon"].tolist() == [0, 0, 0, 0]


def test_no_links():
    assert reasons([0, 0], links="none")["code"].tolist() == ["isolated", "isolated"]


def test_population_maximum():
    # Polygon 1 holds 250 of at most 300 people: a hundred more do not fit.
    found = reasons([1, 1, 0], people=[100, 150, 100])
    assert found.iloc[2][["code", "polygon"]].tolist() == ["population_max", 1]


def test_area_maximum():
    # 2 × 12,000 m² and the street leave less than 12,000 of 30,000 m².
    found = reasons([2, 2, 0], people=[50, 50, 50], area=[12_000.0, 12_000.0, 12_000.0])
    assert found.iloc[2][["code", "polygon"]].tolist() == ["area_max", 2]


def test_shape():
    # Need 100·0.01 = 1; one more block in the row costs 2 · (60 + 10) m · 0.1 = 14.
    found = reasons([1, 0], score=[0.9, 0.51])
    assert found.iloc[1][["code", "polygon"]].tolist() == ["shape", 1]


def test_a_further_group():
    found = reasons([1, 1, 0, 0], people=[150, 150, 100, 100], spare=[2, 3])
    assert found["code"].tolist()[2:] == ["polygon_limit", "polygon_limit"]


def test_no_group():
    assert reasons([0, 0])["code"].tolist() == ["no_group", "no_group"]


def test_a_method_that_does_not_grow_says_nothing_about_joining():
    found = reasons([1, 1, 0], people=[100, 150, 100], limits=None)
    assert found.iloc[2][["code", "polygon"]].tolist() == ["no_group", 0]


def test_of_two_polygons_the_one_it_shares_most_with():
    # Block 1 lies between polygon 1 (60 m) and polygon 2 (20 m).
    links = Links(np.array([0, 1]), np.array([1, 2]), np.full(2, 10.0), np.array([60.0, 20.0]))
    people = np.array([250.0, 100.0, 250.0])
    city = build_city(people * 0.4, people, np.full(3, 3600.0), np.full(3, 240.0), links)
    nobody = np.zeros(3, dtype=bool)
    found = explain(
        np.full(3, 0.9),
        people,
        np.array([1, 0, 2]),
        city,
        LIMITS,
        threshold=THRESHOLD,
        surrounded=nobody,
        spare=nobody,
    )
    assert found.iloc[1][["code", "polygon"]].tolist() == ["population_max", 1]


def test_every_code_occurs_in_a_case_above():
    told = set()
    for case in (
        reasons([1, 1, 1], score=[0.9, 0.4, 0.4], surrounded=[1]),
        reasons([0, 0, 0], score=[np.nan, 0.9, 0.1], people=[1, 0, 1]),
        reasons([0, 0], links="none"),
        reasons([1, 1, 0], people=[100, 150, 100]),
        reasons([2, 2, 0], people=[50, 50, 50], area=[12_000.0, 12_000.0, 12_000.0]),
        reasons([1, 0], score=[0.9, 0.51]),
        reasons([0, 0], spare=[0]),
    ):
        told |= set(case["code"])
    assert told == set(CODES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_sentence(code, language):
    sentence = say(f"reason.{code}", language, polygon=3, margin="0.12")
    assert sentence.endswith(".")
    assert "{" not in sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_without_a_code(language):
    told = {key.removeprefix("reason.") for key in catalogue(language) if key.startswith("reason.")}
    assert told == set(CODES)


# ----------------------------------------------------------------------------- what they claim


def polygon_of(found, blocks, links, number):
    return np.flatnonzero(found.membership.to_numpy() == number)


@settings(max_examples=40, deadline=None)
@given(CITIES, st.integers(1, 3))
def test_reasons_hold_in_random_cities(city, polygons):
    blocks, score = random_city(**city)
    links = street_links(blocks.geometry)
    choices = {**BOUNDS, "population_min": 200.0, "population_max": 700.0, "polygons": polygons}
    found = grow(blocks, score, links, **choices)
    people = blocks["population"].fillna(0.0)
    told = found.reasons
    margin = score - found.threshold
    assert np.allclose(told["margin"], margin, equal_nan=True)
    of = told.groupby("code").groups
    for code in ("chosen", "isolated", "polygon_limit", "population_max", "shape", "no_group"):
        assert (margin[of.get(code, [])] > 0).all()
        assert (people[of.get(code, [])] > 0).all()
    assert not (margin[of.get("below_line", [])] > 0).any()
    assert score[of.get("no_score", [])].isna().sum() + blocks.loc[
        of.get("no_score", []), "population"
    ].isna().sum() >= len(of.get("no_score", []))
    assert (blocks.loc[of.get("no_people", []), "population"] == 0).all()
    for block in of.get("population_max", []):
        number = told.loc[block, "polygon"]
        whole = people[found.membership == number].sum() + people[block]
        assert whole > choices["population_max"]
        assert _beside(blocks, links, block, found.membership == number)
    for block in of.get("shape", []):
        number = told.loc[block, "polygon"]
        assert _beside(blocks, links, block, found.membership == number)
        assert people[found.membership == number].sum() + people[block] <= 700.0
    if "polygon_limit" in of:
        assert len(found.polygons) == polygons


def _beside(blocks, links, block, inside):
    place = blocks.index.get_loc(block)
    other = np.concatenate([links.second[links.first == place], links.first[links.second == place]])
    return inside.to_numpy()[other].any()


def test_one_more_polygon_is_found_where_the_limit_was_the_reason():
    blocks = lattice(12, 12)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(0, 4), range(0, 4))] = 0.9
    score[patch(blocks, range(8, 12), range(8, 12))] = 0.8
    links = street_links(blocks.geometry)
    one = grow(blocks, score, links, **{**BOUNDS, "polygons": 1})
    two = grow(blocks, score, links, **{**BOUNDS, "polygons": 2})
    limited = one.reasons["code"] == "polygon_limit"
    assert limited.sum() == 16
    assert (two.membership[limited] == 2).all()
