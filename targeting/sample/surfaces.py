"""Two made surfaces: lights at night and heights, in the shape of the rasters planners find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj

from targeting.sample.chance import smooth_field, stream
from targeting.sample.city import CRS, City
from targeting.sample.files import write_grid
from targeting.sample.plan import ORIGIN

LIGHTS_CELL = 15.0 / 3600.0
"""15 seconds of arc, about 450 m: the grid of the lights seen by VIIRS."""
LIGHTS_NODATA = -999.0
UTM = "EPSG:32613"
HEIGHT_CELL_M = 90.0
HEIGHT_NODATA = -9999
MARGIN_CELLS = 3
ABOUT_LIGHTS = "Luces nocturnas INVENTADAS / MADE night lights, nW cm-2 sr-1"
ABOUT_HEIGHT = "Elevación INVENTADA / MADE elevation, m"


def lights_grid(city: City) -> tuple[np.ndarray, tuple[float, float]]:
    """Return light by cell: more where more people live, less where want is high.

    Returns
    -------
    ndarray of float32, (float, float)
        Radiance (north at the top, -999 where clouds hid the ground), and the west and north edge
        in degrees.
    """
    rng = stream(city.seed, "surfaces")
    x, y = _moved(city.xy + ORIGIN, "EPSG:4326")
    (west, north), (height, width), cell = _cells(x, y, LIGHTS_CELL)
    people = city.blocks["people"].to_numpy(float)
    lamps = people * np.exp(-0.35 * np.clip(city.blocks["want"].to_numpy(), -3.0, 3.0)) + 8.0
    light = 0.02 * np.bincount(cell, weights=lamps, minlength=height * width)
    light = light.reshape(height, width)
    # A lamp is seen beyond its own cell: a fifth of the light goes to the four neighbors.
    edged = np.pad(light, 1)
    around = edged[:-2, 1:-1] + edged[2:, 1:-1] + edged[1:-1, :-2] + edged[1:-1, 2:]
    light = 0.8 * light + 0.05 * around + 0.25
    light *= rng.lognormal(0.0, 0.06, light.shape)
    light = np.round(light, 3).astype(np.float32)
    light[:2, -3:] = LIGHTS_NODATA
    return light, (west, north)


def height_grid(city: City) -> tuple[np.ndarray, tuple[float, float]]:
    """Return heights by cell: hills, and a valley along the river.

    Returns
    -------
    ndarray of int16, (float, float)
        Meters above the sea (north at the top, -9999 beyond the sheet), and the west and north
        edge in meters of UTM 13 north.
    """
    rng = stream(city.seed, "surfaces")
    rng.uniform(size=64)
    x, y = _moved(city.xy + ORIGIN, UTM)
    (west, north), (height, width), _ = _cells(x, y, HEIGHT_CELL_M)
    east_of = west + (np.arange(width) + 0.5) * HEIGHT_CELL_M - x.mean()
    north_of = north - (np.arange(height) + 0.5) * HEIGHT_CELL_M - y.mean()
    xy = np.column_stack([part.ravel() for part in np.meshgrid(east_of, north_of)])
    river = next(line for line in city.plan.lines if line.kind == "river")
    away = np.abs(xy @ river.normal - river.offset_m)
    hills = 1120.0 + 26.0 * smooth_field(xy, rng, length_m=1800.0) - 30.0 * np.exp(-away / 500.0)
    grid = np.round(hills + 0.012 * away).astype(np.int16).reshape(height, width)
    grid[:, :2] = HEIGHT_NODATA
    return grid, (west, north)


def _moved(xy: np.ndarray, crs: str) -> tuple[np.ndarray, np.ndarray]:
    change = pyproj.Transformer.from_crs(CRS, crs, always_xy=True)
    x, y = change.transform(xy[:, 0], xy[:, 1])
    return x, y


def _cells(
    x: np.ndarray, y: np.ndarray, side: float
) -> tuple[tuple[float, float], tuple[int, int], np.ndarray]:
    """Return corner, rows and columns of a grid around the places, and the cell of each."""
    west = float((np.floor(x.min() / side) - MARGIN_CELLS) * side)
    north = float((np.ceil(y.max() / side) + MARGIN_CELLS) * side)
    width = int((x.max() - west) // side) + 1 + MARGIN_CELLS
    height = int((north - y.min()) // side) + 1 + MARGIN_CELLS
    cell = ((north - y) // side).astype(int) * width + ((x - west) // side).astype(int)
    return (west, north), (height, width), cell


def write_surfaces(city: City, folder: Path) -> list[Path]:
    """Write lights and heights as GeoTIFF."""
    light, at = lights_grid(city)
    height, corner = height_grid(city)
    lights, heights = "luces_nocturnas_inventadas_99.tif", "elevacion_inventada_99.tif"
    return [
        *write_grid(
            light,
            folder / lights,
            crs="EPSG:4326",
            corner=at,
            cell=LIGHTS_CELL,
            nodata=LIGHTS_NODATA,
            about=ABOUT_LIGHTS,
        ),
        *write_grid(
            height,
            folder / heights,
            crs=UTM,
            corner=corner,
            cell=HEIGHT_CELL_M,
            nodata=HEIGHT_NODATA,
            about=ABOUT_HEIGHT,
        ),
    ]
