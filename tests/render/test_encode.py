from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from targeting.render.encode import Packer, pixels, planes, spatial_order, varint, zigzag
from targeting.render.packed_text import inflated


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


@pytest.mark.parametrize(("top", "width"), [(250, 1), (60_000, 2), (9_000_000, 3), (2**31 - 2, 4)])
def test_a_column_is_as_wide_as_it_must_be(top, width):
    packer = Packer()
    packer.numbers("a", np.array([0.0, top]))
    assert packer.directory["a"]["width"] == width


def test_a_column_wider_than_the_page_can_hold_is_refused():
    with pytest.raises(ValueError, match="a: too far apart"):
        Packer().numbers("a", np.array([0.0, 2.0**31]))


@given(st.lists(st.integers(0, 2**40), min_size=1))
def test_planes_are_the_bytes_in_columns(values):
    held = planes(np.array(values, np.uint64))
    width = len(held) // len(values)
    assert width == 1 or held[-len(values) :].strip(b"\0")  # no plane too many
    read = [int.from_bytes(held[i :: len(values)], "little") for i in range(len(values))]
    assert read == values


def test_a_smooth_column_is_packed_as_steps_and_a_rough_one_as_it_is():
    packer = Packer()
    packer.numbers("smooth", np.arange(5000.0))
    packer.numbers("rough", np.random.default_rng(1).integers(0, 250, 5000).astype(float))
    assert [packer.directory[name]["type"] for name in ("smooth", "rough")] == ["steps", "planes"]


def test_a_column_without_any_value_is_all_missing():
    packer = Packer()
    packer.numbers("a", np.full(3, np.nan))
    assert inflated(packer.text()) == b"\0\0\0"


def test_two_streams_of_one_name_are_refused():
    packer = Packer()
    packer.add("a", b"")
    with pytest.raises(ValueError, match="two streams"):
        packer.add("a", b"")


def vertices(packer: Packer, name: str = "a") -> list[int]:
    """Vertices of each ring, which must be fewer than 128: then each count is one byte."""
    at = packer.directory[f"{name}.points"]
    raw = inflated(packer.text())
    return list(raw[at["at"] : at["at"] + at["size"]])


def test_a_ring_of_one_pixel_keeps_its_vertices():
    tiny = gpd.GeoSeries([shapely.box(0, 0, 0.2, 0.2)], crs=CRS.from_epsg(3857))
    packer = Packer()
    packer.shapes("a", tiny, np.array([0, 0]))
    assert vertices(packer) == [4]  # a box's corners, without the closing one


def test_repeated_vertices_are_dropped():
    line = [(0, 0), (0.01, 0), (50, 0), (50, 50), (0, 50)]
    shape = gpd.GeoSeries([shapely.Polygon(line)], crs=CRS.from_epsg(3857))
    packer = Packer()
    packer.shapes("a", shape, np.array([0, 0]))
    assert vertices(packer) == [4]


def test_a_vertex_on_a_straight_side_is_left_out():
    middles = [(0, 0), (30, 0.02), (60, 0), (60, 60), (30, 60.2), (0, 60)]
    shape = gpd.GeoSeries([shapely.Polygon(middles)], crs=CRS.from_epsg(3857))
    packer = Packer()
    packer.shapes("a", shape, np.array([0, 0]))
    assert vertices(packer) == [5]  # 2 cm off goes, 20 cm off stays


def test_keys_of_one_form_are_beginnings_and_numbers():
    keys = [f"14120000100{letter}{at:03d}" for letter in "5A" for at in range(40)]
    packer = Packer()
    packer.keys("a", keys)
    packer.keys("mixed", ["1", "12a", "9"])
    about = packer.directory
    assert about["a"]["type"] == "numbered"
    assert about["a.heads"]["count"] <= 8
    assert about["mixed"]["type"] == "keys"


def test_spatial_order_takes_every_block_once():
    boxes = gpd.GeoSeries([shapely.box(x, 0, x + 1, 1) for x in (5, 1, 3)], crs=3857)
    assert sorted(spatial_order(boxes).tolist()) == [0, 1, 2]
