"""Coordinate systems, distances and joins that several stages need."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError, ProjError

from targeting.problems import Problem, TargetingError

_KNOWN_BY_SHAPE = (("2008", 6372), ("92", 6362))
_SCALE_TOLERANCE = 0.02
# The blocks of a city that spans more than this lie on both sides of the antimeridian, or some of
# them lie where they cannot.
_CITY_DEGREES_MAX = 12.0
# Nearly all incidents lie in a block or in the street before it; a search within a fixed distance
# is four times as fast as one for the nearest.
_FIRST_LOOK_M = 25.0
_PATCH_M = 200.0


def recognize_crs(crs: CRS | str | int) -> CRS:
    """Return a coordinate system as its registered self, where it is one in other words.

    INEGI writes its Lambert conic (`MEXICO_ITRF_2008_LCC`) without the EPSG code, so that it
    compares unequal to EPSG:6372 and takes another datum step to longitude and latitude.

    Parameters
    ----------
    crs : CRS, str or int
        As a file or a study gives it.

    Returns
    -------
    CRS
        The EPSG system where it is recognized, otherwise the same system.

    Raises
    ------
    TargetingError
        `unknown-crs`: the text names no coordinate system, or one that has no place on the Earth.

    Examples
    --------
    >>> recognize_crs("EPSG:4326").to_epsg()
    4326
    """
    try:
        given = CRS.from_user_input(crs)
    except CRSError as error:
        raise TargetingError([Problem("unknown-crs", "crs", {"given": str(crs)})]) from error
    return _registered(given.to_wkt())


@cache
def _registered(wkt: str) -> CRS:
    """Look a system up; the search through the register is slow, and files repeat theirs."""
    given = CRS.from_wkt(wkt)
    code = given.to_epsg()
    if code is not None:
        return CRS.from_epsg(code)
    if given.is_projected and given.coordinate_operation is not None:
        shape = _shape(given)
        for year, candidate in _KNOWN_BY_SHAPE:
            if year in _datum_name(given) and _shape(CRS.from_epsg(candidate)) == shape:
                return CRS.from_epsg(candidate)
    try:
        _transformer(wkt, CRS.from_epsg(4326).to_wkt())
    except ProjError as error:
        raise TargetingError([Problem("unknown-crs", "crs", {"given": given.name})]) from error
    return given


def metric_crs(layer: gpd.GeoSeries, *, chosen: str | None = None) -> CRS:
    """Choose the one metric system of a study.

    The study's choice; else the layer's own system when its distances are true within 2 % where
    the layer lies; else the UTM zone of the layer's middle.

    Parameters
    ----------
    layer : GeoSeries
        The blocks.
    chosen : str, optional
        What the study asks for, such as `"EPSG:32614"`.

    Returns
    -------
    CRS
        A projected system in meters.

    Raises
    ------
    TargetingError
        `crs-not-metric`: the chosen system is not in meters, or its distances are off by more
        than 2 % here. `unknown-crs`: it names nothing. `city-too-wide`: no zone holds the layer.

    Examples
    --------
    >>> metric_crs(gpd.GeoSeries.from_xy([-103.4], [20.7], crs=4326)).to_epsg()
    32613
    """
    west, south, east, north = layer.to_crs(4326).total_bounds
    longitude, latitude = (west + east) / 2, (south + north) / 2
    zone = min(max(int((longitude + 180) // 6) + 1, 1), 60)
    utm = (32600 if latitude >= 0 else 32700) + zone
    if chosen is not None:
        crs = recognize_crs(chosen)
        if not _is_true_to_scale(crs, longitude, latitude):
            values = {"given": chosen, "suggestion": f"EPSG:{utm}"}
            raise TargetingError([Problem("crs-not-metric", "crs", values)])
        return crs
    own = recognize_crs(layer.crs)
    if _is_true_to_scale(own, longitude, latitude):
        return own
    if not east - west <= _CITY_DEGREES_MAX:
        values = {"found": f"{east - west:.1f}"}
        raise TargetingError([Problem("city-too-wide", "inputs.blocks", values)])
    return CRS.from_epsg(utm)


def to_crs(
    geometries: np.ndarray, source: CRS | str | int, target: CRS
) -> tuple[np.ndarray, np.ndarray]:
    """Move geometries to another coordinate system, and tell which could not go.

    Parameters
    ----------
    geometries : ndarray of shapely geometries
        In `source` coordinates, x before y.
    source, target : CRS
        From and to.

    Returns
    -------
    moved : ndarray of shapely geometries
        Missing where the transformation has no answer.
    failed : ndarray of bool
        True for geometries that were there and have no place in `target`.

    Raises
    ------
    TargetingError
        `unknown-crs`: no way leads from one system to the other.

    Examples
    --------
    >>> moved, failed = to_crs(shapely.points([[-103.4, 20.7]]), 4326, CRS.from_epsg(32613))
    >>> bool(failed[0]), round(shapely.get_x(moved[0]))
    (False, 666632)
    """
    start = recognize_crs(source)
    there = ~shapely.is_missing(geometries)
    moved = np.asarray(geometries, dtype=object).copy()
    if start != target:
        try:
            transformer = _transformer(start.to_wkt(), target.to_wkt())
        except ProjError as error:
            raise TargetingError([Problem("unknown-crs", "crs", {"given": start.name})]) from error

        def move(coordinates: np.ndarray) -> np.ndarray:
            x, y = transformer.transform(coordinates[:, 0], coordinates[:, 1])
            return np.column_stack([x, y])

        moved = shapely.transform(moved, move)
    broken = there & ~np.isfinite(shapely.bounds(moved)).all(axis=1)
    moved[broken] = None
    return moved, broken


def place_points(
    points: np.ndarray | gpd.GeoSeries, blocks: gpd.GeoSeries, *, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Find the block of each point: the one it lies in, else the nearest within a tolerance.

    A point in several blocks belongs to the smallest one (an enveloping block that lost its hole
    must not take its neighbors' points), then to the lowest id. Equally near blocks: lowest id.

    Parameters
    ----------
    points : GeoSeries or ndarray of points
        In the blocks' metric coordinates; a missing point is not placed.
    blocks : GeoSeries
        Polygons, index block ids.
    tolerance_m : float
        Farthest distance from a point to its block, in meters.

    Returns
    -------
    position : ndarray of int64
        Row of the block, -1 where none is near enough.
    distance_m : ndarray of float64
        0 inside, missing where not placed.

    Examples
    --------
    >>> square = gpd.GeoSeries([shapely.box(0, 0, 10, 10)], index=["a"])
    >>> place_points(shapely.points([[5, 5], [12, 5], [99, 5]]), square, tolerance_m=3)
    (array([ 0,  0, -1]), array([ 0.,  2., nan]))
    """
    found = np.asarray(points, dtype=object)
    position = np.full(len(found), -1, dtype=np.int64)
    distance_m = np.full(len(found), np.nan)
    if len(found) == 0 or len(blocks) == 0:
        return position, distance_m
    shapes = np.asarray(blocks.array, dtype=object)
    rank = np.empty(len(blocks))
    rank[np.argsort(np.asarray(blocks.index, dtype=object), kind="stable")] = np.arange(len(blocks))
    # Neighbors one after the other stay in the same part of the tree: twice as fast.
    column, row = np.floor(shapely.bounds(found)[:, :2].T / _PATCH_M)
    order = np.lexsort((row, column))
    point, block, gap = _near_pairs(found[order], shapes, float(tolerance_m))
    size = np.where(gap == 0, shapely.area(shapes)[block], 0.0)
    chosen = np.arange(len(point))
    for value in (gap, size, rank[block]):
        least = np.full(len(found), np.inf)
        np.minimum.at(least, point[chosen], value[chosen])
        chosen = chosen[value[chosen] == least[point[chosen]]]
    placed = order[point[chosen]]
    position[placed], distance_m[placed] = block[chosen], gap[chosen]
    return position, distance_m


