"""INEGI's Marco Geoestadístico: blocks (manzanas) and urban areas (AGEB)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from targeting.model import Loss
from targeting.problems import TargetingError
from targeting.registry import register
from targeting.sources.files import choose_member, parts
from targeting.sources.layer import Layer, drop, missing_column
from targeting.sources.text import clean_keys
from targeting.sources.vectors import VectorTable, polygon_layer, read_vector

KEY_PARTS = {"CVE_ENT": 2, "CVE_MUN": 3, "CVE_LOC": 4, "CVE_AGEB": 4, "CVE_MZA": 3}
MUNICIPALITY, AREA, BLOCK = 5, 13, 16


@register("reader")
def inegi_blocks(
    path: Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's blocks (layer `m`), keyed by CVEGEO of 16 characters.

    Parameters
    ----------
    path : Path
        Shapefile, GeoPackage, folder, or the state's zip as published.
    layer : str, optional
        Layer of a GeoPackage that has several.
    crs : str, optional
        Coordinate system, when the file does not say.
    encoding : str, optional
        Of the texts. Default: what the file says, else Windows-1252.

    Returns
    -------
    Layer
        `id` (16), `area_id` (the first 13), `municipality_id` (the first 5), `geometry`.

    Raises
    ------
    TargetingError
        `missing-column`, `no-member`, `several-members` and what `read_vector` raises.
    """
    return _read(path, "m", BLOCK, layer=layer, crs=crs, encoding=encoding)


@register("reader")
def inegi_areas(
    path: Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's urban AGEB (layer `a`), keyed by CVEGEO of 13 characters.

    Parameters
    ----------
    path : Path
        Shapefile, GeoPackage, folder, or the state's zip as published.
    layer, crs, encoding : str, optional
        As for `inegi_blocks`.

    Returns
    -------
    Layer
        `id` (13), `municipality_id` (the first 5), `geometry`.

    Raises
    ------
    TargetingError
        `missing-column`, `no-member`, `several-members` and what `read_vector` raises.
    """
    return _read(path, "a", AREA, layer=layer, crs=crs, encoding=encoding)


def _read(
    path: Path, suffix: str, width: int, *, layer: str | None, crs: str | None, encoding: str | None
) -> Layer:
    member = choose_member(path, rf"(^|/)\d{{2}}{suffix}\.(shp|gpkg)$")
    read = read_vector(member, layer=layer, crs=crs, encoding=encoding)
    keys, padded = _keys(read, width)
    frame = read.frame[["geometry"]].copy()
    frame["id"] = keys
    frame["area_id"] = keys.str.slice(0, AREA)
    frame["municipality_id"] = keys.str.slice(0, MUNICIPALITY)
    losses: list[Loss] = []
    wrong = keys.notna() & (keys.str.len() != width)
    frame = drop(frame, wrong.to_numpy(), "key-of-other-length", losses, of=len(frame), label="id")
    return polygon_layer(
        read,
        frame,
        notes={"keys_padded": padded} if padded else {},
        losses=losses,
        files=parts(member.container) if member.container != path else (),
    )


def _keys(read: VectorTable, width: int) -> tuple[pd.Series[str], int]:
    """Return CVEGEO, or put it together from its parts where a file lacks it."""
    columns = {str(column).upper(): column for column in read.frame.columns}
    if "CVEGEO" in columns:
        return clean_keys(read.frame[columns["CVEGEO"]], width)
    needed = list(KEY_PARTS)[: 4 if width == AREA else 5]
    if any(name not in columns for name in needed):
        raise TargetingError([missing_column("CVEGEO", [str(c) for c in read.frame.columns])])
    pieces = [clean_keys(read.frame[columns[name]], KEY_PARTS[name])[0] for name in needed]
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = joined + piece
    return joined.astype("str"), 0
