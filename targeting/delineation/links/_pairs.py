"""Candidate pairs of neighbors: who is near whom, and who stands between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely

TOUCHING_M = 1e-6
OFF_THE_ENDS = 0.001
AT_ONCE = 50_000
"""Blocks, or pairs, whose shapes are in memory at one time."""


class Edges(NamedTuple):
    """Outlines of all blocks as edges (x0, y0, x1, y1), block after block.

    Those of block `i` are `edges[starts[i]:starts[i + 1]]`; `boxes` are the bounds of the blocks.
    """

    edges: np.ndarray
    starts: np.ndarray
    boxes: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Pairs of blocks in canonical order, `first < second`, and the gap between the two."""

    first: np.ndarray
    second: np.ndarray
    gap_m: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def keep(self, rows: np.ndarray | slice) -> Pairs:
        """Return the pairs of a mask, of positions, or of a slice."""
        return Pairs(self.first[rows], self.second[rows], self.gap_m[rows])

    def ids(self) -> np.ndarray:
        """Return the two positions of each pair: shape (pairs, 2)."""
        return np.stack([self.first, self.second], axis=1)


def together(*parts: Pairs) -> Pairs:
    """Return all pairs of all parts, part after part."""
    return Pairs(
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
        np.concatenate([part.gap_m for part in parts]),
    )


def edges_of(shapes: np.ndarray) -> Edges:
    """Return the outline edges of all blocks."""
    edges = np.empty((int(shapely.get_num_coordinates(shapes).sum()), 4))
    count = np.zeros(len(shapes) + 1, dtype=np.int64)
    end = 0
    for start in range(0, len(shapes), AT_ONCE):
        some = shapes[start : start + AT_ONCE]
        points, ring, block = _rings(some)
        same = ring[1:] == ring[:-1]
        begin, end = end, end + int(same.sum())
        edges[begin:end, :2] = points[:-1][same]
        edges[begin:end, 2:] = points[1:][same]
        mine = np.bincount(block[ring[1:][same]], minlength=len(some))
        count[start + 1 : start + 1 + len(some)] = mine
    return Edges(edges[:end], np.cumsum(count), shapely.bounds(shapes).reshape(-1, 4))


