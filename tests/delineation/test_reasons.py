"""A reason for every block: each code by hand, and each one true."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation import CODES, explain, grow, street_links
from targeting.delineation.graph import Limits, build_city
from targeting.delineation.rules import Rules
from targeting.i18n import LANGUAGES, catalogue, say
from targeting.model import Links
from tests.delineation.lattice import lattice, patch
from tests.delineation.test_grow import BOUNDS, CITIES, random_city

THRESHOLD = 0.5
# A price of .001 a meter: a lone block of the row pays .24, and 40 of need is a lot.
LIMITS = Limits(100.0, 300.0, 30_000.0, 0.0, 0.001)
NOBODY = np.zeros(0, dtype=np.int64)


def row_of_blocks(count, links=None, **columns):
    """A row of blocks, each facing the next over 60 m across 10 m."""
    at = np.arange(count - 1)
    if links is None:
        links = Links(at, at + 1, np.full(count - 1, 10.0), np.full(count - 1, 60.0))
    score = np.asarray(columns.get("score", np.full(count, 0.9)), dtype=float)
    people = np.asarray(columns.get("people", np.full(count, 100.0)), dtype=float)
    area = np.asarray(columns.get("area", np.full(count, 3600.0)), dtype=float)
    need = np.nan_to_num(people * (score - THRESHOLD))
    city = build_city(need, np.nan_to_num(people), area, np.full(count, 240.0), links)
    return score, people, city


def reasons(
    membership,
    *,
    limits=LIMITS,
    polygons=3,
    links=None,
    spare=(),
    hidden=None,
    asked=None,
    **told,
):
    score, people, city = row_of_blocks(len(membership), links, **told)
    rules = None if limits is None else Rules(limits, polygons, **(asked or {}))
    return explain(
        score,
        people,
        np.array(membership),
        city,
        rules,
        threshold=THRESHOLD,
        spare=np.isin(np.arange(len(membership)), spare),
        hidden=hidden,
    )


CASES = {
    "inside": lambda: reasons([1, 1, 1, 1], score=[0.9, 0.4, np.nan, 0.5]),
    "unknown": lambda: reasons(
        [0, 0, 0, 0], score=[np.nan, 0.9, 0.9, 0.5], people=[100, np.nan, 0, 100]
    ),
    "alone": lambda: reasons(
        [0, 0], people=[90, 90], links=Links(NOBODY, NOBODY, np.zeros(0), np.zeros(0))
    ),
    "people": lambda: reasons([1, 1, 0], people=[100, 150, 100]),
    "area": lambda: reasons([1, 1, 0], people=[50, 50, 50], area=[12_000.0, 12_000.0, 12_000.0]),
    "blocks": lambda: reasons([1, 1, 0], limits=LIMITS._replace(blocks_max=2)),
    "outline": lambda: reasons([1, 0], score=[0.9, 0.51], limits=LIMITS._replace(price_per_m=0.1)),
    "further": lambda: reasons([1, 1, 0, 0], people=[150, 150, 100, 100], polygons=1),
    "locks": lambda: reasons(
        [1, 0, 0],
        asked={"required": np.array([0]), "barred": np.array([False, True, False])},
    ),
    # Blocks 0 and 1, 2 and 3 see each other; 1 and 2 do not, but are near.
    "near": lambda: reasons(
        [1, 1, 0, 0],
        polygons=2,
        links=Links(np.array([0, 2]), np.array([1, 3]), np.full(2, 10.0), np.full(2, 60.0)),
        asked={"near": near((1, 2), 4)},
    ),
    "barrier": lambda: reasons(
        [1, 1, 0],
        links=Links(np.array([0]), np.array([1]), np.full(1, 10.0), np.full(1, 60.0)),
        limits=LIMITS._replace(price_per_m=0.5),
        hidden=np.array([[1, 2]]),
    ),
}


def near(pair, count):
    one, two = pair
    return sparse.csr_array(([1.0, 1.0], ([one, two], [two, one])), shape=(count, count))


def test_inside_chosen_and_bridge():
    found = CASES["inside"]()
    assert found["code"].tolist() == ["chosen", "bridge", "bridge", "bridge"]
    assert found["polygon"].tolist() == [1, 1, 1, 1]
    assert found["margin"].round(6).tolist()[:2] == [0.4, -0.1]
    assert np.isnan(found["margin"][2])


def test_inside_an_empty_block_above_the_line_is_a_bridge():
    assert reasons([1, 1], people=[100, 0])["code"].tolist() == ["chosen", "bridge"]


def test_too_little_data_nobody_there_and_below_the_line():
    found = CASES["unknown"]()
    assert found["code"].tolist() == ["no_score", "no_score", "no_people", "below_line"]
    assert found["polygon"].tolist() == [0, 0, 0, 0]


def test_what_can_be_reached_has_too_few_people():
    assert CASES["alone"]()["code"].tolist() == ["isolated", "isolated"]
    assert reasons([0, 0], people=[40, 50])["code"].tolist() == ["isolated", "isolated"]


@pytest.mark.parametrize(
    ("case", "limit"),
    # Polygon 1 holds 250 of at most 300 people: a hundred more do not fit. 2 × 12,000 m² and the
    # street leave less than 12,000 of 30,000 m². Two blocks of at most two.
    [("people", "population_max"), ("area", "area_max"), ("blocks", "blocks_max")],
)
def test_the_polygon_beside_is_full(case, limit):
    told = CASES[case]().iloc[2]
    assert told[["code", "polygon", "limit"]].tolist() == ["full", 1, limit]


def test_it_costs_more_outline_than_it_brings():
    # Need 100·0.01 = 1. A block's outline is 180 m of open sides (three quarters count) and
    # 60·(1 + 4·10/240) = 70 m of the one that faces; the two hide 2 · 70 m: one more costs
    # (135 + 70 − 140) · 0.1 = 6.5, so 5.5 more than it brings.
    told = CASES["outline"]().iloc[1]
    assert told[["code", "polygon", "limit"]].tolist() == ["not_worth", 1, ""]
    assert told["price"] == pytest.approx(5.5)


def test_a_further_group():
    assert CASES["further"]()["code"].tolist()[2:] == ["polygon_limit", "polygon_limit"]


def test_no_group_pays():
    found = reasons([0, 0], limits=LIMITS._replace(price_per_m=1.0))
    assert found["code"].tolist() == ["not_worth", "not_worth"]
    assert found["polygon"].tolist() == [0, 0]


def test_the_study_itself_says_so():
    assert CASES["locks"]()["code"].tolist()[:2] == ["locked", "locked"]


def test_too_near_another_polygon():
    # Blocks 2 and 3 would be a group worth having, but 2 is near polygon 1; 3 alone is not.
    found = CASES["near"]()
    assert found["code"].tolist() == ["chosen", "chosen", "separation", "not_worth"]


def test_the_only_polygon_in_sight_lies_across_a_barrier():
    assert CASES["barrier"]()["code"].tolist()[2] == "barrier"


def test_a_method_without_rules_says_nothing_about_joining():
    found = reasons([1, 1, 0, 0], people=[100, 150, 100, 100], limits=None, spare=[3])
    assert found["code"].tolist()[2:] == ["not_worth", "polygon_limit"]
    assert found["polygon"].tolist()[2:] == [0, 0]
    assert found[["price", "flip_score"]].isna().all(axis=None)


def test_every_code_occurs_in_a_case_above():
    assert {code for case in CASES.values() for code in case()["code"]} == set(CODES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_sentence(code, language):
    sentence = say(f"reason.{code}", language, polygon=3, margin="0.12")
    assert sentence.endswith(".")
    assert "{" not in sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_without_a_code(language):
    told = {key.removeprefix("reason.") for key in catalogue(language) if key.startswith("reason.")}
    # The public is not always told the side of the line (targeting/render/public/sides.py).
    assert told == set(CODES) | {"inside_untold", "outside_untold"}

    # ----------------------------------------------------------------------------- what they claim


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
    for code in ("chosen", "isolated", "polygon_limit", "full", "not_worth"):
        assert (margin[of.get(code, [])] > 0).all()
        assert (people[of.get(code, [])] > 0).all()
    assert not (margin[of.get("below_line", [])] > 0).any()
    assert score[of.get("no_score", [])].isna().sum() + blocks.loc[
        of.get("no_score", []), "population"
    ].isna().sum() >= len(of.get("no_score", []))
    assert (blocks.loc[of.get("no_people", []), "population"] == 0).all()
    for block in of.get("full", []):
        number = told.loc[block, "polygon"]
        whole = people[found.membership == number].sum() + people[block]
        assert whole > choices["population_max"] or told.loc[block, "limit"] != "population_max"
        assert _beside(blocks, links, block, found.membership == number)
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
