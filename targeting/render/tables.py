"""Public tables: blocks and polygons for a GIS, facilities by polygon for a spreadsheet."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.facility_kinds import FacilityKind, facility_kinds
from targeting.i18n import LANGUAGES, say
from targeting.model import Result
from targeting.render import public
from targeting.render.doubt import doubt_columns
from targeting.render.hotspots import hotspot_columns
from targeting.render.naming import polygon_name
from targeting.render.reasons import price_columns
from targeting.render.records import city_kinds, listed_facilities, weighted
from targeting.render.safe import safe_text
from targeting.render.sureness import polygon_sureness, sure_columns


def block_table(result: Result) -> gpd.GeoDataFrame:
    """Return the blocks with what the public may see of them.

    Returns
    -------
    GeoDataFrame
        `block_id`, `area_id`, `municipality_id`, `population` (null where missing or too small to
        be told), `population_few`, `parts_withheld` (a part is empty because it is of too few
        people or dwellings, not because it is missing), `score`, `score_percentile`, `coverage`, a
        column a dimension, a column `part_<indicator>`, `polygon`, `reason`, `margin`, what the
        other way would cost (`price_columns`), what the draws and the reruns say (`doubt_columns`,
        `sure_columns`), a column `hotspot_<test>` a test of hot spots (`hotspot_columns`), and
        geometry. Scores and parts run from 0 to 1, coarsened as on the page.
    """
    result = public.protected(result)
    blocks, scores = result.territory.blocks, result.scores
    people, few = public.shown_people(result)
    _, total = public.shown_points(result)
    columns = {
        "block_id": blocks.index.astype(str),
        "area_id": blocks["area_id"].array,
        "municipality_id": blocks["municipality_id"].array,
        "population": pd.array(people, dtype="Int64"),
        "population_few": few,
        "parts_withheld": result.hidden.any(axis=1).to_numpy(bool),
        "score": np.round(total / 100, 2),
        "score_percentile": pd.array(public.percentiles(pd.Series(total)), dtype="Int64"),
        "coverage": scores.coverage.round(2).to_numpy(float),
    }
    for name, values in public.dimension_points(result).items():
        columns[name] = np.round(values / 100, 2)
    for indicator in result.indicators:
        grain = public.told_grain(result, indicator.dimension)
        parts = scores.parts[indicator.key].to_numpy(float)
        columns[f"part_{indicator.key}"] = grain.round(parts)
    reasons = result.polygons.reasons
    columns |= {
        "polygon": result.polygons.membership.to_numpy(np.int64),
        "reason": reasons["code"].astype(str).array,
        "margin": np.round(public.margin_points(result) / 100, 2),
    }
    columns |= price_columns(result) | doubt_columns(result) | sure_columns(result)
    columns |= hotspot_columns(result)
    return gpd.GeoDataFrame(columns, geometry=blocks.geometry.array, crs=blocks.crs)


def polygon_table(result: Result) -> gpd.GeoDataFrame:
    """Return the polygons with their figures: size, people, dimensions and indicators.

    Returns
    -------
    GeoDataFrame
        `polygon`, the columns of the polygons, a column a dimension (weighted by population), a
        column an indicator as in the profile, `violence_withheld` (too few people to tell the
        indicators of violence), geometry. All coarsened as on the page.
    """
    result = public.protected(result)
    table = result.polygons.polygons
    people = result.territory.blocks["population"]
    columns: dict[str, object] = {"polygon": table.index.to_numpy(np.int64)}
    for name in table.columns.drop(table.geometry.name):
        held = public.grain_of(result, str(name)).round(table[name].to_numpy(float))
        whole = name in ("population", "block_count")
        columns[str(name)] = held.astype(np.int64) if whole else held
    for dimension, values in result.scores.dimensions.items():
        means = [
            weighted(values[inside], people[inside])
            for inside in (result.polygons.membership == number for number in table.index)
        ]
        grain = public.told_grain(result, str(dimension))
        columns[str(dimension)] = grain.round(np.array(means, float))
    profile = result.profiles.profile
    few = np.zeros(len(table), bool)
    for indicator in result.indicators:
        rows = profile[profile["key"] == indicator.key].set_index("polygon")["value"]
        held = public.value_grain(indicator).round(rows.reindex(table.index).to_numpy(float))
        hidden = public.withheld(result, indicator.key)
        columns[indicator.key] = np.where(hidden, np.nan, held)
        few |= hidden
    columns["violence_withheld"] = few
    if result.names:
        for language in LANGUAGES:
            told = [safe_text(polygon_name(name, language)) for name in result.names]
            columns[f"name_{language}"] = told
    if result.stability is not None:
        sure = polygon_sureness(result).reindex(table.index)
        columns |= {str(name): values.to_numpy() for name, values in sure.items()}
    return gpd.GeoDataFrame(columns, geometry=table.geometry.array, crs=table.crs)


def _with_names(table: pd.DataFrame, kinds: list[FacilityKind]) -> pd.DataFrame:
    """Add each kind's name in every language, after its key; make the texts safe."""
    out = table.astype(object)
    at = list(out.columns).index("kind")
    for language in reversed(LANGUAGES):
        names = {kind.key: kind.label(language) for kind in kinds}
        out.insert(at + 1, f"kind_name_{language}", table["kind"].map(names))
    for name in out.columns.intersection(["kind", "facility_id", "name", "source"]).union(
        [f"kind_name_{language}" for language in LANGUAGES]
    ):
        out[name] = [safe_text(value) for value in out[name]]
    return out


