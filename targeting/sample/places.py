"""Points in and beside blocks, and coordinates as the publishers give them."""

from __future__ import annotations

import numpy as np
import pyproj
import shapely

from targeting.sample.city import CRS

TRIES = 12


def inside(shapes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random place inside each polygon."""
    low = shapely.bounds(shapes)
    xy = shapely.get_coordinates(shapely.point_on_surface(shapes))
    open_ = np.arange(len(shapes))
    for _ in range(TRIES):
        box = low[open_]
        tried = box[:, :2] + rng.uniform(size=(len(open_), 2)) * (box[:, 2:] - box[:, :2])
        good = shapely.contains_xy(shapes[open_], tried)
        xy[open_[good]] = tried[good]
        open_ = open_[~good]
    return xy


def beside(shapes: np.ndarray, gap_m: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random place outside each polygon, `gap_m` meters from its edge."""
    rings = shapely.get_exterior_ring(shapes)
    way = np.where(shapely.is_ccw(rings), 1.0, -1.0)
    at = rng.uniform(size=len(shapes)) * (shapely.length(rings) - 0.2)
    first = shapely.get_coordinates(shapely.line_interpolate_point(rings, at))
    second = shapely.get_coordinates(shapely.line_interpolate_point(rings, at + 0.1))
    along = second - first
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    outward = np.column_stack([along[:, 1], -along[:, 0]]) * way[:, None]
    out: np.ndarray = first + outward * gap_m[:, None]
    return out


def lon_lat(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return longitude and latitude of places in the city's meters (ITRF2008)."""
    change = pyproj.Transformer.from_crs(CRS, "EPSG:6365", always_xy=True)
    longitude, latitude = change.transform(xy[:, 0], xy[:, 1])
    return longitude, latitude
