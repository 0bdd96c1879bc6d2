"""Which named place each block lies in: its colonia."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely


def place_of(geometry: gpd.GeoSeries, places: gpd.GeoDataFrame, level: str) -> pd.Series[str]:
    """Return the id of the place that holds a point inside each block.

    Parameters
    ----------
    geometry : GeoSeries
        Block polygons; ids in the index.
    places : GeoDataFrame
        Index ids; `level` and `geometry`, same coordinate system.
    level : str
        Which places count, such as `neighborhood`.

    Returns
    -------
    Series
        Same index; missing where no place of that level lies. Where several overlap, the smallest
        in area, then by id.

    Examples
    --------
    >>> blocks = gpd.GeoSeries(list(shapely.box([0, 20], 0, [10, 30], 10)), index=["a", "b"])
    >>> named = gpd.GeoDataFrame({"level": ["neighborhood"]}, index=["c1"],
    ...                          geometry=[shapely.box(-5, -5, 15, 15)])
    >>> place_of(blocks, named, "neighborhood").tolist()
    ['c1', nan]
    """
    chosen = places[(places["level"] == level).to_numpy(bool)]
    answer = pd.Series(pd.NA, index=geometry.index, dtype="str", name=level)
    if not len(chosen):
        return answer
    shapes = np.asarray(chosen.geometry.array)
    ids = np.asarray(chosen.index, dtype=object)
    order = np.lexsort((ids.astype(str), shapely.area(shapes)))
    points = shapely.point_on_surface(np.asarray(geometry.array))
    block, found = shapely.STRtree(shapes[order]).query(points, predicate="within")
    first = np.lexsort((found, block))
    held, at = np.unique(block[first], return_index=True)
    answer.iloc[held] = ids[order][found[first][at]]
    return answer