def _rings(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the outlines, the ring each is on, and the block of each ring."""
    plain = shapely.get_type_id(shapes) == 3
    if plain.all() and not shapely.get_num_interior_rings(shapes).any():
        points, ring = shapely.get_coordinates(shapes, return_index=True)
        return points, ring, np.arange(len(shapes))
    parts, block = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    return points, ring, block[part]


def measured(
    outline: Edges, shapes: np.ndarray, first: np.ndarray, second: np.ndarray, within_m: float
) -> Pairs:
    """Return the pairs at most `within_m` apart, with their gaps."""
    first, second = first.astype(np.int32), second.astype(np.int32)
    ends = _shortest(outline, first, second, within_m)
    gap = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    gap[_one_inside_the_other(outline, shapes, first, second)] = 0.0
    return Pairs(first, second, gap).keep(gap <= within_m)


def lines_between(outline: Edges, pairs: Pairs) -> np.ndarray:
    """Return the shortest line of each pair: x, y on the first block, x, y on the second.

    It is found anew: held for all pairs, the lines would be the most of what is in memory.
    """
    longest_m = float(pairs.gap_m.max(initial=0.0)) * (1 + 1e-9)
    ends = _shortest(outline, pairs.first, pairs.second, longest_m)
    touching = pairs.gap_m <= TOUCHING_M
    ends[touching, 2:] = ends[touching, :2]
    return ends


def _shortest(outline: Edges, first: np.ndarray, second: np.ndarray, within_m: float) -> np.ndarray:
    from targeting.delineation.links._gaps import shortest_lines

    ends = np.empty((len(first), 4))
    shortest_lines(first, second, *outline, within_m, ends)
    return ends


def _one_inside_the_other(
    outline: Edges, shapes: np.ndarray, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Pairs of which one block may lie in the other, and does: outlines apart, and yet no gap."""
    one, two = outline.boxes[first], outline.boxes[second]
    low, high = one[:, :2] - two[:, :2], one[:, 2:] - two[:, 2:]
    holds = ((low <= 0) & (high >= 0)).all(axis=1) | ((low >= 0) & (high <= 0)).all(axis=1)
    rows = np.flatnonzero(holds)
    inside = shapely.intersects(shapes[first[rows]], shapes[second[rows]])
    return np.asarray(rows[inside])


def near_pairs(tree: shapely.STRtree, outline: Edges, asking: np.ndarray, within_m: float) -> Pairs:
    """Return all pairs with an asking block, at most `within_m` apart.

    Parameters
    ----------
    tree : STRtree
        Over all blocks, in canonical order.
    outline : Edges
        Of all blocks.
    asking : ndarray of int
        Positions, ascending.
    within_m : float
        Below 0 there are none.
    """
    shapes = tree.geometries
    asks = np.zeros(len(shapes), dtype=bool)
    asks[asking] = True
    bounds = outline.boxes
    nobody = np.empty(0, dtype=np.int32)
    parts = [Pairs(nobody, nobody, np.empty(0))]
    for start in range(0, len(asking) if within_m >= 0 else 0, AT_ONCE):
        some = asking[start : start + AT_ONCE]
        wider = bounds[some] + within_m * np.array([-1.0, -1.0, 1.0, 1.0])
        asked, found = tree.query(shapely.box(*wider.T))
        one = some[asked]
        once = (found > one) | (~asks[found])
        one, found = one[once], found[once]
        apart = _boxes_apart(bounds[one], bounds[found]) <= within_m
        one, found = one[apart], found[apart]
        first, second = np.minimum(one, found), np.maximum(one, found)
        by_pair = np.lexsort((second, first))
        parts.append(measured(outline, shapes, first[by_pair], second[by_pair], within_m))
    pairs = together(*parts)
    if len(asking) == len(shapes):
        return pairs
    return pairs.keep(np.lexsort((pairs.second, pairs.first)))


def _boxes_apart(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Distance between boxes: the blocks inside are not nearer."""
    low = np.maximum(one[:, :2], two[:, :2])
    high = np.minimum(one[:, 2:], two[:, 2:])
    return np.asarray(np.hypot(*np.maximum(low - high, 0.0).T))


def nearest(pairs: Pairs, count: int) -> np.ndarray:
    """Gap in meters between each block and the one nearest to it; infinite without any."""
    gap = np.full(count, np.inf)
    for side in (pairs.first, pairs.second):
        np.minimum.at(gap, side, pairs.gap_m)
    return gap


def hidden(
    pairs: Pairs, tree: shapely.STRtree, outline: Edges, nearest_m: np.ndarray | None = None
) -> np.ndarray:
    """Tell which pairs have a shortest line that runs through a third block.

    Parameters
    ----------
    pairs : Pairs
        To look through.
    tree : STRtree
        Over all blocks.
    outline : Edges
        Of all blocks.
    nearest_m : ndarray, optional
        Gap between each block and the one nearest to it. A third block on the line is nearer to
        both than they are to each other: its two gaps add up to no more than theirs. Where even
        the smallest gaps add up to more there is none, and no need to look.
    """
    asks = pairs.gap_m > TOUCHING_M
    if nearest_m is not None:
        asks &= nearest_m[pairs.first] + nearest_m[pairs.second] <= pairs.gap_m * (1 + 1e-9)
    asking = np.flatnonzero(asks)
    found = np.zeros(len(pairs), dtype=bool)
    for start in range(0, len(asking), 4 * AT_ONCE):
        some = asking[start : start + 4 * AT_ONCE]
        ends = lines_between(outline, pairs.keep(some)).reshape(-1, 2, 2)
        inset = OFF_THE_ENDS * (ends[:, 1] - ends[:, 0])
        inner = shapely.linestrings(np.stack([ends[:, 0] + inset, ends[:, 1] - inset], axis=1))
        asked, between = tree.query(inner, predicate="intersects")
        pair = some[asked]
        third = (between != pairs.first[pair]) & (between != pairs.second[pair])
        found[pair[third]] = True
    return found
