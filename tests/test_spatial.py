"""Coordinate systems and the placing of points."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from targeting.problems import TargetingError
from targeting.spatial import metric_crs, place_points, recognize_crs, to_crs
from tests.sources.made import PRJ

# The same system as other software writes it.
QGIS = PRJ.replace("GCS_ITRF_2008", "MEXICO_ITRF_2008").replace("D_ITRF_2008", "ITRF_2008")
OLDER = PRJ.replace("ITRF_2008", "ITRF_1992")


@pytest.mark.parametrize(("wkt", "code"), [(PRJ, 6372), (QGIS, 6372), (OLDER, 6362)])
def test_inegi_systems_without_a_code_are_recognized(wkt, code):
    assert CRS.from_wkt(wkt).to_epsg() is None  # or this test shows nothing
    assert recognize_crs(wkt).to_epsg() == code


def test_a_like_system_with_another_parallel_is_left_alone():
    other = PRJ.replace("29.5", "25.5")
    assert recognize_crs(other).to_epsg() is None
    assert recognize_crs(other) == CRS.from_wkt(other)


def test_a_system_that_is_none():
    with pytest.raises(TargetingError) as raised:
        recognize_crs("EPSG:99999999")
    assert raised.value.problems[0].code == "unknown-crs"
    with pytest.raises(TargetingError):
        recognize_crs('LOCAL_CS["a drawing",UNIT["Meter",1.0]]')


@pytest.mark.parametrize(
    ("place", "crs", "chosen", "expected"),
    [
        ((-103.4, 20.7), 4326, None, 32613),  # Zapopan
        ((-100.3, 25.7), 4326, "EPSG:6372", 6372),
        ((-100.3, 25.7), 6372, None, 6372),  # INEGI's own is true enough
        ((-100.3, 25.7), 3857, None, 32614),  # Web Mercator is 11 % too long there
        ((-70.6, -33.4), 4326, None, 32719),  # Santiago de Chile: the southern zone
        ((179.99, 10.0), 4326, None, 32660),
    ],
)
def test_the_metric_system_of_a_city(place, crs, chosen, expected):
    layer = gpd.GeoSeries.from_xy(*zip(place, strict=True), crs=4326).to_crs(crs)
    assert metric_crs(layer, chosen=chosen).to_epsg() == expected


def test_points_without_a_place_in_the_target_are_told():
    given_points = np.array([shapely.Point(-103, 20), shapely.Point(0, 1e30), None], dtype=object)
    moved, failed = to_crs(given_points, 4326, CRS.from_epsg(32613))
    assert failed.tolist() == [False, True, False]
    assert moved[1] is None
    assert moved[2] is None
    mars = CRS.from_wkt(
        'GEOGCS["Mars",DATUM["Mars",SPHEROID["Mars",3396190,169.89]],PRIMEM["M",0],'
        'UNIT["degree",0.0174532925199433]]'
    )
    with pytest.raises(TargetingError):
        to_crs(given_points, mars, CRS.from_epsg(32613))
    same, failed = to_crs(given_points[:1], 4326, CRS.from_epsg(4326))
    assert same[0] == given_points[0]
    assert not failed.any()


def blocks(**shapes):
    return gpd.GeoSeries(shapes)


def test_a_point_in_two_blocks_belongs_to_the_smaller():
    held = blocks(a=shapely.box(0, 0, 100, 100), b=shapely.box(10, 10, 20, 20))
    position, distance = place_points(shapely.points([[15, 15], [50, 50]]), held, tolerance_m=5)
    assert position.tolist() == [1, 0]
    assert distance.tolist() == [0, 0]


def test_ties_go_to_the_lowest_id_however_the_blocks_are_sorted():
    held = blocks(b=shapely.box(0, 0, 10, 10), a=shapely.box(20, 0, 30, 10))
    for order in (["a", "b"], ["b", "a"]):
        position, distance = place_points(shapely.points([[15, 5]]), held[order], tolerance_m=9)
        assert order[position[0]] == "a"
        assert distance[0] == 5


@pytest.mark.parametrize(("tolerance", "placed"), [(0, [0, -1, -1]), (5, [0, 0, -1])])
def test_the_tolerance_is_inclusive_and_may_be_zero(tolerance, placed):
    held = blocks(a=shapely.box(0, 0, 10, 10))
    points = shapely.points([[10, 5], [15, 5], [15.001, 5]])
    assert place_points(points, held, tolerance_m=tolerance)[0].tolist() == placed


def test_nothing_to_place_and_nowhere_to_go():
    held = blocks(a=shapely.box(0, 0, 10, 10))
    assert place_points(np.array([], dtype=object), held, tolerance_m=5)[0].tolist() == []
    missing = np.array([None], dtype=object)
    assert place_points(missing, held, tolerance_m=5)[0].tolist() == [-1]
    none = gpd.GeoSeries([], dtype="geometry")
    assert place_points(shapely.points([[1, 1]]), none, tolerance_m=5)[0].tolist() == [-1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(1, 12)] * 2), max_size=12),
    st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 50)), min_size=1, max_size=12),
    st.integers(0, 60),
)
def test_placing_agrees_with_the_plain_rule(boxes, places, tolerance):
    ids = [f"b{n:02d}" for n in range(len(boxes))]
    shapes = [shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes]
    points = [shapely.Point(place) for place in places]
    held = gpd.GeoSeries(shapes, index=ids, dtype="geometry")
    position, distance = place_points(np.array(points, dtype=object), held, tolerance_m=tolerance)
    for point, at, gap in zip(points, position, distance, strict=True):
        found = [(shape.distance(point), n) for n, shape in enumerate(shapes)]
        near = [(d, shapes[n].area if d == 0 else 0, ids[n], n) for d, n in found if d <= tolerance]
        assert at == (min(near)[3] if near else -1)
        assert gap == min(near)[0] if near else np.isnan(gap)
