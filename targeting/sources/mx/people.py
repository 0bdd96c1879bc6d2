"""The number of people, from INEGI's census."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from targeting.registry import register
from targeting.sources.population import KnownPeople, census_population


@register("population", "census")
def inegi_population(
    blocks: gpd.GeoDataFrame, known: KnownPeople, *, column: str = "POBTOT"
) -> pd.Series[float]:
    """Take the population from the census of blocks, whose column of everybody is never masked.

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
        As `census_population`.
    """
    return census_population(blocks, known, column=column)
