"""Neighbors across streets: blocks almost never touch, and a distance alone is not enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from annotated_types import Ge

from targeting.delineation.links._barriers import Barriers, barriers_of, parted
from targeting.delineation.links._pairs import (
    AT_ONCE,
    Edges,
    Pairs,
    edges_of,
    hidden,
    measured,
    near_pairs,
    nearest,
    together,
)
from targeting.delineation.links.own_links import Own, among, own_pairs, sides
from targeting.delineation.settings import check_street_settings
from targeting.model import Links
from targeting.registry import register

STREET, ATTACHED, BRIDGE = 0, 1, 2
"""What joins two blocks: `Links.kind`."""


@dataclass(frozen=True)
class _Ground:
    """What every step asks: blocks in canonical order, barriers, borders, the user's own pairs."""

    tree: shapely.STRtree
    outline: Edges
    barriers: Barriers
    side: np.ndarray
    own: Own

    def over_border(self, pairs: Pairs) -> np.ndarray:
        """Tell which pairs join two municipalities that are known."""
        one, two = self.side[pairs.first], self.side[pairs.second]
        return np.asarray((one != two) & (one >= 0) & (two >= 0))

    def over_barrier(self, pairs: Pairs) -> np.ndarray:
        """Tell which pairs a barrier parts."""
        return parted(pairs, self.barriers, self.tree, self.outline)

    def cut(self, pairs: Pairs) -> np.ndarray:
        """Tell which pairs the user cuts."""
        return among(pairs.first, pairs.second, self.own.cuts)


@register("graph")
def street_links(
    geometry: gpd.GeoSeries,
    barriers: gpd.GeoSeries | None = None,
    municipality: pd.Series[str] | None = None,
    *,
    street_max_m: Annotated[float, Ge(0)] = 50.0,
    attach_m: Annotated[float, Ge(0)] = 150.0,
    municipal_borders: Literal["free", "wall"] = "free",
    bridges: tuple[tuple[str, ...], ...] = (),
    cuts: tuple[tuple[str, ...], ...] = (),
) -> Links:
    """Pairs of blocks that see each other across a street.

    Candidates are all pairs at most `street_max_m` apart. A pair is dropped when the shortest line
    between its blocks crosses a barrier, or runs through a third block; when a municipal border
    that is a wall lies between; or when the user cuts it. The user's bridges are links whatever
    lies between. A block still alone is attached to the nearest block within `attach_m` that
    nothing of this hides. A block that a barrier cuts belongs to the side that holds most of it.

    Parameters
    ----------
    geometry : GeoSeries
        Block polygons in a metric coordinate system; ids in the index.
    barriers : GeoSeries, optional
        Lines nobody crosses on foot (rivers, rails, motorways), same coordinate system. Of a
        polygon, the outline counts.
    municipality : Series, optional
        Of each block, in the order of `geometry`; no border is known where it is missing.
    street_max_m : float
        Widest street to bridge, in meters.
    attach_m : float
        How far a block without neighbors may reach, in meters; 0 leaves it alone.
    municipal_borders : {"free", "wall"}
        Whether blocks of two municipalities may be neighbors.
    bridges : tuple of pairs of str
        Ids of blocks that are neighbors because one can walk from one to the other.
    cuts : tuple of pairs of str
        Ids of blocks that are not neighbors, though they look it.

    Returns
    -------
    Links
        Pairs by position in `geometry`, with the gap and the facing length in meters, and what
        joins them (`kind`). The same for every order of the rows. `dropped` counts what was left
        out, `notes` what was attached and what the user's bridges and cuts did.

    Raises
    ------
    TargetingError
        A distance is negative or not a number; a bridge or cut is not a pair of blocks there are,
        or both at once; borders are a wall and no municipality is known.

    Examples
    --------
    >>> from shapely import box
    >>> row = gpd.GeoSeries([box(0, 0, 80, 80), box(92, 0, 172, 80), box(300, 0, 380, 80)])
    >>> links = street_links(row)
    >>> links.first.tolist(), links.second.tolist(), links.gap_m.tolist()
    ([0, 1], [1, 2], [12.0, 128.0])
    >>> links.facing_m.tolist(), links.kind.tolist()
    ([80.0, 80.0], [0, 1])
    """
    check_street_settings(street_max_m=street_max_m, attach_m=attach_m)
    own = own_pairs(geometry.index, bridges=bridges, cuts=cuts)
    order = canonical_order(geometry)
    shapes = np.asarray(geometry.array)[order]
    walled = municipal_borders == "wall"
    ground = _Ground(
        shapely.STRtree(shapes),
        edges_of(shapes),
        barriers_of(barriers, shapes),
        sides(municipality, order) if walled else np.full(len(order), -1),
        Own(*(np.argsort(order)[pairs] for pairs in own)),
    )
    pairs, behind, cut, dropped = _across_streets(ground, street_max_m)
    pairs, kind, notes = _with_bridges(pairs, ground)
    added, also_cut = _attached(pairs, ground, attach_m)
    used = len(np.unique(np.concatenate([cut.ids(), also_cut.ids()]), axis=0))
    dropped["cut"] = used
    notes |= {"cuts": len(own.cuts), "cuts_idle": len(own.cuts) - used, "attached": len(added)}
    pairs = together(pairs, added)
    kind = np.concatenate([kind, np.full(len(added), ATTACHED, dtype=np.int8)])
    facing_m, open_m = _facing(pairs, shapes, ground.outline)
    del ground  # its outlines are much of what is in memory
    first, second = _sorted(order[pairs.ids()]).T
    by_pair = np.lexsort((second, first))
    return Links(
        first=first[by_pair],
        second=second[by_pair],
        gap_m=pairs.gap_m[by_pair],
        facing_m=facing_m[by_pair],
        open_m=open_m[np.argsort(order)],
        dropped=dropped,
        kind=kind[by_pair],
        notes=notes,
        hidden=np.unique(_sorted(order[behind.ids()]), axis=0),
    )


