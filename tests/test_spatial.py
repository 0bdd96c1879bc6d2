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


def plain_rule(points, held, tolerance):
    """Look at every block for every point: slow, and nothing to get wrong."""
    shapes, ids = list(held), list(held.index)
    for point in points:
        if point is None or point.is_empty:
            yield -1, np.nan
            continue
        gaps = [0.0 if shape.intersects(point) else shape.distance(point) for shape in shapes]
        near = [
            (gap, shapes[n].area if gap == 0 else 0, ids[n], n)
            for n, gap in enumerate(gaps)
            if gap <= tolerance
        ]
        yield (min(near)[3], min(near)[0]) if near else (-1, np.nan)


def agrees_with_the_plain_rule(points, held, tolerance):
    found = np.empty(len(points), dtype=object)
    found[:] = points
    position, distance = place_points(found, held, tolerance_m=tolerance)
    expected = list(plain_rule(points, held, tolerance))
    assert position.tolist() == [at for at, _ in expected]
    np.testing.assert_array_equal(distance, [gap for _, gap in expected])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(1, 12)] * 2), max_size=12),
    st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 50)), min_size=1, max_size=12),
    st.integers(0, 60),
)
def test_placing_agrees_with_the_plain_rule(boxes, places, tolerance):
    ids = [f"b{n:02d}" for n in range(len(boxes))]
    shapes = [shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes]
    held = gpd.GeoSeries(shapes, index=ids, dtype="geometry")
    agrees_with_the_plain_rule([shapely.Point(place) for place in places], held, tolerance)


@st.composite
def cities(draw):
    """Blocks that share sloped edges, some with a hole that another block fills or leaves free."""
    side = draw(st.sampled_from([7.0, 30.0, 100.0]))
    turn = draw(st.sampled_from([0.0, 0.3, 1.1]))
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    shapes = []
    for row in range(rows):
        for column in range(columns):
            west, south = column * side, row * side
            block = shapely.box(west, south, west + side, south + side)
            hole = shapely.box(
                west + side / 4, south + side / 4, west + side / 2, south + 0.7 * side
            )
            form = draw(st.sampled_from(["whole", "free hole", "filled hole", "lost hole"]))
            if form in ("free hole", "filled hole"):
                shapes.append(block.difference(hole))
            else:
                shapes.append(block)
            if form in ("filled hole", "lost hole"):
                shapes.append(hole)
    if draw(st.booleans()):
        shapes.append(shapely.union_all([shapely.box(-50, 0, -45, 5), shapely.box(-60, 3, -55, 9)]))
    place = np.array([2_400_000.0, 700_000.0])
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shapes = [shapely.transform(shape, lambda xy: xy @ matrix.T + place) for shape in shapes]
    ids = draw(st.permutations([f"b{n:02d}" for n in range(len(shapes))]))
    return gpd.GeoSeries(shapes, index=ids, dtype="geometry")


@settings(max_examples=80, deadline=None)
@given(cities(), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 4.0, 25.0, 60.0, 400.0]))
def test_placing_agrees_on_holes_shared_edges_and_corners(held, seed, tolerance):
    random = np.random.default_rng(seed)
    corners = shapely.get_coordinates(held.array)
    some = corners[random.integers(0, len(corners), 12)]
    halfway = (some[:-1] + some[1:]) / 2  # on an edge, between corners, or in the middle
    around = some + random.normal(0, 40, some.shape)
    points = [*shapely.points(np.vstack([some, halfway, around])), None, shapely.Point()]
    agrees_with_the_plain_rule(points, held, tolerance)


def test_placing_owes_nothing_to_the_order_of_the_points():
    held = blocks(a=shapely.box(0, 0, 100, 100), b=shapely.box(120, 0, 700, 500))
    places = shapely.points(np.random.default_rng(4).uniform(-50, 750, (500, 2)))
    position, distance = place_points(places, held, tolerance_m=30)
    back = np.random.default_rng(5).permutation(500)
    again, same = place_points(places[back], held, tolerance_m=30)
    assert {-1, 0, 1} == set(position.tolist())
    np.testing.assert_array_equal(again, position[back])
    np.testing.assert_array_equal(same, distance[back])
