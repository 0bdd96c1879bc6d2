"""The record of each kind of layer, from a result or from a table of shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.i18n import catalogue
from targeting.model import Result
from targeting.problems import Problem, TargetingError
from targeting.render.elements.packed import (
    Packed,
    bounds_of,
    checked,
    column_of,
    cut,
    numbers_of,
    ordered,
    origin_of,
    pack_tips,
    ramp_of,
    scene_of,
    start_record,
    value_layer,
)
from targeting.render.encode import Packer, project

_ONE_COLOR = ["#418f9f"]


def blocks_of_frame(
    frame: gpd.GeoDataFrame,
    column: str | None,
    *,
    tooltip: Sequence[str] | None,
    colors: Sequence[str] | None,
    decimals: int | None,
    reverse: bool,
    language: str,
) -> Packed:
    """Pack polygons colored by a column of numbers (one color without a column)."""
    held = ordered(checked(frame, "polygon", "BlocksLayer"))
    origin = origin_of(held.geometry)
    packer = Packer()
    packer.shapes("blocks", held.geometry, origin)
    if column is None:
        values = np.zeros(len(held))
    else:
        values = numbers_of(held, column, "BlocksLayer")
    layer, digits = value_layer(packer, values, decimals)
    shown = tooltip if tooltip is not None else ([column] if column is not None else [])
    tips = pack_tips(packer, held, shown, "BlocksLayer")
    record = start_record(language, packer.directory, origin) | {
        "layer": layer,
        "colors": ramp_of(
            len(layer["breaks"]) + 1, colors if column or colors else _ONE_COLOR, reverse=reverse
        ),
        "caption": column or "",
        "format": {"factor": 1.0, "digits": digits, "sign": ""},
        "tips": tips,
    }
    return Packed(record, packer.text(), bounds_of(held.geometry))


def blocks_of_result(result: Result, column: str | None, language: str) -> Packed:
    """Cut the blocks and one layer out of the result's public page."""
    scene = scene_of(result)
    record = scene.record
    layers = {one["id"]: one for one in record["layers"]}
    asked = column or "score"
    tried = (asked, f"dimension.{asked}", f"value.{asked}")
    found = next((layers[name] for name in tried if name in layers), None)
    if found is None:
        known = ", ".join(name.rpartition(".")[2] for name in layers)
        values = {"given": asked, "known": known}
        raise TargetingError([Problem("element-no-column", "BlocksLayer", values)])
    key = found.get("key", "")
    names = ["blocks", found["id"]] + [f"{end}.{key}" for end in ("low", "high") if key]
    directory, data = cut(scene, names)
    indicator = next((one for one in record["indicators"] if one["key"] == key), None)
    shown = {"factor": 100.0, "digits": 0, "sign": ""}
    if found["group"] == "indicator" and indicator is not None:
        unit = record["units"].get(indicator["unit"])
        shown = unit if unit and not found.get("level") else {"factor": 1, "digits": 0, "sign": ""}
    reverse = bool(indicator and not found.get("level") and indicator["worse"] == "lower")
    own = start_record(language, directory, np.array(record["origin"])) | {
        "layer": found,
        "colors": None
        if found.get("classes")
        else ramp_of(len(found["breaks"]) + 1, record["ramp"], reverse=reverse),
        "caption": _caption(found, indicator, language),
        "format": shown,
        "tips": [],
        "ids": True,
    }
    return Packed(own, data, bounds_of(result.territory.blocks.geometry))


def _caption(layer: dict[str, Any], indicator: dict[str, Any] | None, language: str) -> str:
    if indicator is not None:
        return str(indicator["names"][language])
    if "names" in layer:
        return str(layer["names"][language])
    said = catalogue(language)
    group = layer["group"]
    own = f"page.dimension.{layer['key']}" if group == "dimension" else f"page.layer.{group}"
    return said.get(own, str(layer["id"]))


def polygons_of_frame(
    frame: gpd.GeoDataFrame, label: str | None, *, tooltip: Sequence[str] | None, language: str
) -> Packed:
    """Pack polygons drawn as outlines with a label each."""
    held = checked(frame, "polygon", "PolygonsLayer")
    origin = origin_of(held.geometry)
    packer = Packer()
    packer.shapes("polygons", held.geometry, origin)
    texts = held.index if label is None else column_of(held, label, "PolygonsLayer")
    tips = pack_tips(packer, held, tooltip or [], "PolygonsLayer")
    record = start_record(language, packer.directory, origin) | {
        "labels": ["" if pd.isna(one) else str(one) for one in texts],
        "tips": tips,
    }
    return Packed(record, packer.text(), bounds_of(held.geometry))


def polygons_of_result(result: Result, language: str) -> Packed:
    """Cut the candidate polygons out of the result's public page."""
    scene = scene_of(result)
    directory, data = cut(scene, ["polygons"])
    record = start_record(language, directory, np.array(scene.record["origin"])) | {
        "labels": [str(one["number"]) for one in scene.record["polygons"]],
        "tips": [],
    }
    return Packed(record, data, bounds_of(result.polygons.polygons.geometry))


def facilities_of_frame(
    frame: gpd.GeoDataFrame, kind: str | None, name: str | None, language: str
) -> Packed:
    """Pack points drawn with a shape and a letter for each kind."""
    held = checked(frame, "point", "FacilitiesLayer")
    origin = origin_of(held.geometry)
    packer = Packer()
    grid = project(shapely.get_coordinates(held.geometry.to_numpy()), held.crs)
    packer.spots("facilities", grid, origin)
    kinds = (
        pd.Series("", index=held.index)
        if kind is None
        else column_of(held, kind, "FacilitiesLayer").astype("string").fillna("")
    )
    codes, known = pd.factorize(kinds, sort=True)
    packer.numbers("facilities.kind", codes.astype(float))
    packer.numbers("facilities.polygon", np.zeros(len(held)))
    texts = (
        [""] * len(held)
        if name is None
        else ["" if pd.isna(one) else str(one) for one in column_of(held, name, "FacilitiesLayer")]
    )
    packer.texts("facilities.name", texts)
    both = [{"es": str(one) or "•", "en": str(one) or "•"} for one in known]
    record = start_record(language, packer.directory, origin) | {
        "kinds": [
            {"key": str(key), "names": names, "unnamed": names}
            for key, names in zip(known, both, strict=True)
        ],
    }
    return Packed(record, packer.text(), bounds_of(held.geometry))


def facilities_of_result(result: Result, language: str) -> Packed:
    """Cut the facilities that may be listed out of the result's public page."""
    scene = scene_of(result)
    directory, data = cut(scene, ["facilities"])
    record = start_record(language, directory, np.array(scene.record["origin"])) | {
        "kinds": [
            {key: one[key] for key in ("key", "names", "unnamed")} for one in scene.record["kinds"]
        ],
    }
    return Packed(record, data, bounds_of(result.territory.blocks.geometry))
