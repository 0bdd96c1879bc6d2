"""From a group of blocks to a place on the ground, bounded by the middle of the streets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sparse
import shapely
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from targeting.delineation.drawing.cutting import Cut, Scene, cut, filled
from targeting.delineation.drawing.faces import GRID_M, on_the_grid
from targeting.delineation.drawing.middle import STREET_MAX_M
from targeting.delineation.drawing.smoothing import smoothed
from targeting.delineation.graph import margin
from targeting.model import Links

SIMPLIFY_M = 1.0
PATH_M = 2.0
PINCH_M = 0.1
SPECK_M2 = 1.0


def places(
    shapes: np.ndarray,
    groups: Sequence[np.ndarray],
    links: Links,
    tree: shapely.STRtree,
    drawn: dict[bytes, Any] | None = None,
    axes: np.ndarray | None = None,
    barriers: np.ndarray | None = None,
) -> np.ndarray:
    """Return the ground of each group: its blocks and the streets around them to their middle.

    Where a block of nobody or of another group stands across a street (at most 50 m wide), the
    boundary is the line halfway between both; along open land it runs at half the city's typical
    street (the median gap between blocks that face each other, at most 20 m) outside the blocks.
    Groups across a street from each other share one line. Ground without a block that a place
    encloses is part of it. Barriers are never passed: where one runs along the rim, the place ends
    at the barrier if that comes before the middle.

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
        Keeps what was drawn, so that groups drawn before are not drawn again.
    axes : ndarray of geometry, optional
        Center lines of streets. Where they run all around blocks of one owner, they are the
        boundary instead of the line halfway.
    barriers : ndarray of geometry, optional
        Lines nobody crosses; of areas, the outline.

    Returns
    -------
    ndarray of geometry
        Valid polygons on a grid of 1 mm that hold all blocks of their group, no other block, and
        share no ground (where two blocks overlap, neither rule can hold: each place holds its
        own). In several parts only where another group or a foreign block stands between.

    Examples
    --------
    >>> blocks = shapely.box([0, 60, 120], 0, [50, 110, 170], 50)
    >>> links = Links(np.array([0, 1]), np.array([1, 2]), np.full(2, 10.0), np.full(2, 50.0))
    >>> places(blocks, [np.array([0, 1])], links, shapely.STRtree(blocks))[0].bounds
    (-5.0, -5.0, 115.0, 55.0)
    """
    made = np.full(len(groups), None, dtype=object)
    if not len(groups):
        return made
    drawn = {} if drawn is None else drawn
    margin_m = margin(links)
    for cluster, near in _clusters(shapes, groups, tree):
        chosen = [groups[number] for number in cluster]
        key = b"|".join(group.astype(np.int64).tobytes() for group in chosen)
        if key not in drawn:
            drawn[key] = _drawn(shapes, chosen, near, links, margin_m, axes, barriers)
        made[cluster] = drawn[key]
    return made


def _clusters(
    shapes: np.ndarray, groups: Sequence[np.ndarray], tree: shapely.STRtree
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Gather groups near each other, to be drawn together, and all blocks in their reach."""
    number = np.full(len(shapes), -1, dtype=np.int64)
    for place, blocks in enumerate(groups):
        number[blocks] = place
    own = np.flatnonzero(number >= 0)
    west, south, east, north = shapely.bounds(shapes[own]).T
    reach = STREET_MAX_M
    asked, found = tree.query(shapely.box(west - reach, south - reach, east + reach, north + reach))
    one, two = number[own[asked]], number[found]
    joined = two >= 0
    count = len(groups)
    ones = np.ones(int(joined.sum()), dtype=np.int8)
    graph = sparse.csr_array((ones, (one[joined], two[joined])), shape=(count, count))
    parts, part = connected_components(graph, directed=False)
    code = np.unique(part[one].astype(np.int64) * len(shapes) + found)
    cluster, near = np.divmod(code, np.int64(len(shapes)))
    cuts = np.searchsorted(cluster, np.arange(parts + 1))
    return [(np.flatnonzero(part == p), near[cuts[p] : cuts[p + 1]]) for p in range(parts)]


