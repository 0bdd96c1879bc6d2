"""Rasters: what a file holds, and exact sums of it over polygons."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.account import Account, located
from targeting.sources.files import require_format, unreadable
from targeting.sources.layer import Layer
from targeting.sources.match import exists


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


def check_raster(
    account: Account, areas: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame
) -> list[Problem]:
    """Set a population raster beside the population of the study, area by area; change nothing.

    Notes `raster_ratio` (raster people over ours), `rank_correlation` (Spearman) and
    `areas_compared`, over areas where every block has a population. Returns the problem of cells
    that cannot be read.
    """
    row = account.layer.data.iloc[0]
    partly = blocks["area_id"][blocks["population"].isna()]
    people = blocks.groupby("area_id")["population"].sum().reindex(areas.index)
    people = people[~exists(people.index, partly)].dropna()
    account.kept = account.layer.rows_read
    account.notes["areas_compared"] = len(people)
    if not len(people):
        return []
    try:
        cells = sum_over(row["path"], areas.geometry.loc[people.index], band=int(row["band"]))
    except TargetingError as error:
        return located(error, account.spec.where)
    total = float(people.sum())
    account.notes["raster_people"] = round(float(cells.sum()), 1)
    account.notes["raster_ratio"] = round(float(cells.sum()) / total, 6) if total else 0.0
    ranks = pd.DataFrame({"ours": people, "raster": cells}).rank()
    if len(ranks) > 2 and ranks["ours"].nunique() > 1 and ranks["raster"].nunique() > 1:
        correlation = float(np.corrcoef(ranks["ours"], ranks["raster"])[0, 1])
        account.notes["rank_correlation"] = round(correlation, 4)
    return []


def raster_column(account: Account, blocks: gpd.GeoDataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Take one figure from a raster for each block.

    Parameters
    ----------
    account : Account
        A layer of the reader `raster_statistic`.
    blocks : GeoDataFrame

    Returns
    -------
    column : DataFrame
        Index the blocks'; one column, under the name the study gives it.
    problems : list of Problem
        `unreadable-file`.
    """
    row = account.layer.data.iloc[0]
    account.kept = account.layer.rows_read
    try:
        values = sum_over(row["path"], blocks.geometry, band=int(row["band"]))
    except TargetingError as error:
        return pd.DataFrame(index=blocks.index), located(error, account.spec.where)
    return pd.DataFrame({str(row["name"]): values}, index=blocks.index), []
