"""Rings of pixels: which vertices are kept, where a ring starts, and their order in the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

SMALL_RING = 12
STRAIGHT = 0.067
"""Pixels (0.04 m at the equator): vertices nearer to a straight side are left out, in two rounds.

With the 0.42 m of rounding to whole pixels a shape stays within 0.5 m of itself.
"""


@dataclass(frozen=True)
class Rings:
    """Outlines of shapes as arrays.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Vertices, ring after ring.
    ring_of : ndarray of int64, shape (n,)
        Ring of each vertex; ascending, no number left out.
    shape_of : ndarray of int64
        Shape of each ring; ascending.
    """

    points: np.ndarray
    ring_of: np.ndarray
    shape_of: np.ndarray

    def starts(self) -> np.ndarray:
        """Return the place of each ring's first vertex."""
        return np.flatnonzero(np.append(True, self.ring_of[1:] != self.ring_of[:-1])[: self.size])

    @property
    def size(self) -> int:
        """How many vertices there are."""
        return len(self.ring_of)

    def boxes(self) -> np.ndarray:
        """Return left, top, right and bottom of each ring (y growing downward)."""
        if self.size == 0:
            return np.zeros((0, 4), self.points.dtype)
        starts = self.starts()
        low = np.minimum.reduceat(self.points, starts)
        return np.hstack([low, np.maximum.reduceat(self.points, starts)])

    def chosen(self, rings: np.ndarray) -> Rings:
        """Return some of the rings: those marked."""
        number = np.cumsum(rings) - 1
        here = rings[self.ring_of]
        return Rings(self.points[here], number[self.ring_of[here]], self.shape_of[rings])


def rings_of(shapes: np.ndarray) -> Rings:
    """Return the rings of polygons, closing vertices included, holes turned the other way.

    Parameters
    ----------
    shapes : ndarray of Polygon and MultiPolygon
        Empty ones have no ring. Outer rings turn counterclockwise where y grows upward.

    Examples
    --------
    >>> held = rings_of(np.array([shapely.box(0, 0, 2, 2), shapely.Polygon()]))
    >>> held.points.tolist()
    [[2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0], [2.0, 0.0]]
    >>> held.shape_of.tolist()
    [0]
    """
    parts, owner = shapes, np.arange(len(shapes))
    if (shapely.get_type_id(shapes) != shapely.GeometryType.POLYGON).any():
        parts, owner = shapely.get_parts(shapes, return_index=True)
    if shapely.get_num_interior_rings(parts).any():
        rings, part_of = shapely.get_rings(parts, return_index=True)
        outer = np.append(True, part_of[1:] != part_of[:-1])
    else:  # no ring need be made a shape of its own
        rings, part_of, outer = parts, np.arange(len(parts)), np.ones(len(parts), bool)
    points, ring_of = shapely.get_coordinates(rings, return_index=True)
    held = np.bincount(ring_of, minlength=len(rings)) > 0
    ring_of = (np.cumsum(held) - 1)[ring_of]
    points = _turned(points, ring_of, outer[held])
    return Rings(points, ring_of, owner[part_of[held]])


