"""Coordinates that say something of the file: latitude and longitude swapped, many in one place."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.model import Loss
from targeting.problems import Problem, TargetingError
from targeting.sources.layer import drop

# A point is swapped when it lies far from the middle of the file's points and, its numbers
# exchanged, near it: farther and nearer than any metropolis is wide. Degrees; meters.
_FAR_NEAR = {True: (5.0, 2.0), False: (500_000.0, 200_000.0)}
_PILE_SHARE, _PILE_ROWS, _PILES_TOLD = 0.01, 10, 5


def mend_swapped(
    frame: gpd.GeoDataFrame, losses: list[Loss], *, of: int, repair: bool, given: str
) -> tuple[gpd.GeoDataFrame, int]:
    """Return points whose latitude and longitude are in their places, and how many were exchanged.

    Parameters
    ----------
    frame : GeoDataFrame
        Points, some missing.
    losses : list of Loss
        Gets `swapped-coordinates`, unless they are repaired.
    of : int
        Rows the loss is told against.
    repair : bool
        Exchange the numbers back; they are counted either way.
    given : str
        Name of the file, for the problem.

    Raises
    ------
    TargetingError
        `coordinates-swapped`: most rows are swapped, so the study names the columns the wrong way.

    Examples
    --------
    >>> rows = gpd.GeoDataFrame(geometry=shapely.points([[-103, 20], [-103, 20.1], [20, -103]]),
    ...                         crs=4326)
    >>> mended, count = mend_swapped(rows, [], of=3, repair=True, given="a.csv")
    >>> count, mended.geometry.iloc[2].wkt
    (1, 'POINT (-103 20)')
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    if not (shapely.get_type_id(shapes) <= 0).all():  # -1 is missing, 0 a point
        return frame, 0
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    with np.errstate(invalid="ignore"):
        swapped = _swapped(x, y, geographic=frame.crs is not None and frame.crs.is_geographic)
    count = int(swapped.sum())
    if not count:
        return frame, 0
    if not repair:
        if 2 * count > len(frame):
            values = {"given": given, "count": count, "total": len(frame)}
            raise TargetingError([Problem("coordinates-swapped", "", values)])
        return drop(frame, swapped, "swapped-coordinates", losses, of=of), 0
    shapes = shapes.copy()
    shapes[swapped] = shapely.points(y[swapped], x[swapped])
    return frame.set_geometry(gpd.array.from_shapely(shapes, crs=frame.crs)), count


def _swapped(x: np.ndarray, y: np.ndarray, *, geographic: bool) -> np.ndarray:
    usable = np.isfinite(x) & np.isfinite(y) & (x != 0) & (y != 0)
    certain = np.zeros(len(x), dtype=bool)
    if geographic:
        certain = usable & (np.abs(y) > 90) & (np.abs(y) <= 180) & (np.abs(x) <= 90)
    rest = usable & ~certain
    if geographic:
        rest &= (np.abs(y) <= 90) & (np.abs(x) <= 180)
    if not rest.any():
        return certain
    middle_x, middle_y = np.median(x[rest]), np.median(y[rest])
    far, near = _FAR_NEAR[geographic]
    off = np.maximum(np.abs(x - middle_x), np.abs(y - middle_y))
    exchanged = np.maximum(np.abs(y - middle_x), np.abs(x - middle_y))
    return np.asarray(certain | (rest & (off > far) & (exchanged < near)))


def piled_up(points: gpd.GeoSeries) -> tuple[float, ...]:
    """Return the share of all points that stand on each of the most crowded coordinates.

    Where an office or the middle of a neighborhood stands for places nobody wrote down, its block
    looks worse than it is. Which coordinates they are is told nowhere.

    Parameters
    ----------
    points : GeoSeries

    Returns
    -------
    tuple of float
        At most five, the largest first; only those with at least ten points and one in a hundred.

    Examples
    --------
    >>> piled_up(gpd.GeoSeries.from_xy([1.0] * 30 + list(range(2, 72)), [5.0] * 100))
    (0.3,)
    """
    if not len(points):
        return ()
    places = pd.DataFrame({"x": points.x.to_numpy(), "y": points.y.to_numpy()}).round(7)
    sizes = places.groupby(["x", "y"]).size().sort_values(ascending=False)
    large = sizes[(sizes >= _PILE_ROWS) & (sizes >= _PILE_SHARE * len(points))]
    return tuple(round(float(size) / len(points), 4) for size in large[:_PILES_TOLD])
