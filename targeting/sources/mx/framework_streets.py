"""INEGI's Marco Geoestadístico: center lines of streets and fronts of blocks."""

from __future__ import annotations

from pathlib import Path

from targeting.model import Loss
from targeting.problems import TargetingError
from targeting.registry import register
from targeting.sources.layer import Layer, against, missing_column
from targeting.sources.mx.framework_files import (
    FrameworkTable,
    named,
    read_framework,
    whole_texts,
)
from targeting.sources.vectors import keep_shapes

_STREET_KINDS, _STREET_NAMES = ("TIPOVIAL", "TIPO"), ("NOMVIAL", "NOMBRE")


@register("reader")
def inegi_street_axes(
    path: Path,
    *,
    municipalities: tuple[str, ...] = (),
    state: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's center lines of streets (layer `e`).

    Parameters
    ----------
    path : Path
        As for `inegi_areas`.
    municipalities, state, layer, crs, encoding : optional
        As for `inegi_blocks`.

    Returns
    -------
    Layer
        `kind` (`TIPOVIAL`: calle, avenida, andador …), `name` (`NOMVIAL`; missing where the street
        has none), `geometry`.

    Raises
    ------
    TargetingError
        As `inegi_blocks`.
    """
    read = read_framework(
        path,
        "e",
        municipalities=municipalities,
        state=state,
        layer=layer,
        crs=crs,
        encoding=encoding,
    )
    return _streets(read)


@register("reader")
def inegi_block_fronts(
    path: Path,
    *,
    municipalities: tuple[str, ...] = (),
    state: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's fronts of blocks (layer `fm`): the side of a block along one street.

    Parameters
    ----------
    path : Path
        As for `inegi_areas`.
    municipalities, state, layer, crs, encoding : optional
        As for `inegi_blocks`.

    Returns
    -------
    Layer
        As for `inegi_street_axes`.

    Raises
    ------
    TargetingError
        As `inegi_blocks`.
    """
    read = read_framework(
        path,
        "fm",
        municipalities=municipalities,
        state=state,
        layer=layer,
        crs=crs,
        encoding=encoding,
    )
    return _streets(read)


def _streets(read: FrameworkTable) -> Layer:
    """Return lines along streets."""
    kinds = read.column(_STREET_KINDS)
    if kinds is None and read.column(_STREET_NAMES) is None:
        found = [str(column) for column in read.frame.columns]
        raise TargetingError([missing_column(name, found) for name in ("TIPOVIAL", "NOMVIAL")])
    names, notes = named(read, _STREET_NAMES)
    frame = read.frame[["geometry"]].copy()
    frame["kind"] = "" if kinds is None else whole_texts(kinds)[0].fillna("")
    frame["name"] = names
    losses: list[Loss] = []
    frame, _ = keep_shapes(frame, "line", losses, of=len(frame))
    made = Layer(
        frame[["kind", "name", "geometry"]],
        len(read.frame),
        against(losses, len(read.frame)),
        read.table.crs_in,
        read.table.encoding,
        notes,
    )
    return read.account(made)
