from __future__ import annotations

import base64
import zlib

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from targeting.render.encode import Packer, pixels, spatial_order, varint, zigzag


def plain_varint(values: list[int]) -> bytes:
    """Seven bits at a time, as the format's definition says it."""
    out = bytearray()
    for value in values:
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        out.append(value)
    return bytes(out)


@given(st.lists(st.integers(0, 2**60)))
def test_varint_is_the_plain_one(values):
    assert varint(np.array(values, np.uint64)) == plain_varint(values)


@given(st.lists(st.integers(-(2**40), 2**40)))
def test_zigzag_can_be_undone(values):
    packed = zigzag(np.array(values, np.int64)).astype(np.int64)
    assert ((packed >> 1) ^ -(packed & 1)).tolist() == values


def test_a_pixel_is_the_tile_grid_of_zoom_18():
    # 2**18 tiles of 256 pixels across; longitude 0, latitude 0 is the middle.
    corner = np.array([[-20037508.342789244, 20037508.342789244]])
    assert pixels(corner).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("values", "kind"),
    [([0.0, 250.0], "u8"), ([0.0, 60_000.0], "u16"), ([0.0, 9e6], "varint")],
)
def test_a_column_is_as_wide_as_it_must_be(values, kind):
    packer = Packer()
    packer.numbers("a", np.array(values))
    assert packer.directory["a"]["type"] == kind


def test_a_column_without_any_value_is_all_missing():
    packer = Packer()
    packer.numbers("a", np.full(3, np.nan))
    assert zlib.decompress(base64.b64decode(packer.text()), -15) == b"\0\0\0"


def test_two_streams_of_one_name_are_refused():
    packer = Packer()
    packer.add("a", b"")
    with pytest.raises(ValueError, match="two streams"):
        packer.add("a", b"")


def test_a_ring_of_one_pixel_keeps_its_vertices():
    tiny = gpd.GeoSeries([shapely.box(0, 0, 0.01, 0.01)], crs=CRS.from_epsg(3857))
    packer = Packer()
    packer.shapes("a", tiny, np.array([0, 0]))
    assert packer.directory["a.x"]["count"] == 4  # a box's corners, without the closing one


def test_repeated_vertices_are_dropped():
    line = [(0, 0), (0.01, 0), (50, 0), (50, 50), (0, 50)]
    shape = gpd.GeoSeries([shapely.Polygon(line)], crs=CRS.from_epsg(3857))
    packer = Packer()
    packer.shapes("a", shape, np.array([0, 0]))
    assert packer.directory["a.x"]["count"] == 4


def test_spatial_order_takes_every_block_once():
    boxes = gpd.GeoSeries([shapely.box(x, 0, x + 1, 1) for x in (5, 1, 3)], crs=3857)
    assert sorted(spatial_order(boxes).tolist()) == [0, 1, 2]
