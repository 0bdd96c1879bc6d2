"""Coordinates of Mexican registers: lost minus signs and swapped columns put right."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.model import Loss
from targeting.sources.layer import examples
from targeting.sources.tables import to_numbers

# Land and islands of Mexico, degrees; no latitude of theirs can be taken for a longitude.
WEST, EAST, SOUTH, NORTH = -118.5, -86.5, 14.4, 32.8


def _in_mexico(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((x >= WEST) & (x <= EAST) & (y >= SOUTH) & (y <= NORTH), dtype=bool)


def repaired(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """Return coordinates with signs and axes put right where only one way leads to Mexico.

    Parameters
    ----------
    x, y : ndarray
        Longitude and latitude in degrees, as the register has them.

    Returns
    -------
    x, y : ndarray
    counts : dict
        `signs_repaired` and `axes_swapped`, where there are any.

    Examples
    --------
    >>> x, y, counts = repaired(np.array([103.4, 20.7, -103.4]), np.array([20.7, -103.4, 20.7]))
    >>> x.tolist(), y.tolist(), counts
    ([-103.4, -103.4, -103.4], [20.7, 20.7, 20.7], {'signs_repaired': 1, 'axes_swapped': 1})
    """
    right = _in_mexico(x, y)
    unsigned = ~right & _in_mexico(-np.abs(x), np.abs(y))
    swapped = ~right & ~unsigned & _in_mexico(-np.abs(y), np.abs(x))
    east = np.where(unsigned, -np.abs(x), np.where(swapped, -np.abs(y), x))
    north = np.where(unsigned, np.abs(y), np.where(swapped, np.abs(x), y))
    counts = {"signs_repaired": int(unsigned.sum()), "axes_swapped": int(swapped.sum())}
    return east, north, {name: count for name, count in counts.items() if count}


def mexican_points(
    longitude: pd.Series[Any], latitude: pd.Series[Any], losses: list[Loss], *, of: int
) -> tuple[gpd.GeoSeries, np.ndarray, dict[str, int]]:
    """Return points of texts of coordinates, repaired where that is unambiguous.

    Parameters
    ----------
    longitude, latitude : Series of text
    losses : list of Loss
        Gets `outside-country`: coordinates that no repair brings to Mexico.
    of : int
        Rows the loss is told against.

    Returns
    -------
    points : GeoSeries
        In EPSG:4326; missing where there are no coordinates, zero where the register has zeros.
    kept : ndarray of bool
        False where the coordinates are outside Mexico.
    counts : dict
        As of `repaired`.
    """
    given = to_numbers(longitude)[0].to_numpy(float), to_numbers(latitude)[0].to_numpy(float)
    x, y, counts = repaired(*given)
    absent = np.isnan(x) | np.isnan(y)
    outside = ~absent & (x != 0) & (y != 0) & ~_in_mexico(x, y)
    if outside.any():
        rows = examples(longitude.index[outside])
        losses.append(Loss("", "outside-country", int(outside.sum()), of, rows))
    points = gpd.GeoSeries.from_xy(x, y, index=longitude.index, crs=4326)
    return gpd.GeoSeries(points.where(~absent, None), crs=4326), ~outside, counts
