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
        Means are weighted by residents; of a grade, which has no mean, it is the grade of the
        middle resident. `covered_share` is the share of residents whose block has
        the value.

    Examples
    --------
    >>> import shapely
    >>> blocks = gpd.GeoDataFrame(
    ...     {"area_id": "a1", "municipality_id": "m1", "population": [300.0, 100.0, 600.0]},
    ...     geometry=[shapely.box(x, 0, x + 100, 100) for x in (0, 110, 500)],
    ...     index=["b1", "b2", "b3"], crs=32613)
    >>> territory = Territory(blocks=blocks, crs=blocks.crs)
    >>> share = Indicator(
    ...     "no_water", {"es": "Sin agua", "en": "No water"}, "share", "higher",
    ...     "marginalization", "share")
    >>> value = pd.DataFrame({"no_water": [0.2, 0.6, 0.0]}, index=blocks.index)
    >>> one = pd.Series({"no_water": 1.0})
    >>> scores = Scores(
    ...     value["no_water"], value["no_water"], value["no_water"], value,
    ...     value.set_axis(["marginalization"], axis=1), one, one.set_axis(["marginalization"]),
    ...     value, pd.Series(1.0, index=blocks.index))
    >>> table = gpd.GeoDataFrame(
    ...     {"population": [400.0], "area_km2": [0.02], "block_count": [2]},
    ...     geometry=[shapely.box(0, 0, 210, 100)], index=[1], crs=32613)
    >>> reasons = pd.DataFrame({"code": "x", "polygon": 0, "margin": 0.0}, index=blocks.index)
    >>> polygons = CandidatePolygons(
    ...     pd.Series([1, 1, 0], index=blocks.index), table, reasons, threshold=0.1)
    >>> values = Values(value, value, value, {"no_water": "block"})
    >>> told = profile(territory, [share], values, scores, polygons).profile.set_index("key")
    >>> told.loc["no_water", ["value", "city"]].round(2).tolist()  # (0.2 · 300 + 0.6 · 100) / 400
    [0.3, 0.12]
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
    if unit == "grade":
        means, city = _middle(column, weight, group, count)
    total = np.bincount(group, weight * np.where(known, column, 0.0), count + 1)[1:]
    people = np.bincount(group, weight, count + 1)[1:]
    everyone = np.bincount(group, population, count + 1)[1:]
    city_people = weight.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        covered = people / everyone
        if unit != "grade":
            means = total / people
            whole = (weight[known] * column[known]).sum()
            city = float(whole / city_people) if city_people else np.nan
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


def _middle(
    column: np.ndarray, weight: np.ndarray, group: np.ndarray, count: int
) -> tuple[np.ndarray, float]:
    """Return the grade of the middle resident of each group and of the city: a rank has no mean.

    Examples
    --------
    >>> grades, people = np.array([1.0, 2.0, 5.0]), np.array([10.0, 50.0, 40.0])
    >>> middle, city = _middle(grades, people, np.array([1, 1, 1]), 1)
    >>> middle.tolist(), city
    ([2.0], 2.0)
    """

    def middle(chosen: np.ndarray) -> float:
        order = np.flatnonzero(chosen & (weight > 0))
        order = order[np.argsort(column[order], kind="stable")]
        if not len(order):
            return float("nan")
        reached = np.cumsum(weight[order])
        return float(column[order][np.searchsorted(reached, reached[-1] / 2)])

    each = [middle(group == number) for number in range(1, count + 1)]
    return np.array(each, dtype=float), middle(np.ones(len(group), dtype=bool))


def _area_km2(blocks: gpd.GeoDataFrame) -> float:
    return float(blocks.geometry.area.sum() / 1e6)
