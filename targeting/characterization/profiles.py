"""Each polygon beside the city: people, size, scores and every indicator."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.characterization.facilities import (
    FACILITY_COLUMNS,
    facilities_inside,
    facility_counts,
)
from targeting.model import CandidatePolygons, Indicator, Profiles, Scores, Territory, Values

COLUMNS = ["polygon", "key", "value", "city", "unit", "covered_share"]


def profile(
    territory: Territory,
    indicators: Sequence[Indicator],
    values: Values,
    scores: Scores,
    polygons: CandidatePolygons,
) -> Profiles:
    """Describe every polygon beside the city.

    Parameters
    ----------
    territory, indicators, values, scores, polygons
        The stages before.

    Returns
    -------
    Profiles
        Means are weighted by residents; `covered_share` is the share of residents whose block has
        the value.
    """
    population = territory.blocks["population"].fillna(0.0).to_numpy(float)
    group = polygons.membership.to_numpy(np.int64)
    count = len(polygons.polygons)
    table = polygons.polygons
    rows = [
        _plain("population", table["population"], float(population.sum()), "people"),
        _plain("area_km2", table["area_km2"], _area_km2(territory.blocks), "km2"),
        _plain("block_count", table["block_count"], float(len(group)), "count"),
    ]
    columns: list[tuple[str, pd.Series[float], str]] = [("score", scores.score, "index")]
    columns += [(str(name), scores.dimensions[name], "index") for name in scores.dimensions]
    columns += [(one.key, values.value[one.key], one.unit) for one in indicators]
    for key, column, unit in columns:
        rows.append(_weighted(key, column.to_numpy(float), population, group, count, unit))
    facilities = territory.facilities
    if facilities is None:
        listed = pd.DataFrame(columns=list(FACILITY_COLUMNS))
        counted = pd.DataFrame(columns=["polygon", "kind", "count", "city_count", "nearest_m"])
    else:
        listed = facilities_inside(table, facilities)
        counted = facility_counts(table, facilities)
    order = {key: place for place, key in enumerate(r["key"].iloc[0] for r in rows if len(r))}
    whole = pd.concat(rows, ignore_index=True)[COLUMNS]
    whole = whole.sort_values(
        ["polygon", "key"], key=lambda s: s.map(order) if s.name == "key" else s, kind="stable"
    )
    return Profiles(whole.reset_index(drop=True), listed, counted)


def _plain(key: str, column: pd.Series[float], city: float, unit: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "polygon": column.index.to_numpy(int),
            "key": key,
            "value": column.to_numpy(float),
            "city": city,
            "unit": unit,
            "covered_share": 1.0,
        }
    )


def _weighted(
    key: str,
    column: np.ndarray,
    population: np.ndarray,
    group: np.ndarray,
    count: int,
    unit: str,
) -> pd.DataFrame:
    known = ~np.isnan(column)
    weight = np.where(known, population, 0.0)
    total = np.bincount(group, weight * np.where(known, column, 0.0), count + 1)[1:]
    people = np.bincount(group, weight, count + 1)[1:]
    everyone = np.bincount(group, population, count + 1)[1:]
    city_people = weight.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        means, covered = total / people, people / everyone
        city = float((weight[known] * column[known]).sum() / city_people) if city_people else np.nan
    return pd.DataFrame(
        {
            "polygon": np.arange(1, count + 1),
            "key": key,
            "value": means,
            "city": city,
            "unit": unit,
            "covered_share": covered,
        }
    )


def _area_km2(blocks: gpd.GeoDataFrame) -> float:
    return float(blocks.geometry.area.sum() / 1e6)
