"""Cells of a raster under polygons, each counted by the part of it that lies inside."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.windows import Window

from targeting.problems import Problem, TargetingError
from targeting.sources.coverage import add_up
from targeting.spatial import recognize_crs, to_crs

# 32 MB of cells at a time, however large the raster.
_CELLS_AT_ONCE = 4_000_000
_TURN = 360.0


def cells_under(
    source: rasterio.DatasetReader, shapes: gpd.GeoSeries, *, band: int, nodata: float | None
) -> pd.DataFrame:
    """Sum cells over polygons, in the raster's own rows and columns.

    There every cell is a unit square, whichever way the raster is turned, and the part of a cell
    that a polygon covers is the same as on the ground.

    Parameters
    ----------
    source : DatasetReader
        An open raster.
    shapes : GeoSeries
        Polygons in any coordinates.
    band : int
        Which band, from 1.
    nodata : float or None
        A value that means no data, besides the file's own.

    Returns
    -------
    DataFrame
        Index the shapes'; `sum` of the cells with data, `cells` (how many cells' worth of data
        the polygon covers) and `share` (part of the polygon that has data, 0 to 1).

    Notes
    -----
    By the signed area between each edge and the east, added up along the rows, as fonts are drawn.
    The library exactextract gives the same sums to the eight digits its coverage has.
    """
    placed = _in_cells(source, shapes)
    size = shapely.area(placed)
    held = np.zeros((2, len(placed)))
    window = _around(placed, source.width, source.height)
    if window is not None:
        west, north, east, south = window
        grid = _Grid(placed, window)
        rows = max(1, _CELLS_AT_ONCE // (east - west))
        for top in range(north, south, rows):
            strip = Window(west, top, east - west, min(rows, south - top))
            if grid.reaches(top, top + rows):
                grid.add(_values(source, band, nodata, strip), top, held)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(size > 0, np.minimum(held[1] / size, 1.0), 0.0)
    return pd.DataFrame({"sum": held[0], "cells": held[1], "share": share}, index=shapes.index)


class _Grid:
    """Polygons over a window of cells, as the loops want them."""

    def __init__(self, shapes: np.ndarray, window: tuple[int, int, int, int]) -> None:
        west, north, east, south = window
        frame = shapely.box(west, north, east, south)
        beyond = shapely.intersects(shapes, frame) & ~shapely.covered_by(shapes, frame)
        inside = shapes.copy()
        inside[beyond] = shapely.intersection(shapely.make_valid(shapes[beyond]), frame)
        polygons, of = shapely.get_parts(shapely.orient_polygons(inside), return_index=True)
        flat = shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON
        self.of, polygons = of[flat], polygons[flat]
        bounds = shapely.bounds(polygons)
        first, last = np.floor(bounds[:, :2]), np.ceil(bounds[:, 2:])
        near = (first < [east, south]).all(axis=1) & (last > [west, north]).all(axis=1)
        self.of, polygons = self.of[near], polygons[near]
        # The loops check no bounds: nothing may stand out by a rounding error.
        corners = np.column_stack([first, last])[near]
        corners = np.clip(corners, [west, north] * 2, [east, south] * 2)
        self.bounds = (corners - [west, 0, west, 0]).astype(np.int64)
        rings, ring_of = shapely.get_rings(polygons, return_index=True)
        self.xy, corner_of = shapely.get_coordinates(rings, return_index=True)
        self.xy = np.clip(self.xy, [west, north], [east, south]) - [west, 0]
        self.rings = np.searchsorted(corner_of, np.arange(len(rings) + 1))
        self.polygons = np.searchsorted(ring_of, np.arange(len(polygons) + 1))

    def reaches(self, north: int, south: int) -> bool:
        return bool(((self.bounds[:, 1] < south) & (self.bounds[:, 3] > north)).any())

    def add(self, values: np.ndarray, north: int, held: np.ndarray) -> None:
        """Add the cells of a strip to the sums and the cells of each shape."""
        total, cells = np.zeros((2, len(self.of)))
        add_up(values, north, self.xy, self.rings, self.polygons, self.bounds, total, cells)
        np.add.at(held[0], self.of, total)
        np.add.at(held[1], self.of, cells)


def _values(
    source: rasterio.DatasetReader, band: int, nodata: float | None, window: Window
) -> np.ndarray:
    """Return a window of a band as numbers, missing where it has no data."""
    read = source.read(band, window=window, masked=True)
    values = np.asarray(read.data, dtype=np.float64)
    absent = np.ma.getmaskarray(read) | ~np.isfinite(values)
    if nodata is not None:
        kind = read.dtype
        absent |= values == (float(kind.type(nodata)) if kind.kind == "f" else nodata)
    values = values * source.scales[band - 1] + source.offsets[band - 1]
    values[absent] = np.nan
    return np.ascontiguousarray(values)


def _in_cells(source: rasterio.DatasetReader, shapes: gpd.GeoSeries) -> np.ndarray:
    """Return shapes in the raster's columns (x) and rows (y)."""
    if source.crs is None:
        raise TargetingError([Problem("no-crs", "", {"given": source.name})])
    crs = recognize_crs(source.crs.to_wkt())
    placed, _ = to_crs(np.asarray(shapes.array, dtype=object), shapes.crs, crs)
    if crs.is_geographic:
        placed = _on_one_sheet(placed, source.bounds.left)
    a, b, c, d, e, f = tuple(~source.transform)[:6]

    def move(xy: np.ndarray) -> np.ndarray:
        x, y = xy[:, 0], xy[:, 1]
        return np.column_stack([a * x + b * y + c, d * x + e * y + f])

    return np.asarray(shapely.transform(placed, move), dtype=object)


def _on_one_sheet(shapes: np.ndarray, west: float) -> np.ndarray:
    """Return shapes in the longitudes of a raster: whole turns from its west edge eastwards.

    Rasters may count from 0 to 360, and a block on the 180th meridian has corners on both sides.
    """
    left, _, right, _ = shapely.bounds(shapes).T
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    torn = (right - left > _TURN / 2)[of] & (xy[:, 0] < 0)
    xy[torn, 0] += _TURN
    east = np.full(len(shapes), -np.inf)
    np.maximum.at(east, of, xy[:, 0])
    xy[:, 0] -= _TURN * (np.ceil((east - west) / _TURN) - 1)[of]
    return np.asarray(shapely.set_coordinates(shapes.copy(), xy), dtype=object)


def _around(shapes: np.ndarray, width: int, height: int) -> tuple[int, int, int, int] | None:
    """Return the columns and rows that hold all shapes, or None when the raster is elsewhere."""
    bounds = shapely.bounds(shapes)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return None
    west, north = (max(0, _floor(bounds[:, of].min())) for of in (0, 1))
    east, south = (
        min(most, -_floor(-bounds[:, of].max())) for of, most in ((2, width), (3, height))
    )
    return (west, north, east, south) if west < east and north < south else None


def _floor(value: float) -> int:
    return int(np.floor(np.clip(value, -1e15, 1e15)))
