"""Cells of a raster under polygons, each counted by the part of it that lies inside."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract
from exactextract.raster import RasterSource
from rasterio.windows import Window

from targeting.problems import Problem, TargetingError
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

    References
    ----------
    Baston, D. (2023): exactextract, a library for zonal statistics with exact cell coverage.
    """
    placed = _in_cells(source, shapes)
    size = shapely.area(placed)
    held = pd.DataFrame({"sum": 0.0, "cells": 0.0, "share": 0.0}, index=shapes.index)
    window = _around(placed, source.width, source.height)
    if window is None:
        return held
    there = np.flatnonzero(size > 0)
    # The library asks for some coordinate system; rows and columns are none.
    frame = gpd.GeoDataFrame({"row": there}, geometry=placed[there], crs=shapes.crs)
    found = exact_extract(
        _Cells(source, band, nodata, window),
        frame,
        ["sum", "count"],
        include_cols=["row"],
        strategy="raster-sequential",
        max_cells_in_memory=_CELLS_AT_ONCE,
        output="pandas",
    )
    row = found["row"].to_numpy(np.int64)
    cells = np.nan_to_num(found["count"].to_numpy(float))
    held.iloc[row, 0] = np.where(cells > 0, found["sum"].to_numpy(float), 0.0)
    held.iloc[row, 1] = cells
    held.iloc[row, 2] = np.minimum(cells / size[row], 1.0)
    return held


class _Cells(RasterSource):  # type: ignore[misc]  # the library has no types
    """A window of a band as numbers, missing where it has no data; unit cells, rows downwards."""

    def __init__(
        self,
        source: rasterio.DatasetReader,
        band: int,
        nodata: float | None,
        window: tuple[int, int, int, int],
    ) -> None:
        super().__init__()
        self.set_name("cells")
        self.source, self.band, self.window = source, band, window
        kind = np.dtype(source.dtypes[band - 1])
        self.missing = nodata
        if nodata is not None and kind.kind == "f":
            self.missing = float(kind.type(nodata))
        self.scale = source.scales[band - 1]
        self.offset = source.offsets[band - 1]

    def res(self) -> tuple[float, float]:
        return 1.0, 1.0

    def extent(self) -> tuple[float, float, float, float]:
        west, north, east, south = self.window
        return float(west), float(-south), float(east), float(-north)

    def nodata_value(self) -> None:
        return None

    def srs_wkt(self) -> None:
        return None

    def read_window(self, x0: int, y0: int, nx: int, ny: int) -> np.ndarray:
        place = Window(self.window[0] + x0, self.window[1] + y0, nx, ny)
        read = self.source.read(self.band, window=place, masked=True)
        values = np.asarray(read.data, dtype=np.float64)
        absent = np.ma.getmaskarray(read) | ~np.isfinite(values)
        if self.missing is not None:
            absent |= values == self.missing
        values = values * self.scale + self.offset
        values[absent] = np.nan
        return np.asarray(values)


def _in_cells(source: rasterio.DatasetReader, shapes: gpd.GeoSeries) -> np.ndarray:
    """Return shapes in the raster's columns and rows; x is the column, y the row times -1."""
    if source.crs is None:
        raise TargetingError([Problem("no-crs", "", {"given": source.name})])
    crs = recognize_crs(source.crs.to_wkt())
    placed, _ = to_crs(np.asarray(shapes.array, dtype=object), shapes.crs, crs)
    if crs.is_geographic:
        placed = _on_one_sheet(placed, source.bounds.left)
    a, b, c, d, e, f = tuple(~source.transform)[:6]

    def move(xy: np.ndarray) -> np.ndarray:
        x, y = xy[:, 0], xy[:, 1]
        return np.column_stack([a * x + b * y + c, -(d * x + e * y + f)])

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
    west, north = max(0, _floor(bounds[:, 0].min())), max(0, _floor(-bounds[:, 3].max()))
    east = min(width, -_floor(-bounds[:, 2].max()))
    south = min(height, -_floor(bounds[:, 1].min()))
    return (west, north, east, south) if west < east and north < south else None


def _floor(value: float) -> int:
    return int(np.floor(np.clip(value, -1e15, 1e15)))
