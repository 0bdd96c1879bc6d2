"""From a group of blocks to a place on the ground: streets between its blocks belong to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sparse
import shapely
from scipy.sparse.csgraph import minimum_spanning_tree

from targeting.model import Links

REACH_MIN_M = 6.0
REACH_MAX_M = 30.0
UNEVEN_M = 3.0
PATH_M = 2.0
SPECK_M2 = 1.0


def places(
    shapes: np.ndarray,
    groups: Sequence[np.ndarray],
    links: Links,
    tree: shapely.STRtree,
    drawn: dict[bytes, shapely.Geometry] | None = None,
) -> np.ndarray:
    """Return the geometry of each group: its blocks merged across their streets.

    The blocks grow by half the widest street inside the group (3 m more, for streets are uneven)
    and shrink back; what falls on a
    block of nobody, or on an earlier group, is cut away; gaps without a block are filled.

    Parameters
    ----------
    shapes : ndarray of geometry
        All blocks.
    groups : sequence of ndarray
        Positions of the blocks of each group; disjoint.
    links : Links
        Neighbors by position.
    tree : STRtree
        Over `shapes`.
    drawn : dict, optional
        Keeps each group's ground, so that a group drawn before is not drawn again.

    Returns
    -------
    ndarray of geometry
        Valid polygons that hold all blocks of their group, no other block, and share no ground.
        In several parts only where another group or a foreign block stands between.

    Examples
    --------
    >>> blocks = shapely.box([0, 60, 120], 0, [50, 110, 170], 50)
    >>> links = Links(np.array([0, 1]), np.array([1, 2]), np.full(2, 10.0), np.full(2, 50.0))
    >>> places(blocks, [np.array([0, 1])], links, shapely.STRtree(blocks))[0].bounds
    (0.0, 0.0, 110.0, 50.0)
    """
    number = np.full(len(shapes), -1, dtype=np.int64)
    for place, blocks in enumerate(groups):
        number[blocks] = place
    inside = np.flatnonzero(
        (number[links.first] >= 0) & (number[links.first] == number[links.second])
    )
    by_group = np.argsort(number[links.first[inside]], kind="stable")
    owner = number[links.first[inside]][by_group]
    edges = np.searchsorted(owner, np.arange(len(groups) + 1))
    drawn = {} if drawn is None else drawn
    made = []
    for place, blocks in enumerate(groups):
        key = blocks.tobytes()
        if key not in drawn:
            own = inside[by_group[edges[place] : edges[place + 1]]]
            drawn[key] = _place(shapes, blocks, links, own, tree)
        made.append(drawn[key])
    return _apart(np.array(made, dtype=object), shapes, groups)


def _place(
    shapes: np.ndarray,
    blocks: np.ndarray,
    links: Links,
    own: np.ndarray,
    tree: shapely.STRtree,
) -> shapely.Geometry:
    """Ground of one group, whatever other groups there are."""
    faced = own[links.facing_m[own] > 0]
    widest = float(links.gap_m[faced].max()) if len(faced) else 0.0
    reach = float(np.clip(widest / 2 + UNEVEN_M, REACH_MIN_M, REACH_MAX_M))
    bare = shapely.union_all(shapes[blocks])
    grown = shapely.union_all(shapely.buffer(shapes[blocks], reach, join_style="mitre"))
    shape = shapely.union(shapely.buffer(grown, -reach, join_style="mitre"), bare)
    near = tree.query(shapely.box(*shape.bounds))
    around = shapes[np.setdiff1d(near, blocks)]
    closed = _joined(_clear_of(shape, around), bare)
    if shapely.get_num_geometries(closed) > 1:
        lines = shapely.shortest_line(shapes[links.first[own]], shapes[links.second[own]])
        paths = shapely.buffer(lines[_spanning(links, own, blocks)], PATH_M, cap_style="square")
        closed = _joined(closed, _clear_of(shapely.union_all(paths), around), bare)
    return _filled(closed, around)


def _apart(made: np.ndarray, shapes: np.ndarray, groups: Sequence[np.ndarray]) -> np.ndarray:
    """Take from each place the ground an earlier one holds; its own blocks it keeps."""
    one, two = shapely.STRtree(made).query(made, predicate="intersects")
    for place in np.unique(one[two < one]):
        earlier = shapely.union_all(made[two[(one == place) & (two < one)]])
        if shapely.area(shapely.intersection(made[place], earlier)) > 0:
            left = shapely.difference(made[place], earlier)
            made[place] = _joined(left, shapely.union_all(shapes[groups[place]]))
    return made


def _clear_of(shape: shapely.Geometry, around: np.ndarray) -> shapely.Geometry:
    shapely.prepare(shape)
    return shapely.difference(shape, shapely.union_all(around[shapely.intersects(shape, around)]))


def _joined(*pieces: shapely.Geometry) -> shapely.Geometry:
    """Union of the areas of the pieces, without specks."""
    whole = shapely.make_valid(shapely.union_all(np.array(pieces, dtype=object)))
    parts = shapely.get_parts(whole)
    parts = parts[(shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > SPECK_M2)]
    return shapely.union_all(parts)


def _spanning(links: Links, own: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Places in `own` of the links that hold the group together over the shortest gaps."""
    slot = {int(block): place for place, block in enumerate(blocks)}
    one = np.array([slot[int(block)] for block in links.first[own]], dtype=np.int64)
    two = np.array([slot[int(block)] for block in links.second[own]], dtype=np.int64)
    gap = links.gap_m[own] + 1.0
    graph = sparse.csr_array((gap, (one, two)), shape=(len(blocks), len(blocks)))
    tree = sparse.coo_array(minimum_spanning_tree(graph))
    size = len(blocks)
    return np.flatnonzero(np.isin(one * size + two, tree.coords[0] * size + tree.coords[1]))


def _filled(closed: shapely.Geometry, around: np.ndarray) -> shapely.Geometry:
    """Fill the gaps in which no foreign block stands."""
    others = shapely.STRtree(around)
    kept = []
    for part in shapely.get_parts(closed):
        rings = shapely.get_rings(part)
        gaps = np.asarray(shapely.polygons(rings[1:]))
        taken = np.zeros(len(gaps), dtype=bool)
        taken[others.query(gaps, predicate="intersects")[0]] = True
        kept.append(shapely.polygons(rings[0], rings[1:][taken] if taken.any() else None))
    return _joined(*kept)


def enclosed(
    place: shapely.Geometry, blocks: np.ndarray, shapes: np.ndarray, tree: shapely.STRtree
) -> np.ndarray:
    """Blocks that a place surrounds without holding them.

    Parameters
    ----------
    place : Geometry
        Ground of a group.
    blocks : ndarray
        Its blocks.
    shapes, tree
        All blocks.

    Returns
    -------
    ndarray of int64
        Positions, sorted.
    """
    parts = shapely.get_parts(place)
    if not shapely.get_num_interior_rings(parts).any():
        return np.empty(0, dtype=np.int64)
    rims = shapely.polygons(shapely.get_exterior_ring(parts))
    found = np.unique(tree.query(rims, predicate="covers")[1])
    return np.setdiff1d(found, blocks)
