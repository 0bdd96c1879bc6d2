"""Methods to compare with that gather urgent blocks: by hand, by law, and with nothing there."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from shapely import LineString

from targeting.delineation import check_polygons, dbscan, hdbscan, hotspot_polygons, street_links
from targeting.delineation.other_methods.clusters import in_pieces
from targeting.delineation.prepared import prepare
from targeting.problems import TargetingError
from targeting.registry import names
from targeting.registry import settings as settings_of
from tests.delineation.lattice import lattice, patch
from tests.delineation.test_grow import CITIES, noisy_city, random_city

BOUNDS = {
    "polygons": 4,
    "population_min": 800.0,
    "population_max": 3000.0,
    "area_max_km2": 3.0,
    "compactness_min": 0.0,
}
OWN = {
    dbscan: {"reach_m": 100.0},  # blocks are 70 m apart, diagonal ones 99 m
    hdbscan: {"cluster_blocks_min": 4, "blocks_min": 3},
    hotspot_polygons: {"permutations": 999},
}
METHODS = list(OWN)


def run(method, blocks, score, *, barriers=None, **given_settings):
    links = street_links(blocks.geometry, barriers)
    wanted = {**BOUNDS, **given_settings}
    found = method(blocks, score, links, **{**OWN[method], **wanted})
    check_polygons(found, blocks, links, **{key: wanted[key] for key in BOUNDS})
    return found


def two_squares():
    """Sixteen hot blocks in a corner, sixteen less hot ones in the other, of 256."""
    blocks = lattice(16, 16)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(0, 4), range(0, 4))] = 0.9
    score[patch(blocks, range(12, 16), range(12, 16))] = 0.7
    return blocks, score


@pytest.mark.parametrize("method", [dbscan, hdbscan])
def test_two_hot_squares_are_two_polygons(method):
    blocks, score = two_squares()
    found = run(method, blocks, score)
    assert found.polygons["population"].tolist() == [1600.0, 1600.0]
    assert found.polygons["score"].round(6).tolist() == [0.9, 0.7]
    assert found.notes["cluster_count"] == 2


def test_significantly_high_blocks_are_polygons():
    blocks, score = two_squares()
    found = run(hotspot_polygons, blocks, score, population_min=500)
    inner = patch(blocks, range(0, 3), range(0, 3))
    assert (found.membership[inner] == 1).all()
    assert len(found.polygons) == 2
    # Blocks two steps off a square see none of it.
    far = patch(blocks, range(6, 10), range(0, 16))
    assert (found.membership[far] == 0).all()


def test_dbscan_needs_as_many_blocks_close_by_as_asked_for():
    # In a 4 × 4 square at 80 m the inner four blocks have five with themselves, those of the rim
    # four or three: all hang on the inner ones but the corners, which reach only rim blocks.
    blocks, score = two_squares()
    found = run(dbscan, blocks, score, reach_m=80.0, blocks_min=5)
    assert found.polygons["block_count"].tolist() == [12, 12]
    assert found.membership["r00c00"] == 0
    found = run(dbscan, blocks, score, reach_m=80.0, blocks_min=6)
    assert len(found.polygons) == 0


@pytest.mark.parametrize("method", METHODS)
def test_a_crowd_a_barrier_cuts_is_two(method):
    # A river between the second and the third of the four columns of the hotter square, whose
    # blocks are 10 m apart.
    blocks, score = two_squares()
    x = 2_400_000 + 2 * 70 - 5
    river = gpd.GeoSeries([LineString([(x, 799_000), (x, 802_000)])], crs=blocks.crs)
    whole = run(method, blocks, score, population_min=300)
    cut = run(method, blocks, score, barriers=river, population_min=300)
    assert len(whole.polygons) == 2
    assert len(cut.polygons) == 3
    assert whole.membership["r01c01"] == whole.membership["r01c02"] == 1
    assert {cut.membership["r01c01"], cut.membership["r01c02"]} == {1, 2}


@pytest.mark.parametrize("method", METHODS)
def test_only_as_many_as_asked_for_and_the_reason_says_so(method):
    blocks, score = two_squares()
    found = run(method, blocks, score, polygons=1, population_min=500)
    assert len(found.polygons) == 1
    assert found.reasons.loc["r14c14", "code"] == "polygon_limit"


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=10, deadline=None)
@given(CITIES)
def test_every_rule_holds_in_every_city(method, city):
    blocks, score = random_city(**city)
    bounds = {"population_min": 200.0, "population_max": 900.0, "compactness_min": 0.2}
    run(method, blocks, score, threshold_share=0.5, **bounds)


@pytest.mark.parametrize("method", METHODS)
def test_row_order_does_not_matter(method):
    blocks, score = noisy_city(rows=12, columns=12, noise=0.1, hot=_hot)
    order = np.random.default_rng(4).permutation(len(blocks))
    one = run(method, blocks, score, population_min=300)
    two = run(method, blocks.iloc[order], score.iloc[order], population_min=300)
    assert len(one.polygons)
    assert two.membership.reindex(blocks.index).equals(one.membership)
    assert two.polygons.equals(one.polygons)


def _hot(blocks):
    return patch(blocks, range(0, 4), range(0, 5))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("need", ["excess", "total"])
def test_nothing_to_gather_gives_no_polygons(method, need):
    for rows, value in ((4, np.nan), (4, 0.5), (1, 0.5)):
        blocks = lattice(rows, rows)
        score = pd.Series(value, index=blocks.index)
        found = run(method, blocks, score, need=need)
        assert len(found.polygons) == 0
        assert found.reasons["code"].notna().all()
    nobody = lattice(4, 4, population=0.0)
    score = pd.Series(np.linspace(0, 1, 16), index=nobody.index)
    assert len(run(method, nobody, score, need=need).polygons) == 0


@pytest.mark.parametrize("method", METHODS)
def test_all_wrong_settings_are_told_at_once(method):
    blocks, score = two_squares()
    own = {
        dbscan: {"reach_m": 0.0, "blocks_min": 0},
        hdbscan: {"cluster_blocks_min": 1, "blocks_min": 0},
        hotspot_polygons: {"significance": 1.5, "permutations": 0},
    }[method]
    with pytest.raises(TargetingError) as wrong:
        run(method, blocks, score, polygons=0, **own)
    told = {problem.where for problem in wrong.value.problems}
    assert told == {"delineation.polygons", *(f"delineation.{name}" for name in own)}


def test_pieces_are_numbered_by_their_first_block():
    blocks = lattice(1, 6)
    links = street_links(blocks.geometry)
    score = pd.Series(1.0, index=blocks.index)
    prepared = prepare(blocks, score, links, threshold_share=0.2, need="total", perimeter_price=1.0)
    # One cluster in two pieces, another in one, a block in none: each piece on its own.
    found = in_pieces(prepared, np.array([5, 5, 2, -1, 5, 5]))
    assert found.tolist() == [0, 0, 1, -1, 2, 2]
    assert in_pieces(prepared, np.full(6, -1)).tolist() == [-1] * 6


def test_a_study_may_name_them_with_the_same_bounds():
    assert {"dbscan", "hdbscan", "hotspots", "ward"} <= set(names("delineator"))
    common = set(settings_of("delineator", "ward")) - {"score_weight"}
    for name in ("dbscan", "hdbscan", "hotspots"):
        assert common <= set(settings_of("delineator", name))
    assert set(names("hotspot")) >= {"getis_ord", "local_moran"}
