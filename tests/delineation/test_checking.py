"""The independent check refuses every broken promise."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.delineation import check_polygons, grow, street_links
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
