"""From blocks to a place: it holds its blocks, no other, and shares nothing."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation import street_links
from targeting.delineation.ground import enclosed, places
from tests.delineation.lattice import lattice


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
