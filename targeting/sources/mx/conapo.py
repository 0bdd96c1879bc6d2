"""CONAPO's marginalization index by AGEB, municipality and colonia: components, index, grade."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.layer import Layer, missing_columns
from targeting.sources.mx.framework import AREA, MUNICIPALITY
from targeting.sources.mx.published_tables import (
    AREA_KEY,
    MUNICIPALITY_KEY,
    PublishedTable,
    municipality_keys,
    read_published,
)
from targeting.sources.tables import to_numbers, unique_keys
from targeting.sources.text import clean_keys, clean_names
from targeting.sources.vectors import polygon_layer, read_vector

COMPONENTS = (
    "P6A14NAE",
    "SBASC",
    "PSDSS",
    "OVSDE",
    "OVSEE",
    "OVSAE",
    "OVPT",
    "OVHAC",
    "OVSREF",
    "OVSINT",
    "OVSCEL",
)
MUNICIPALITY_COMPONENTS = (
    "ANALF",
    "SBASC",
    "OVSDE",
    "OVSEE",
    "OVSAE",
    "OVPT",
    "VHAC",
    "PL.5000",
    "PO2SM",
)
DIRECTION = "lower_is_worse"
"""CONAPO measures the distance from the worst place: a higher index is less marginalization."""
_TELLING = 10
_PEOPLE = ("POB_TOTAL", "POB_TOT", "POBTOT")


@register("reader")
def conapo_areas(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Layer:
    """Read CONAPO's index by AGEB, of 2010 or 2020, in its DP2 form.

    Parameters
    ----------
    path : Path
        CSV or Excel, or the zip, as published.
    sheet : str, optional
        Sheet of the workbook. Default: the first that holds keys of AGEB.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Index `key` (CVEGEO of 13 characters); the eleven components in percent, `IM`, `IMN` (the
        index on 0 to 1) and `POB_TOTAL` as numbers, `GM` (grade) as text, whatever year stands in
        the file's column names. A higher index means *less* marginalization.

    Raises
    ------
    TargetingError
        `missing-column`; `reversed-index` when the index rises with the lack of schooling, as in
        the editions before the distance method; and what `read_published` raises.
    """
    named = r"cve_?ageb|cvegeo"
    read = read_published(path, key=AREA_KEY, named=named, sheet=sheet, encoding=encoding)
    names = _names(read.names, COMPONENTS, ("CVE_AGEB", "CVEGEO"))
    _require(names, read.names, ("CVE_AGEB", "IM", *COMPONENTS))
    keys, padded = clean_keys(read.frame[names.pop("CVE_AGEB")], AREA)
    return _layer(read, names, keys, padded, path)


@register("reader")
def conapo_municipalities(
    path: Path, *, sheet: str | None = None, encoding: str | None = None
) -> Layer:
    """Read CONAPO's index by municipality, of 2010, 2015 or 2020, in its DP2 form.

    Its values are the same for every block of a municipality: they compare cities, and tell
    nothing of the differences inside one.

    Parameters
    ----------
    path : Path
        CSV, Excel or Parquet, or the zip, as published.
    sheet : str, optional
        Sheet of the workbook. Default: the first that holds codes of municipalities.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Index `municipality_id` (5 characters); `municipality_` and the nine components in percent,
        `IM`, `IMN`, `GM` and `POB_TOTAL`. A higher index means *less* marginalization.

    Raises
    ------
    TargetingError
        As `conapo_areas`.
    """
    named = r"cve_?mun|cvegeo|clave.*mun"
    read = read_published(path, key=MUNICIPALITY_KEY, named=named, sheet=sheet, encoding=encoding)
    names = _names(read.names, MUNICIPALITY_COMPONENTS, ("CVE_MUN", "CVEGEO"))
    _require(names, read.names, ("CVE_MUN", "IM", *MUNICIPALITY_COMPONENTS))
    own = names.pop("CVE_MUN")
    keys, padded = municipality_keys(PublishedTable(read.frame, read.key or own, 0, "", []))
    layer = _layer(read, names, keys, padded, path)
    kept = layer.data.drop(columns="municipality_id").add_prefix("municipality_")
    return Layer(
        kept.rename_axis("municipality_id"),
        layer.rows_read,
        layer.losses,
        encoding=layer.encoding,
        notes=layer.notes,
    )


@register("reader")
def conapo_neighborhoods(
    path: Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read CONAPO's index by colonia, of 2020, with the colonias' shapes.

    The files come by municipality and hold the neighbors' border colonias too, so that files put
    together repeat them; some files have the index without its components.

    Parameters
    ----------
    path : Path
        Shapefile, GeoPackage or folder, as published or several put together.
    layer : str, optional
        Layer of a GeoPackage that has several.
    crs : str, optional
        Coordinate system, when the file does not say.
    encoding : str, optional
        Of the texts. Default: what the file says, else Windows-1252.

    Returns
    -------
    Layer
        `id` (CVE_COL), `level` (`neighborhood`), `name`, `municipality_id`, `IM`, `IMN`, `GM`, the
        eleven components in percent and `POB_TOTAL`, which is fractional: people shared out by
        area. A higher index means *less* marginalization.

    Raises
    ------
    TargetingError
        `missing-column`, `reversed-index` and what `read_vector` raises.
    """
    read = read_vector(path, layer=layer, crs=crs, encoding=encoding)
    found = [str(column) for column in read.frame.columns]
    names = _names(found, COMPONENTS, ("CVE_COL",))
    _require(names, found, ("CVE_COL", "IM"))
    frame = read.frame[["geometry"]].copy()
    for ours, column in names.items():
        if ours not in ("CVE_COL", "GM"):
            frame[ours] = to_numbers(read.frame[column].astype("str"))[0]
    frame["GM"] = read.frame[names["GM"]].astype("str") if "GM" in names else None
    frame["id"] = clean_keys(read.frame[names["CVE_COL"]])[0]
    upper = {column.upper(): column for column in found}
    named = read.frame[upper["COLONIA"]] if "COLONIA" in upper else pd.Series(None, frame.index)
    frame["name"] = clean_names(named.astype("str"))
    frame["level"] = "neighborhood"
    own = read.frame[upper["CVE_MUN"]] if "CVE_MUN" in upper else frame["id"].str.slice(0, 5)
    frame["municipality_id"] = clean_keys(own, MUNICIPALITY)[0]
    _refuse_reversed(pd.DataFrame(frame), path.name)
    restored = _restore_components(frame)
    made = polygon_layer(read, frame, notes={})
    notes = _colonia_notes(made.data, names) | {"components_restored": restored}
    return Layer(
        made.data,
        made.rows_read,
        made.losses,
        made.crs_in,
        made.encoding,
        dict(made.notes) | notes,
        files=made.files,
    )


