"""From a result to the scene: everything the page shows, coarsened for the public, and packed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.facility_kinds import FacilityKind
from targeting.i18n import LANGUAGES
from targeting.model import Indicator, Result
from targeting.render import public
from targeting.render.context import pack_context
from targeting.render.editing import editing_record
from targeting.render.encode import ZOOM, Packer, nearest_turn, project, spatial_order
from targeting.render.ground import meters_of_pixels
from targeting.render.held_out import hold_out_record
from targeting.render.hotspots import pack_hotspots
from targeting.render.places import pack_places
from targeting.render.reasons import pack_reasons
from targeting.render.records import (
    about_record,
    city_kinds,
    city_record,
    dimension_records,
    indicator_records,
    kind_records,
    listed_facilities,
    page_words,
    plain,
    polygon_records,
    public_limits,
    text_of,
    unit_records,
)
from targeting.render.rings import Rings
from targeting.render.style import RAMP
from targeting.render.sureness import SURE_BREAKS, plan_record, sure_columns
from targeting.render.trend import trend_record
from targeting.render.weighting import pack_bands, pack_weights

CLASS_SHARES = (0.2, 0.4, 0.6, 0.8, 0.9)
_SCORE = public.Grain(public.SCORE_DECIMALS)


@dataclass(frozen=True)
class Scene:
    """What the page is made from.

    Parameters
    ----------
    record : dict
        The JSON document: words, layers, polygons, sources.
    data : str
        Packed arrays as text (see `targeting.render.encode`).
    listed : list of dict
        Facilities inside polygons, for readers without JavaScript.
    blocks : tuple of ndarray and Rings
        Places of the blocks in the result, in the order of the file, and their outlines.
    """

    record: dict[str, Any]
    data: str
    listed: list[dict[str, Any]]
    blocks: tuple[np.ndarray, Rings]


# Origins whose interval is chance, not a mask.
_NO_CONTEXT: dict[str, Any] = {"groups": [], "labels": 0}
_DRAWN_IN = ("shrunk", "allocated", "smoothed", "scenario")


def build_scene(
    result: Result,
    *,
    language: str | None = None,
    internal: bool = False,
    light: bool = False,
) -> Scene:
    """Return the scene of a result, for the public or for the office.

    Parameters
    ----------
    result : Result
        A study carried out.
    language : str, optional
        Language the page opens in; default: the study's.
    internal : bool
        Exact values, for the office (see `public.protected`).
    light : bool
        For phones and slow lines: without the blocks' own values, the plans for other weights,
        hot spots, and streets and water.

    Returns
    -------
    Scene
        The same result gives the same bytes.
    """
    result = public.protected(result, internal=internal)
    packer = Packer()
    order = spatial_order(result.territory.blocks.geometry)
    origin = _origin(result)
    rings = _pack_blocks(packer, result, order, origin)
    packer.shapes("polygons", result.polygons.polygons.geometry, origin)
    kinds = city_kinds(result)
    facilities = _pack_facilities(packer, result, kinds, origin)
    layers = _pack_layers(packer, result, order, light=light)
    places = pack_places(packer, result, order)
    weights = None
    if not light:
        weights = pack_weights(packer, result, order, listed_facilities(result, kinds))
    reasons = pack_reasons(packer, result, order)
    record = {
        "version": 1,
        "language": language or result.study.language,
        "title": {code: str(result.study.title[code]) for code in LANGUAGES},
        "made": bool(result.study.made),
        "mode": result.mode,
        "light": light,
        "publish": public_limits(result),
        "words": page_words(),
        "units": unit_records(),
        "ramp": RAMP,
        "zoom": ZOOM,
        "origin": origin.tolist(),
        "meters": meters_of_pixels(result),
        "bounds": _bounds(result, origin, rings),
        "city": city_record(result),
        "dimensions": dimension_records(result),
        "indicators": indicator_records(result),
        "layers": layers,
        "reasons": reasons,
        "threshold": public.line_points(result) / 100,
        "polygons": polygon_records(result, kinds),
        "kinds": kind_records(result, kinds),
        "facilities": facilities,
        "context": _NO_CONTEXT if light else pack_context(packer, result, origin),
        "editing": editing_record(result),
        "places": places,
        "trend": trend_record(result),
        "weights": weights,
        "plan": plan_record(result) | {"hold_out": hold_out_record(result)},
        "about": about_record(result),
        "data": packer.directory,
    }
    inside = result.profiles.facilities
    inside = inside[inside["facility_id"].isin(listed_facilities(result, kinds).index)]
    listed = [
        {"polygon": int(number), "kind": str(kind), "name": text_of(name)}
        for number, kind, name in zip(
            inside["polygon"], inside["kind"], inside["name"], strict=True
        )
    ]
    return Scene(plain(record), packer.text(), listed, (order, rings))


def class_breaks(values: np.ndarray) -> list[int]:
    """Return the whole steps at which the next color begins.

    They cut at 20, 40, 60, 80 and 90 % of the blocks; equal values stay in one class, so there may
    be fewer cuts.

    Examples
    --------
    >>> class_breaks(np.arange(100.0))
    [20, 40, 60, 80, 90]
    >>> class_breaks(np.array([0.0, 0.0, 0.0, 7.0]))
    [7]
    """
    known = np.sort(values[~np.isnan(values)])
    if known.size == 0:
        return []
    places = np.minimum(np.ceil(np.array(CLASS_SHARES) * known.size).astype(int), known.size - 1)
    cuts = {int(cut) for cut in known[places] if cut > known[0]}
    if not cuts and known[-1] > known[0]:
        cuts = {int(known[known > known[0]][0])}
    return sorted(cuts)


def _grid(geometry: gpd.GeoSeries) -> np.ndarray:
    return project(shapely.get_coordinates(geometry.to_numpy()), geometry.crs)


def _origin(result: Result) -> np.ndarray:
    box = shapely.box(*result.territory.blocks.total_bounds)
    corners = gpd.GeoSeries([box], crs=result.territory.crs)
    return np.asarray(_grid(corners).min(axis=0))


def _bounds(result: Result, origin: np.ndarray, rings: Rings) -> list[list[int]]:
    """Return the pixels the page opens on: the city without its farthest one percent of blocks."""
    boxes = rings.boxes()
    low, high = np.percentile((boxes[:, :2] + boxes[:, 2:]) / 2, [1, 99], axis=0)
    if len(result.polygons.polygons):
        inside = nearest_turn(_grid(result.polygons.polygons.geometry) - origin)
        low, high = np.minimum(low, inside.min(axis=0)), np.maximum(high, inside.max(axis=0))
    edge = 0.02 * (high - low).max() + 1
    return [[int(v) for v in low - edge], [int(v) for v in high + edge]]


def _pack_blocks(packer: Packer, result: Result, order: np.ndarray, origin: np.ndarray) -> Rings:
    shapes = result.territory.blocks.geometry.iloc[order]
    rings = packer.shapes("blocks", shapes, origin)
    packer.keys("blocks.id", shapes.index.astype(str).tolist())
    people, few = public.shown_people(result)
    packer.numbers("population", people[order])
    packer.numbers("few", few[order].astype(float))
    packer.numbers("polygon", result.polygons.membership.to_numpy(float)[order])
    return rings


def _pack_layers(
    packer: Packer, result: Result, order: np.ndarray, *, light: bool
) -> list[dict[str, Any]]:
    """Pack what blocks can be colored by, and what their accounts need; return the layers."""
    scores = result.scores
    shares, total = public.shown_points(result)
    layers = [_layer(packer, "score", "score", total[order], _SCORE)]
    layers[0]["spread"] = _pack_spread(packer, result, order)
    packer.numbers("percentile", public.percentiles(pd.Series(total))[order])
    packer.numbers("coverage", np.rint(scores.coverage.to_numpy(float)[order] * 100), decimals=2)
    for dimension, values in public.dimension_points(result).items():
        layers.append(
            _layer(packer, f"dimension.{dimension}", "dimension", values[order], _SCORE)
            | {"key": dimension}
        )
    if result.stability is not None and len(result.stability.reruns):
        often = np.rint(sure_columns(result)["in_share"][order] * 100)
        layers.append(_layer(packer, "sure", "sure", often, _SCORE) | {"breaks": SURE_BREAKS})
    if not light:
        layers += pack_bands(packer, result, order)
        layers += pack_hotspots(packer, result, order)
    columns = list(scores.contributions.columns)
    for indicator in result.indicators:
        if not light:
            layers.append(_indicator_layer(packer, result, indicator, order))
        if indicator.key in columns:
            points = shares[order, columns.index(indicator.key)]
            packer.numbers(f"points.{indicator.key}", points, decimals=_SCORE.decimals)
        if indicator.key in columns and not light:
            grain = public.told_grain(result, indicator.dimension)
            parts = grain.whole(scores.parts[indicator.key].to_numpy(float)[order]) * grain.step
            packer.numbers(f"part.{indicator.key}", parts, decimals=_SCORE.decimals)
    return layers


def _layer(
    packer: Packer, name: str, group: str, whole: np.ndarray, grain: public.Grain
) -> dict[str, Any]:
    packer.numbers(name, whole, decimals=grain.decimals, step=grain.step)
    return {"id": name, "group": group, "breaks": class_breaks(whole)}


def _pack_spread(packer: Packer, result: Result, order: np.ndarray) -> bool:
    """Pack the interval of the score where its data leave one open; tell whether any does."""
    open_ = (result.scores.high - result.scores.low).to_numpy(float) >= _SCORE.size
    if not open_.any():
        return False
    for end, held in zip(("low", "high"), public.spread_points(result), strict=True):
        packer.numbers(f"score.{end}", np.where(open_, held, np.nan)[order], decimals=2)
    return True


def _indicator_layer(
    packer: Packer, result: Result, indicator: Indicator, order: np.ndarray
) -> dict[str, Any]:
    key = indicator.key
    value, low, high = (
        frame[key].to_numpy(float)[order]
        for frame in (result.values.value, result.values.low, result.values.high)
    )
    name = f"value.{key}"
    hidden = isinstance(result, public.Shown) and bool(result.hidden[key].any())
    if isinstance(result, public.Shown) and hidden:
        packer.numbers(f"hidden.{key}", result.hidden[key].to_numpy(float)[order])
    if public.shown_as_level(indicator) and not public.is_internal(result):
        layer = _layer(packer, name, "indicator", public.levels(pd.Series(value)), public.Grain(0))
        known = packer.directory[name]
        return layer | {"key": key, "level": True, "breaks": [3, 5, 7, 9] if known["count"] else []}
    grain = public.value_grain(indicator)
    masked = (high - low > 1e-12) & (result.values.origin[key] not in _DRAWN_IN)
    whole = grain.whole(value)
    packer.numbers(name, np.where(masked, np.nan, whole), decimals=grain.decimals, step=grain.step)
    layer = {"id": name, "group": "indicator", "key": key, "breaks": class_breaks(whole)}
    if masked.any():
        scale = 10.0**grain.decimals / grain.step
        for end, held in (("low", np.floor(low * scale)), ("high", np.ceil(high * scale))):
            packer.numbers(
                f"{end}.{key}",
                np.where(masked, held, np.nan),
                decimals=grain.decimals,
                step=grain.step,
            )
        layer["masked"] = True
    if hidden:
        layer["hidden"] = True
    return layer


def _pack_facilities(
    packer: Packer, result: Result, kinds: list[FacilityKind], origin: np.ndarray
) -> dict[str, Any]:
    """Pack the facilities that may be listed: never a sensitive kind, never a contact."""
    held = listed_facilities(result, kinds)
    number = {kind.key: at for at, kind in enumerate(kinds)}
    inside = result.profiles.facilities
    polygon = pd.Series(inside["polygon"].to_numpy(float), index=inside["facility_id"].astype(str))
    polygon = polygon[~polygon.index.duplicated()]
    packer.spots("facilities", _grid(held.geometry), origin)
    packer.numbers("facilities.kind", held["kind"].map(number).to_numpy(float))
    in_polygon = polygon.reindex(held.index.astype(str)).fillna(0).to_numpy(float)
    packer.numbers("facilities.polygon", in_polygon)
    packer.texts("facilities.name", [text_of(name) for name in held["name"]])
    sources = sorted({text_of(source) for source in held["source"]})
    where = {source: at for at, source in enumerate(sources)}
    packer.numbers(
        "facilities.source", np.array([where[text_of(s)] for s in held["source"]], float)
    )
    return {"count": len(held), "sources": sources}
