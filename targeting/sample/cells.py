"""Convex cells cut by straight lines, many at once: the streets of the made city."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

SLOTS = 12


@dataclass(frozen=True)
class Cells:
    """Convex polygons, counterclockwise, in rows of equal length.

    Parameters
    ----------
    xy : ndarray, shape (cells, SLOTS, 2)
        Corners, in meters; slots from `count` on hold nothing of meaning.
    count : ndarray of int, shape (cells,)
        Corners of each cell.
    half : ndarray, shape (cells, SLOTS)
        Half the width, in meters, of the street along the edge from each corner to the next.
    """

    xy: np.ndarray
    count: np.ndarray
    half: np.ndarray

    def __len__(self) -> int:
        return len(self.count)

    def take(self, rows: np.ndarray) -> Cells:
        """Return some of the cells, in the order asked for."""
        return Cells(self.xy[rows], self.count[rows], self.half[rows])

    @property
    def held(self) -> np.ndarray:
        """Which slots hold a corner."""
        held: np.ndarray = np.arange(SLOTS) < self.count[:, None]
        return held

    @property
    def following(self) -> np.ndarray:
        """Slot of the next corner."""
        slot: np.ndarray = (np.arange(SLOTS) + 1) % self.count[:, None]
        return slot

    def edges(self) -> np.ndarray:
        """Vectors from each corner to the next (zero in slots that hold nothing)."""
        ends = np.take_along_axis(self.xy, self.following[..., None], axis=1)
        return np.where(self.held[..., None], ends - self.xy, 0.0)

    def area(self) -> np.ndarray:
        """Area in square meters."""
        ends = np.take_along_axis(self.xy, self.following[..., None], axis=1)
        cross = self.xy[..., 0] * ends[..., 1] - self.xy[..., 1] * ends[..., 0]
        area: np.ndarray = 0.5 * np.where(self.held, cross, 0.0).sum(axis=1)
        return area

    def center(self) -> np.ndarray:
        """Mean of the corners."""
        inside = np.where(self.held[..., None], self.xy, 0.0)
        middle: np.ndarray = inside.sum(axis=1) / self.count[:, None]
        return middle

    def extent(self, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the smallest and largest coordinate along a direction of each cell."""
        along = np.einsum("csk,ck->cs", self.xy, direction)
        return (
            np.where(self.held, along, np.inf).min(axis=1),
            np.where(self.held, along, -np.inf).max(axis=1),
        )

    def longest_edge(self) -> np.ndarray:
        """Angle of the longest edge, in radians."""
        edges = self.edges()
        rows = np.arange(len(self))
        best = edges[rows, np.hypot(edges[..., 0], edges[..., 1]).argmax(axis=1)]
        angle: np.ndarray = np.arctan2(best[:, 1], best[:, 0])
        return angle


def square(side_m: float, half_m: float) -> Cells:
    """Return one square cell around the origin."""
    xy = np.zeros((1, SLOTS, 2))
    xy[0, :4] = 0.5 * side_m * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return Cells(xy, np.array([4]), np.full((1, SLOTS), half_m))


