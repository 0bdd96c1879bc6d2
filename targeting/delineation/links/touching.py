"""Neighbors by shared sides: areas that cover the ground, such as AGEB, without streets between."""

from __future__ import annotations

from typing import Annotated

import geopandas as gpd
import numpy as np
import shapely
from annotated_types import Ge

from targeting.delineation.links._pairs import Edges, Pairs, edges_of, near_pairs
from targeting.delineation.links.adjacency import canonical_order
from targeting.model import Links
from targeting.registry import register

MANY_PAIRS = 500_000


@register("graph")
def shared_edges(
    geometry: gpd.GeoSeries,
    *,
    tolerance_m: Annotated[float, Ge(0)] = 0.05,
    corners: bool = False,
) -> Links:
    """Pairs of areas that share a side, with its length.

    Every edge is held against the edges of other areas at most `tolerance_m` away; what lies
    beside another edge is shared. So corners need not coincide, and cracks or overlaps as narrow
    as the tolerance do no harm. A shared length of up to twice the tolerance is a corner.

    Parameters
    ----------
    geometry : GeoSeries
        Area polygons in a metric coordinate system; ids in the index.
    tolerance_m : float
        Widest crack or overlap between two areas that are meant to share a side, in meters.
    corners : bool
        Whether areas that meet at a corner only are neighbors too, over 0 m.

    Returns
    -------
    Links
        Pairs by position in `geometry`; `facing_m` is the length they share, `open_m` the length
        of each outline that no neighbor shares, `outline_m` the outline itself. The same for every
        order of the rows.

    Examples
    --------
    >>> from shapely import box
    >>> areas = gpd.GeoSeries([box(0, 0, 100, 100), box(100, 0, 200, 60), box(100, 60, 200, 160)])
    >>> links = shared_edges(areas)
    >>> links.first.tolist(), links.second.tolist(), links.facing_m.tolist()
    ([0, 0, 1], [1, 2, 2], [60.0, 40.0, 100.0])
    >>> links.open_m.tolist()
    [300.0, 160.0, 260.0]
    """
    order = canonical_order(geometry)
    shapes = np.asarray(geometry.array)[order]
    outline = edges_of(shapes)
    pairs = near_pairs(shapely.STRtree(shapes), outline, np.arange(len(shapes)), tolerance_m)
    facing = _over(pairs, *_shared(outline, len(shapes), tolerance_m))
    facing[facing <= 2 * tolerance_m] = 0.0
    kept = np.ones(len(pairs), dtype=bool) if corners else facing > 0
    pairs, facing = pairs.keep(kept), facing[kept]
    outline_m = np.asarray(shapely.length(shapes))
    covered = np.bincount(pairs.first, facing, minlength=len(shapes))
    covered += np.bincount(pairs.second, facing, minlength=len(shapes))
    first, second = np.sort(order[pairs.ids()], axis=1).T
    by_pair = np.lexsort((second, first))
    back = np.argsort(order)
    return Links(
        first=first[by_pair],
        second=second[by_pair],
        gap_m=pairs.gap_m[by_pair],
        facing_m=facing[by_pair],
        open_m=np.maximum(outline_m - covered, 0.0)[back],
        dropped={"corner": int((~kept).sum())},
        kind=np.zeros(len(pairs), dtype=np.int8),
        outline_m=outline_m[back],
    )


def _over(pairs: Pairs, code: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Length of each pair in a table of pairs by code; 0 where it is not there."""
    if not len(code):
        return np.zeros(len(pairs))
    asked = _code(pairs.first, pairs.second)
    at = np.minimum(np.searchsorted(code, asked), len(code) - 1)
    return np.where(code[at] == asked, length[at], 0.0)


def _code(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray(first.astype(np.int64) * 2**32 + second)


def _shared(outline: Edges, count: int, tolerance_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Codes of pairs of areas, sorted, and the length they share (mean of what each measures)."""
    edges = outline.edges
    owner = np.repeat(np.arange(count, dtype=np.int32), np.diff(outline.starts))
    meets = _meeting_boxes(outline, owner, tolerance_m)
    code, length = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for start in range(0, len(meets[0]), MANY_PAIRS):
        one, two = (side[start : start + MANY_PAIRS] for side in meets)
        found = _beside(edges[one], edges[two], tolerance_m)
        some = found > 0
        mine, theirs = owner[one[some]], owner[two[some]]
        code.append(_code(np.minimum(mine, theirs), np.maximum(mine, theirs)))
        length.append(found[some])
    pairs, which = np.unique(np.concatenate(code), return_inverse=True)
    # Each pair of edges is met twice, once from each side.
    return pairs, np.bincount(which, np.concatenate(length), minlength=len(pairs)) / 2


def _meeting_boxes(
    outline: Edges, owner: np.ndarray, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of edges of different areas, both ways round, whose boxes come within the tolerance."""
    ends = outline.edges
    if not len(ends):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    tree = shapely.STRtree(np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2))))
    low = np.minimum(ends[:, :2], ends[:, 2:]) - tolerance_m
    high = np.maximum(ends[:, :2], ends[:, 2:]) + tolerance_m
    one, two = tree.query(shapely.box(*low.T, *high.T))
    other = owner[one] != owner[two]
    return one[other], two[other]


def _beside(edge: np.ndarray, other: np.ndarray, tolerance_m: float) -> np.ndarray:
    """Length of each edge along which the other edge lies within the tolerance."""
    along = edge[:, 2:] - edge[:, :2]
    size = np.hypot(*along.T)
    along = along / np.where(size > 0, size, 1.0)[:, None]
    place, depth = [], []
    for end in (other[:, :2], other[:, 2:]):
        away = end - edge[:, :2]
        place.append((away * along).sum(axis=1))
        depth.append(along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0])
    # The other edge runs from share 0 to 1; it counts where it is beside, and where it is near.
    least, most = _between(place[0], place[1], np.zeros(len(size)), size)
    near = np.full(len(size), tolerance_m)
    low, high = _between(depth[0], depth[1], -near, near)
    share = np.minimum(most, high) - np.maximum(least, low)
    return np.asarray(np.maximum(share, 0.0) * np.abs(place[1] - place[0]))


def _between(
    start: np.ndarray, end: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """From which share to which a straight run from `start` to `end` lies between two values."""
    step = end - start
    flat = np.abs(step) < 1e-12
    safe = np.where(flat, 1.0, step)
    one, two = (low - start) / safe, (high - start) / safe
    inside = (start >= low) & (start <= high)
    least = np.where(flat, np.where(inside, 0.0, np.inf), np.minimum(one, two))
    most = np.where(flat, np.where(inside, 1.0, -np.inf), np.maximum(one, two))
    return np.clip(least, 0.0, 1.0), np.clip(most, 0.0, 1.0)