def _sorted(pairs: np.ndarray) -> np.ndarray:
    """Return pairs of positions with the smaller first, in place of those given."""
    pairs.sort(axis=1)
    return pairs


def canonical_order(geometry: gpd.GeoSeries) -> np.ndarray:
    """Positions sorted by place, then by id: the same for every row order and every naming.

    Parameters
    ----------
    geometry : GeoSeries
        Block polygons; ids in the index.

    Returns
    -------
    ndarray of int64
        Positions, from west to east, then south to north; ties by id.

    Examples
    --------
    >>> from shapely import box
    >>> canonical_order(gpd.GeoSeries([box(5, 0, 6, 1), box(0, 0, 1, 1)])).tolist()
    [1, 0]
    """
    west, south, east, north = shapely.bounds(np.asarray(geometry.array)).T
    order = np.lexsort((north, east, south, west))
    sorted_bounds = np.stack([west, south, east, north])[:, order]
    if not (sorted_bounds[:, 1:] == sorted_bounds[:, :-1]).all(axis=0).any():
        return order
    name = np.empty(len(geometry), dtype=np.int64)
    name[np.argsort(np.asarray(geometry.index), kind="stable")] = np.arange(len(geometry))
    return np.lexsort((name, north, east, south, west))


def outlines(shapes: np.ndarray) -> np.ndarray:
    """Length in meters around each block, dead ends cut into it not counted (its convex hull)."""
    length = np.empty(len(shapes))
    for start in range(0, len(shapes), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        length[some] = shapely.length(shapely.convex_hull(shapes[some]))
    return length


def lone_blocks(links: Links, index: pd.Index[str]) -> list[str]:
    """Ids of the blocks without any neighbor, sorted.

    Parameters
    ----------
    links : Links
        Neighbors by position.
    index : Index
        Block ids.

    Examples
    --------
    >>> links = Links(np.array([0]), np.array([2]), np.array([9.0]), np.array([5.0]))
    >>> lone_blocks(links, pd.Index(["a", "b", "c"]))
    ['b']
    """
    linked = np.zeros(len(index), dtype=bool)
    linked[links.first] = linked[links.second] = True
    return sorted(index[~linked])


def _across_streets(
    ground: _Ground, street_max_m: float
) -> tuple[Pairs, Pairs, Pairs, dict[str, int]]:
    """Return pairs that see each other, those only a barrier parts, those cut; counts of others."""
    count = len(ground.side)
    pairs = near_pairs(ground.tree, ground.outline, np.arange(count), street_max_m)
    nearest_m = nearest(pairs, count)
    blocked = ground.over_barrier(pairs)
    behind, pairs = pairs.keep(blocked), pairs.keep(~blocked)
    behind = behind.keep(~hidden(behind, ground.tree, ground.outline, nearest_m))
    behind = behind.keep(~ground.over_border(behind) & ~ground.cut(behind))
    unseen = hidden(pairs, ground.tree, ground.outline, nearest_m)
    pairs = pairs.keep(~unseen)
    foreign = ground.over_border(pairs)
    pairs = pairs.keep(~foreign)
    cut = ground.cut(pairs)
    counts = {"barrier": blocked, "third_block": unseen, "border": foreign}
    dropped = {reason: int(which.sum()) for reason, which in counts.items()}
    return pairs.keep(~cut), behind, pairs.keep(cut), dropped


def _with_bridges(pairs: Pairs, ground: _Ground) -> tuple[Pairs, np.ndarray, dict[str, int]]:
    """Return the pairs and the user's bridges, what each is, and what the bridges do."""
    bridges = ground.own.bridges
    idle = among(bridges[:, 0], bridges[:, 1], pairs.ids())
    low, high = _sorted(bridges[~idle]).T
    added = measured(ground.outline, ground.tree.geometries, low, high, np.inf)
    notes = {
        "bridges": len(bridges),
        "bridges_idle": int(idle.sum()),
        "bridges_over_barrier": int(ground.over_barrier(added).sum()),
        "bridges_over_border": int(ground.over_border(added).sum()),
    }
    kind = np.repeat(np.array([STREET, BRIDGE], dtype=np.int8), [len(pairs), len(added)])
    return together(pairs, added), kind, notes


def _attached(pairs: Pairs, ground: _Ground, attach_m: float) -> tuple[Pairs, Pairs]:
    """Link each block without neighbors to the nearest one it can see; also the pairs cut."""
    linked = np.zeros(len(ground.side), dtype=bool)
    linked[pairs.first] = linked[pairs.second] = True
    alone = np.flatnonzero(~linked)
    reach_m = attach_m if attach_m > 0 else -1.0
    found = near_pairs(ground.tree, ground.outline, alone, reach_m)
    found = found.keep(~ground.over_barrier(found))
    found = found.keep(~hidden(found, ground.tree, ground.outline))
    found = found.keep(~ground.over_border(found))
    cut = ground.cut(found)
    also_cut, found = found.keep(cut), found.keep(~cut)
    end = np.concatenate([found.first, found.second])
    row = np.tile(np.arange(len(found)), 2)
    wanted = ~linked[end]
    end, row = end[wanted], row[wanted]
    order = np.lexsort((row, found.gap_m[row], end))
    _, nearest_row = np.unique(end[order], return_index=True)
    return found.keep(np.unique(row[order][nearest_row])), also_cut


def _facing(pairs: Pairs, shapes: np.ndarray, outline: Edges) -> tuple[np.ndarray, np.ndarray]:
    """Length over which each pair faces each other, and the open outline of each block."""
    around_m = outlines(shapes)
    if not len(pairs):
        return np.zeros(0), around_m
    from targeting.delineation.links._facing import facing

    facing_m, covered_m = facing(pairs, shapes, outline)
    return facing_m, np.maximum(around_m - covered_m, 0.0)
