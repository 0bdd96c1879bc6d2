"""Lines nobody crosses on foot: which pairs of blocks they part."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from targeting.delineation.links._pairs import TOUCHING_M, Edges, Pairs, lines_between

STEP_M = 100.0
ALONG_M = 1.0


@dataclass(frozen=True)
class Barriers:
    """Short straight pieces of all barriers, and the side of each block that counts.

    `home` holds the blocks, those a barrier cuts reduced to their largest side; `cut` says which;
    `boxes` are the bounds of the pieces.
    """

    tree: shapely.STRtree
    home: np.ndarray
    cut: np.ndarray
    boxes: np.ndarray

    def near(self, blocks: shapely.STRtree, within_m: float) -> np.ndarray:
        """Tell which blocks have a box within a distance of the box of a piece."""
        close = np.zeros(len(blocks.geometries), dtype=bool)
        wider = self.boxes + within_m * np.array([-1.0, -1.0, 1.0, 1.0])
        close[blocks.query(shapely.box(*wider.T))[1]] = True
        return close


def barriers_of(lines: gpd.GeoSeries | None, shapes: np.ndarray) -> Barriers:
    """Return the barriers of a city, ready to ask."""
    pieces = _pieces(lines)
    tree = shapely.STRtree(pieces)
    home, cut = _home_sides(shapes, tree)
    return Barriers(tree, home, cut, shapely.bounds(pieces).reshape(-1, 4))


def parted(pairs: Pairs, barriers: Barriers, blocks: shapely.STRtree, outline: Edges) -> np.ndarray:
    """Tell which pairs have a barrier between their blocks."""
    blocked = np.zeros(len(pairs), dtype=bool)
    if not len(barriers.boxes) or not len(pairs):
        return blocked
    near = barriers.near(blocks, float(pairs.gap_m.max()))
    cut = barriers.cut[pairs.first] | barriers.cut[pairs.second]
    asks = np.flatnonzero((near[pairs.first] & near[pairs.second]) | cut)
    one, two = barriers.home[pairs.first[asks]], barriers.home[pairs.second[asks]]
    ends = lines_between(outline, pairs.keep(asks))
    across = np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)))
    across[cut[asks]] = shapely.shortest_line(one[cut[asks]], two[cut[asks]])
    touching = shapely.length(across) <= TOUCHING_M
    found = np.zeros(len(asks), dtype=bool)
    found[barriers.tree.query(across, predicate="intersects")[0]] = True
    found[touching] = _walls_between(one[touching], two[touching], barriers.tree)
    blocked[asks] = found
    return blocked


def _pieces(lines: gpd.GeoSeries | None) -> np.ndarray:
    """Cut barriers into short straight pieces, so that boxes around them stay small."""
    if lines is None or len(lines) == 0:
        return np.empty(0, dtype=object)
    shapes = shapely.get_parts(np.asarray(lines.array)[~shapely.is_empty(lines.array)])
    areal = shapely.get_dimensions(shapes) == 2
    shapes = np.concatenate([shapes[~areal], shapely.get_rings(shapes[areal])])
    shapes = shapely.segmentize(shapes[shapely.get_dimensions(shapes) == 1], STEP_M)
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    same = owner[1:] == owner[:-1]
    return np.asarray(shapely.linestrings(np.stack([points[:-1][same], points[1:][same]], axis=1)))


def _home_sides(shapes: np.ndarray, tree: shapely.STRtree) -> tuple[np.ndarray, np.ndarray]:
    """Return the blocks, those a barrier cuts reduced to their largest side; and which are cut."""
    cut = np.zeros(len(shapes), dtype=bool)
    walls = tree.geometries
    if not len(walls):
        return shapes, cut
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
    return homes, cut


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
