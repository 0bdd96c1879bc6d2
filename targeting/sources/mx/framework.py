"""INEGI's Marco Geoestadístico: blocks (manzanas) and urban areas (AGEB)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd

from targeting.model import Loss
from targeting.registry import register
from targeting.sources.layer import Layer, drop
from targeting.sources.mx.framework_files import (
    KEY_PARTS,
    KEYS,
    MUNICIPALITY,
    FrameworkTable,
    framework_keys,
    of_municipalities,
    read_framework,
    whole_texts,
)
from targeting.sources.text import folded
from targeting.sources.vectors import polygon_layer

__all__ = ["AREA", "BLOCK", "MUNICIPALITY", "inegi_areas", "inegi_blocks"]

AREA, BLOCK = 13, 16


@register("reader")
def inegi_blocks(
    path: Path,
    *,
    municipalities: tuple[str, ...] = (),
    state: str | None = None,
    scope: Literal["urban", "all"] = "urban",
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's blocks (layer `m`), keyed by CVEGEO of 16 characters.

    Parameters
    ----------
    path : Path
        Shapefile, GeoPackage, folder, or the state's zip as published in 2010, 2018 or 2020; the
        country's file too.
    municipalities : tuple of str
        Read only these (5 characters). Default: all.
    state : str, optional
        Of several states in one folder or archive, this one (2 characters). Default: those of
        `municipalities`.
    scope : str
        `urban`: blocks of urban AGEB, which are those the census tells about; `all`: the blocks of
        rural localities too, where the file has them (`AMBITO`).
    layer : str, optional
        Layer of a GeoPackage that has several.
    crs : str, optional
        Coordinate system, when the file does not say.
    encoding : str, optional
        Of the texts. Default: what the file says, else Windows-1252.

    Returns
    -------
    Layer
        `id` (16), `area_id` (the first 13), `municipality_id` (the first 5), `geometry`. What INEGI
        calls a block (`TIPOMZA`: typical, roundabout, the one around others) is counted.

    Raises
    ------
    TargetingError
        `missing-column`, `no-member`, `several-members`, `archive-in-archive` and what
        `read_vector` raises.
    """
    read = read_framework(
        path,
        "m",
        municipalities=municipalities,
        state=state,
        layer=layer,
        crs=crs,
        encoding=encoding,
    )
    return _units(read, "m", scope=scope)


@register("reader")
def inegi_areas(
    path: Path,
    *,
    municipalities: tuple[str, ...] = (),
    state: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's urban AGEB (layer `a`), keyed by CVEGEO of 13 characters.

    Parameters
    ----------
    path : Path
        Shapefile, GeoPackage, folder, or the state's zip as published; the country's file too.
    municipalities, state, layer, crs, encoding : optional
        As for `inegi_blocks`.

    Returns
    -------
    Layer
        `id` (13), `municipality_id` (the first 5), `geometry`.

    Raises
    ------
    TargetingError
        As `inegi_blocks`.
    """
    read = read_framework(
        path,
        "a",
        municipalities=municipalities,
        state=state,
        layer=layer,
        crs=crs,
        encoding=encoding,
    )
    return _units(read, "a")


def _units(read: FrameworkTable, suffix: str, *, scope: str = "all") -> Layer:
    """Return blocks or urban areas by key."""
    keys, padded = framework_keys(read, suffix)
    width = sum(KEY_PARTS[name] for name in KEYS[suffix])
    frame = read.frame[["geometry"]].copy()
    frame["id"] = keys
    frame["area_id"] = keys.str.slice(0, AREA)
    frame["municipality_id"] = keys.str.slice(0, MUNICIPALITY)
    notes: dict[str, Any] = {"keys_padded": padded} if padded else {}
    for column, note in (("TIPOMZA", "blocks_by_type"), ("AMBITO", "blocks_by_scope")):
        texts = read.column((column,)) if suffix == "m" else None
        if texts is not None:
            notes[note] = _frequencies(texts)
    losses: list[Loss] = []
    wrong = keys.notna() & (keys.str.len() != width)
    of = len(frame)
    frame = drop(frame, wrong.to_numpy(), "key-of-other-length", losses, of=of, label="id")
    kind = read.column(("AMBITO",)) if scope == "urban" and suffix == "m" else None
    if kind is not None:
        rural = folded(kind).str.startswith("rural")[frame.index]
        if not rural.all():
            frame = drop(frame, rural.to_numpy(), "rural-block", losses, of=of, label="id")
    frame, other = of_municipalities(frame, read.municipalities)
    return read.account(polygon_layer(read.table, frame, notes=notes, losses=losses), other=other)


def _frequencies(texts: pd.Series[str]) -> dict[str, int]:
    told = whole_texts(texts)[0].fillna("–").value_counts()
    return {str(k): int(n) for k, n in sorted(told.items(), key=lambda p: (-p[1], str(p[0])))}