def _turned(points: np.ndarray, ring_of: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Return closed rings, the outer ones counterclockwise and the others clockwise."""
    if len(points) == 0:
        return points
    starts = np.flatnonzero(np.append(True, ring_of[1:] != ring_of[:-1]))
    near = points - points[starts][ring_of]
    cross = np.zeros(len(points))
    cross[:-1] = near[:-1, 0] * near[1:, 1] - near[1:, 0] * near[:-1, 1]
    cross[starts[1:] - 1] = 0.0  # from a ring's last vertex to the next ring's first
    wrong = (np.add.reduceat(cross, starts) < 0) == outer
    if not wrong.any():
        return points
    ends = np.append(starts[1:], len(points))
    place = np.arange(len(points))
    back = (starts + ends - 1)[ring_of] - place
    return np.asarray(points[np.where(wrong[ring_of], back, place)])


def straight(exact: np.ndarray, ring_of: np.ndarray) -> np.ndarray:
    """Mark the vertices to keep of closed rings: all but those on straight sides.

    Parameters
    ----------
    exact : ndarray of float64
        Pixels before rounding, one row a vertex, the closing ones included.
    ring_of : ndarray of int64
        Ring of each vertex; ascending.

    Returns
    -------
    ndarray of bool
        A ring that would be left with fewer than three sides is kept whole.

    Examples
    --------
    >>> side = np.array([[0, 0], [5, 0.01], [9, 0], [9, 9], [0, 9], [0, 0]])
    >>> straight(side, np.zeros(6, int)).tolist()
    [True, False, True, True, True, True]
    """
    keep = np.ones(len(exact), bool)
    for turn in (1, 0):
        at = np.flatnonzero(keep)
        if len(at) < 3:
            return keep
        # Every second vertex, so that no two neighbors go at once.
        middle = np.arange(1 if turn else 2, len(at) - 1, 2)
        first, here, last = at[middle - 1], at[middle], at[middle + 1]
        side, way = exact[last] - exact[first], exact[here] - exact[first]
        square = side[:, 0] ** 2 + side[:, 1] ** 2
        off = side[:, 0] * way[:, 1] - side[:, 1] * way[:, 0]
        along = side[:, 0] * way[:, 0] + side[:, 1] * way[:, 1]
        flat = (off**2 < STRAIGHT**2 * square) & (along > 0) & (along < square)
        keep[here[flat & (ring_of[first] == ring_of[last])]] = False
    left = np.bincount(ring_of[keep], minlength=int(ring_of[-1]) + 1)
    return np.asarray(keep | (left[ring_of] < 4))


def from_the_west(grid: np.ndarray, ring_of: np.ndarray) -> np.ndarray:
    """Return each ring from its westernmost vertex on (the first of several)."""
    if len(grid) == 0:
        return grid
    starts = np.flatnonzero(np.append(True, ring_of[1:] != ring_of[:-1]))
    sizes = np.diff(np.append(starts, len(grid)))
    west = np.repeat(np.minimum.reduceat(grid[:, 0], starts), sizes)
    there = np.flatnonzero(grid[:, 0] == west)
    new = there[np.append(True, ring_of[there[1:]] != ring_of[there[:-1]])]
    begin, size = np.repeat(starts, sizes), np.repeat(sizes, sizes)
    along = np.arange(len(grid)) - begin + np.repeat(new - starts, sizes)
    return np.asarray(grid[begin + along % size])


def side_by_side(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the rings' first vertices, and of all others in the file's order.

    Rings of 2, 3 ... 12 vertices come first, each size by itself: all their second vertices, all
    their third ones ... Larger rings follow one after another.
    """
    starts = np.cumsum(sizes) - sizes
    ring_of = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(ring_of)) - starts[ring_of]
    size = sizes[ring_of]
    small = size <= SMALL_RING
    major = np.where(small, size, SMALL_RING + 1)
    order = np.lexsort((np.where(small, ring_of, place), np.where(small, place, ring_of), major))
    return np.flatnonzero(place == 0), order[place[order] > 0]


def distinct(grid: np.ndarray, ring_of: np.ndarray) -> np.ndarray:
    """Mark the vertices to keep: no closing vertex, no repeats unless a ring would vanish."""
    if len(grid) == 0:
        return np.zeros(0, bool)
    last = np.append(ring_of[1:] != ring_of[:-1], True)
    first = np.append(True, last[:-1])
    repeats = np.append(False, (grid[1:] == grid[:-1]).all(axis=1)) & ~first
    keep = ~last & ~repeats
    start = np.flatnonzero(first)[ring_of]
    before_close = np.append(last[1:], False)
    keep &= ~(before_close & (grid == grid[start]).all(axis=1) & ~first)
    left = np.bincount(ring_of[keep], minlength=int(ring_of[-1]) + 1)
    return np.where(left[ring_of] >= 3, keep, ~last)


def steps_of(grid: np.ndarray, ring_of: np.ndarray) -> np.ndarray:
    """Return each vertex from the one before; a ring's first from the first of the ring before."""
    if len(grid) == 0:
        return grid
    steps = np.diff(grid, axis=0, prepend=np.zeros((1, 2), np.int64))
    first = np.flatnonzero(np.append(True, ring_of[1:] != ring_of[:-1]))
    steps[first] = np.diff(grid[first], axis=0, prepend=np.zeros((1, 2), np.int64))
    return steps
