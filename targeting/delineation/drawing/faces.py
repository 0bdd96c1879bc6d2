"""Lines cut the ground into faces; each face goes to one owner."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
import shapely
from scipy.sparse.csgraph import connected_components

GRID_M = 0.001
STRIP_M = 100.0
SLIVER_M = 0.5


class Faces(NamedTuple):
    """Faces between lines, a point inside each, and the straight pieces two faces share.

    Faces with nothing beyond a part of their outline are on the `rim`.
    """

    shape: np.ndarray
    inside: np.ndarray
    rim: np.ndarray
    one: np.ndarray
    two: np.ndarray
    shared_m: np.ndarray
    start: np.ndarray
    end: np.ndarray


def faces_between(lines: np.ndarray) -> Faces:
    """Cut the ground along lines.

    Parameters
    ----------
    lines : ndarray of geometry
        Lines; they may cross and overlap.

    Returns
    -------
    Faces
        In an order the lines' order does not change.
    """
    noded = shapely.union_all(lines)
    shape = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inside = shapely.get_coordinates(shapely.point_on_surface(shape))
    # In strips, so that neighbors in the order are neighbors on the ground: lookups are quicker.
    order = np.lexsort((inside[:, 0], inside[:, 1], inside[:, 0] // STRIP_M))
    shape, inside = shape[order], inside[order]
    one, two, shared, start, end = _shared(shape)
    length = np.bincount(one, shared, len(shape)) + np.bincount(two, shared, len(shape))
    rim = length < shapely.length(shape) - GRID_M
    return Faces(shape, inside, rim, one, two, shared, start, end)


def _shared(shape: np.ndarray) -> tuple[np.ndarray, ...]:
    """Pairs of faces by the straight pieces they share."""
    rings, face = shapely.get_rings(shape, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    _, node = np.unique(points[:, 0] + 1j * points[:, 1], return_inverse=True)
    same = np.flatnonzero(ring[1:] == ring[:-1])
    low, high = np.minimum(node[same], node[same + 1]), np.maximum(node[same], node[same + 1])
    order = np.lexsort((face[ring[same]], high, low))
    low, high, at = low[order], high[order], same[order]
    twice = np.flatnonzero((low[1:] == low[:-1]) & (high[1:] == high[:-1]))
    one, two = face[ring[at[twice]]], face[ring[at[twice + 1]]]
    start, end = points[at[twice]], points[at[twice] + 1]
    return one, two, np.hypot(*(end - start).T), start, end


def components(faces: Faces, joined: np.ndarray) -> tuple[int, np.ndarray]:
    """Count the parts that some of the shared pieces join faces to; tell the part of each."""
    count = len(faces.shape)
    ones = np.ones(int(joined.sum()), dtype=np.int8)
    graph = sparse.csr_array((ones, (faces.one[joined], faces.two[joined])), shape=(count, count))
    parts, part = connected_components(graph, directed=False)
    return parts, part


def reached(faces: Faces, label: np.ndarray, rooted: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Tell which faces join, through faces of the same label, one that is rooted.

    Parameters
    ----------
    faces : Faces
        All faces.
    label : ndarray of int64
        Of each face.
    rooted : ndarray of bool
        Faces that hold a block of their own label.
    open_ : ndarray of bool
        Which shared pieces may be passed.
    """
    parts, part = components(faces, (label[faces.one] == label[faces.two]) & open_)
    good = np.zeros(parts, dtype=bool)
    good[part[rooted]] = True
    return np.asarray(good[part])


def surrounded(faces: Faces, empty: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Tell which empty faces lie in land that only faces of a group surround.

    Parameters
    ----------
    faces : Faces
        All faces.
    empty : ndarray of bool
        Land without a block.
    others : ndarray of bool
        Faces of nobody that are no such land.
    """
    parts, part = components(faces, empty[faces.one] & empty[faces.two])
    opened = np.zeros(parts, dtype=bool)
    opened[part[empty & faces.rim]] = True
    opened[part[faces.one[empty[faces.one] & others[faces.two]]]] = True
    opened[part[faces.two[empty[faces.two] & others[faces.one]]]] = True
    return np.asarray(empty & ~opened[part])


def longest_neighbor(
    faces: Faces, label: np.ndarray, lost: np.ndarray, groups: int, open_: np.ndarray
) -> np.ndarray:
    """Label with which each lost face shares most of its outline.

    Others keep theirs, as do lost faces next to none but lost ones; −1 is nobody's.

    Parameters
    ----------
    faces : Faces
        All faces.
    label : ndarray of int64
        Of each face, −1 for nobody.
    lost : ndarray of bool
        Faces to give away; they do not count as neighbors.
    groups : int
        How many labels there are from 0.
    open_ : ndarray of bool
        Which shared pieces count.
    """
    one = np.concatenate([faces.one, faces.two])
    two = np.concatenate([faces.two, faces.one])
    kept = np.tile(open_, 2) & lost[one] & ~lost[two]
    length = np.tile(faces.shared_m, 2)[kept]
    shape = (len(label), groups + 1)
    table = sparse.coo_array((length, (one[kept], label[two[kept]] + 1)), shape=shape).tocsr()
    found = label.copy()
    rows = np.unique(one[kept])
    if len(rows):
        found[rows] = np.asarray(table[rows].argmax(axis=1)).ravel() - 1
    return found


def thin(shape: np.ndarray, width_m: float = SLIVER_M) -> np.ndarray:
    """Tell which shapes are slivers: twice the area by the perimeter (mean width) is too small."""
    return np.asarray(2 * shapely.area(shape) < width_m * shapely.length(shape))


def on_the_grid(made: np.ndarray) -> np.ndarray:
    """Return polygons that share lines with all corners on a grid of 1 mm, lines still shared.

    Corners are rounded, the same way on both sides of a line. Where that makes a polygon invalid
    (a neck thinner than the grid), all lines are cut anew on the grid.
    """
    rounded = shapely.transform(made, lambda points: np.round(points, 3))
    if shapely.is_valid(rounded).all() and shapely.coverage_is_valid(rounded):
        return np.asarray(rounded)
    lines = shapely.union_all(shapely.boundary(made), grid_size=GRID_M)
    shape = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    face, owner = shapely.STRtree(made).query(shapely.point_on_surface(shape), predicate="within")
    return np.array(
        [shapely.coverage_union_all(shape[face[owner == n]]) for n in range(len(made))],
        dtype=object,
    )
