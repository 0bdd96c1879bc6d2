"""Rasters: what a file holds, and exact sums and means of it over polygons."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.account import Account, located
from targeting.sources.files import require_format, unreadable
from targeting.sources.layer import Layer
from targeting.sources.match import exists

# Less than this is a part; more is all, but for rounding.
_WHOLE = 1 - 1e-6


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
    return _opened(path, band, {})


@register("reader")
def raster_statistic(
    path: Path,
    *,
    name: str,
    statistic: Literal["sum", "mean", "density"] = "mean",
    band: int = 1,
    nodata: float | None = None,
) -> Layer:
    """Open a raster of which each block takes one figure: night lights, elevation, people.

    Parameters
    ----------
    path : Path
        GeoTIFF.
    name : str
        What the figure is called in the table of blocks.
    statistic : str
        `mean`: of the cells under the block, each by the part of it inside (night lights,
        elevation). `sum`: of what the cells hold, such as people. `density`: the sum per square
        kilometer of the block. All three are over the part of the block that has data, and
        missing where no part has.
    band : int
        Which band, from 1.
    nodata : float, optional
        A value that means no data, besides the file's own.

    Returns
    -------
    Layer
        One row: `path`, `band`, `name`, `statistic`, `nodata`; the cells are read when the blocks
        are known.

    Raises
    ------
    TargetingError
        `missing-file`, `empty-file`, `wrong-format`, `unreadable-file`, `no-crs` or `no-band`.
    """
    return _opened(path, band, {"name": name, "statistic": statistic, "nodata": nodata})


def _opened(path: Path, band: int, columns: dict[str, Any]) -> Layer:
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    require_format(path, "TIFF")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as source:
                kinds, crs = source.dtypes, source.crs
                cells = source.width * source.height
    except RasterioError as error:
        raise unreadable(path, error) from error
    if crs is None:
        raise TargetingError([Problem("no-crs", "", {"given": path.name})])
    if not 1 <= band <= len(kinds):
        values = {"given": band, "known": len(kinds)}
        raise TargetingError([Problem("no-band", "band", values)])
    if "complex" in kinds[band - 1]:
        raise unreadable(path, TypeError(kinds[band - 1]))
    name = f"{crs.to_authority()[0]}:{crs.to_authority()[1]}" if crs.to_authority() else "?"
    data = pd.DataFrame([{"path": str(path), "band": band} | columns])
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
        As for `read_under`.
    """
    return read_under(path, shapes, band=band)["sum"]


def read_under(
    path: Path, shapes: gpd.GeoSeries, *, band: int = 1, nodata: float | None = None
) -> pd.DataFrame:
    """Read what a raster holds under polygons, in pieces of bounded size.

    Parameters
    ----------
    path : Path
        GeoTIFF, turned in any way.
    shapes : GeoSeries
        Polygons in any coordinates; they go to the raster's.
    band : int
        Which band, from 1.
    nodata : float, optional
        A value that means no data, besides the file's own.

    Returns
    -------
    DataFrame
        Index the shapes'; `sum` (0 where no cell has data), `cells` (how many cells with data, by
        their parts inside) and `share` (part of the polygon that has data, 0 to 1).

    Raises
    ------
    TargetingError
        `unreadable-file`: the cells are damaged. `raster-outside-city`: no polygon lies over a
        cell with data.
    """
    import rasterio

    from targeting.sources.cells import cells_under

    try:
        with rasterio.open(path) as source:
            held = cells_under(source, shapes, band=band, nodata=nodata)
    except TargetingError:
        raise
    except Exception as error:  # the libraries raise their own kinds for every broken file
        raise unreadable(Path(path), error) from error
    if len(held) and not held["cells"].any():
        raise TargetingError([Problem("raster-outside-city", "", {"given": Path(path).name})])
    return held


def check_raster(
    account: Account, areas: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame
) -> list[Problem]:
    """Set a population raster beside the population of the study, area by area; change nothing.

    Notes `raster_ratio` (raster people over ours), `rank_correlation` (Spearman) and
    `areas_compared`, over areas where every block has a population. Returns the problem of cells
    that cannot be read, or that lie elsewhere.
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

    Notes `covered_share` (part of the blocks' ground that has data), `blocks_partly_covered` and
    `blocks_without_cells`.

    Parameters
    ----------
    account : Account
        A layer of the reader `raster_statistic`.
    blocks : GeoDataFrame
        In meters.

    Returns
    -------
    column : DataFrame
        Index the blocks'; one column, under the name the study gives it: a sum, a mean, or a sum
        per square kilometer, over the part of the block that has data; missing where none has.
    problems : list of Problem
        `unreadable-file`, `raster-outside-city`.
    """
    row = account.layer.data.iloc[0]
    nodata = None if pd.isna(row["nodata"]) else float(row["nodata"])
    account.kept = account.layer.rows_read
    try:
        held = read_under(row["path"], blocks.geometry, band=int(row["band"]), nodata=nodata)
    except TargetingError as error:
        return pd.DataFrame(index=blocks.index), located(error, account.spec.where)
    ground_m2 = blocks.geometry.area * held["share"]
    note_coverage(account, held["share"], blocks)
    per = {"sum": 1.0, "mean": held["cells"], "density": ground_m2 / 1e6}[row["statistic"]]
    figures = (held["sum"] / per).where(held["cells"] > 0)
    return figures.to_frame(str(row["name"])), []


def note_coverage(account: Account, share: pd.Series[float], blocks: gpd.GeoDataFrame) -> None:
    """Note how much of the blocks a raster has data for."""
    ground_m2 = blocks.geometry.area
    covered = float((ground_m2 * share).sum() / ground_m2.sum())
    account.notes["covered_share"] = round(covered, 6)
    account.notes["blocks_partly_covered"] = int(((share > 0) & (share < _WHOLE)).sum())
    account.notes["blocks_without_cells"] = int((share == 0).sum())
