"""What one layer of a map holds: the streams of a result's page, or a table packed as they are."""

from __future__ import annotations

import math
import warnings
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from targeting.i18n import LANGUAGES, catalogue
from targeting.model import Result
from targeting.problems import Problem, TargetingError
from targeting.render.encode import ZOOM, Packer, project, spatial_order, whole
from targeting.render.packed_text import inflated
from targeting.render.scene import Scene, build_scene, class_breaks
from targeting.render.style import RAMP

_LARGEST = 2**30  # what a column of the page can hold is below 2**31
_MOST_DECIMALS = 6
_FAMILIES = {"polygon": ("Polygon", "MultiPolygon"), "point": ("Point",)}
_SCENES: dict[int, tuple[weakref.ref[Result], Scene]] = {}


@dataclass(frozen=True)
class Packed:
    """One layer as a page reads it.

    Parameters
    ----------
    record : dict
        What the layer's script is told (see `assets/elements.js`).
    data : str
        Packed arrays as text.
    bounds : list of list of float
        South-west and north-east corner, latitude before longitude; empty without shapes.
    """

    record: dict[str, Any]
    data: str
    bounds: list[list[float]]


def scene_of(result: Result) -> Scene:
    """Return the public scene of a result, made once for all its layers."""
    held = _SCENES.get(id(result))
    if held is not None and held[0]() is result:
        return held[1]
    scene = build_scene(result)
    key = id(result)
    _SCENES[key] = (weakref.ref(result, lambda _: _SCENES.pop(key, None)), scene)
    return scene


def cut(scene: Scene, names: Iterable[str]) -> tuple[dict[str, Any], str]:
    """Return only these streams of a scene (each with its parts), as directory and text."""
    raw = inflated(scene.data)
    wanted = tuple(names)
    packer = Packer()
    for name, about in scene.record["data"].items():
        if name in wanted or name.startswith(tuple(f"{one}." for one in wanted)):
            rest = {key: value for key, value in about.items() if key not in ("at", "size")}
            packer.add(name, raw[about["at"] : about["at"] + about["size"]], **rest)
    return packer.directory, packer.text()


def words(language: str) -> dict[str, str]:
    """Return the few words a layer says on a map that is not our page."""
    said = catalogue(language)
    start = "page.element."
    return {key[len(start) :]: text for key, text in said.items() if key.startswith(start)}


