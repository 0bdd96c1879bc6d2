"""Shapes that should lie side by side and do not; every number is by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.model import MethodSpec
from targeting.sources import read_territory, shapes
from targeting.sources.shapes import shape_notes
from targeting.spatial import place_points
from tests.sources import made


def layer(*squares, ids=None):
    names = ids or [f"{n:03d}" for n in range(len(squares))]
    return gpd.GeoDataFrame(index=names, geometry=list(squares), crs=32613)


def test_blocks_across_streets_and_areas_side_by_side_have_nothing_odd():
    assert shape_notes(layer(*made.SHAPES.values())) == {}
    assert shape_notes(layer(shapely.box(0, 0, 9, 9), shapely.box(9, 0, 18, 9))) == {}


def test_no_shapes_and_one_shape_have_nothing_odd():
    assert shape_notes(layer()) == {}
    assert shape_notes(layer(shapely.box(0, 0, 9, 9))) == {}


def test_overlaps_are_counted_and_the_largest_shown():
    squares = [shapely.box(x, 0, x + 10, 10) for x in (0, 9, 30, 38, 60, 69.95)]
    notes = shape_notes(layer(*squares))
    # 1 m by 10 m; 2 m by 10 m; 5 cm by 10 m is half a square meter and no overlap.
    assert notes["overlapping_pairs"] == 2
    assert notes["overlap_m2"] == 30
    assert notes["overlap_examples"] == ["002 + 003", "000 + 001"]
    assert "nested_shapes" not in notes


def test_a_block_around_others_is_told_and_the_point_goes_to_the_inner_one():
    around = shapely.box(0, 0, 100, 100)
    inner = [shapely.box(10, 10, 20, 20), shapely.box(30, 30, 40, 40)]
    out = shapely.box(99.95, 50, 109.95, 60)  # touches, 5 cm in: half a square meter
    frame = layer(around, *inner, out)
    notes = shape_notes(frame)
    assert (notes["nested_shapes"], notes["enclosing_shapes"]) == (2, 1)
    assert notes["enclosing_examples"] == ["000"]
    assert "overlapping_pairs" not in notes
    found, _ = place_points(shapely.points([(15, 15), (50, 50)]), frame.geometry, tolerance_m=0)
    assert found.tolist() == [1, 0]


def test_equal_shapes_are_nested_in_one_another():
    square = shapely.box(0, 0, 10, 10)
    notes = shape_notes(layer(square, square))
    assert (notes["nested_shapes"], notes["enclosing_examples"]) == (1, ["001"])


def test_slivers_parts_and_far_ones():
    sliver = shapely.box(200, 0, 204, 10)  # 40 m²
    two = shapely.MultiPolygon([shapely.box(300, 0, 310, 10), shapely.box(320, 0, 330, 10)])
    chain = [shapely.box(x, 0, x + 10, 10) for x in (0, 40_000, 80_000)]
    far = shapely.box(131_000, 0, 131_010, 10)
    notes = shape_notes(layer(*chain, sliver, two, far))
    assert (notes["slivers"], notes["multipart_shapes"]) == (1, 1)
    # 80 km from the first and still linked; 51 km from the last of the chain is far.
    assert (notes["far_shapes"], notes["far_examples"]) == (1, ["005"])


@pytest.mark.parametrize("seed", range(5))
def test_the_quick_look_at_edges_misses_no_overlap(monkeypatch, seed):
    chance = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(12) * 10.0, np.arange(12) * 10.0)
    grid = shapely.box(x.ravel(), y.ravel(), x.ravel() + 10, y.ravel() + 10)
    corner = chance.uniform(0, 100, (20, 2))
    size = chance.uniform(1.2, 25, (20, 2))
    odd = shapely.box(*corner.T, *(corner + size).T)
    frame = layer(*grid, *odd, grid[5])
    plain = shape_notes(frame)
    assert plain["nested_shapes"] >= 1
    monkeypatch.setattr(shapes, "_MANY_PAIRS", 0)
    assert shape_notes(frame) == plain


@pytest.mark.parametrize("seed", [1, 2])
def test_notes_know_no_order_of_rows(seed):
    chance = np.random.default_rng(seed)
    corner = chance.uniform(0, 200, (60, 2))
    frame = layer(*shapely.box(*corner.T, *(corner + chance.uniform(2, 40, (60, 2))).T))
    assert shape_notes(frame.sample(frac=1, random_state=seed).sort_index()) == shape_notes(frame)
    mixed = shape_notes(frame.sample(frac=1, random_state=seed))
    assert mixed["overlap_m2"] == shape_notes(frame)["overlap_m2"]
    assert mixed["overlap_examples"] == shape_notes(frame)["overlap_examples"]


def test_the_report_of_blocks_and_areas_tells_what_is_odd(tmp_path):
    layers = made.write_city(tmp_path)
    keys = [*made.BLOCKS[:7], made.BLOCKS[7]]
    around = shapely.box(140, 70, 200, 130)  # block 002 of 006A, and 004 put into it
    squares = [made.SHAPES[key] for key in keys[:7]] + [shapely.box(150, 80, 156, 86)]
    assert squares[5].equals(around)
    made.write_shapefile(tmp_path / "01m.shp", pd.DataFrame({"CVEGEO": keys}), squares)
    boxes = [shapely.box(-5, -5, 137, 135), shapely.box(135, -5, 275, 135)]
    made.write_shapefile(tmp_path / "01a.shp", pd.DataFrame({"CVEGEO": made.AREAS}), boxes)
    city = read_territory(layers, tmp_path, population=MethodSpec("census"))
    blocks, areas = (
        next(one for one in city.intake.layers if one.layer == name).notes
        for name in ("blocks", "areas")
    )
    assert blocks["nested_shapes"] == 1
    assert blocks["enclosing_examples"] == [made.BLOCKS[5]]
    assert blocks["slivers"] == 1  # 36 m²
    assert areas["overlapping_pairs"] == 1
    assert areas["overlap_m2"] == pytest.approx(2 * 140, abs=0.5)  # the LCC's own meters
