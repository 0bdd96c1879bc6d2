"""Public tables: blocks and polygons for a GIS, facilities by polygon for a spreadsheet."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.facility_kinds import FacilityKind
from targeting.model import Result
from targeting.render import public
from targeting.render.records import city_kinds, listed_facilities, weighted

_RISKY = tuple("=+-@\t\r\n") + ("＝", "＋", "－", "＠")


def block_table(result: Result) -> gpd.GeoDataFrame:
    """Return the blocks with what the public may see of them.

    Returns
    -------
    GeoDataFrame
        `block_id`, `area_id`, `municipality_id`, `population` (null where missing or below three),
        `population_few`, `score`, `score_percentile`, `coverage`, a column a dimension, a column
        `part_<indicator>`, `polygon`, `reason`, `margin`, geometry. Scores and parts run from 0 to
        1, coarsened as on the page.
    """
    blocks, scores = result.territory.blocks, result.scores
    people, few = public.population(blocks["population"])
    _, total = public.points(scores.contributions, scores.score)
    columns = {
        "block_id": blocks.index.astype(str),
        "area_id": blocks["area_id"].array,
        "municipality_id": blocks["municipality_id"].array,
        "population": pd.array(people, dtype="Int64"),
        "population_few": few,
        "score": np.round(total / 100, 2),
        "score_percentile": pd.array(public.percentiles(scores.score), dtype="Int64"),
        "coverage": scores.coverage.round(2).to_numpy(float),
    }
    for name, values in public.dimension_points(result).items():
        columns[name] = np.round(values / 100, 2)
    for indicator in result.indicators:
        grain = public.part_grain(indicator.dimension)
        parts = scores.parts[indicator.key].to_numpy(float)
        columns[f"part_{indicator.key}"] = grain.round(parts)
    reasons = result.polygons.reasons
    columns |= {
        "polygon": result.polygons.membership.to_numpy(np.int64),
        "reason": reasons["code"].astype(str).array,
        "margin": np.round(public.margin_points(result) / 100, 2),
    }
    return gpd.GeoDataFrame(columns, geometry=blocks.geometry.array, crs=blocks.crs)


def polygon_table(result: Result) -> gpd.GeoDataFrame:
    """Return the polygons with their figures: size, people, dimensions and indicators.

    Returns
    -------
    GeoDataFrame
        `polygon`, the columns of the polygons, a column a dimension (weighted by population), a
        column an indicator as in the profile, geometry.
    """
    table = result.polygons.polygons
    people = result.territory.blocks["population"]
    columns: dict[str, object] = {"polygon": table.index.to_numpy(np.int64)}
    for name in table.columns.drop(table.geometry.name):
        held = table[name].to_numpy()
        whole = name in ("population", "block_count")
        columns[str(name)] = np.rint(held).astype(np.int64) if whole else np.round(held, 4)
    for dimension, values in result.scores.dimensions.items():
        means = [
            weighted(values[inside], people[inside])
            for inside in (result.polygons.membership == number for number in table.index)
        ]
        columns[str(dimension)] = np.round(np.array(means, float), 4)
    profile = result.profiles.profile
    for indicator in result.indicators:
        rows = profile[profile["key"] == indicator.key].set_index("polygon")["value"]
        columns[indicator.key] = rows.reindex(table.index).round(4).to_numpy(float)
    return gpd.GeoDataFrame(columns, geometry=table.geometry.array, crs=table.crs)


def safe_text(value: object) -> str:
    """Return a text no spreadsheet takes for a formula; missing becomes empty.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("Escuela"), safe_text(None)
    ("'=1+1", 'Escuela', '')
    """
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = str(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(_RISKY) else text


def _named(kinds: list[FacilityKind], language: str) -> dict[str, str]:
    return {kind.key: kind.label(language) for kind in kinds}


def facility_table(result: Result) -> pd.DataFrame:
    """Return the facilities inside each polygon that may be listed, texts made safe."""
    kinds = city_kinds(result)
    inside = result.profiles.facilities
    inside = inside[inside["facility_id"].isin(listed_facilities(result, kinds).index)]
    names = _named(kinds, result.study.language)
    table = inside.assign(kind_name=inside["kind"].map(names))
    order = ["polygon", "kind", "kind_name", "facility_id", "name", "source", "lon", "lat"]
    table = table[order].astype(object)
    for name in ("kind", "kind_name", "facility_id", "name", "source"):
        table[name] = [safe_text(value) for value in table[name]]
    return table


def facility_count_table(result: Result) -> pd.DataFrame:
    """Return how many facilities of each kind each polygon has, also 0.

    How far the nearest sensitive place is stays empty: distances from several polygons would give
    it away.
    """
    kinds = city_kinds(result)
    counts = result.profiles.facility_counts
    hidden = {kind.key for kind in kinds if kind.sensitive}
    table = counts.assign(
        kind_name=counts["kind"].map(_named(kinds, result.study.language)),
        nearest_m=counts["nearest_m"].where(~counts["kind"].isin(hidden)).round(-1).astype("Int64"),
    )
    order = ["polygon", "kind", "kind_name", "count", "city_count", "nearest_m"]
    table = table[order].astype(object)
    for name in ("kind", "kind_name"):
        table[name] = [safe_text(value) for value in table[name]]
    return table
