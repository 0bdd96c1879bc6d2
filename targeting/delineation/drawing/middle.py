"""The middle of the streets: who of the blocks on both sides a point between them belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from scipy.spatial import Delaunay

STREET_MAX_M = 50.0
PIECE_M = 25.0
STEP_MIN_M = 2.0
STEP_MAX_M = 12.0
SLANT = 1.2
NOWHERE = -2
FAR_M = 1000.0
NOT_AT_THE_END = 0.05


class Fabric(NamedTuple):
    """Triangles between points on the outlines of blocks, and which block each point is on.

    `owner` is a group from 0, −1 for a block of nobody, −2 for four points far outside. A triangle
    is part of a `street` when it is not too wide for one. The `rim` are the blocks with another
    owner's in reach.
    """

    points: np.ndarray
    block: np.ndarray
    owner: np.ndarray
    triangles: Delaunay
    street: np.ndarray
    origin: np.ndarray
    rim: np.ndarray


def outline_pieces(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outline of each shape in straight pieces of at most 25 m, and which shape each is of.

    Returns
    -------
    tuple of ndarray
        Rows `x0, y0, x1, y1` in meters; position of the shape.
    """
    parts, shape = shapely.get_parts(shapely.segmentize(shapes, PIECE_M), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    return np.concatenate([points[:-1][same], points[1:][same]], axis=1), shape[
        part[ring[1:][same]]
    ]


def fabric(shapes: np.ndarray, owner: np.ndarray, edge: np.ndarray) -> Fabric:
    """Triangulate the ground between blocks.

    The outlines carry points, the closer together the narrower the street before them, so that no
    triangle of a street cuts off a corner of a block (Delaunay's triangles keep an edge whose
    circle holds no other point).

    Parameters
    ----------
    shapes : ndarray of geometry
        Blocks of the groups and those around them.
    owner : ndarray of int64
        Group of each block, −1 for none.
    edge : ndarray of bool
        Blocks that matter although no block of another owner is in reach; the others, deep inside
        a group, need no points.

    Returns
    -------
    Fabric
    """
    from scipy.spatial import Delaunay

    pieces, shape = outline_pieces(shapes)
    whose = owner[shape]
    gap = _gaps(pieces, whose)
    rim = np.unique(shape[np.isfinite(gap)])
    matters = edge.copy()
    matters[rim] = True
    kept = ((whose >= 0) & matters[shape]) | np.isfinite(gap)
    points, block = _points(pieces[kept], shape[kept], gap[kept], _rank(shapes, owner))
    origin = np.floor(points.min(axis=0))
    points = points - origin
    width = points.max(axis=0)
    corners = np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]]) * (width + 2 * FAR_M) - FAR_M
    points = np.concatenate([points, corners])
    whose = np.concatenate([owner[block], np.full(4, NOWHERE)])
    triangles = Delaunay(points)
    street = _in_streets(points, whose, triangles.simplices)
    return Fabric(points, block, whose, triangles, street, origin, rim)