def _near_pairs(
    points: np.ndarray, shapes: np.ndarray, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return point, shape and distance of every pair that may be the nearest one of its point.

    Three searches, each for the points the one before left over: that they lie in a shape is told
    fastest, a fixed small distance faster than the nearest at any distance.
    """
    tree = shapely.STRtree(shapes)
    point, shape = tree.query(points, predicate="intersects")
    pairs = [(point, shape, np.zeros(len(point)))]
    rest = _left(points, np.arange(len(points)), point)
    near_m = min(tolerance_m, _FIRST_LOOK_M)
    some, shape = tree.query(points[rest], predicate="dwithin", distance=near_m)
    point = rest[some]
    pairs.append((point, shape, shapely.distance(points[point], shapes[shape])))
    rest = _left(points, rest, point)
    if tolerance_m > near_m and len(rest):
        (some, shape), gap = tree.query_nearest(
            points[rest], max_distance=tolerance_m, return_distance=True, all_matches=True
        )
        pairs.append((rest[some], shape, gap))
    point, shape, gap = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    return point, shape, gap


def _left(points: np.ndarray, rows: np.ndarray, found: np.ndarray) -> np.ndarray:
    left = np.ones(len(points), dtype=bool)
    left[found] = False
    return np.asarray(rows[left[rows]])


def _is_true_to_scale(crs: CRS, longitude: float, latitude: float) -> bool:
    if not crs.is_projected or any(a.unit_conversion_factor != 1 for a in crs.axis_info[:2]):
        return False
    factors = Proj(crs).get_factors(longitude, latitude)
    scales = (factors.meridional_scale, factors.parallel_scale)
    return all(math.isfinite(s) and abs(s - 1) <= _SCALE_TOLERANCE for s in scales)


def _shape(crs: CRS) -> tuple[Any, ...]:
    operation = crs.coordinate_operation
    if operation is None:
        return ()
    values = sorted(
        (p.name, round(float(p.value), 9))
        for p in operation.params
        if p.name.casefold() not in ("scale_factor", "scale factor")
    )
    return (operation.method_name, *values)


def _datum_name(crs: CRS) -> str:
    geodetic = crs.geodetic_crs
    datum = crs.datum.name if crs.datum is not None else ""
    return f"{crs.name} {datum} {geodetic.name if geodetic is not None else ''}"


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(CRS.from_wkt(source), CRS.from_wkt(target), always_xy=True)
