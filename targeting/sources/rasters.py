"""Rasters: what a file holds, and exact sums of it over polygons."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.files import require_format, unreadable
from targeting.sources.layer import Layer


@register("reader")
def raster(path: Path, *, band: int = 1) -> Layer:
    """Open a raster, such as people per cell.

    Parameters
    ----------
    path : Path
        GeoTIFF.
    band : int
        Which band, from 1.

    Returns
    -------
    Layer
        One row: `path` and `band`; the cells are read when they are summed.

    Raises
    ------
    TargetingError
        `missing-file`, `empty-file`, `wrong-format`, `unreadable-file`, `no-crs` or `no-band`.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    require_format(path, "TIFF")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as source:
                bands, crs = source.count, source.crs
                cells = source.width * source.height
    except RasterioError as error:
        raise unreadable(path, error) from error
    if crs is None:
        raise TargetingError([Problem("no-crs", "", {"given": path.name})])
    if not 1 <= band <= bands:
        values = {"given": band, "known": bands}
        raise TargetingError([Problem("no-band", "band", values)])
    name = f"{crs.to_authority()[0]}:{crs.to_authority()[1]}" if crs.to_authority() else "?"
    data = pd.DataFrame({"path": [str(path)], "band": [band]})
    return Layer(data, rows_read=cells, crs_in=name, notes={"cells": cells})


def sum_over(path: Path, shapes: gpd.GeoSeries, *, band: int = 1) -> pd.Series[float]:
    """Sum a raster over polygons, each cell counted by the part of it that lies inside.

    Parameters
    ----------
    path : Path
        GeoTIFF; its own nodata value counts as nothing.
    shapes : GeoSeries
        Polygons in any coordinates; they go to the raster's.
    band : int
        Which band, from 1.

    Returns
    -------
    Series
        Same index; 0 where no cell has data.

    Raises
    ------
    TargetingError
        `unreadable-file`: the cells are damaged, or the raster is rotated.
    """
    import rasterio
    from exactextract import exact_extract
    from exactextract.raster import RasterioRasterSource

    frame = gpd.GeoDataFrame({"row": np.arange(len(shapes))}, geometry=shapes.array)
    try:
        with rasterio.open(path) as source:
            found = exact_extract(
                RasterioRasterSource(source, band, name="cells"),
                frame.to_crs(source.crs.to_wkt()),
                "sum",
                include_cols=["row"],
                output="pandas",
            )
    except Exception as error:  # the libraries raise their own kinds for every broken file
        raise unreadable(Path(path), error) from error
    totals = found.set_index("row")["sum"].reindex(range(len(shapes))).to_numpy(float)
    return pd.Series(np.nan_to_num(totals), index=shapes.index)
