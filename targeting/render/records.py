"""Records of the scene: words, city, indicators, polygons, kinds of facilities, sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from targeting.facility_kinds import FacilityKind, facility_kinds
from targeting.i18n import LANGUAGES, catalogue
from targeting.model import LayerReport, Loss, MethodSpec, PublishSpec, Result
from targeting.render import figures, public
from targeting.render.naming import name_basis, polygon_name
from targeting.render.rows import rows_of
from targeting.render.safe import whole_text
from targeting.render.sureness import polygon_sureness
from targeting.units import UNITS

_POLYGON_COLUMNS = ("score", "need", "population", "area_km2", "compactness", "block_count")
# A polygon is always smaller than its city: their sizes are not compared.
_SIZES = ("population", "area_km2", "block_count")
_FIGURE_ROWS = 6


def page_words() -> dict[str, dict[str, str]]:
    """Return the page's words by language, without the `page.` before each key."""
    start = "page."
    return {
        language: {
            key[len(start) :]: text
            for key, text in sorted(catalogue(language).items())
            if key.startswith(start)
        }
        for language in LANGUAGES
    }


def unit_records() -> dict[str, dict[str, Any]]:
    """Return how each unit is shown: sign, digits, and the factor that makes the number."""
    return {
        unit.key: {"sign": unit.sign, "digits": unit.decimals, "factor": unit.factor}
        for unit in UNITS.values()
    }


def sentence(key: str, fallback: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return one message in every language; what it cannot fill in stays as written."""
    out = {}
    for language in LANGUAGES:
        words = catalogue(language)
        text = words.get(key, words[fallback])
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        out[language] = text
    return out


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: no numpy, NaN as null, whole floats kept as they are."""
    if isinstance(value, Mapping):
        return {whole_text(str(key)): plain(held) for key, held in value.items()}
    if isinstance(value, str):
        return whole_text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    if isinstance(value, float | np.floating):
        return None if not np.isfinite(value) else float(value)
    if isinstance(value, np.ndarray):
        return [plain(held) for held in value.tolist()]
    if isinstance(value, Iterable):
        return [plain(held) for held in value]
    return str(value)


def city_kinds(result: Result) -> list[FacilityKind]:
    """Return the kinds the city's tables speak of, in the order of the table of kinds."""
    present = set(result.profiles.facility_counts["kind"])
    if result.territory.facilities is not None:
        present |= set(result.territory.facilities["kind"])
    known = [kind for key, kind in facility_kinds().items() if key in present]
    others = sorted(str(key) for key in present - set(facility_kinds()))
    return known + [
        FacilityKind(
            key=key,
            names={"es": key, "en": key},
            role="context",
            norm_m=None,
            verified=False,
            norm_source="",
            sensitive=False,
        )
        for key in others
    ]


def listed_facilities(result: Result, kinds: list[FacilityKind]) -> gpd.GeoDataFrame:
    """Return the facilities a public page may show one by one."""
    held = result.territory.facilities
    if held is None:
        columns: dict[str, list[Any]] = {
            name: [] for name in ("kind", "name", "source", "sensitive")
        }
        return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=result.territory.crs))
    hidden = [kind.key for kind in kinds if kind.sensitive]
    return held[~held["sensitive"].astype(bool) & ~held["kind"].isin(hidden)]


def text_of(value: Any) -> str:
    """Return a text, empty where missing."""
    return "" if value is None or pd.isna(value) else whole_text(str(value))


def public_limits(result: Result) -> dict[str, int]:
    """Return from which number on people and incidents are told; internally from none."""
    if public.is_internal(result):
        return {"people_min": 0, "incidents_min": 0}
    limits = result.study.publish
    return {"people_min": limits.people_min, "incidents_min": limits.incidents_min}


def city_record(result: Result) -> dict[str, Any]:
    """Return the city's own figures."""
    people = result.territory.blocks["population"]
    return {
        "blocks": len(people),
        "population": rounded(result, "population", people.sum()),
        "population_missing": int(people.isna().sum()),
        "score": rounded(result, "score", weighted(result.scores.score, people)),
    }


def rounded(result: Result, key: str, value: float | None) -> float | None:
    """Return a value of a polygon or the city as finely as it may be told; None where missing."""
    if value is None or np.isnan(value):
        return None
    return float(public.grain_of(result, key).round(np.array([value]))[0])


def weighted(
    values: pd.Series[float] | np.ndarray, weights: pd.Series[float] | np.ndarray
) -> float | None:
    """Return the weighted mean of what is known; None where nothing is."""
    held, weight = np.asarray(values, float), np.asarray(weights, float)
    known = ~np.isnan(held) & (weight > 0)
    if not known.any():
        return None
    return float(np.average(held[known], weights=weight[known]))


