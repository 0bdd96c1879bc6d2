"""What is odd about polygons that should lie side by side: overlaps, nests, slivers, far ones."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from targeting.sources.layer import EXAMPLES, examples

OVERLAP_M2, SLIVER_M2, FAR_M = 1.0, 50.0, 50_000.0
# A shape with so much of it inside another one is nested: outlines of two editions differ by hairs.
NESTED_SHARE = 0.99
# With more neighbors than this that meet, it is quicker to look first for edges that do not fit.
_MANY_PAIRS = 5_000
_CELL_M = 10_000.0


def shape_notes(frame: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return what a layer of blocks or areas has that its neighbors should not.

    Nothing is changed: a point in two shapes goes to the smaller one (`place_points`), and the
    area of a shape around others keeps counting theirs.

    Parameters
    ----------
    frame : GeoDataFrame
        Index ids, valid polygons in meters.

    Returns
    -------
    dict
        Only what there is: `overlapping_pairs` (by more than 1 m², nests apart), `overlap_m2` (of
        those pairs, in all), `overlap_examples` (the largest, as `id + id`); `nested_shapes` (99 %
        of them inside a larger one), `enclosing_shapes` (those around them),
        `enclosing_examples`; `slivers` (below 50 m²); `multipart_shapes`; `far_shapes` (more than
        50 km from every one of the largest group) and `far_examples`.

    Examples
    --------
    >>> squares = [shapely.box(0, 0, 100, 100), shapely.box(10, 10, 20, 20)]
    >>> layer = gpd.GeoDataFrame(index=["a", "b"], geometry=squares, crs=32613)
    >>> notes = shape_notes(layer)
    >>> notes["nested_shapes"], notes["enclosing_examples"]
    (1, ['a'])
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    ids = frame.index.to_numpy(object)
    size = shapely.area(shapes)
    notes = _overlaps(shapes, ids, size)
    if slivers := int((size < SLIVER_M2).sum()):
        notes["slivers"] = slivers
    if several := int((shapely.get_num_geometries(shapes) > 1).sum()):
        notes["multipart_shapes"] = several
    far = _far(shapely.centroid(shapes))
    if far.any():
        notes["far_shapes"] = int(far.sum())
        notes["far_examples"] = list(examples(ids[far]))
    return notes


def _overlaps(shapes: np.ndarray, ids: np.ndarray, size: np.ndarray) -> dict[str, Any]:
    """Return the notes on shapes that share ground."""
    first, second = _meeting(shapes)
    # The smaller one first; of equal ones that of the smaller id.
    swap = (size[second] < size[first]) | ((size[second] == size[first]) & (second < first))
    small, large = np.where(swap, second, first), np.where(swap, first, second)
    shared = shapely.area(shapely.intersection(shapes[small], shapes[large]))
    wide = shared > OVERLAP_M2
    small, large, shared = small[wide], large[wide], shared[wide]
    nested = shared >= NESTED_SHARE * size[small]
    notes: dict[str, Any] = {}
    if nested.any():
        around = np.unique(large[nested])
        notes["nested_shapes"] = len(np.unique(small[nested]))
        notes["enclosing_shapes"] = len(around)
        notes["enclosing_examples"] = list(examples(ids[around]))
    if (~nested).any():
        pairs = np.sort(np.stack([ids[small[~nested]], ids[large[~nested]]]).astype(str), axis=0)
        order = np.lexsort([pairs[1], pairs[0], -shared[~nested]])[:EXAMPLES]
        notes["overlapping_pairs"] = pairs.shape[1]
        notes["overlap_m2"] = round(float(shared[~nested].sum()), 1)
        notes["overlap_examples"] = [f"{a} + {b}" for a, b in pairs[:, order].T]
    return notes


def _meeting(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of shapes that may overlap: positions, the first before the second."""
    first, second = shapely.STRtree(shapes).query(shapes)
    once = first < second
    first, second = first[once], second[once]
    shapely.prepare(shapes)
    meet = shapely.intersects(shapes[first], shapes[second])
    first, second = first[meet], second[meet]
    if len(first) > _MANY_PAIRS:
        # Of two shapes that overlap, at least one has an edge inside the other.
        odd = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))
        maybe = odd[first] | odd[second]
        first, second = first[maybe], second[maybe]
    return first, second


def _far(points: np.ndarray) -> np.ndarray:
    """Tell which points no chain of steps of 50 km links to the largest group."""
    if not len(points):
        return np.zeros(0, dtype=bool)
    xy = shapely.get_coordinates(points)
    cells, of = np.unique(np.floor(xy / _CELL_M), axis=0, return_inverse=True)
    of = of.ravel()
    order = np.argsort(of, kind="stable")
    groups = np.asarray(shapely.multipoints(points[order], indices=of[order]), dtype=object)
    a, b = shapely.STRtree(groups).query(groups, predicate="dwithin", distance=FAR_M)
    links = coo_array((np.ones(len(a)), (a, b)), shape=(len(cells), len(cells)))
    _, group = connected_components(links, directed=False)
    held = np.bincount(group[of])
    return np.asarray(group[of] != int(held.argmax()))