def _in_streets(points: np.ndarray, owner: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Which triangles span a street: the shortest side across is no longer than a street is wide.

    Sides between points of one owner may be a fifth longer, for they may run aslant.
    """
    place, whose = points[corners], owner[corners]
    length = np.hypot(*np.moveaxis(np.roll(place, -1, axis=1) - place, 2, 0))
    across = np.roll(whose, -1, axis=1) != whose
    shortest = np.where(across, length, np.inf).min(axis=1)
    along = np.where(across, 0.0, length).max(axis=1)
    near = (shortest <= STREET_MAX_M) | ~across.any(axis=1)
    return np.asarray(near & (along <= STREET_MAX_M * SLANT) & (whose.min(axis=1) > NOWHERE))


def _gaps(pieces: np.ndarray, whose: np.ndarray) -> np.ndarray:
    """Distance from each piece to the nearest of another owner; infinite beyond a wide street.

    Between the starts and the middles of pieces, so up to a few meters too long. Two pieces of
    nobody are no matter; a piece of nobody far from every group has no gap.
    """
    from scipy.spatial import cKDTree

    count = len(pieces)
    points = np.concatenate([pieces[:, :2], (pieces[:, :2] + pieces[:, 2:]) / 2])
    whose = np.tile(whose, 2)
    gap = np.full(2 * count, np.inf)
    reach = STREET_MAX_M * SLANT
    for group in np.unique(whose[whose >= 0]):
        mine = np.flatnonzero(whose == group)
        low, high = points[mine].min(axis=0) - reach, points[mine].max(axis=0) + reach
        near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1) & (whose != group))
        if not len(near):
            continue
        gap[mine] = cKDTree(points[near]).query(points[mine], distance_upper_bound=reach)[0]
        back = cKDTree(points[mine]).query(points[near], distance_upper_bound=reach)[0]
        gap[near] = np.minimum(gap[near], back)
    return np.asarray(np.minimum(gap[:count], gap[count:]))


def _rank(shapes: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Which block a point is on where several touch: a group's before nobody's, then by place."""
    west, south, east, north = shapely.bounds(shapes).T
    group = np.where(owner < 0, np.iinfo(np.int64).max, owner)
    rank = np.empty(len(shapes), dtype=np.int64)
    rank[np.lexsort((north, east, south, west, group))] = np.arange(len(shapes))
    return rank


def _points(
    pieces: np.ndarray, shape: np.ndarray, gap: np.ndarray, rank: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points along the pieces, each once, and the block each is on."""
    step = np.where(np.isfinite(gap), np.clip(gap, STEP_MIN_M, STEP_MAX_M), PIECE_M)
    length = np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1])
    count = np.maximum(np.ceil(length / step), 1).astype(np.int64)
    piece = np.repeat(np.arange(len(pieces)), count)
    place = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    start, end = pieces[piece, :2], pieces[piece, 2:]
    points = np.round(start + (end - start) * (place / count[piece])[:, None], 3)
    block = shape[piece]
    order = np.lexsort((rank[block], points[:, 1], points[:, 0]))
    points, block = points[order], block[order]
    first = np.ones(len(points), dtype=bool)
    first[1:] = (points[1:] != points[:-1]).any(axis=1)
    return points[first], block[first]


def middle_lines(made: Fabric, shapes: np.ndarray) -> np.ndarray:
    """Lines as far from the blocks of one owner as from those of another, and ends of streets.

    In a triangle with two corners on one side of a street and one on the other the line joins
    points of the two sides that cross it (the chordal axis; Prasad 1997, but at the point as far
    from one block as from the other instead of halfway). Where three owners meet, three lines meet
    in the triangle. Open land between blocks is halved likewise. Where a street opens onto open
    land, the triangle's side there is a line too, and the middle line runs on a little.

    Parameters
    ----------
    made : Fabric
        Triangles.
    shapes : ndarray of geometry
        The blocks they are between.

    Returns
    -------
    ndarray, shape (n, 4)
        Straight pieces `x0, y0, x1, y1` in the coordinates of the blocks.
    """
    corners = made.triangles.simplices
    whose = made.owner[corners]
    mixed = np.flatnonzero((whose != whose[:, :1]).any(axis=1) & (whose.min(axis=1) > NOWHERE))
    corner, side = corners[mixed], whose[mixed]
    differ = np.roll(side, -1, axis=1) != np.roll(side, -2, axis=1)
    one, two = np.roll(corner, -1, axis=1), np.roll(corner, -2, axis=1)
    low, high = np.minimum(one, two)[differ], np.maximum(one, two)[differ]
    code, back = np.unique(low * np.int64(len(made.points)) + high, return_inverse=True)
    low, high = np.divmod(code, np.int64(len(made.points)))
    middle = np.zeros((*corner.shape, 2))
    middle[differ] = _between(made, shapes, low, high)[back]
    three = differ.all(axis=1)
    lines = []
    for skip in range(3):
        rows = ~three & ~differ[:, skip]
        lines.append(
            np.concatenate([middle[rows, (skip + 1) % 3], middle[rows, (skip + 2) % 3]], axis=1)
        )
        lines.append(np.concatenate([middle[three].mean(axis=1), middle[three, skip]], axis=1))
    lines.append(_ends(made))
    found = np.concatenate(lines)
    return np.asarray(found + np.tile(made.origin, 2))


def _between(made: Fabric, shapes: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Point between two points that is as far from the block of one as from that of the other.

    Exact where both distances grow evenly along the way, as before straight outlines.
    """
    start, end = made.points[one], made.points[two]
    halfway = shapely.points((start + end) / 2 + made.origin)
    near = shapely.distance(halfway, shapes[made.block[one]])
    far = shapely.distance(halfway, shapes[made.block[two]])
    part = np.divide(far, near + far, out=np.full(len(near), 0.5), where=near + far > 0)
    return np.asarray(
        start + (end - start) * np.clip(part, NOT_AT_THE_END, 1 - NOT_AT_THE_END)[:, None]
    )


def _ends(made: Fabric) -> np.ndarray:
    """Sides where a street meets open land, and the middle line run on beyond them."""
    corners, neighbors = made.triangles.simplices, made.triangles.neighbors
    opened = made.street[:, None] & ((neighbors < 0) | ~made.street[neighbors])
    row, skip = np.nonzero(opened)
    one, two = corners[row, (skip + 1) % 3], corners[row, (skip + 2) % 3]
    owned = np.maximum(made.owner[one], made.owner[two]) >= 0
    one, two, row, skip = one[owned], two[owned], row[owned], skip[owned]
    start, end = made.points[one], made.points[two]
    mouth = made.owner[one] != made.owner[two]
    middle, along = (start + end)[mouth] / 2, (end - start)[mouth]
    inner = made.points[corners[row, skip]][mouth]
    out = np.stack([-along[:, 1], along[:, 0]], axis=1)
    out *= np.sign(((middle - inner) * out).sum(axis=1))[:, None]
    return np.concatenate(
        [
            np.concatenate([start, end], axis=1),
            np.concatenate([middle, middle + out], axis=1),
        ]
    )


def in_street(made: Fabric, points: np.ndarray) -> np.ndarray:
    """Tell which points lie in a street with blocks of a group on it.

    Parameters
    ----------
    made : Fabric
        Triangles.
    points : ndarray, shape (n, 2)
        In the coordinates of the blocks.
    """
    corners = made.triangles.simplices
    # A triangle of one block alone is inside it.
    block = np.concatenate([made.block, np.full(4, -1)])[corners]
    across = (block != block[:, :1]).any(axis=1)
    rows = np.flatnonzero(made.street & across & (made.owner[corners] >= 0).any(axis=1))
    shapes = np.asarray(shapely.polygons(made.points[corners[rows]]))
    at, _ = shapely.STRtree(shapes).query(
        shapely.points(points - made.origin), predicate="intersects"
    )
    street = np.zeros(len(points), dtype=bool)
    street[at] = True
    return street


def nearest_owner(shapes: np.ndarray, owner: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Owner of the block nearest to each point; of several as near, a group's, the first."""
    at, block = shapely.STRtree(shapes).query_nearest(shapely.points(points))
    last = np.iinfo(np.int64).max
    found = np.full(len(points), last, dtype=np.int64)
    np.minimum.at(found, at, np.where(owner[block] < 0, last, owner[block]))
    return np.where(found == last, -1, found)
