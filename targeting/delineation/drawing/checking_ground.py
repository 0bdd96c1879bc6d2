"""An independent check of the places on the ground: it trusts nothing that drew them."""

from __future__ import annotations

import numpy as np
import shapely

from targeting.model import Links

SPECK_M2 = 2.0
SLIVER_M = 0.5
LEFT_OVER_M = 2.0
STREET_M = 50.0
FACING_M = 5.0
ON_THE_LINE_M = 0.01


def ground_mistakes(ground: np.ndarray, shapes: np.ndarray, number: np.ndarray) -> list[str]:
    """Tell what is wrong with the ground of polygons: invalid, of other blocks, shared.

    Parameters
    ----------
    ground : ndarray of geometry
        Place of polygon 1, 2, ….
    shapes : ndarray of geometry
        All blocks.
    number : ndarray of int64
        Polygon of each block, 0 for none.

    Returns
    -------
    list of str
        One sentence for each mistake; empty when all is in order.
    """
    if not len(ground):
        return []
    wrong = _of_each(ground, shapes, number)
    if not shapely.is_valid(ground).all():
        return wrong
    return wrong + _shared(ground, shapes, number)


def untidiness(
    ground: np.ndarray, shapes: np.ndarray, number: np.ndarray, links: Links
) -> list[str]:
    """Tell what is not as it should be drawn, though no rule is broken by it.

    A sliver is a part, or a hole, whose mean width (twice its area by its perimeter) is below
    0.5 m. Ground is left over between polygons where they enclose land without a block that is on
    average narrower than 2 m, or where the shortest way between two linked blocks that face each
    other for at least 5 m across a street of at most 50 m leaves the polygons, and no block of
    nobody stands nearer.

    Parameters
    ----------
    ground, shapes, number, links
        As for `ground_mistakes`.

    Returns
    -------
    list of str
        One sentence each; empty when all is tidy.
    """
    if not len(ground) or not shapely.is_valid(ground).all():
        return []
    return _slivers(ground) + _left_over(ground, shapes, number, links)


def _of_each(ground: np.ndarray, shapes: np.ndarray, number: np.ndarray) -> list[str]:
    """Tell what is wrong with each polygon by itself and before the blocks."""
    wrong = []
    tree = shapely.STRtree(shapes)
    for place, one in enumerate(ground, start=1):
        name = f"polygon {place}"
        if not shapely.is_valid(one) or shapely.is_empty(one):
            wrong.append(f"{name} is not valid")
            continue
        if shapely.get_dimensions(shapely.get_parts(one)).min() < 2:
            wrong.append(f"{name} is not closed")
            continue
        own = shapely.union_all(shapes[number == place])
        if shapely.area(shapely.difference(own, one)) > SPECK_M2:
            wrong.append(f"{name} leaves out ground of its blocks")
        added = _areal(shapely.difference(one, own))
        near = tree.query(added, predicate="intersects")
        foreign = shapely.union_all(shapes[near[number[near] != place]])
        if shapely.area(shapely.intersection(added, foreign)) > SPECK_M2:
            wrong.append(f"{name} covers a block that is not its own")
    return wrong


def _slivers(ground: np.ndarray) -> list[str]:
    wrong = []
    for place, one in enumerate(ground, start=1):
        rings = shapely.polygons(shapely.get_rings(shapely.get_parts(one)))
        narrow = 2 * shapely.area(rings) < SLIVER_M * shapely.length(rings)
        if narrow.any():
            wrong.append(f"polygon {place} has {int(narrow.sum())} slivers")
    return wrong


def _shared(ground: np.ndarray, shapes: np.ndarray, number: np.ndarray) -> list[str]:
    """Tell which polygons share ground, more than their blocks overlap."""
    one, two = shapely.STRtree(ground).query(ground, predicate="intersects")
    one, two = one[two < one], two[two < one]
    common = shapely.area(shapely.intersection(ground[one], ground[two]))
    wrong = []
    for place in np.flatnonzero(common > SPECK_M2):
        late, early = int(one[place]) + 1, int(two[place]) + 1
        first, second = (shapely.union_all(shapes[number == n]) for n in (late, early))
        both = shapely.intersection(first, second)
        if common[place] > shapely.area(both) + SPECK_M2:
            wrong.append(f"polygon {late} shares ground with polygon {early}")
    return wrong


def _left_over(
    ground: np.ndarray, shapes: np.ndarray, number: np.ndarray, links: Links
) -> list[str]:
    """Tell where neighbors do not share a line."""
    wrong = []
    whole, owner = shapely.get_parts(shapely.union_all(ground)), shapely.STRtree(ground)
    ring, part = shapely.get_rings(whole, return_index=True)
    inner = np.append(False, part[1:] == part[:-1])
    gaps = np.asarray(shapely.polygons(ring[inner]))
    narrow = gaps[2 * shapely.area(gaps) < LEFT_OVER_M * shapely.length(gaps)]
    blocks = shapely.STRtree(shapes)
    for gap in narrow[np.array([not len(blocks.query(g, "intersects")) for g in narrow], bool)]:
        names = ", ".join(str(n + 1) for n in sorted(owner.query(gap, "intersects")))
        wrong.append(f"ground is left over between polygons {names}")
    one, two = number[links.first], number[links.second]
    across = (one > 0) & (two > 0) & (one != two)
    across &= (links.facing_m >= FACING_M) & (links.gap_m <= STREET_M) & (links.gap_m > 0)
    ways = shapely.shortest_line(shapes[links.first[across]], shapes[links.second[across]])
    way, place = owner.query(ways, predicate="intersects")
    wider = shapely.buffer(ground, ON_THE_LINE_M)
    inside = np.bincount(
        way, shapely.length(shapely.intersection(ways[way], wider[place])), minlength=len(ways)
    )
    open_ = shapely.length(ways) - inside > ON_THE_LINE_M
    open_[open_] = [_nobody_nearer(way, ground, blocks, number) for way in ways[open_]]
    pairs = np.unique(np.sort(np.stack([one, two], axis=1)[across][open_], axis=1), axis=0)
    wrong += [f"ground is left over between polygons {a} and {b}" for a, b in pairs]
    return wrong


def _nobody_nearer(
    way: shapely.Geometry, ground: np.ndarray, blocks: shapely.STRtree, number: np.ndarray
) -> bool:
    """Tell whether some of a way that lies in no polygon is nearest to a polygon's block.

    Where a block of nobody stands nearer, that part of the street is its own.
    """
    outside = shapely.get_parts(shapely.difference(way, shapely.union_all(ground)))
    outside = outside[shapely.length(outside) > ON_THE_LINE_M]
    nearest = blocks.nearest(shapely.centroid(outside))
    return bool((number[nearest] > 0).any())


def _areal(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the areas of a shape, without the lines and points that cutting leaves behind."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
