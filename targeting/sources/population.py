"""How many people live in each block: counted, given, or spread from the area around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import geopandas as gpd
import numpy as np
import pandas as pd
from annotated_types import Gt

from targeting.model import Counts
from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.account import Account, located
from targeting.sources.layer import missing_column
from targeting.sources.rasters import note_coverage, read_under


@dataclass(frozen=True)
class KnownPeople:
    """What a study's inputs say about people, by block and by area.

    Parameters
    ----------
    block_counts : Counts or None
        Census by block, aligned to the blocks.
    area_table : DataFrame or None
        Published values by area.
    block_table : DataFrame or None
        The blocks' own columns, aligned to the blocks.
    raster : Account or None
        The population raster.
    """

    block_counts: Counts | None = None
    area_table: pd.DataFrame | None = None
    block_table: pd.DataFrame | None = None
    raster: Account | None = None


def census_population(
    blocks: gpd.GeoDataFrame, known: KnownPeople, *, column: str
) -> pd.Series[float]:
    """Take the population from the census of blocks.

    Parameters
    ----------
    blocks : GeoDataFrame
        Index block ids.
    known : KnownPeople
        With `block_counts`.
    column : str
        Column of the census that counts everybody.

    Returns
    -------
    Series
        People; missing where the census has no such block.

    Raises
    ------
    TargetingError
        `population-without-layer`, `missing-column`.
    """
    counts = known.block_counts
    if counts is None:
        raise TargetingError([_without("census", "census")])
    if column not in counts.value.columns:
        raise TargetingError([missing_column(column, counts.value.columns, "population.column")])
    return counts.value[column].reindex(blocks.index).astype(float)


@register("population", "column")
def column_population(
    blocks: gpd.GeoDataFrame, known: KnownPeople, *, column: str = "population"
) -> pd.Series[float]:
    """Take the population from a column of the block layer.

    Parameters
    ----------
    blocks : GeoDataFrame
        Index block ids.
    known : KnownPeople
        With `block_table`.
    column : str
        Column of the block layer; `population` is the one its reader's setting names.

    Returns
    -------
    Series
        People; missing where the column has no number.

    Raises
    ------
    TargetingError
        `missing-column`.
    """
    table = known.block_table
    if table is None or column not in table.columns:
        found = [] if table is None else [str(name) for name in table.columns]
        raise TargetingError([missing_column(column, found, "population.column")])
    return pd.to_numeric(table[column], errors="coerce").reindex(blocks.index).astype(float)


@register("population")
def spread_area_total(
    blocks: gpd.GeoDataFrame,
    known: KnownPeople,
    *,
    column: str,
    cap_m2: Annotated[float, Gt(0)] = 20_000.0,
) -> pd.Series[float]:
    """Spread the total of each area over its blocks by their size, large blocks capped.

    Blocks of one area differ a thousand times in size, and the largest are parks, factories and
    fields: without a cap they would hold most of the people.

    Parameters
    ----------
    blocks : GeoDataFrame
        Index block ids, `area_id`, geometry in meters.
    known : KnownPeople
        With `area_table`.
    column : str
        Column of the table that counts everybody.
    cap_m2 : float
        Square meters above which a block counts as no larger.

    Returns
    -------
    Series
        People, fractional; the blocks of an area sum to its total. Missing where the area has
        none.

    Raises
    ------
    TargetingError
        `population-without-layer`, `missing-column`.
    """
    table = known.area_table
    if table is None:
        raise TargetingError([_without("spread_area_total", "area_table")])
    if column not in table.columns:
        found = [str(name) for name in table.columns]
        raise TargetingError([missing_column(column, found, "population.column")])
    totals = pd.to_numeric(table[column], errors="coerce")
    size = np.minimum(blocks.geometry.area.to_numpy(float), cap_m2)
    whole = pd.Series(size, index=blocks.index).groupby(blocks["area_id"]).transform("sum")
    total = blocks["area_id"].map(totals).to_numpy(float)
    return pd.Series(size / whole.to_numpy(float) * total, index=blocks.index)


@register("population", "from_raster")
def raster_population(blocks: gpd.GeoDataFrame, known: KnownPeople) -> pd.Series[float]:
    """Take the population from the population raster: what its cells hold inside each block.

    For places whose census has no counts by block. People of a cell whose part lies in the street
    are nobody's: blocks hold fewer than the raster, by about the share of the streets.

    Parameters
    ----------
    blocks : GeoDataFrame
        Index block ids, geometry in meters.
    known : KnownPeople
        With `raster`; its account gets the notes of `note_coverage`.

    Returns
    -------
    Series
        People, fractional; missing where the raster has no data in a block.

    Raises
    ------
    TargetingError
        `population-without-layer`, `unreadable-file`, `raster-outside-city`.
    """
    account = known.raster
    if account is None:
        raise TargetingError([_without("from_raster", "population_raster")])
    row = account.layer.data.iloc[0]
    try:
        held = read_under(row["path"], blocks.geometry, band=int(row["band"]))
    except TargetingError as error:
        raise TargetingError(located(error, account.spec.where)) from error
    account.kept = account.layer.rows_read
    note_coverage(account, held["share"], blocks)
    return held["sum"].where(held["cells"] > 0)


def _without(method: str, slot: str) -> Problem:
    return Problem("population-without-layer", "population", {"given": method, "slot": slot})
