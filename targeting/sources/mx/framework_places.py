"""INEGI's Marco Geoestadístico: states, municipalities, localities and rural AGEB as places."""

from __future__ import annotations

from pathlib import Path

from targeting.model import Loss
from targeting.registry import register
from targeting.sources.layer import Layer, drop
from targeting.sources.mx.framework_files import (
    KEY_PARTS,
    KEYS,
    MUNICIPALITY,
    FrameworkTable,
    framework_keys,
    named,
    of_municipalities,
    read_framework,
)
from targeting.sources.vectors import polygon_layer

_NAMES = ("NOMGEO", "NOMBRE", "NOM_LOC", "NOM_MUN", "NOM_ENT")


@register("reader")
def inegi_rural_areas(
    path: Path,
    *,
    municipalities: tuple[str, ...] = (),
    state: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's rural AGEB (layer `ar`) as places: they hold no urban blocks.

    Parameters
    ----------
    path : Path
        As for `inegi_areas`.
    municipalities, state, layer, crs, encoding : optional
        As for `inegi_blocks`.

    Returns
    -------
    Layer
        `id` (9), `level` (`rural_area`), `name` (missing), `geometry`.

    Raises
    ------
    TargetingError
        As `inegi_blocks`.
    """
    read = read_framework(
        path,
        "ar",
        municipalities=municipalities,
        state=state,
        layer=layer,
        crs=crs,
        encoding=encoding,
    )
    return _places(read, "ar", "rural_area")


@register("reader")
def inegi_localities(
    path: Path,
    *,
    municipalities: tuple[str, ...] = (),
    state: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's localities (layer `l`) as places.

    Parameters
    ----------
    path : Path
        As for `inegi_areas`.
    municipalities, state, layer, crs, encoding : optional
        As for `inegi_blocks`.

    Returns
    -------
    Layer
        `id` (9), `level` (`locality`), `name`, `geometry`.

    Raises
    ------
    TargetingError
        As `inegi_blocks`.
    """
    read = read_framework(
        path,
        "l",
        municipalities=municipalities,
        state=state,
        layer=layer,
        crs=crs,
        encoding=encoding,
    )
    return _places(read, "l", "locality")


@register("reader")
def inegi_municipalities(
    path: Path,
    *,
    municipalities: tuple[str, ...] = (),
    state: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's municipalities (layer `mun`) as places.

    Parameters
    ----------
    path : Path
        As for `inegi_areas`.
    municipalities, state, layer, crs, encoding : optional
        As for `inegi_blocks`.

    Returns
    -------
    Layer
        `id` (5), `level` (`municipality`), `name`, `geometry`.

    Raises
    ------
    TargetingError
        As `inegi_blocks`.
    """
    read = read_framework(
        path,
        "mun",
        municipalities=municipalities,
        state=state,
        layer=layer,
        crs=crs,
        encoding=encoding,
    )
    return _places(read, "mun", "municipality")


@register("reader")
def inegi_states(
    path: Path,
    *,
    state: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's states (layer `ent`) as places.

    Parameters
    ----------
    path : Path
        As for `inegi_areas`.
    state, layer, crs, encoding : optional
        As for `inegi_blocks`.

    Returns
    -------
    Layer
        `id` (2), `level` (`state`), `name`, `geometry`.

    Raises
    ------
    TargetingError
        As `inegi_blocks`.
    """
    read = read_framework(path, "ent", state=state, layer=layer, crs=crs, encoding=encoding)
    return _places(read, "ent", "state")


def _places(read: FrameworkTable, suffix: str, level: str) -> Layer:
    """Return named places by key."""
    keys, padded = framework_keys(read, suffix)
    frame = read.frame[["geometry"]].copy()
    frame["id"] = keys
    frame["municipality_id"] = keys.str.slice(0, MUNICIPALITY)
    frame["level"] = level
    names, notes = named(read, _NAMES)
    frame["name"] = names
    if padded:
        notes["keys_padded"] = padded
    losses: list[Loss] = []
    wrong = keys.notna() & (keys.str.len() != sum(KEY_PARTS[name] for name in KEYS[suffix]))
    frame = drop(frame, wrong.to_numpy(), "key-of-other-length", losses, of=len(frame), label="id")
    frame, other = of_municipalities(frame, read.municipalities)
    made = polygon_layer(read.table, frame, notes=notes, losses=losses)
    return read.account(made, other=other)