def split(
    cells: Cells, rows: np.ndarray, *, normal: np.ndarray, offset: np.ndarray, half_m: np.ndarray
) -> tuple[Cells, np.ndarray]:
    """Cut some cells in two along the lines `normal · x = offset`.

    Parameters
    ----------
    cells : Cells
        All cells.
    rows : ndarray of int
        The cells to cut; lines that miss their cell leave it whole.
    normal, offset, half_m : ndarray
        Line and half street width of each row to cut.

    Returns
    -------
    Cells, ndarray of int
        The cells after the cut, halves side by side in the place of the whole, and for each the
        row it came from.
    """
    cut = cells.take(rows)
    side = np.einsum("csk,ck->cs", cut.xy, normal) - offset[:, None]
    above, held = side > 0, cut.held
    crossed = (above & held).any(axis=1) & (~above & held).any(axis=1)
    rows, cut, side, above = rows[crossed], cut.take(crossed), side[crossed], above[crossed]
    half = half_m[crossed]
    here = np.arange(len(cut))
    after = np.take_along_axis(above, cut.following, axis=1)
    down = (cut.held & above & ~after).argmax(axis=1)
    up = (cut.held & ~above & after).argmax(axis=1)

    def crossing(slot: np.ndarray) -> np.ndarray:
        following = (slot + 1) % cut.count
        start, end = side[here, slot], side[here, following]
        share = (start / (start - end))[:, None]
        first = cut.xy[here, slot]
        point: np.ndarray = first + share * (cut.xy[here, following] - first)
        return point

    points = crossing(down), crossing(up)
    upper = _part(cut, up, down, points, half)
    lower = _part(cut, down, up, points[::-1], half)
    copies = np.ones(len(cells), dtype=np.int64)
    copies[rows] = 2
    origin = np.repeat(np.arange(len(cells)), copies)
    out = cells.take(origin)
    place = (np.cumsum(copies) - copies)[rows]
    for where, part in ((place, upper), (place + 1, lower)):
        out.xy[where], out.count[where], out.half[where] = part.xy, part.count, part.half
    return out, origin


def _part(
    cut: Cells,
    enter: np.ndarray,
    leave: np.ndarray,
    points: tuple[np.ndarray, ...],
    half: np.ndarray,
) -> Cells:
    here = np.arange(len(cut))
    kept = (leave - enter) % cut.count
    count = kept + 2
    if count.size and int(count.max()) > SLOTS:
        raise ValueError("a cell has too many corners")
    slot = (enter[:, None] + 1 + np.arange(SLOTS)) % cut.count[:, None]
    xy = np.take_along_axis(cut.xy, slot[..., None], axis=1)
    edge = np.take_along_axis(cut.half, slot, axis=1)
    xy[here, kept], edge[here, kept] = points[0], half
    xy[here, kept + 1], edge[here, kept + 1] = points[1], cut.half[here, enter]
    return Cells(xy, count, edge)


def inset(cells: Cells) -> tuple[Cells, np.ndarray]:
    """Draw every cell in by half the street along each of its edges.

    Returns
    -------
    Cells, ndarray of bool
        The drawn-in cells, and which of them are sound: where the streets eat up a whole edge the
        shape is worthless.
    """
    edges = cells.edges()
    length = np.hypot(edges[..., 0], edges[..., 1])
    length = np.where(length > 0, length, 1.0)
    normal = np.stack([-edges[..., 1], edges[..., 0]], axis=-1) / length[..., None]
    level = np.einsum("csk,csk->cs", normal, cells.xy) + cells.half
    before = (np.arange(SLOTS) - 1) % cells.count[:, None]
    other = np.take_along_axis(normal, before[..., None], axis=1)
    other_level = np.take_along_axis(level, before, axis=1)
    cross = other[..., 0] * normal[..., 1] - other[..., 1] * normal[..., 0]
    safe = np.where(np.abs(cross) > 1e-9, cross, 1.0)
    x = (other_level * normal[..., 1] - level * other[..., 1]) / safe
    y = (level * other[..., 0] - other_level * normal[..., 0]) / safe
    inner = Cells(np.stack([x, y], axis=-1), cells.count, cells.half)
    same_way = np.einsum("csk,csk->cs", inner.edges(), edges) > 0
    sound = ((same_way & (np.abs(cross) > 1e-9)) | ~cells.held).all(axis=1)
    return inner, sound


def polygons(cells: Cells) -> np.ndarray:
    """Return the cells as shapely polygons."""
    flat = cells.xy[cells.held]
    cell = np.repeat(np.arange(len(cells)), cells.count)
    closed = np.concatenate([flat, cells.xy[:, 0]])
    indices = np.concatenate([cell, np.arange(len(cells))])
    order = np.argsort(indices, kind="stable")
    rings = shapely.linearrings(closed[order], indices=indices[order])
    return np.asarray(shapely.polygons(rings))
