"""Fewer corners: lines simplified so that they stay shared and no block changes side."""

from __future__ import annotations

import numpy as np
import shapely

from targeting.delineation.drawing.faces import GRID_M

STRETCH = 24


def smoothed(made: np.ndarray, blocks: np.ndarray, tolerance_m: float) -> np.ndarray:
    """Simplify polygons that share lines.

    Boundaries are cut where three grounds meet and into stretches of 24 corners; each stretch is
    simplified by itself (Douglas and Peucker 1973) and stays as it was where it would then run
    through a block, along one or across another stretch.

    Parameters
    ----------
    made : ndarray of geometry
        Polygons that form a coverage: shared lines have the same corners on both sides.
    blocks : ndarray of geometry
        What no line may cross.
    tolerance_m : float
        How far a line may move, in meters; 0 leaves everything as it is.

    Returns
    -------
    ndarray of geometry
        As many polygons, a coverage too.

    Examples
    --------
    >>> bent = shapely.Polygon([(0, 0), (5, 0.4), (10, 0), (10, 10), (0, 10)])
    >>> smoothed(np.array([bent]), np.array([], dtype=object), 1.0)[0].area
    100.0
    """
    if tolerance_m <= 0:
        return made
    before = _stretches(made)
    after = shapely.simplify(before, tolerance_m)
    after = np.where(_astray(before, after, blocks), before, after)
    crossing = _crossing(after)
    if crossing.any():
        after = np.where(crossing, before, after)
    return _rebuilt(made, after)


def _stretches(made: np.ndarray) -> np.ndarray:
    """Boundary lines, each once, cut at corners where three grounds meet and every 24 corners."""
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(made)))
    parts = shapely.get_parts(lines)
    points, line = shapely.get_coordinates(parts, return_index=True)
    place = np.arange(len(line)) - np.searchsorted(line, line)
    start = np.flatnonzero((place % STRETCH == 0) & (np.append(line[1:], -1) == line))
    end = np.minimum(start + STRETCH, np.searchsorted(line, line[start], side="right") - 1)
    count = end - start + 1
    index = np.repeat(np.arange(len(start)), count)
    step = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    return np.asarray(shapely.linestrings(points[start[index] + step], indices=index))


def _astray(before: np.ndarray, after: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Which stretches would run through a block, or along one."""
    line, block = shapely.STRtree(blocks).query(after, predicate="intersects")
    bad = np.zeros(len(after), dtype=bool)
    moved = ~shapely.equals_exact(before[line], after[line])
    line, block = line[moved], block[moved]
    inside = shapely.length(shapely.intersection(after[line], blocks[block]))
    bad[line[inside > GRID_M]] = True
    return bad


def _crossing(lines: np.ndarray) -> np.ndarray:
    """Which lines meet another one elsewhere than at their ends."""
    one, two = shapely.STRtree(lines).query(lines, predicate="intersects")
    pairs = one != two
    one, two = one[pairs], two[pairs]
    ends = shapely.boundary(lines)
    met = shapely.intersection(lines[one], lines[two])
    wrong = ~(shapely.covers(ends[one], met) & shapely.covers(ends[two], met))
    bad = ~shapely.is_simple(lines)
    bad[one[wrong]] = True
    return np.asarray(bad)


def _rebuilt(made: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Polygons between the new lines, each given to whom its place belonged; or the old ones."""
    shape = shapely.get_parts(shapely.polygonize(lines))
    face, owner = shapely.STRtree(made).query(shapely.point_on_surface(shape), predicate="within")
    if len(np.unique(face)) != len(face):
        return made
    new = np.array(
        [shapely.coverage_union_all(shape[face[owner == n]]) for n in range(len(made))],
        dtype=object,
    )
    same = shapely.get_num_geometries(new) == shapely.get_num_geometries(made)
    good = same & shapely.is_valid(new) & ~shapely.is_empty(new)
    return new if good.all() and shapely.coverage_is_valid(new) else made