def dimension_records(result: Result) -> list[dict[str, Any]]:
    """Return each dimension with its weight and the mean of the city."""
    people = result.territory.blocks["population"]
    return [
        {
            "key": str(key),
            "weight": float(result.scores.dimension_weights[key]),
            "city": rounded(result, str(key), weighted(result.scores.dimensions[key], people)),
        }
        for key in result.scores.dimensions.columns
    ]


def indicator_records(result: Result) -> list[dict[str, Any]]:
    """Return each indicator: names, unit, direction, source, year, weight, origin."""
    weights = result.scores.weights
    return [
        {
            "key": indicator.key,
            "names": dict(indicator.names),
            "unit": indicator.unit,
            "dimension": indicator.dimension,
            "worse": indicator.worse,
            "source": indicator.source,
            "year": indicator.year,
            "weight": float(weights.get(indicator.key, 0.0)),
            "origin": result.values.origin[indicator.key],
            "level": public.shown_as_level(indicator) and not public.is_internal(result),
        }
        for indicator in result.indicators
    ]


def polygon_records(result: Result, kinds: list[FacilityKind]) -> list[dict[str, Any]]:
    """Return each polygon: figures, profile, and a count for every kind."""
    table = result.polygons.polygons
    member = result.polygons.membership.to_numpy()
    city = result.territory.blocks["population"].to_numpy(float)
    counts = public.told_counts(result, [kind.key for kind in kinds if kind.sensitive])
    counts_of: dict[int, dict[str, Any]] = {}
    rows: Any = counts.itertuples(index=False)
    for row in rows:
        counts_of.setdefault(int(row.polygon), {})[str(row.kind)] = row
    dimensions = {key: held.to_numpy(float) for key, held in result.scores.dimensions.items()}
    sure = polygon_sureness(result)
    profiles = _profiles(result)
    blocks = np.argsort(member, kind="stable")
    ends = np.searchsorted(member[blocks], table.index.to_numpy(), side="right")
    starts = np.searchsorted(member[blocks], table.index.to_numpy(), side="left")
    out = []
    for place, number in enumerate(table.index):
        mine = blocks[starts[place] : ends[place]]
        people = city[mine]
        figures = {
            name: rounded(result, name, float(table[name].iloc[place]))
            for name in _POLYGON_COLUMNS
            if name in table.columns
        }
        means = {
            str(key): rounded(result, str(key), weighted(values[mine], people))
            for key, values in dimensions.items()
        }
        out.append(
            {
                "number": int(number),
                **_name(result, place),
                **figures,
                "dimensions": means,
                "sure": _sure(sure, int(number)),
                "profile": profiles.get(int(number), []),
                "kinds": _kind_counts(counts_of.get(int(number), {}), kinds),
            }
        )
    return out


def _name(result: Result, place: int) -> dict[str, dict[str, str]]:
    """Return what a polygon is called, and what the name rests on; nothing where it has none."""
    if not result.names or not result.names[place].colonias:
        return {}
    name = result.names[place]
    return {
        "name": {language: polygon_name(name, language) for language in LANGUAGES},
        "name_basis": {language: name_basis(name, language) for language in LANGUAGES},
    }


def _sure(table: pd.DataFrame, number: int) -> dict[str, float] | None:
    """Return how often a polygon comes back when the city is delineated again."""
    if number not in table.index:
        return None
    return {str(name): float(held.loc[number]) for name, held in table.items()}


def _kind_counts(
    rows: Mapping[str, Any], kinds: list[FacilityKind]
) -> list[dict[str, int | float | None]]:
    """Return every kind's count in a polygon, of its rows of `public.told_counts`.

    Fewer than three of a sensitive kind have no count, and how far one lies is not told.
    """
    out: list[dict[str, int | float | None]] = []
    for kind in kinds:
        row = rows.get(kind.key)
        if row is None:
            out.append({"count": None if kind.sensitive else 0, "nearest_m": None})
            continue
        count = None if row.few else int(row.count)
        far = None if pd.isna(row.nearest_m) else round(float(row.nearest_m), -1)
        out.append({"count": count, "nearest_m": far})
    return out


def _profiles(result: Result) -> dict[int, list[dict[str, Any]]]:
    """Return the profile of each polygon, row by row."""
    profile = result.profiles.profile
    place = {int(number): at for at, number in enumerate(result.polygons.polygons.index)}
    hidden = {key: public.withheld(result, str(key)) for key in profile["key"].unique()}
    out: dict[int, list[dict[str, Any]]] = {number: [] for number in place}
    rows: Any = profile.itertuples(index=False)
    for row in rows:
        number = int(row.polygon)
        told = _profile_row(result, row, hidden=bool(hidden[row.key][place[number]]))
        out[number].append(told)
    return out


