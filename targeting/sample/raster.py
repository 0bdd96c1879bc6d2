"""The made population as a raster in the shape of GHS-POP."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import shapely

from targeting.sample.chance import stream
from targeting.sample.city import CRS, City
from targeting.sample.files import write_grid
from targeting.sample.plan import ORIGIN

CELL_M = 100.0
NODATA = -200.0
MOLLWEIDE = "ESRI:54009"
NOISE = 0.04


def population_grid(city: City) -> tuple[np.ndarray, float, float]:
    """Spread the people of each block over 100 m cells, with a little noise.

    Returns
    -------
    ndarray, float, float
        People per cell (north at the top, -200 outside the surroundings of the city), and the
        west and north edge in meters of the Mollweide projection.
    """
    shapes = city.blocks.geometry.to_numpy()
    people = city.blocks["people"].to_numpy(float)
    corners, block = shapely.get_coordinates(shapes, return_index=True)
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    parts = np.bincount(block)[block]
    shares = ((0.8, 0.45), (0.5, 0.4), (0.12, 0.15))
    xy = np.concatenate([middle[block] + far * (corners - middle[block]) for far, _ in shares])
    held = np.concatenate([people[block] / parts * weight for _, weight in shares])
    change = pyproj.Transformer.from_crs(CRS, MOLLWEIDE, always_xy=True)
    x, y = change.transform(xy[:, 0], xy[:, 1])
    west = np.floor(x.min() / CELL_M) * CELL_M - 10 * CELL_M
    north = np.ceil(y.max() / CELL_M) * CELL_M + 10 * CELL_M
    width = int(np.ceil((x.max() - west) / CELL_M)) + 10
    height = int(np.ceil((north - y.min()) / CELL_M)) + 10
    cell = ((north - y) // CELL_M).astype(int) * width + ((x - west) // CELL_M).astype(int)
    grid = np.bincount(cell, weights=held, minlength=width * height)
    noise = stream(city.seed, "raster").lognormal(0.0, NOISE, len(grid))
    grid = grid * noise * (grid.sum() / (grid * noise).sum())
    grid = np.round(grid, 6).reshape(height, width)
    center = change.transform(*ORIGIN)
    east_of = west + (np.arange(width) + 0.5) * CELL_M - center[0]
    north_of = north - (np.arange(height) + 0.5) * CELL_M - center[1]
    outside = np.hypot(east_of[None, :], north_of[:, None]) > 1.9 * city.plan.radius_m
    return np.where(outside & (grid == 0), NODATA, grid), west, north


def write_raster(city: City, folder: Path) -> list[Path]:
    """Write the raster as a GeoTIFF."""
    grid, west, north = population_grid(city)
    return write_grid(
        grid,
        folder / "ghs_pop_inventado_99.tif",
        crs=MOLLWEIDE,
        corner=(west, north),
        cell=CELL_M,
        nodata=NODATA,
        about="",
    )