def facility_table(result: Result) -> pd.DataFrame:
    """Return the facilities inside each polygon that may be listed, texts made safe."""
    kinds = city_kinds(result)
    inside = result.profiles.facilities
    inside = inside[inside["facility_id"].isin(listed_facilities(result, kinds).index)]
    order = ["polygon", "kind", "facility_id", "name", "source", "lon", "lat"]
    return _with_names(inside[order], kinds)


def facility_count_table(result: Result) -> pd.DataFrame:
    """Return how many facilities of each kind each polygon has, also 0.

    Fewer than three of a sensitive kind are not counted (`count` empty, `count_few` true), nor is
    what would give them away (`told_counts`). How far the nearest one is stays empty: distances
    from several polygons would tell where it is.
    """
    result = public.protected(result)
    kinds = city_kinds(result)
    table = public.told_counts(result, [kind.key for kind in kinds if kind.sensitive])
    table = table.rename(columns={"few": "count_few"})
    table["nearest_m"] = table["nearest_m"].round(-1).astype("Int64")
    order = ["polygon", "kind", "count", "count_few", "city_count", "nearest_m"]
    return _with_names(table[order], kinds)


def facility_merge_table(result: Result) -> pd.DataFrame:
    """Return which records of different registers were taken for one facility, and why.

    Kinds that are never listed are not here either, whichever of the two records is of one. The
    registers' own keys stay out, as everywhere (`Territory.facility_merges` holds them).

    Returns
    -------
    DataFrame
        One row for each record merged into another: `facility_id`, `lon`, `lat`, kind, name and
        source of the one that stays; the same of the merged one; `distance_m` between them; why
        they are one, as a code and in every language. Texts made safe.
    """
    merges, held = result.territory.facility_merges, result.territory.facilities
    if merges is None or held is None:
        return pd.DataFrame(columns=_merge_columns())
    kinds = facility_kinds()
    hidden = {kind.key for kind in kinds.values() if kind.sensitive}
    shown = listed_facilities(result, list(kinds.values()))
    merges = merges[merges["facility_id"].isin(shown.index) & ~merges["kind"].isin(hidden)]
    stays = shown.loc[merges["facility_id"]]
    places = stays.geometry.to_crs("EPSG:4326")
    out = pd.DataFrame(
        {
            "facility_id": merges["facility_id"].array,
            "kind": stays["kind"].array,
            "name": merges["kept_name"].array,
            "source": stays["source"].array,
            "lon": places.x.round(6).array,
            "lat": places.y.round(6).array,
            "merged_kind": merges["kind"].array,
            "merged_name": merges["name"].array,
            "merged_source": merges["source"].array,
            "distance_m": merges["distance_m"].array,
            "why": merges["why"].array,
        }
    ).astype(object)
    for language in LANGUAGES:
        labels = {kind.key: kind.label(language) for kind in kinds.values()}
        for name in ("kind", "merged_kind"):
            out[f"{name}_name_{language}"] = [labels.get(key, key) for key in out[name]]
        out[f"why_{language}"] = [say(f"merge.{why}", language) for why in out["why"]]
    for name in out.columns.difference(["lon", "lat", "distance_m"]):
        out[name] = [safe_text(value) for value in out[name]]
    return out[_merge_columns()]


def _merge_columns() -> list[str]:
    names = [f"kind_name_{language}" for language in LANGUAGES]
    kept = ["facility_id", "kind", *names, "name", "source", "lon", "lat"]
    merged = ["merged_kind", *(f"merged_{name}" for name in names), "merged_name", "merged_source"]
    return [*kept, *merged, "distance_m", "why", *(f"why_{language}" for language in LANGUAGES)]
