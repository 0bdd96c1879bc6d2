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


class Fabric(NamedTuple):
    """Triangles between points on the outlines of blocks, and whose block each point is on.

    `owner` is a group from 0, −1 for a block of nobody, −2 for four points far outside. A triangle
    is part of a `street` when no side is longer than the widest street to bridge (a fifth more,
    for sides may run aslant). The `rim` are the blocks with another owner's within that reach.
    """

    points: np.ndarray
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
    pieces, whose, gap = pieces[kept], whose[kept], gap[kept]
    points, whose = _points(pieces, whose, gap)
    origin = np.floor(points.min(axis=0))
    points = points - origin
    width = points.max(axis=0)
    corners = np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]]) * (width + 2 * FAR_M) - FAR_M
    points = np.concatenate([points, corners])
    whose = np.concatenate([whose, np.full(4, NOWHERE)])
    triangles = Delaunay(points)
    sides = points[triangles.simplices]
    length = np.hypot(*np.moveaxis(sides - np.roll(sides, 1, axis=1), 2, 0))
    street = (length.max(axis=1) <= STREET_MAX_M * SLANT) & (
        whose[triangles.simplices].min(axis=1) > NOWHERE
    )
    return Fabric(points, whose, triangles, street, origin, rim)


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


def _points(
    pieces: np.ndarray, whose: np.ndarray, gap: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points along the pieces; where blocks touch, the point is the first group's."""
    step = np.where(np.isfinite(gap), np.clip(gap, STEP_MIN_M, STEP_MAX_M), PIECE_M)
    length = np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1])
    count = np.maximum(np.ceil(length / step), 1).astype(np.int64)
    piece = np.repeat(np.arange(len(pieces)), count)
    place = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    start, end = pieces[piece, :2], pieces[piece, 2:]
    points = np.round(start + (end - start) * (place / count[piece])[:, None], 3)
    owner = whose[piece]
    order = np.lexsort(
        (np.where(owner < 0, np.iinfo(np.int64).max, owner), points[:, 1], points[:, 0])
    )
    points, owner = points[order], owner[order]
    first = np.ones(len(points), dtype=bool)
    first[1:] = (points[1:] != points[:-1]).any(axis=1)
    return points[first], owner[first]


def middle_lines(made: Fabric) -> np.ndarray:
    """Lines halfway between blocks of different owners, and the ends of streets.

    In a triangle with two corners on one side of a street and one on the other the line joins the
    middles of the two sides that cross it (the chordal axis; Prasad 1997): between parallel
    outlines that is the middle line exactly. Where three owners meet, three lines meet in the
    triangle's center. Open land between blocks is halved likewise. Where a street opens onto open
    land, the triangle's side there is a line too, and the middle line runs on a little.

    Returns
    -------
    ndarray, shape (n, 4)
        Straight pieces `x0, y0, x1, y1` in the coordinates of the blocks.
    """
    corners = made.triangles.simplices
    whose = made.owner[corners]
    mixed = np.flatnonzero((whose != whose[:, :1]).any(axis=1) & (whose.min(axis=1) > NOWHERE))
    point, side = made.points[corners[mixed]], whose[mixed]
    middle = (np.roll(point, -1, axis=1) + np.roll(point, -2, axis=1)) / 2
    differ = np.roll(side, -1, axis=1) != np.roll(side, -2, axis=1)
    three = differ.all(axis=1)
    lines = []
    for skip in range(3):
        rows = ~three & ~differ[:, skip]
        one, two = (skip + 1) % 3, (skip + 2) % 3
        lines.append(np.concatenate([middle[rows, one], middle[rows, two]], axis=1))
        center = point[three].mean(axis=1)
        lines.append(np.concatenate([center, middle[three, skip]], axis=1))
    lines.append(_ends(made))
    found = np.concatenate(lines)
    return np.asarray(found + np.tile(made.origin, 2))


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


def owner_at(made: Fabric, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Owner of the nearer side of the street at each point, and whether it is in a street.

    Parameters
    ----------
    made : Fabric
        Triangles.
    points : ndarray, shape (n, 2)
        In the coordinates of the blocks.

    Returns
    -------
    tuple of ndarray
        Group, −1 for nobody, −2 for open land without a side; and whether a street's triangle
        holds the point.
    """
    from scipy.spatial import cKDTree

    local = points - made.origin
    found = made.owner[cKDTree(made.points).query(local)[1]]
    rows = np.flatnonzero(made.street & (made.owner[made.triangles.simplices] >= 0).any(axis=1))
    shapes = shapely.polygons(made.points[made.triangles.simplices[rows]])
    at, row = shapely.STRtree(shapes).query(shapely.points(local), predicate="intersects")
    at, first = np.unique(at, return_index=True)
    corners = made.triangles.simplices[rows[row[first]]]
    weights = _weights(made.points[corners], local[at])
    whose = made.owner[corners]
    # Two corners of one side hold all but the half of the triangle next to the third.
    lone = (whose[:, :, None] == whose[:, None, :]).sum(axis=2) == 1
    weights[(lone.sum(axis=1, keepdims=True) == 1) & ~lone] = 0.5
    best = weights.argmax(axis=1)
    found[at] = whose[np.arange(len(at)), best]
    street = np.zeros(len(points), dtype=bool)
    street[at] = True
    return found, street


def _weights(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Barycentric weights of points in triangles."""
    away = corners - points[:, None, :]
    one, two = np.roll(away, -1, axis=1), np.roll(away, -2, axis=1)
    part = np.abs(one[..., 0] * two[..., 1] - one[..., 1] * two[..., 0])
    return np.asarray(part / np.maximum(part.sum(axis=1, keepdims=True), 1e-12))