def _drawn(
    shapes: np.ndarray,
    groups: list[np.ndarray],
    near: np.ndarray,
    links: Links,
    margin_m: float,
    axes: np.ndarray | None,
    barriers: np.ndarray | None,
) -> np.ndarray:
    """Ground of groups near each other."""
    owner = np.full(len(near), -1, dtype=np.int64)
    own = []
    for number, blocks in enumerate(groups):
        at = np.searchsorted(near, blocks)
        owner[at] = number
        own.append(at)
    around = shapely.box(*shapely.total_bounds(shapes[np.concatenate(groups)]))
    around = shapely.buffer(around, STREET_MAX_M)
    scene = Scene(
        shapes[near], owner, own, margin_m, _lines(barriers, around), _lines(axes, around)
    )
    paths = np.full(len(groups), None, dtype=object)
    made = _places(scene, cut(scene, paths))
    split = [n for n, place in enumerate(made) if shapely.get_num_geometries(place) > 1]
    if split:
        for number in split:
            paths[number] = _path(shapes, groups[number], links, scene, made[number])
        made = _places(scene, cut(scene, paths))
    return made


def _lines(given: np.ndarray | None, around: shapely.Geometry) -> np.ndarray:
    """Lines near the scene; of areas, the outline."""
    if given is None or not len(given):
        return np.empty(0, dtype=object)
    parts = shapely.get_parts(np.asarray(given)[shapely.intersects(given, around)])
    areal = shapely.get_dimensions(parts) == 2
    parts = np.concatenate([parts[~areal], shapely.get_rings(parts[areal])])
    parts = parts[shapely.get_dimensions(parts) == 1]
    return np.asarray(shapely.get_parts(shapely.intersection(parts, around)))


def _places(scene: Scene, found: Cut) -> np.ndarray:
    """Join the faces of each group, fill what it encloses, and see that no block is left out."""
    made = np.full(len(scene.groups), None, dtype=object)
    blocks = shapely.STRtree(scene.shapes)
    for number in range(len(made)):
        whole = shapely.coverage_union_all(found.faces.shape[found.label == number])
        made[number] = filled(whole, number, blocks, scene.owner)
    made = smoothed(on_the_grid(made), scene.shapes[found.rim], SIMPLIFY_M)
    shapely.prepare(made)
    for number, at in enumerate(scene.groups):
        if shapely.covers(made[number], scene.shapes[at]).all():
            continue
        missing = shapely.difference(shapely.union_all(scene.shapes[at]), made[number])
        if shapely.area(missing) > SPECK_M2:
            own = [made[number], *shapely.get_parts(missing)]
            made[number] = shapely.union_all(own, grid_size=GRID_M)
    return made


def _path(
    shapes: np.ndarray,
    blocks: np.ndarray,
    links: Links,
    scene: Scene,
    place: shapely.Geometry,
) -> shapely.Geometry | None:
    """Narrow ways along the shortest links that hold the group together."""
    slot = np.full(len(shapes), -1, dtype=np.int64)
    slot[blocks] = np.arange(len(blocks))
    own = np.flatnonzero((slot[links.first] >= 0) & (slot[links.second] >= 0))
    one, two = slot[links.first[own]], slot[links.second[own]]
    size = len(blocks)
    graph = sparse.csr_array((links.gap_m[own] + 1.0, (one, two)), shape=(size, size))
    tree = sparse.coo_array(minimum_spanning_tree(graph))
    used = own[np.isin(one * size + two, tree.coords[0] * size + tree.coords[1])]
    lines = shapely.shortest_line(shapes[links.first[used]], shapes[links.second[used]])
    lines = lines[~shapely.covers(shapely.buffer(place, -PINCH_M), lines)]
    if not len(lines):
        return None
    ways = shapely.union_all(shapely.buffer(lines, PATH_M, cap_style="square"))
    near = scene.shapes[shapely.intersects(ways, scene.shapes)]
    return shapely.difference(ways, shapely.union_all(near))


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
