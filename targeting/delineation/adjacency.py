"""Neighbors across streets: blocks almost never touch, and a distance alone is not enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import geopandas as gpd
import numpy as np
import shapely
from annotated_types import Ge

from targeting.delineation.settings import check_street_settings
from targeting.model import Links
from targeting.registry import register

TOUCHING_M = 1e-6
BARRIER_STEP_M = 100.0
OFF_THE_ENDS = 0.001
EDGE_M = 25.0
ALONG_M = 1.0


@dataclass(frozen=True)
class Pairs:
    """Candidate pairs in canonical order, with the shortest line between the two blocks."""

    first: np.ndarray
    second: np.ndarray
    line: np.ndarray
    gap_m: np.ndarray

    def keep(self, mask: np.ndarray) -> Pairs:
        """Return the pairs of a mask."""
        return Pairs(self.first[mask], self.second[mask], self.line[mask], self.gap_m[mask])

    def and_also(self, more: Pairs) -> Pairs:
        """Return these pairs and some more."""
        return Pairs(
            np.concatenate([self.first, more.first]),
            np.concatenate([self.second, more.second]),
            np.concatenate([self.line, more.line]),
            np.concatenate([self.gap_m, more.gap_m]),
        )


@dataclass(frozen=True)
class Homes:
    """The side of each block that counts before a barrier, and whether it was cut to it."""

    shape: np.ndarray
    cut: np.ndarray


@register("graph")
def street_links(
    geometry: gpd.GeoSeries,
    barriers: gpd.GeoSeries | None = None,
    *,
    street_max_m: Annotated[float, Ge(0)] = 50.0,
    attach_m: Annotated[float, Ge(0)] = 150.0,
) -> Links:
    """Pairs of blocks that see each other across a street.

    Candidates are all pairs at most `street_max_m` apart. A pair is dropped when the shortest line
    between its blocks crosses a barrier, or runs through a third block. A block left alone is
    attached to the nearest block within `attach_m` that no barrier hides. A block that a barrier
    cuts belongs to the side that holds most of it. Bridges over a barrier are not known here.

    Parameters
    ----------
    geometry : GeoSeries
        Block polygons in a metric coordinate system.
    barriers : GeoSeries, optional
        Lines nobody crosses on foot (rivers, rails, motorways), same coordinate system. Of a
        polygon, the outline counts.
    street_max_m : float
        Widest street to bridge, in meters.
    attach_m : float
        How far a block without neighbors may reach, in meters; 0 leaves it alone.

    Returns
    -------
    Links
        Pairs by position in `geometry`, with the gap and the facing length in meters. The same
        for every order of the rows.

    Raises
    ------
    TargetingError
        A distance is negative or not a number.

    Examples
    --------
    >>> from shapely import box
    >>> row = gpd.GeoSeries([box(0, 0, 80, 80), box(92, 0, 172, 80), box(300, 0, 380, 80)])
    >>> links = street_links(row)
    >>> links.first.tolist(), links.second.tolist(), links.gap_m.tolist()
    ([0, 1], [1, 2], [12.0, 128.0])
    >>> links.facing_m.tolist()
    [80.0, 80.0]
    """
    check_street_settings(street_max_m=street_max_m, attach_m=attach_m)
    order = canonical_order(geometry)
    shapes = np.asarray(geometry.array)[order]
    tree = shapely.STRtree(shapes)
    walls = _barrier_pieces(barriers)
    homes = _home_sides(shapes, walls)
    pairs = _candidates(tree, shapes, np.arange(len(shapes)), street_max_m)
    pairs, behind_barrier = _without_barriers(pairs, homes, walls)
    pairs, behind_block = _visible(pairs, tree)
    attached = _attach(pairs, tree, homes, walls, attach_m)
    pairs = pairs.and_also(attached)
    facing_m, open_m = _facing(pairs, shapes)
    one, two = order[pairs.first], order[pairs.second]
    first, second = np.minimum(one, two), np.maximum(one, two)
    by_pair = np.lexsort((second, first))
    return Links(
        first=first[by_pair],
        second=second[by_pair],
        gap_m=pairs.gap_m[by_pair],
        facing_m=facing_m[by_pair],
        open_m=open_m[np.argsort(order)],
        dropped={"barrier": behind_barrier, "third_block": behind_block},
    )


def canonical_order(geometry: gpd.GeoSeries) -> np.ndarray:
    """Positions sorted by place, then by id: the same for every row order and every naming.

    Parameters
    ----------
    geometry : GeoSeries
        Block polygons; ids in the index.

    Returns
    -------
    ndarray of int64
        Positions, from west to east, then south to north; ties by id.

    Examples
    --------
    >>> from shapely import box
    >>> canonical_order(gpd.GeoSeries([box(5, 0, 6, 1), box(0, 0, 1, 1)])).tolist()
    [1, 0]
    """
    west, south, east, north = shapely.bounds(np.asarray(geometry.array)).T
    name = np.empty(len(geometry), dtype=np.int64)
    name[np.argsort(np.asarray(geometry.index), kind="stable")] = np.arange(len(geometry))
    return np.lexsort((name, north, east, south, west))


def outlines(shapes: np.ndarray) -> np.ndarray:
    """Length in meters around each block, dead ends cut into it not counted (its convex hull)."""
    return np.asarray(shapely.length(shapely.convex_hull(shapes)))


def _candidates(
    tree: shapely.STRtree, shapes: np.ndarray, asking: np.ndarray, within_m: float
) -> Pairs:
    """All pairs with an asking block, at most `within_m` apart."""
    west, south, east, north = shapely.bounds(shapes[asking]).T
    around = shapely.box(west - within_m, south - within_m, east + within_m, north + within_m)
    asked, found = tree.query(around)
    one = asking[asked]
    first, second = np.minimum(one, found), np.maximum(one, found)
    code = np.unique(first[first < second] * np.int64(len(shapes)) + second[first < second])
    first, second = np.divmod(code, np.int64(len(shapes)))
    line = shapely.shortest_line(shapes[first], shapes[second])
    pairs = Pairs(first, second, line, shapely.length(line))
    return pairs.keep(pairs.gap_m <= within_m)


def _barrier_pieces(barriers: gpd.GeoSeries | None) -> np.ndarray:
    """Cut barriers into short straight pieces, so that boxes around them stay small."""
    if barriers is None or len(barriers) == 0:
        return np.empty(0, dtype=object)
    shapes = shapely.get_parts(np.asarray(barriers.array)[~shapely.is_empty(barriers.array)])
    areal = shapely.get_dimensions(shapes) == 2
    shapes = np.concatenate([shapes[~areal], shapely.get_rings(shapes[areal])])
    shapes = shapely.segmentize(shapes[shapely.get_dimensions(shapes) == 1], BARRIER_STEP_M)
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    same = owner[1:] == owner[:-1]
    return np.asarray(shapely.linestrings(np.stack([points[:-1][same], points[1:][same]], axis=1)))


def _home_sides(shapes: np.ndarray, walls: np.ndarray) -> Homes:
    """Return the blocks, those a barrier cuts reduced to their largest side; and which are cut."""
    cut = np.zeros(len(shapes), dtype=bool)
    if not len(walls):
        return Homes(shapes, cut)
    tree = shapely.STRtree(walls)
    block, wall = tree.query(shapes, predicate="intersects")
    homes = shapes.copy()
    for position in np.unique(block):
        shape = shapes[position]
        across = shapely.intersection(walls[wall[block == position]], shape)
        lines = shapely.union_all([shapely.boundary(shape), *across])
        sides = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
        sides = sides[shapely.covers(shape, shapely.point_on_surface(sides))]
        if len(sides) > 1:
            homes[position] = sides[np.argmax(shapely.area(sides))]
            cut[position] = True
    return Homes(homes, cut)


def _without_barriers(pairs: Pairs, homes: Homes, walls: np.ndarray) -> tuple[Pairs, int]:
    if not len(walls) or not len(pairs.first):
        return pairs, 0
    tree = shapely.STRtree(walls)
    one, two = homes.shape[pairs.first], homes.shape[pairs.second]
    across = pairs.line.copy()
    moved = homes.cut[pairs.first] | homes.cut[pairs.second]
    across[moved] = shapely.shortest_line(one[moved], two[moved])
    touching = shapely.length(across) <= TOUCHING_M
    blocked = np.zeros(len(pairs.first), dtype=bool)
    blocked[np.unique(tree.query(across, predicate="intersects")[0])] = True
    blocked[touching] = _walls_between(one[touching], two[touching], tree)
    return pairs.keep(~blocked), int(blocked.sum())


def _walls_between(one: np.ndarray, two: np.ndarray, tree: shapely.STRtree) -> np.ndarray:
    """Tell which touching blocks have a barrier along most of what they share."""
    shared = shapely.intersection(one, two)
    pair, wall = tree.query(shared, predicate="dwithin", distance=ALONG_M)
    between = np.zeros(len(one), dtype=bool)
    for place in np.unique(pair):
        walls = shapely.union_all(tree.geometries[wall[pair == place]])
        along = shapely.intersection(shared[place], shapely.buffer(walls, ALONG_M))
        length = shapely.length(shared[place])
        between[place] = length == 0 or shapely.length(along) > length / 2
    return between


def _visible(pairs: Pairs, tree: shapely.STRtree) -> tuple[Pairs, int]:
    """Drop pairs whose shortest line runs through a third block."""
    apart = np.flatnonzero(pairs.gap_m > TOUCHING_M)
    ends = shapely.get_coordinates(pairs.line[apart]).reshape(-1, 2, 2)
    inset = OFF_THE_ENDS * (ends[:, 1] - ends[:, 0])
    inner = shapely.linestrings(np.stack([ends[:, 0] + inset, ends[:, 1] - inset], axis=1))
    asked, found = tree.query(inner, predicate="intersects")
    pair = apart[asked]
    third = (found != pairs.first[pair]) & (found != pairs.second[pair])
    hidden = np.zeros(len(pairs.first), dtype=bool)
    hidden[pair[third]] = True
    return pairs.keep(~hidden), int(hidden.sum())


def _attach(
    pairs: Pairs,
    tree: shapely.STRtree,
    homes: Homes,
    walls: np.ndarray,
    attach_m: float,
) -> Pairs:
    """Link each block without neighbors to the nearest one it can see."""
    shapes = tree.geometries
    linked = np.zeros(len(shapes), dtype=bool)
    linked[pairs.first] = linked[pairs.second] = True
    alone = np.flatnonzero(~linked)
    found = _candidates(tree, shapes, alone, attach_m if attach_m > 0 else -1.0)
    found, _ = _without_barriers(found, homes, walls)
    found, _ = _visible(found, tree)
    end = np.concatenate([found.first, found.second])
    row = np.tile(np.arange(len(found.first)), 2)
    wanted = ~linked[end]
    end, row = end[wanted], row[wanted]
    order = np.lexsort((row, found.gap_m[row], end))
    _, nearest = np.unique(end[order], return_index=True)
    chosen = np.zeros(len(found.first), dtype=bool)
    chosen[row[order][nearest]] = True
    return found.keep(chosen)


def _facing(pairs: Pairs, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Length over which each pair faces each other, and the open outline of each block.

    Blocks that touch face each other over what they share.
    """
    outline = outlines(shapes)
    facing = np.zeros(len(pairs.first))
    if not len(pairs.first):
        return facing, outline
    from targeting.delineation._facing import facing_lengths

    apart = pairs.gap_m > TOUCHING_M
    edges, owner = _edges(shapes)
    starts = np.searchsorted(owner, np.arange(len(shapes) + 1))
    both = np.stack([pairs.first, pairs.second], axis=1)
    lines = shapely.get_coordinates(pairs.line[apart]).reshape(-1, 4)
    facing[apart], faced = facing_lengths(both[apart], lines, edges, starts)
    shared = shapely.intersection(shapes[pairs.first[~apart]], shapes[pairs.second[~apart]])
    facing[~apart] = shapely.length(shared) * np.where(shapely.get_dimensions(shared) == 2, 0.5, 1)
    length = np.hypot(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1])
    covered = np.bincount(owner, length * faced, minlength=len(shapes))
    for side in both[~apart].T:
        covered += np.bincount(side, facing[~apart], minlength=len(shapes))
    return facing, np.maximum(outline - covered, 0.0)


def _edges(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outline edges of all blocks, none longer than 25 m, and whose they are."""
    parts, block = shapely.get_parts(shapely.segmentize(shapes, EDGE_M), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    edges = np.concatenate([points[:-1][same], points[1:][same]], axis=1)
    return edges, block[part[ring[1:][same]]]
