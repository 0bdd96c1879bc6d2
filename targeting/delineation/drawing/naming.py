"""What a polygon is called: the colonias its people live in and the streets that bound it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.model import PolygonName

SECOND_SHARE = 0.2
STREET_REACH_M = 20.0
PIECE_M = 20.0
PARALLEL_DEGREES = 30.0
SIDE_SHARE = 0.25
SIDES = ("north", "east", "south", "west")
PARTS = (
    "east",
    "northeast",
    "north",
    "northwest",
    "west",
    "southwest",
    "south",
    "southeast",
)


def names(
    ground: gpd.GeoSeries,
    membership: pd.Series[int],
    population: pd.Series[float],
    colonia: pd.Series[str] | None,
    street_axes: gpd.GeoDataFrame | None = None,
) -> tuple[PolygonName, ...]:
    """Name polygons after the colonias their people live in; no two get the same name.

    Where several polygons have the same colonias, each is told from the others by a street that
    bounds it and none of them; where not all have one, by its part of the compass as seen from
    their middle; where that is not enough, by its number. A polygon without a colonia is told by
    its number.

    Parameters
    ----------
    ground : GeoSeries
        Geometry of each polygon; index its number.
    membership : Series
        Number of the polygon of each block, 0 for none; index block ids.
    population : Series
        People of each block, same index; where nobody lives in a polygon, its blocks count.
    colonia : Series or None
        Name of each block's colonia, same index, missing where there is none. None: not known.
    street_axes : GeoDataFrame, optional
        `name` (missing where a street has none) and `geometry` of center lines; same coordinate
        system as `ground`.

    Returns
    -------
    tuple of PolygonName
        In the order of `ground`.

    Examples
    --------
    >>> ground = gpd.GeoSeries(list(shapely.box([0, 50], 0, [40, 90], 40)), index=[1, 2])
    >>> blocks = pd.Series([1, 1, 2], index=["a", "b", "c"])
    >>> people = pd.Series([30.0, 10.0, 20.0], index=["a", "b", "c"])
    >>> homes = pd.Series(["Centro", "Las Flores", "Centro"], index=["a", "b", "c"])
    >>> [name.colonias for name in names(ground, blocks, people, homes)]
    [('Centro', 'Las Flores'), ('Centro',)]
    """
    bounding = _bounding(ground, street_axes)
    made = [
        _named(int(number), membership, population, colonia, streets)
        for number, streets in zip(ground.index, bounding, strict=True)
    ]
    alike: dict[str, list[int]] = {}
    for place, name in enumerate(made):
        alike.setdefault(" y ".join(name.colonias).casefold(), []).append(place)
    for key, places in alike.items():
        if len(places) > 1 or not key:
            for place, (kind, told) in zip(
                places, _telling([made[p] for p in places], ground.iloc[places]), strict=True
            ):
                made[place] = _told(made[place], kind, told)
    return tuple(made)


def _named(
    number: int,
    membership: pd.Series[int],
    population: pd.Series[float],
    colonia: pd.Series[str] | None,
    streets: Mapping[str, str],
) -> PolygonName:
    """Name one polygon, whatever the others are called."""
    mine = (membership == number).to_numpy(bool)
    people = population.to_numpy(float, na_value=0.0)[mine]
    people = people if people.sum() > 0 else np.ones(len(people))
    homes = [None] * len(people) if colonia is None else colonia.to_numpy(object)[mine].tolist()
    known = pd.Series(homes, dtype=object)
    named = known.notna() & (known.astype(str).str.strip() != "")
    by_name = pd.Series(people)[named].groupby(known[named].astype(str)).sum() / people.sum()
    order = sorted(by_name.index, key=lambda name: (-by_name[name], name))
    order = [name for name in order if by_name[name] > 0]
    second = len(order) > 1 and by_name[order[1]] >= SECOND_SHARE
    chosen = order[: 2 if second else 1]
    return PolygonName(
        number,
        tuple(chosen),
        tuple(float(by_name[name]) for name in chosen),
        float(people[~named.to_numpy(bool)].sum() / people.sum()) if len(people) else 0.0,
        streets,
    )


def _told(name: PolygonName, kind: str, told: str) -> PolygonName:
    """Return the name with what tells it from others."""
    return PolygonName(
        name.number, name.colonias, name.shares, name.unplaced_share, name.streets, kind, told
    )


def _telling(alike: Sequence[PolygonName], ground: gpd.GeoSeries) -> list[tuple[str, str]]:
    """Tell polygons with the same colonias from each other."""
    if alike[0].colonias:
        streets = [_own_street(name, alike) for name in alike]
        if all(streets):
            return [("street", street) for street in streets]
        parts = _parts(ground)
        if len(set(parts)) == len(parts):
            return [("part", part) for part in parts]
    return [("number", str(name.number)) for name in alike]


def _own_street(name: PolygonName, alike: Sequence[PolygonName]) -> str:
    """First street, from the north, that bounds this polygon and none of the others."""
    taken = {
        street.casefold()
        for other in alike
        if other.number != name.number
        for street in other.streets.values()
    }
    own = [name.streets[side] for side in SIDES if side in name.streets]
    return next((street for street in own if street.casefold() not in taken), "")


def _parts(ground: gpd.GeoSeries) -> list[str]:
    """Part of the compass of each polygon, seen from the middle of all; of two, the opposites."""
    points = shapely.get_coordinates(shapely.centroid(np.asarray(ground.array)))
    away = points - points.mean(axis=0)
    if len(away) == 2:
        along = int(np.argmax(np.abs(away[0])))
        away[:, 1 - along] = 0.0
    turn = np.degrees(np.arctan2(away[:, 1], away[:, 0]))
    return [PARTS[int(eighth)] for eighth in np.round(turn / 45).astype(int) % 8]


def _bounding(
    ground: gpd.GeoSeries, street_axes: gpd.GeoDataFrame | None
) -> list[Mapping[str, str]]:
    """Streets along the sides of each polygon."""
    shapes = np.asarray(ground.array)
    if street_axes is None or not len(street_axes) or not len(shapes):
        return [{} for _ in shapes]
    called = street_axes["name"].astype("str").str.strip()
    named = street_axes[called.notna() & (called != "")]
    lines = np.asarray(named.geometry.array)
    near = np.unique(
        shapely.STRtree(lines).query(shapes, predicate="dwithin", distance=STREET_REACH_M)[1]
    )
    start, end, street = _straight(lines[near])
    if not len(street):
        return [{} for _ in shapes]
    texts = called[named.index].to_numpy(object)[near][street]
    pieces = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)))
    tree = shapely.STRtree(pieces)
    course = _course(start, end)
    return [_sides(shape, tree, course, texts) for shape in shapes]


def _straight(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut lines into straight pieces: their starts, their ends and the line each is of."""
    parts, line = shapely.get_parts(lines, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    same = part[1:] == part[:-1]
    return points[:-1][same], points[1:][same], line[part[1:][same]]


def _course(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Direction of pieces in degrees, counterclockwise from east."""
    way = end - start
    return np.asarray(np.degrees(np.arctan2(way[:, 1], way[:, 0])))


def _sides(
    shape: shapely.Geometry, tree: shapely.STRtree, course: np.ndarray, texts: np.ndarray
) -> dict[str, str]:
    """Return the street along each side of one polygon."""
    rings = shapely.get_exterior_ring(shapely.get_parts(shapely.orient_polygons(shape)))
    start, end, _ = _straight(shapely.segmentize(rings, PIECE_M))
    length = np.hypot(*(end - start).T)
    outline = _course(start, end)
    # The outline runs counterclockwise, so outside is to its right.
    side = np.round((outline - 90.0) / 90).astype(int) % 4
    middle = shapely.points((start + end) / 2)
    piece, axis = tree.query(middle, predicate="dwithin", distance=STREET_REACH_M)
    turn = np.abs((outline[piece] - course[axis] + 90.0) % 180.0 - 90.0)
    piece, axis = piece[turn <= PARALLEL_DEGREES], axis[turn <= PARALLEL_DEGREES]
    away = shapely.distance(middle[piece], tree.geometries[axis])
    order = np.lexsort((texts[axis].astype(str), away, piece))
    piece, axis = piece[order], axis[order]
    first = np.unique(piece, return_index=True)[1]
    piece, axis = piece[first], axis[first]
    found = {}
    for number, name in enumerate(("east", "north", "west", "south")):
        whole = float(length[side == number].sum())
        here = side[piece] == number
        along = pd.Series(length[piece[here]]).groupby(texts[axis[here]].astype(str)).sum()
        if len(along) and along.max() >= SIDE_SHARE * whole:
            found[name] = str(along.sort_index().idxmax())
    return {name: found[name] for name in SIDES if name in found}