def _profile_row(result: Result, row: Any, *, hidden: bool) -> dict[str, Any]:
    key = str(row.key)
    factor = UNITS[row.unit].factor if row.unit in UNITS else 1.0
    return {
        "key": key,
        "value": None if hidden else rounded(result, key, float(row.value)),
        # The city's area is its blocks', without streets; a polygon's holds them.
        "city": None if key == "area_km2" else rounded(result, key, float(row.city)),
        "unit": str(row.unit),
        "digits": max(public.grain_of(result, key).decimals - round(np.log10(factor)), 0),
        "covered": float(np.round(row.covered_share, 2)),
        "compared": key not in _SIZES,
        "withheld": hidden,
    }


def kind_records(result: Result, kinds: list[FacilityKind]) -> list[dict[str, Any]]:
    """Return the kinds of facilities with their count in the city."""
    counts = public.told_counts(result, [kind.key for kind in kinds if kind.sensitive])
    told = counts.drop_duplicates("kind").set_index("kind")["city_count"]
    city = {str(key): None if pd.isna(held) else int(held) for key, held in told.items()}
    return [
        {
            "key": kind.key,
            "names": dict(kind.names),
            "unnamed": {language: kind.label_without_name(language) for language in LANGUAGES},
            "role": kind.role,
            "norm_m": kind.norm_m,
            "verified": kind.verified,
            "sensitive": kind.sensitive,
            "broader": kind.broader,
            "city": city.get(kind.key, None if kind.sensitive else 0),
        }
        for kind in kinds
    ]


def about_record(result: Result) -> dict[str, Any]:
    """Return where everything is from: inputs, losses, methods, the whole study."""
    study = result.study
    methods = {
        name: _method(getattr(study, name))
        for name in ("population", "normalize", "aggregate", "delineation")
    }
    methods["streets"] = {"use": "street_links", "settings": dict(study.streets)}
    return {
        "crs": crs_name(result.territory.crs),
        "city": _figures(result.territory.intake.city, of_city=True),
        "layers": [_layer_report(layer, study.publish) for layer in result.territory.intake.layers],
        "losses": [_loss(loss) for loss in result.values.losses],
        "methods": methods,
        "notes": dict(result.polygons.notes),
        "study": study.as_record(),
    }


def _method(spec: MethodSpec) -> dict[str, Any]:
    return {"use": spec.use, "settings": dict(spec.settings)}


def crs_name(crs: pyproj.CRS) -> str:
    """Return a coordinate system's name and code.

    Examples
    --------
    >>> crs_name(pyproj.CRS.from_epsg(6372))
    'Mexico ITRF2008 / LCC (EPSG:6372)'
    """
    authority = crs.to_authority()
    return f"{crs.name} ({':'.join(authority)})" if authority else str(crs.name)


def _layer_report(layer: LayerReport, publish: PublishSpec) -> dict[str, Any]:
    rows = rows_of(layer)
    return {
        "layer": layer.layer,
        "file": layer.file,
        "source": layer.source,
        "year": layer.year,
        "crs_in": layer.crs_in,
        "rows_read": layer.rows_read,
        "rows_kept": layer.rows_kept,
        "losses": [_loss(loss) for loss in rows.losses],
        "aside": [
            {"count": one.count, "text": {key: figures.label(one.reason, key) for key in LANGUAGES}}
            for one in rows.reasons
        ],
        "figures": _figures(figures.page_notes(layer, publish)),
    }


def _figures(notes: Mapping[str, Any], *, of_city: bool = False) -> list[dict[str, dict[str, str]]]:
    """Return figures with their words in every language; long tables and lists are cut."""
    told = {
        language: figures.figures(notes, language, most=_FIGURE_ROWS, zeros=False, of_city=of_city)
        for language in LANGUAGES
    }
    return [
        {
            "label": {language: told[language][place].label for language in LANGUAGES},
            "text": {language: told[language][place].text for language in LANGUAGES},
        }
        for place in range(len(told[LANGUAGES[0]]))
    ]


def _loss(loss: Loss) -> dict[str, Any]:
    values = {"count": loss.count, "of": loss.of, "layer": loss.layer}
    return {
        "layer": loss.layer,
        "reason": loss.reason,
        "count": loss.count,
        "of": loss.of,
        "text": sentence(f"loss.{loss.reason}", "page.loss", values | {"reason": loss.reason}),
    }
