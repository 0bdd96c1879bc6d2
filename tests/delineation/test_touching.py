"""Neighbors by shared sides: by hand, against plain shapely, and on real areas."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from targeting.delineation.graph import measure
from targeting.delineation.links.touching import shared_edges
from targeting.delineation.prepared import prepare


def areas(*shapes):
    names = [chr(ord("a") + place) for place in range(len(shapes))]
    return gpd.GeoSeries(list(shapes), index=names, crs="EPSG:6372")


def shared(geometry, links):
    ids = list(geometry.index)
    return {
        ids[a] + ids[b]: round(float(length), 6)
        for a, b, length in zip(links.first, links.second, links.facing_m, strict=True)
    }


def test_four_squares_share_sides_and_not_the_corner():
    city = areas(*(box(x, y, x + 100, y + 100) for x in (0, 100) for y in (0, 100)))
    links = shared_edges(city)
    assert shared(city, links) == {"ab": 100, "ac": 100, "bd": 100, "cd": 100}
    assert links.open_m.tolist() == [200] * 4
    assert links.dropped["corner"] == 2
    both = shared_edges(city, corners=True)
    assert shared(city, both) == shared(city, links) | {"ad": 0, "bc": 0}
    assert both.gap_m.tolist() == [0] * 6


def test_a_side_need_not_have_the_same_corners():
    # a's east side is one edge of 100 m; b and c hold 30 m and 70 m of it.
    city = areas(box(0, 0, 100, 100), box(100, 0, 150, 30), box(100, 30, 150, 100))
    assert shared(city, shared_edges(city)) == {"ab": 30, "ac": 70, "bc": 50}


def test_cracks_and_overlaps_up_to_the_tolerance_do_no_harm():
    # b begins 4 cm off a, c lies 3 cm upon it; d is 20 cm away.
    city = areas(
        box(0, 0, 100, 100),
        box(100.04, 0, 200, 100),
        box(0, -100, 100, 0.03),
        box(0, 100.2, 100, 200),
    )
    # Where the tolerance reaches around a corner, it adds its own width or two.
    near = pytest.approx({"ab": 100, "ac": 100}, abs=0.1)
    assert shared(city, shared_edges(city)) == near
    wide = pytest.approx({"ab": 100, "ac": 100, "ad": 100}, abs=0.6)
    assert shared(city, shared_edges(city, tolerance_m=0.3)) == wide
    assert "ab" not in shared(city, shared_edges(city, tolerance_m=0.03))


def test_an_area_inside_another_shares_its_whole_outline():
    city = areas(box(0, 0, 90, 90).difference(box(30, 30, 60, 60)), box(30, 30, 60, 60))
    links = shared_edges(city)
    assert shared(city, links) == {"ab": 120}
    assert links.open_m.tolist() == [360, 0]
    assert links.outline_m.tolist() == [480, 120]


def test_one_area_and_none():
    assert len(shared_edges(areas(box(0, 0, 1, 1))).first) == 0
    assert len(shared_edges(areas()).first) == 0


def voronoi(seed, count=20):
    points = np.random.default_rng(seed).uniform(0, 1000, (count, 2))
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(points), extend_to=box(0, 0, 1000, 1000))
    )
    cells = shapely.intersection(cells, box(0, 0, 1000, 1000))
    return gpd.GeoSeries(cells, index=[f"v{place:02d}" for place in range(len(cells))])


@given(st.integers(0, 1000))
def test_shared_lengths_are_those_of_plain_shapely(seed):
    city = voronoi(seed)
    found = shared(city, shared_edges(city, tolerance_m=1e-6))
    shapes = np.asarray(city.array)
    lines = shapely.boundary(shapes)
    one, two = np.triu_indices(len(shapes), 1)
    length = shapely.length(shapely.intersection(lines[one], shapely.buffer(lines[two], 1e-6)))
    for a, b, meters in zip(one, two, length, strict=True):
        name = city.index[a] + city.index[b]
        assert found.get(name, 0.0) == pytest.approx(meters, abs=1e-3)


@given(st.integers(0, 1000), st.randoms())
def test_row_order_does_not_matter(seed, chance):
    city = voronoi(seed)
    order = list(range(len(city)))
    chance.shuffle(order)
    turned = city.iloc[order]
    told = [
        {frozenset((name[:3], name[3:])): length for name, length in shared(one, links).items()}
        for one, links in ((city, shared_edges(city)), (turned, shared_edges(turned)))
    ]
    assert told[0] == told[1]


@given(st.integers(0, 1000))
def test_outlines_are_shared_or_open(seed):
    links = shared_edges(voronoi(seed), tolerance_m=1e-6)
    covered = np.bincount(links.first, links.facing_m, minlength=len(links.open_m))
    covered += np.bincount(links.second, links.facing_m, minlength=len(links.open_m))
    assert np.allclose(links.open_m + covered, links.outline_m, atol=1e-3)
    # Of a whole cover the open parts are the city's edge.
    assert links.open_m.sum() == pytest.approx(4000, abs=1e-2)


@pytest.mark.real
def test_urban_areas_of_a_real_city(real_data: Path):
    # sources-mexico, section 3, measured with other code: 1,687 pairs of Juárez's urban AGEB share
    # a side exactly. Cracks of centimeters hide none of them, and no more than a few others.
    city = gpd.read_file(real_data / "juarez" / "agebs_2020.shp").to_crs(32613)
    links = shared_edges(city.geometry)
    assert 1687 <= len(links.first) <= 1720
    exact = shared_edges(city.geometry, tolerance_m=1e-6)
    assert set(zip(exact.first, exact.second, strict=True)) <= set(
        zip(links.first, links.second, strict=True)
    )


def test_a_group_of_areas_has_its_true_perimeter():
    # An L and the square in its elbow make one square of 200 m a side: 800 m, as the L by itself.
    corner = box(0, 0, 200, 200).difference(box(100, 100, 200, 200))
    city = gpd.GeoDataFrame(
        {"population": [300.0, 100.0, 100.0]},
        index=["a", "b", "c"],
        geometry=[corner, box(100, 100, 200, 200), box(200, 0, 300, 100)],
        crs="EPSG:6372",
    )
    score = pd.Series([0.9, 0.8, 0.1], index=city.index)
    made = prepare(
        city,
        score,
        shared_edges(city.geometry),
        threshold_share=0.5,
        need="total",
        perimeter_price=1.0,
    )
    at = {name: place for place, name in enumerate(made.ids)}
    both = measure(made.city, np.array([at["a"], at["b"]]), np.zeros(2, dtype=int), 1)
    assert both["perimeter_m"].tolist() == pytest.approx([800.0])
    alone = measure(made.city, np.array([at["a"]]), np.zeros(1, dtype=int), 1)
    assert alone["perimeter_m"].tolist() == pytest.approx([800.0])
