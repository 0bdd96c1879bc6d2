"""From blocks to a place: it holds its blocks, no other, and shares nothing."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation import street_links
from targeting.delineation.drawing.checking_ground import ground_mistakes, untidiness
from targeting.delineation.drawing.ground import enclosed, places
from targeting.delineation.drawing.smoothing import smoothed
from targeting.delineation.graph import margin
from targeting.model import Links
from tests.delineation.lattice import CRS, lattice, patch


def drawn(blocks, *groups):
    shapes = np.asarray(blocks.geometry.array)
    links = street_links(blocks.geometry)
    where = [np.flatnonzero(blocks.index.isin(group)) for group in groups]
    return shapes, where, places(shapes, where, links, shapely.STRtree(shapes))


def names(rows, columns):
    return [f"r{row:02d}c{column:02d}" for row in rows for column in columns]


def test_streets_inside_belong_to_the_place():
    _, _, (place,) = drawn(lattice(5, 5), names(range(1, 4), range(1, 4)))
    # Three blocks of 60 m, two streets of 10 m between them, and half a street on both sides; at a
    # crossing the line may cut the corner (at most half of 5 m × 5 m, four times).
    assert 210 * 210 - 50 <= place.area <= 210 * 210
    assert 840 - 4 * (10 - 50**0.5) <= place.length <= 840


def test_a_park_without_a_block_is_filled():
    blocks = lattice(5, 5, without=[(2, 2)])
    _, _, (place,) = drawn(blocks, names(range(1, 4), range(1, 4)))
    assert 210 * 210 - 50 <= place.area <= 210 * 210


def test_a_foreign_block_inside_stays_open():
    group = [name for name in names(range(1, 4), range(1, 4)) if name != "r02c02"]
    shapes, where, (place,) = drawn(lattice(5, 5), group)
    assert shapely.get_num_interior_rings(place) == 1
    tree = shapely.STRtree(shapes)
    assert enclosed(place, where[0], shapes, tree).tolist() == [12]
    assert enclosed(shapely.box(0, 0, 1, 1), where[0], shapes, tree).tolist() == []


def test_blocks_joined_by_a_corner_are_one_place():
    _, _, (place,) = drawn(lattice(2, 2), ["r00c00", "r01c01"])
    assert place.geom_type == "Polygon"


def test_two_diagonals_of_one_crossing_cannot_both_be_in_one_part():
    _, _, (one, two) = drawn(lattice(2, 2), ["r00c00", "r01c01"], ["r00c01", "r01c00"])
    assert one.geom_type == "Polygon"
    assert two.geom_type == "MultiPolygon"
    assert shapely.area(shapely.intersection(one, two)) == pytest.approx(0, abs=1e-9)


def test_uneven_streets_leave_no_slits():
    blocks = lattice(7, 7, shake_m=3, seed=5)
    _, _, (place,) = drawn(blocks, names(range(1, 6), range(1, 6)))
    assert place.length < 1.1 * 4 * 350


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_places_hold_their_blocks_and_nothing_else(seed, count):
    chance = np.random.default_rng(seed)
    blocks = lattice(6, 6, shake_m=4, seed=seed)
    middles = chance.integers(0, 6, (count, 2))
    row, column = np.divmod(np.arange(36), 6)
    reach = np.abs(row[:, None] - middles[:, 0]) + np.abs(column[:, None] - middles[:, 1])
    owner = np.where(reach.min(axis=1) <= 2, reach.argmin(axis=1), -1)
    groups = [np.flatnonzero(owner == n) for n in range(count) if (owner == n).any()]
    shapes = np.asarray(blocks.geometry.array)
    links = street_links(blocks.geometry)
    made = places(shapes, groups, links, shapely.STRtree(shapes))
    assert shapely.is_valid(made).all()
    for place, group in zip(made, groups, strict=True):
        own = shapely.union_all(shapes[group])
        assert shapely.area(shapely.difference(own, place)) < 0.01
        others = shapely.union_all(np.delete(shapes, group))
        overlap = shapely.area(shapely.intersection(place, others))
        assert overlap <= shapely.area(shapely.intersection(own, others)) + 0.01
    for one in range(len(made)):
        for two in range(one):
            assert shapely.area(shapely.intersection(made[one], made[two])) < 0.01


def test_open_land_begins_half_a_typical_street_outside_the_blocks():
    # The only gaps are 10 m wide, so the margin is 5 m on all four sides.
    _, _, (place,) = drawn(lattice(2, 2), names(range(2), range(2)))
    assert place.bounds == (2_399_995.0, 799_995.0, 2_400_135.0, 800_135.0)
    assert place.area == pytest.approx(140 * 140)


def test_neighbors_share_the_middle_of_a_wide_street():
    # Two rows of two blocks, 40 m apart (row 1 is left out: 60 m + 2 · 10 m would be too wide).
    west, south = 2_400_000.0, 800_000.0
    shapes = shapely.box(
        west + np.array([0, 70, 0, 70]),
        south + np.array([0, 0, 100, 100]),
        west + np.array([60, 130, 60, 130]),
        south + np.array([60, 60, 160, 160]),
    )
    links = street_links(gpd.GeoSeries(shapes, crs=CRS))
    groups = [np.array([0, 1]), np.array([2, 3])]
    one, two = places(shapes, groups, links, shapely.STRtree(shapes))
    line = shapely.intersection(one, two)
    assert line.bounds == (west, south + 80, west + 130, south + 80)
    assert shapely.length(line) == pytest.approx(130)


def test_a_park_two_polygons_enclose_is_halved():
    # A ring of blocks around 5 × 5 missing ones (350 m of open land); the west half is one group,
    # the east half the other.
    missing = [(row, column) for row in range(1, 6) for column in range(1, 6)]
    blocks = lattice(7, 7, without=missing)
    column = blocks.index.str[4:6].astype(int)
    west, east = list(blocks.index[column < 4]), list(blocks.index[column >= 4])
    _, _, (one, two) = drawn(blocks, west, east)
    both = shapely.union(one, two)
    assert shapely.get_num_interior_rings(both) == 0
    assert both.area == pytest.approx(490 * 490)
    assert one.area + two.area == pytest.approx(both.area)


def test_touching_areas_meet_on_their_edges():
    blocks = lattice(4, 4, street_m=0)
    shapes, where, (one, two) = drawn(
        blocks, names(range(4), range(2)), names(range(4), range(2, 4))
    )
    for place, own in ((one, where[0]), (two, where[1])):
        assert shapely.equals(place, shapely.union_all(shapes[own]))


def rail(blocks, x):
    west, south, _, north = blocks.total_bounds
    line = shapely.LineString([(west + x, south - 500), (west + x, north + 500)])
    return np.array([line])


@pytest.mark.parametrize("argument", ["barriers", "axes"])
def test_a_barrier_or_an_axis_is_the_boundary(argument):
    # The street between columns 2 and 3 runs from x = 200 to 210: its middle is 205, the line 207.
    # A barrier only takes ground away from the side that would pass it, and gives it to the other.
    blocks = lattice(6, 6)
    shapes = np.asarray(blocks.geometry.array)
    links = street_links(blocks.geometry)
    west = np.flatnonzero(patch(blocks, range(6), range(3)))
    east = np.flatnonzero(patch(blocks, range(6), range(3, 6)))
    tree = shapely.STRtree(shapes)
    lines = {argument: rail(blocks, 207)}
    one, two = places(shapes, [west, east], links, tree, **lines)
    assert one.bounds[2] == two.bounds[0] == blocks.total_bounds[0] + 207
    (alone,) = places(shapes, [east], links, tree, **lines)
    assert alone.bounds[0] == blocks.total_bounds[0] + 207
    (alone,) = places(shapes, [west], links, tree, **lines)
    reach = 205 if argument == "barriers" else 207
    assert alone.bounds[2] == blocks.total_bounds[0] + reach


def test_an_axis_out_on_open_land_is_the_boundary():
    # Streets all around 3 × 3 blocks, 8 m outside (the margin would be 5 m).
    blocks = lattice(3, 3)
    around = shapely.boundary(shapely.buffer(shapely.box(*blocks.total_bounds), 8, join_style=2))
    shapes = np.asarray(blocks.geometry.array)
    links = street_links(blocks.geometry)
    found = places(shapes, [np.arange(9)], links, shapely.STRtree(shapes), axes=np.array([around]))
    assert found[0].area == pytest.approx((200 + 16) ** 2)


def groups_of(blocks, seed, count):
    """Some groups around blocks taken by chance."""
    chance = np.random.default_rng(seed)
    row = blocks.index.str[1:3].astype(int).to_numpy()
    column = blocks.index.str[4:6].astype(int).to_numpy()
    middles = chance.integers(0, 6, (count, 2))
    reach = np.abs(row[:, None] - middles[:, 0]) + np.abs(column[:, None] - middles[:, 1])
    owner = np.where(reach.min(axis=1) <= 2, reach.argmin(axis=1), -1)
    return [np.flatnonzero(owner == n) for n in range(count) if (owner == n).any()]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), st.sampled_from([3.0, 10.0, 30.0]))
def test_neighbors_share_one_line_with_nothing_left_over(seed, count, street_m):
    blocks = lattice(6, 6, shake_m=street_m / 3, street_m=street_m, seed=seed)
    groups = groups_of(blocks, seed, count)
    shapes = np.asarray(blocks.geometry.array)
    links = street_links(blocks.geometry)
    made = places(shapes, groups, links, shapely.STRtree(shapes))
    number = np.zeros(len(shapes), dtype=np.int64)
    for place, group in enumerate(groups, start=1):
        number[group] = place
    assert ground_mistakes(made, shapes, number) == []
    assert untidiness(made, shapes, number, links) == []
    assert shapely.coverage_is_valid(made)
    rounded = np.round(shapely.get_coordinates(made), 3)
    assert (shapely.get_coordinates(made) == rounded).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_same_bytes_in_every_order_of_the_blocks(seed):
    blocks = lattice(6, 6, shake_m=3, seed=seed)
    groups = groups_of(blocks, seed, 3)
    shapes = np.asarray(blocks.geometry.array)
    made = places(shapes, groups, street_links(blocks.geometry), shapely.STRtree(shapes))
    order = np.random.default_rng(seed).permutation(len(shapes))
    back = np.argsort(order)
    moved = blocks.iloc[order]
    links = street_links(moved.geometry)
    again = places(
        shapes[order], [np.sort(back[g]) for g in groups], links, shapely.STRtree(shapes[order])
    )
    assert shapely.to_wkb(made).tolist() == shapely.to_wkb(again).tolist()


def test_what_was_drawn_is_not_drawn_again():
    blocks = lattice(4, 9)
    shapes = np.asarray(blocks.geometry.array)
    links, tree = street_links(blocks.geometry), shapely.STRtree(shapes)
    near = [np.flatnonzero(patch(blocks, range(4), range(2)))]
    far = [np.flatnonzero(patch(blocks, range(4), range(7, 9)))]
    kept: dict[bytes, object] = {}
    first = places(shapes, near, links, tree, kept)[0]
    both = places(shapes, near + far, links, tree, kept)
    assert len(kept) == 2
    assert both[0] is first
    assert places(shapes, [], links, tree).tolist() == []


def test_lines_far_off_the_blocks_change_nothing():
    blocks = lattice(6, 6, shake_m=4, seed=3)
    shapes = np.asarray(blocks.geometry.array)
    links, tree = street_links(blocks.geometry), shapely.STRtree(shapes)
    groups = groups_of(blocks, 3, 2)
    far = rail(blocks, 5000)
    plain = places(shapes, groups, links, tree)
    told = places(shapes, groups, links, tree, axes=far, barriers=far)
    assert shapely.equals_exact(plain, told).all()


def test_half_the_typical_street():
    far = Links(np.array([0]), np.array([1]), np.array([80.0]), np.array([9.0]))
    assert margin(far) == 10.0
    assert margin(Links(np.array([0]), np.array([1]), np.array([9.0]), np.array([0.0]))) == 0.0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_smoothing_moves_no_block_and_keeps_lines_shared(seed):
    blocks = lattice(5, 5, shake_m=4, seed=seed)
    shapes = np.asarray(blocks.geometry.array)
    cells = shapely.voronoi_polygons(
        shapely.multipoints(shapely.get_coordinates(shapely.segmentize(shapes, 7)))
    )
    parts = shapely.get_parts(cells)
    part, block = shapely.STRtree(shapes).query(parts, predicate="intersects")
    west = set(np.flatnonzero(patch(blocks, range(5), range(2))).tolist())
    mine = np.array([any(b in west for b in block[part == n]) for n in range(len(parts))])
    jagged = np.array([shapely.coverage_union_all(parts[mine])])
    smooth = smoothed(jagged, shapes, 2.0)
    assert len(shapely.get_coordinates(smooth)) < len(shapely.get_coordinates(jagged))
    for shape in shapes:
        held = shapely.area(shapely.intersection(jagged, shape))[0]
        assert shapely.area(shapely.intersection(smooth, shape))[0] == pytest.approx(held, abs=0.01)
    assert shapely.hausdorff_distance(smooth, jagged)[0] <= 2.0 + 1e-9
    assert smoothed(jagged, shapes, 0.0)[0] is jagged[0]
