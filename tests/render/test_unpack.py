"""Packed shapes, lines, keys and columns unpacked in Chromium."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

from targeting.render.encode import ZOOM, Packer, pixels
from tests.render.placing import CENTER, MERCATOR, PIXEL_M, unpack

pytestmark = pytest.mark.browser


def parts_of(page, call: str) -> list[list[list[list[int]]]]:
    """Vertices by shape and part, in pixels from the origin."""
    return page.evaluate(
        """(call) => { const s = eval(call);
          return Array.from({length: s.count}, (_, i) =>
            Array.from({length: s.shapeRings[i + 1] - s.shapeRings[i]}, (_, k) => {
              const ring = s.shapeRings[i] + k;
              return Array.from({length: s.ringEnds[ring + 1] - s.ringEnds[ring]}, (_, at) =>
                [s.xs[s.ringEnds[ring] + at], s.ys[s.ringEnds[ring] + at]]); })); }""",
        call,
    )


def test_lines_arrive_open_in_their_order_and_parts(tab):
    street = [(0, 0), (60, 0), (60, 0.1), (60, 90), (0, 0)]  # comes back to its start
    river = [[(10, 10), (20, 30)], [(200, 200), (100, 200), (100, 250)]]
    lines = [
        shapely.LineString(street),
        shapely.LineString(),
        shapely.MultiLineString(river),
        shapely.LineString([(5, 5), (5.01, 5)]),
    ]
    placed = [shapely.transform(line, lambda xy: xy * PIXEL_M + CENTER) for line in lines]
    origin = pixels(CENTER[None, :])[0]
    packer = Packer()
    packer.lines("streets", gpd.GeoSeries(placed, crs=MERCATOR), origin)
    packer.lines("none", gpd.GeoSeries([], crs=MERCATOR), origin)
    unpack(tab, packer)
    # One pixel is one unit; north is up in Mercator, down in pixels; what collapses stays a point.
    down = [
        [[[x, -y] for x, y in part] for part in line]
        for line in ([[(0, 0), (60, 0), (60, 90), (0, 0)]], [], river, [[(5, 5)]])
    ]
    assert parts_of(tab, "data.lines('streets')") == down
    assert parts_of(tab, "data.lines('none')") == []


def test_nothing_jumps_at_longitude_180(tab):
    # Taveuni, Fiji: squares of 50 m on both sides of the antimeridian.
    fiji = CRS.from_epsg(32760)
    x, y = Transformer.from_crs(4326, fiji, always_xy=True).transform(180.0, -16.8)
    squares = gpd.GeoSeries(
        [shapely.box(x + dx, y, x + dx + 50, y + 50) for dx in (-260, -100, -20, 60, 300)], crs=fiji
    )
    corner = gpd.GeoSeries([shapely.Point(x - 260, y + 50)], crs=fiji).to_crs(MERCATOR)
    origin = pixels(shapely.get_coordinates(corner.to_numpy()))[0]
    packer = Packer()
    packer.shapes("blocks", squares, origin)
    packer.spots("spots", pixels(np.array([[20037508.0, 0.0], [-20037508.0, 0.0]])), origin)
    unpack(tab, packer)
    across = 50 / np.cos(np.radians(16.8)) / PIXEL_M
    for shape, dx in zip(
        parts_of(tab, "data.shapes('blocks')"), (0, 160, 240, 320, 560), strict=True
    ):
        held = np.array(shape[0])
        assert np.ptp(held[:, 0]) == pytest.approx(across, rel=0.03)
        assert held[:, 0].min() == pytest.approx(dx / 50 * across, rel=0.03, abs=3)
    xs = tab.evaluate("[...data.spots('spots').xs]")
    assert 1 <= xs[1] - xs[0] <= 2  # 0.66 m of Mercator apart: not the width of the world


def test_rings_of_every_size_arrive_and_start_in_the_west(tab):
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    stars = []
    for at, size in enumerate((3, 4, 12, 13, 30, 12, 3)):
        angle = turns[:size] * 40 / size + 0.3 * at
        star = np.column_stack([np.cos(angle), np.sin(angle)]) * 90 * PIXEL_M
        stars.append(shapely.Polygon(star + CENTER + np.array([200.0 * at, 0])))
    yard = stars[3].difference(shapely.buffer(shapely.centroid(stars[3]), 9, quad_segs=2))
    both = shapely.MultiPolygon([stars[4], stars[5]])
    shapes = gpd.GeoSeries([stars[0], yard, both, shapely.Polygon(), stars[6]], crs=MERCATOR)
    origin = pixels(CENTER[None, :])[0]
    packer = Packer()
    packer.shapes("blocks", shapes, origin)
    unpack(tab, packer)
    held = parts_of(tab, "data.shapes('blocks')")
    assert [len(rings) for rings in held] == [1, 2, 2, 0, 1]
    for rings, shape in zip(held, shapes, strict=True):
        drawn = shapely.Polygon()
        for ring in rings:
            assert ring[0][0] == min(x for x, _ in ring)
            drawn = drawn.symmetric_difference(shapely.Polygon(ring))
        back = shapely.transform(drawn, lambda xy: xy * [PIXEL_M, -PIXEL_M] + CENTER)
        if shape.is_empty:
            assert drawn.is_empty
        else:
            # Half the diagonal of a pixel, and 5 cm for vertices on straight sides.
            assert shapely.hausdorff_distance(back, shape) <= PIXEL_M / 2**0.5 + 0.05


def test_an_empty_shape_among_plain_ones_has_no_vertex(tab):
    box = shapely.box(*CENTER, *(CENTER + 40))
    shapes = gpd.GeoSeries([box, shapely.Polygon(), box], crs=MERCATOR)
    packer = Packer()
    packer.shapes("blocks", shapes, pixels(CENTER[None, :])[0])
    unpack(tab, packer)
    held = parts_of(tab, "data.shapes('blocks')")
    assert [sum(map(len, rings)) for rings in held] == [4, 0, 4]
    assert held[0] == held[2]


KEYS = {
    "areas": [f"14120000100{letter}{at:03d}" for letter in "0A" for at in range(0, 60, 7)],
    "lengths": ["1", "12", "12a", "9"],
    "one": ["7"],
    "digits": ["0012", "0007", "0100"],
    "letters": ["ab", "ac", "zz"],
    "scripts": ["ñandú-01", "ñandú-07"],
}


def test_keys_arrive_as_they_were(tab):
    packer = Packer()
    for name, keys in KEYS.items():
        packer.keys(name, keys)
    unpack(tab, packer)
    for name, keys in KEYS.items():
        assert tab.evaluate("(name) => data.keys(name)", name) == keys


COLUMNS = {
    "smooth": np.r_[np.arange(3000.0), np.nan],
    "rough": np.random.default_rng(3).integers(-90, 90, 500).astype(float),
    "two bytes": np.random.default_rng(4).integers(0, 60_000, 500).astype(float),
    "four bytes": np.array([-1e9, np.nan, 1e9, 5.0]),
    "none": np.full(4, np.nan),
    "empty": np.zeros(0),
}


def test_columns_arrive_as_they_were(tab):
    packer = Packer()
    for name, values in COLUMNS.items():
        packer.numbers(name, values)
    unpack(tab, packer)
    for name, values in COLUMNS.items():
        held = tab.evaluate(
            "(n) => Array.from(data.column(n).whole, (_, i) => data.column(n).value(i))",
            name,
        )
        np.testing.assert_array_equal(np.array(held, float), values)


def test_the_zoom_of_the_pixels_is_declared():
    assert 2 * 20037508.342789244 / (256 * 2**ZOOM) == PIXEL_M