def start_record(language: str, directory: dict[str, Any], origin: np.ndarray) -> dict[str, Any]:
    """Return what the record of every layer begins with."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {LANGUAGES}, not {language!r}")
    return {
        "language": language,
        "words": words(language),
        "zoom": ZOOM,
        "origin": [int(one) for one in origin],
        "data": directory,
    }


def checked(frame: gpd.GeoDataFrame, family: str, layer: str) -> gpd.GeoDataFrame:
    """Return the rows that have a shape; refuse tables without coordinates or of other shapes.

    Raises
    ------
    TargetingError
        No coordinate system, or shapes the layer does not draw.
    """
    if frame.crs is None:
        raise TargetingError([Problem("element-no-crs", layer)])
    empty = frame.geometry.isna().to_numpy() | frame.geometry.is_empty.to_numpy()
    if empty.any():
        warnings.warn(f"{layer}: {int(empty.sum())} rows without a shape left out", stacklevel=4)
    held = frame[~empty]
    other = sorted(set(held.geom_type) - set(_FAMILIES[family]))
    if other:
        values = {"given": ", ".join(other), "known": ", ".join(_FAMILIES[family])}
        raise TargetingError([Problem("element-other-shapes", layer, values)])
    return held


def column_of(frame: pd.DataFrame, name: str, layer: str) -> pd.Series[Any]:
    """Return a column; refuse a name the table does not have."""
    if name not in frame.columns:
        known = ", ".join(str(one) for one in frame.columns)
        raise TargetingError([Problem("element-no-column", layer, {"given": name, "known": known})])
    return frame[name]


def numbers_of(frame: pd.DataFrame, name: str, layer: str) -> np.ndarray:
    """Return a column of numbers, infinite ones missing; refuse one of texts."""
    column = column_of(frame, name, layer)
    if not is_numeric_dtype(column):
        values = {"given": name, "known": str(column.dtype)}
        raise TargetingError([Problem("element-not-numbers", layer, values)])
    out = column.to_numpy(float, na_value=np.nan)
    return np.where(np.isfinite(out), out, np.nan)


def grain_of(values: np.ndarray, decimals: int | None) -> tuple[int, int]:
    """Return decimals and step that hold the numbers: exactly where six decimals can.

    Examples
    --------
    >>> grain_of(np.array([0.25, 3.5]), None)
    (2, 1)
    >>> grain_of(np.array([7e12]), None)
    (0, 10000)
    """
    known = values[~np.isnan(values)]
    top = float(np.abs(known).max()) if known.size else 0.0
    if top >= _LARGEST:
        return 0, 10 ** math.ceil(math.log10(top / _LARGEST))
    room = int(math.log10(_LARGEST / top)) if top > 0 else _MOST_DECIMALS
    most = min(_MOST_DECIMALS, room)
    if decimals is not None:
        return min(decimals, room), 1
    for digits in range(most):
        if np.allclose(np.round(known, digits), known, rtol=0, atol=1e-9 * max(top, 1e-3)):
            return digits, 1
    return max(0, most), 1


def pack_tips(
    packer: Packer, frame: pd.DataFrame, columns: Sequence[str], layer: str
) -> list[dict[str, Any]]:
    """Pack the columns a tooltip shows; each becomes text on the map, never markup."""
    tips = []
    for at, name in enumerate(columns):
        column = column_of(frame, name, layer)
        stream = f"tip.{at}"
        if is_numeric_dtype(column) and not is_bool_dtype(column):
            values = numbers_of(frame, name, layer)
            decimals, step = grain_of(values, None)
            packer.numbers(
                stream, whole(values, decimals=decimals, step=step), decimals=decimals, step=step
            )
        else:
            texts = ["" if pd.isna(one) else str(one) for one in column]
            packer.texts(stream, texts)
        tips.append(
            {
                "stream": stream,
                "label": str(name),
                "text": "decimals" not in packer.directory[stream],
            }
        )
    return tips


def origin_of(geometry: gpd.GeoSeries) -> np.ndarray:
    """Return the pixel coordinates are counted from: the north-west corner of all shapes."""
    if len(geometry) == 0:
        return np.zeros(2, np.int64)
    corners = gpd.GeoSeries([shapely.box(*geometry.total_bounds)], crs=geometry.crs)
    grid = project(shapely.get_coordinates(corners.to_numpy()), geometry.crs)
    return np.asarray(grid.min(axis=0))


def bounds_of(geometry: gpd.GeoSeries) -> list[list[float]]:
    """Return the corners of all shapes in degrees, latitude first."""
    if len(geometry) == 0:
        return []
    box = gpd.GeoSeries([shapely.box(*geometry.total_bounds)], crs=geometry.crs).to_crs(4326)
    west, south, east, north = (float(one) for one in box.total_bounds)
    return [[south, west], [north, east]]


def ramp_of(count: int, colors: Sequence[str] | None, *, reverse: bool = False) -> list[str]:
    """Return one color for each class, the first and the last of `colors` always among them."""
    held = list(colors or RAMP)
    if count == 1:
        return [held[len(held) // 2]]
    at = [int(i * (len(held) - 1) / (count - 1) + 0.5) for i in range(count)]
    out = [held[i] for i in at]
    return out[::-1] if reverse else out


def ordered(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows along a curve in space: they pack smaller."""
    return frame.iloc[spatial_order(frame.geometry)]


def value_layer(
    packer: Packer, values: np.ndarray, decimals: int | None
) -> tuple[dict[str, Any], int]:
    """Pack a column of numbers that shapes are colored by; return its layer and its decimals."""
    digits, step = grain_of(values, decimals)
    steps = whole(values, decimals=digits, step=step)
    packer.numbers("value", steps, decimals=digits, step=step)
    return {"id": "value", "breaks": class_breaks(steps)}, digits
