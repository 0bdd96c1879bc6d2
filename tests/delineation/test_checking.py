"""The independent check refuses every broken promise."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.delineation import check_polygons, grow, street_links
from targeting.delineation.drawing.checking_ground import untidiness
from targeting.delineation.drawing.ground import places
from tests.delineation.lattice import lattice, patch
from tests.delineation.test_grow import BOUNDS


@pytest.fixture(scope="module")
def good():
    blocks = lattice(9, 9)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(0, 4), range(0, 4))] = 0.9
    score[patch(blocks, range(5, 9), range(5, 9))] = 0.8
    links = street_links(blocks.geometry)
    return grow(blocks, score, links, threshold_share=0.4, **BOUNDS), blocks, links


def refused(found, blocks, links, **bounds):
    with pytest.raises(ValueError) as wrong:
        check_polygons(found, blocks, links, **{**BOUNDS, **bounds})
    return str(wrong.value)


def moved(found, block, number):
    membership = found.membership.copy()
    membership[block] = number
    return dataclasses.replace(found, membership=membership)


def reshaped(found, number, shape):
    polygons = found.polygons.copy()
    polygons.loc[number, "geometry"] = shape
    return dataclasses.replace(found, polygons=polygons)


def test_a_good_answer_passes(good):
    check_polygons(*good, **BOUNDS)


def test_bounds(good):
    assert "1 asked for" in refused(*good, polygons=1)
    assert "1600 people" in refused(*good, population_min=1700.0)
    assert "1600 people" in refused(*good, population_max=1500.0)
    assert "km2" in refused(*good, area_max_km2=0.07)
    assert "compactness" in refused(*good, compactness_min=0.8)


def test_not_connected(good):
    found, blocks, links = good
    assert "polygon 1 is not connected" in refused(moved(found, "r00c08", 1), blocks, links)


def test_leaves_out_its_block_or_states_another_population(good):
    found, blocks, links = good
    wrong = refused(moved(found, "r00c04", 1), blocks, links)
    assert "leaves out ground of its blocks" in wrong
    assert "states another population" in wrong


def test_covers_a_foreign_block(good):
    found, blocks, links = good
    wider = shapely.union(found.polygons.geometry[1], blocks.geometry["r00c04"])
    assert "covers a block" in refused(reshaped(found, 1, wider), blocks, links)


def test_shares_ground(good):
    found, blocks, links = good
    one, two = found.polygons.geometry
    between = shapely.union(two, shapely.buffer(one.centroid, 3))
    empty = lattice(9, 9)
    assert "shares ground with polygon 1" in refused(reshaped(found, 2, between), empty, links)


def test_not_valid(good):
    found, blocks, links = good
    bow = shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])
    assert "not valid" in refused(reshaped(found, 1, bow), blocks, links)


def test_all_mistakes_in_one_text(good):
    found, blocks, links = good
    text = refused(moved(found, "r00c08", 1), blocks, links, polygons=1, population_max=1500.0)
    assert text.count(";") >= 3
    assert np.all([word in text for word in ("asked for", "connected", "people")])


def test_the_rules_a_study_may_add(good):
    # Two squares of 16 blocks, rows and columns 0–3 and 5–8; between them a row of 60 m blocks
    # and two 10 m streets: 80 m apart each way, so 80·√2 = 113 m from corner to corner.
    found, blocks, links = good
    told = (found, blocks, links)
    check_polygons(*told, **BOUNDS, blocks_min=16, blocks_max=16, separation_min_m=113.0)
    assert "blocks" in refused(*told, blocks_min=17)
    assert "blocks" in refused(*told, blocks_max=15)
    assert "too near" in refused(*told, separation_min_m=114.0)
    assert "exactly 3" in refused(*told, polygons=3, exactly=True)
    assert "r00c08 is in no polygon" in refused(*told, lock_in=["r00c00", "r00c08"])
    assert "r00c00 is in a polygon" in refused(*told, lock_out=["r00c00", "r00c08"])
    assert "polygon 2 holds no seed" in refused(*told, seeds=["r00c00"])


def test_who_leads_and_where_the_people_live(good):
    found, blocks, links = good
    placed = blocks.assign(municipality_id=np.where(found.membership == 1, "01", "02"))
    parts = pd.DataFrame(
        {
            "violence": np.where(found.membership == 1, 0.5, 0.1),
            "facilities": np.where(found.membership == 2, 0.5, 0.1),
        },
        index=blocks.index,
    )
    told = (found, placed, links)
    check_polygons(
        *told,
        **BOUNDS,
        led_by={"violence": 1, "facilities": 1},
        parts=parts,
        people_share_min={"01": 0.5},
    )
    assert "led by violence" in refused(*told, led_by={"violence": 2}, parts=parts)
    assert "municipality 01" in refused(*told, people_share_min={"01": 0.51})


def test_slivers(good):
    found, blocks, links = good
    shapes, number = np.asarray(blocks.geometry.array), found.membership.to_numpy()
    one, two = found.polygons.geometry
    assert untidiness(np.array([one, two]), shapes, number, links) == []
    west, south, _, north = one.bounds
    hair = shapely.box(west - 50, north - 0.3, west - 1, north)
    haired = np.array([shapely.union(one, hair), two])
    assert untidiness(haired, shapes, number, links) == ["polygon 1 has 1 slivers"]
    slit = shapely.box(west + 1, south + 1, west + 3, south + 1.3)
    slitted = np.array([shapely.difference(one, slit), two])
    assert "polygon 1 has 1 slivers" in untidiness(slitted, shapes, number, links)


@pytest.fixture(scope="module")
def side_by_side():
    blocks = lattice(6, 6)
    links = street_links(blocks.geometry)
    west = patch(blocks, range(6), range(3)).to_numpy()
    shapes = np.asarray(blocks.geometry.array)
    groups = [np.flatnonzero(west), np.flatnonzero(~west)]
    ground = places(shapes, groups, links, shapely.STRtree(shapes))
    return ground, shapes, np.where(west, 1, 2), links


def test_ground_left_over_between_neighbors(side_by_side):
    ground, *rest = side_by_side
    assert untidiness(ground, *rest) == []
    # Block edges instead of the middle of the street: 10 m between both are nobody's.
    edges = np.array([shapely.buffer(one, -5, join_style="mitre") for one in ground])
    assert untidiness(edges, *rest) == ["ground is left over between polygons 1 and 2"]
    # A slit 1 m wide and 3 m long on the line they share, away from every way between blocks.
    x, _, _, y = ground[1].bounds
    slit = shapely.box(x - 0.5, y - 75, x + 0.5, y - 72)
    cut = np.array([shapely.difference(one, slit) for one in ground])
    assert untidiness(cut, *rest) == ["ground is left over between polygons 1, 2"]
    assert untidiness(ground[:0], *rest) == []