def _restore_components(frame: pd.DataFrame) -> int:
    """Give rows without components those of the same colonia in another file; tell how many."""
    components = [name for name in COMPONENTS if name in frame.columns]
    if not components:
        return 0
    lacking = frame[components].isna().all(axis=1).to_numpy()
    same = frame.groupby("id")[components].transform("max")
    frame[components] = frame[components].fillna(same)
    return int((lacking & frame[components].notna().any(axis=1).to_numpy()).sum())


def _colonia_notes(frame: pd.DataFrame, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what the colonias kept lack, and the municipalities they are of."""
    components = [name for name in COMPONENTS if name in names]
    lacking = frame[components].isna().all(axis=1).sum() if components else len(frame)
    notes: dict[str, Any] = {"index_direction": {DIRECTION: "IM"}}
    notes["without_components"] = int(lacking)
    if "POB_TOTAL" in frame.columns:
        people = frame["POB_TOTAL"].dropna()
        notes["fractional_people"] = int((people % 1 > 0).sum())
    own = frame["municipality_id"].value_counts().sort_index()
    notes["rows_by_municipality"] = {str(key): int(count) for key, count in own.items()}
    return notes


def _layer(
    read: PublishedTable, names: Mapping[str, str], keys: pd.Series[str], padded: int, path: Path
) -> Layer:
    """Return the columns of a table under our names, numbers as numbers."""
    year = next(
        (m[1] for c in read.names if (m := re.fullmatch(r"IMN?_?(\d{4})", c.upper()))),
        "",
    )
    frame = read.frame[list(names.values())].set_axis(list(names), axis=1)
    losses = list(read.losses)
    frame = unique_keys(frame, keys, losses, rows_read=read.rows_read)
    for column in frame.columns:
        if column != "GM":
            frame[column] = to_numbers(frame[column])[0]
    _refuse_reversed(frame, path.name)
    frame["municipality_id"] = frame.index.str.slice(0, MUNICIPALITY)
    notes: dict[str, Any] = {"index_direction": {DIRECTION: "IM"}}
    if year:
        notes["table_year"] = year
    if padded:
        notes["keys_padded"] = padded
    if read.other_lines:
        notes["other_lines"] = read.other_lines
    return Layer(frame, read.rows_read, tuple(losses), encoding=read.encoding, notes=notes)


def _names(found: Sequence[str], components: Sequence[str], keys: Sequence[str]) -> dict[str, str]:
    """Return our name to the file's, for the columns a study can use."""
    names: dict[str, str] = {}
    plain_components = {name.replace(".", ""): name for name in components}
    for column in found:
        upper = column.upper().strip()
        plain = re.sub(r"_?\d{4}$", "", upper)
        component = plain_components.get(re.sub(r"[._ <]", "", upper))
        if upper in keys:
            names.setdefault(keys[0], column)
        elif upper in _PEOPLE:
            names.setdefault("POB_TOTAL", column)
        elif component is not None:
            names.setdefault(component, column)
        elif plain in ("IM", "IMN", "GM"):
            names.setdefault(plain, column)
    return names


def _require(names: Mapping[str, str], found: Sequence[str], wanted: Sequence[str]) -> None:
    absent = [name for name in wanted if name not in names]
    if absent:
        raise TargetingError(missing_columns(absent, found))


def _refuse_reversed(frame: pd.DataFrame, name: str) -> None:
    """Check that the index falls where more adults lack basic schooling."""
    if "SBASC" not in frame.columns:
        return
    both = frame[["IM", "SBASC"]].dropna()
    if len(both) < _TELLING:
        return
    ranks = both.rank()
    if ranks["IM"].nunique() < 2 or ranks["SBASC"].nunique() < 2:
        return
    correlation = float(np.corrcoef(ranks["IM"], ranks["SBASC"])[0, 1])
    if correlation > 0:
        values = {"given": name, "correlation": f"{correlation:.2f}"}
        raise TargetingError([Problem("reversed-index", "", values)])
