"""Health units of CLUES, the health ministry's register of establishments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.facilities import NO_NAME, facility_layer, facility_names
from targeting.sources.files import TABLE, require_format, unreadable
from targeting.sources.layer import Layer, drop
from targeting.sources.mx.coordinates import mexican_points
from targeting.sources.mx.headers import find_columns
from targeting.sources.points import PointTable
from targeting.sources.tables import read_text_table, to_numbers
from targeting.sources.text import folded

_COLUMNS = {
    "key": ("CLUES",),
    "name": ("NOMBRE DE LA UNIDAD", "NOMBRE DE UNIDAD", "NOMBRE COMERCIAL"),
    "type": ("NOMBRE TIPO ESTABLECIMIENTO", "NOMBRE TIPO DE ESTABLECIMIENTO"),
    "status": ("ESTATUS DE OPERACION", "CLAVE ESTATUS DE OPERACION"),
    "latitude": ("LATITUD",),
    "longitude": ("LONGITUD",),
    "typology": ("NOMBRE DE TIPOLOGIA",),
    "subtypology": ("NOMBRE DE SUBTIPOLOGIA",),
    "rooms": ("TOTAL DE CONSULTORIOS",),
    "rooms_general": ("CONSULTORIOS DE MED GRAL",),
    "rooms_other": ("CONSULTORIOS EN OTRAS AREAS",),
    "beds": ("TOTAL DE CAMAS",),
    "beds_of_wards": ("CAMAS EN AREA DE HOS",),
    "beds_other": ("CAMAS EN OTRAS AREAS",),
}
_REQUIRED = ("key", "name", "type", "status", "latitude", "longitude")
# A unit on wheels is nobody's nearest clinic.
_MOBILE = r"\bmovil(?:es)?\b|\bcaravana|\bbrigada"
_ADDICTION = r"adiccion|\buneme[ -]?capa\b|\bcecosama\b|\bcentros? nueva vida\b|integracion juvenil"
_OPERATING = r"^(?:en operacion|1(?:\.0)?$)"
_SHEET = re.compile(r"^clues", re.IGNORECASE)


@register("reader")
def clues_health(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Layer:
    """Read CLUES as health centers, hospitals and addiction care.

    Parameters
    ----------
    path : Path
        Workbook as published, or the same columns as CSV.
    sheet : str, optional
        Default: the sheet whose name begins with `CLUES`, else the first.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Columns `kind`, `name`, `capacity` (consulting rooms; beds of a hospital), `reference`
        (CLUES), `geometry`. Only units in operation. Support, social assistance and mobile units
        are not chosen. A missing minus sign or swapped axes are put right and counted;
        coordinates outside Mexico fall.

    Raises
    ------
    TargetingError
        `missing-column`, `no-facility-found`, and what `read_text_table` raises.
    """

    def ours(names: Sequence[str]) -> Sequence[str]:
        return list(find_columns(names, _COLUMNS, required=_REQUIRED).values())

    own = sheet or _sheet(path)
    read = read_text_table(path, columns=ours, sheet=own, encoding=encoding)
    chosen = find_columns(read.table.column_names, _COLUMNS, required=_REQUIRED)
    table = read.frame(list(chosen.values())).set_axis(list(chosen), axis=1)
    kinds = kinds_of_units(table)
    others = table.loc[kinds.isna(), "type"].str.strip().value_counts()
    ranked = sorted(others.items(), key=lambda pair: (-pair[1], str(pair[0])))[:10]
    texts = {str(text): int(count) for text, count in ranked}
    notes: dict[str, Any] = {"not_chosen": int(kinds.isna().sum()), "not_chosen_texts": texts}
    if kinds.isna().all():
        values = {"given": chosen["type"], "known": ", ".join(texts) or "–"}
        raise TargetingError([Problem("no-facility-found", "", values)])
    table = table[kinds.notna()].assign(kind=kinds[kinds.notna()])
    losses, of = read.losses, read.rows_read - notes["not_chosen"]
    operating = folded(table["status"]).str.contains(_OPERATING, regex=True)
    table = drop(table, ~operating, "closed", losses, of=of)
    points, inside, counts = mexican_points(table["longitude"], table["latitude"], losses, of=of)
    frame = gpd.GeoDataFrame(table[["kind"]], geometry=points)
    frame["name"] = facility_names(table["name"], frame, NO_NAME)
    reference = table["key"].str.strip()
    frame["reference"] = reference.mask(reference == "")
    rooms = _count(table, "rooms", ("rooms_general", "rooms_other"))
    beds = _count(table, "beds", ("beds_of_wards", "beds_other"))
    frame["capacity"] = rooms.where(frame["kind"] != "hospital", beds)
    frame = frame[inside]
    point_table = PointTable(frame, read.rows_read, "EPSG:4326", read.encoding, losses)
    return facility_layer(point_table, frame, losses, notes | counts)


def kinds_of_units(table: pd.DataFrame) -> pd.Series[str]:
    """Return the kind of each unit: by its type, and by a name that tells of addiction.

    Parameters
    ----------
    table : DataFrame
        `type`, `name` and, where there are any, `typology` and `subtypology`.

    Returns
    -------
    Series of text
        Missing for support and social assistance, and for mobile units.

    Examples
    --------
    >>> rows = pd.DataFrame({"type": ["DE CONSULTA EXTERNA", "DE HOSPITALIZACIÓN", "DE APOYO"],
    ...                      "name": ["UNEME-CAPA Centro", "Hospital General", "Laboratorio"]})
    >>> kinds_of_units(rows).fillna("–").tolist()
    ['addiction_care', 'hospital', '–']
    """
    of_type = folded(table["type"])
    told = folded(table["name"])
    for column in ("typology", "subtypology"):
        if column in table.columns:
            told = told + " " + folded(table[column])
    kinds = pd.Series(None, index=table.index, dtype="str")
    kinds = kinds.mask(of_type.str.contains("consulta externa", regex=False), "health_center")
    kinds = kinds.mask(of_type.str.contains("hospitalizacion", regex=False), "hospital")
    kinds = kinds.mask(kinds.notna() & told.str.contains(_ADDICTION, regex=True), "addiction_care")
    return kinds.mask(told.str.contains(_MOBILE, regex=True))


def _count(table: pd.DataFrame, total: str, parts: tuple[str, ...]) -> pd.Series[float]:
    """Return a number of rooms or beds: the total, or the sum of its parts; none is missing."""
    if total in table.columns:
        number = to_numbers(table[total])[0]
    else:
        held = [to_numbers(table[part])[0] for part in parts if part in table.columns]
        empty = pd.Series(float("nan"), index=table.index)
        number = pd.concat([empty, *held], axis=1).sum(axis=1, min_count=1)
    return number.where(number > 0)


def _sheet(path: Path) -> str | None:
    """Return the workbook's sheet of units, or None for its first, or for no workbook."""
    if require_format(path, *TABLE) != "Excel":
        return None
    try:
        with pd.ExcelFile(path, engine="calamine") as book:
            names = [str(name) for name in book.sheet_names]
    except Exception as error:  # the library raises its own kinds for every broken workbook
        raise unreadable(path, error) from error
    return next((name for name in names if _SHEET.match(name)), None)
