"""Schools of SEP's registers of work centers (CCT): SIGED's columns and those of the states."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.model import Loss
from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.facilities import NO_NAME, facility_layer, facility_names, require_kinds
from targeting.sources.files import choose_member
from targeting.sources.layer import Layer, drop
from targeting.sources.merging import own_words
from targeting.sources.mx.coordinates import mexican_points
from targeting.sources.mx.headers import find_columns
from targeting.sources.points import PointTable
from targeting.sources.tables import read_text_table, to_numbers
from targeting.sources.text import folded

_COLUMNS = {
    "key": ("CVE_CT", "CLAVECCT", "CCT", "CV_CCT", "CLAVE_CT", "Clave del centro de trabajo"),
    "name": ("NOM_CT", "NOMBRECT", "NOMBRE_CT", "C_NOMBRE", "Nombre del centro de trabajo",
             "NOMBRE"),
    "longitude": ("X", "LONGITUD", "LON", "LONG"),
    "latitude": ("Y", "LATITUD", "LAT"),
    "type": ("TIPO_EDUC", "Tipo educativo"),
    "level": ("NIVEL_EDUC", "NIVEL", "NNIVEL", "C_NIVEL", "Nivel educativo"),
    "service": ("SERV_EDUC", "SERVICIO", "NSERVICIO", "SUBNIVEL", "NSUBNIVEL"),
    "status": ("STATUS", "ESTATUS", "SITUACION"),
    "pupils": ("ALUMNOS_TOTAL", "TOTAL_ALUMNOS", "MATRICULA_TOTAL", "MATRICULA", "ALUMNOS"),
}  # fmt: skip
_REQUIRED = ("key", "name", "longitude", "latitude")
# Beginnings of words in level, type or service, the first that is found decides: what is "media
# superior" must not be taken for "superior".
_LEVELS = (
    ("capacitacion|formacion para el trabajo", "job_training"),
    ("media superior|bachiller|preparatoria|profesional tecnico|profesional medio", "high_school"),
    ("superior|licenciatura|posgrado|normal|universi|tecnico superior", "higher_education"),
    ("preescolar", "preschool"),
    ("telesecundaria|secundaria", "secondary_school"),
    ("primaria", "primary_school"),
    ("inicial|lactante|maternal", "day_care"),
    ("especial|cam|atencion multiple|adultos|basica", "school"),
)
# Fourth and fifth character of the key, where the register has no level.
_LETTERS = {
    "JN": "preschool", "CC": "preschool", "PR": "primary_school", "PB": "primary_school",
    "ES": "secondary_school", "ST": "secondary_school", "TV": "secondary_school",
    "SN": "secondary_school", "BH": "high_school", "CB": "high_school", "CT": "high_school",
    "ML": "school", "DM": "school", "DI": "day_care", "IC": "job_training",
    "SU": "higher_education", "IT": "higher_education",
}  # fmt: skip
# Third character of the key: offices (A) and supervisors (F).
_OFFICE_KEY = r"^\d\d[AF]"
_OFFICE = (
    r"\b(?:supervision|jefatura|zona escolar|administra|oficina|almacen|bodega|usaer|"
    r"servicios? de apoyo|coordinacion|delegacion regional)"
)
_OFFICE_NAME = r"^(?:supervision|jefatura|zona escolar|inspeccion|delegacion regional)\b"
# In words, or as the code of the states' catalogues (1 active, 2 closed, 3 struck off, 4 reopened;
# the codes are recalled, not verified).
_CLOSED = r"^(?:clausur|baja|cerrad|inactiv|suspen|cancel|[23](?:\.0)?$)"


@register("reader")
def sep_schools(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Layer:
    """Read a register of work centers (CCT) as schools.

    Parameters
    ----------
    path : Path
        CSV, Excel, folder or zip, with SIGED's columns (`CVE_CT`, `NIVEL_EDUC`, `X`, `Y` …) or
        those of a state's catalogue (`CLAVECCT`, `NIVEL`, `TURNO`, `STATUS` …).
    sheet, encoding : str, optional
        Which sheet, which encoding; by default the first, and found out.

    Returns
    -------
    Layer
        Columns `kind` (by level), `name`, `capacity` (pupils enrolled, all shifts), `reference`
        (CCT), `geometry`. Offices, supervisors and closed schools fall; the shifts of one school
        in one building are one row. Two levels in a building are two.

    Raises
    ------
    TargetingError
        `missing-column`, `no-facility-found`, and what `read_text_table` raises.
    """
    require_kinds([*dict(_LEVELS).values(), *_LETTERS.values()])

    def ours(names: Sequence[str]) -> Sequence[str]:
        return list(find_columns(names, _COLUMNS, required=_REQUIRED).values())

    member = choose_member(path, r"\.csv$", unlike=r"dicc|metadat|catalogo_de")
    read = read_text_table(member, columns=ours, sheet=sheet, encoding=encoding)
    chosen = find_columns(read.table.column_names, _COLUMNS, required=_REQUIRED)
    table = read.frame(list(chosen.values())).set_axis(list(chosen), axis=1)
    table["key"] = table["key"].str.strip().str.upper()
    losses = read.losses
    table = drop(table, _offices(table), "no-school", losses, of=read.rows_read)
    kinds = kinds_of_schools(table)
    others = _texts(table)[kinds.isna()].value_counts()
    notes: dict[str, Any] = {"not_chosen": int(kinds.isna().sum())}
    if len(others):
        ranked = sorted(others.items(), key=lambda pair: (-pair[1], str(pair[0])))[:10]
        notes["not_chosen_texts"] = {str(text): int(count) for text, count in ranked}
    if kinds.isna().all():
        known = ", ".join(notes.get("not_chosen_texts", {})) or "–"
        given = chosen.get("level", chosen["key"])
        raise TargetingError([Problem("no-facility-found", "", {"given": given, "known": known})])
    table = table[kinds.notna()].assign(kind=kinds[kinds.notna()])
    of = read.rows_read - notes["not_chosen"]
    if "status" in table.columns:
        closed = folded(table["status"]).str.contains(_CLOSED, regex=True)
        table = drop(table, closed, "closed", losses, of=of)
    frame, counts = _frame(table, losses, of)
    frame = _without_shifts(frame, losses, of=of)
    notes |= counts
    notes["buildings"] = _buildings(frame)
    point_table = PointTable(frame, read.rows_read, "EPSG:4326", read.encoding, losses)
    files = (member.container,) if member.container != path else ()
    return facility_layer(point_table, frame, losses, notes, files)


def _texts(table: pd.DataFrame) -> pd.Series[str]:
    """Return what a row says of its level, folded: type, level and service."""
    told = pd.Series("", index=table.index, dtype="str")
    for column in ("type", "level", "service"):
        if column in table.columns:
            told = told + " " + folded(table[column])
    return told.str.strip()


def _offices(table: pd.DataFrame) -> pd.Series[bool]:
    """Tell which keys are of offices, supervisors and services without pupils."""
    office = table["key"].str.contains(_OFFICE_KEY, regex=True, na=False)
    office |= folded(table["name"]).str.contains(_OFFICE_NAME, regex=True)
    return office | _texts(table).str.contains(_OFFICE, regex=True)


def kinds_of_schools(table: pd.DataFrame) -> pd.Series[str]:
    """Return the kind of each row: by its level, or by its service or type, or by its key.

    Parameters
    ----------
    table : DataFrame
        `key` and, as far as the register has them, `level`, `service`, `type`.

    Returns
    -------
    Series of text
        Missing where nothing tells.

    Examples
    --------
    >>> rows = pd.DataFrame({"key": ["14EBH0001A", "14DJN0001B"], "level": ["Media Superior", ""]})
    >>> kinds_of_schools(rows).tolist()
    ['high_school', 'preschool']
    """
    kinds = pd.Series(None, index=table.index, dtype="str")
    for column in ("level", "service", "type"):
        if column not in table.columns:
            continue
        told = folded(table[column])
        for words, kind in _LEVELS:
            kinds = kinds.mask(
                kinds.isna() & told.str.contains(rf"\b(?:{words})", regex=True), kind
            )
    return kinds.fillna(table["key"].str.slice(3, 5).map(_LETTERS).astype("str"))


def _frame(
    table: pd.DataFrame, losses: list[Loss], of: int
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Return the schools as points; those outside Mexico fall."""
    points, inside, counts = mexican_points(table["longitude"], table["latitude"], losses, of=of)
    frame = gpd.GeoDataFrame(table[["kind"]], geometry=points)
    frame["name"] = facility_names(table["name"], frame, NO_NAME)
    frame["reference"] = table["key"].mask(table["key"] == "")
    frame["capacity"] = np.nan
    if "pupils" in table.columns:
        pupils = to_numbers(table["pupils"])[0]
        frame["capacity"] = pupils.where(pupils > 0)
    return frame[inside], counts


def _without_shifts(frame: gpd.GeoDataFrame, losses: list[Loss], *, of: int) -> gpd.GeoDataFrame:
    """Return each school once, with the pupils of all its shifts.

    Shifts are rows of one kind whose names tell no difference in one place, or of one key.
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    place = np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)]).round(5)
    names = [" ".join(own_words(n)) if isinstance(n, str) else "" for n in frame["name"]]
    told = pd.DataFrame(
        {"kind": frame["kind"], "name": names, "x": place[:, 0], "y": place[:, 1]},
        index=frame.index,
    )
    # A school without coordinates is told by its key alone, which no other row shares.
    alone = np.isnan(place).any(axis=1) | (np.array(names) == "")
    own = frame["reference"].fillna("").to_numpy(object)
    told.loc[alone, "name"] = "key " + own[alone]
    group = told.groupby(["kind", "name", "x", "y"], dropna=False, sort=False).ngroup()
    # By key, then by the largest shift: the order of the rows in the file tells nothing.
    order = np.lexsort([-frame["capacity"].fillna(0).to_numpy(), own, group.to_numpy()])
    ordered = frame.iloc[order]
    sorted_group = group.iloc[order]
    total = ordered["capacity"].groupby(sorted_group).transform("sum", min_count=1)
    frame = frame.assign(capacity=total.reindex(frame.index))
    again = sorted_group.duplicated().reindex(frame.index)
    return drop(frame, again, "second-shift", losses, of=of)


def _buildings(frame: gpd.GeoDataFrame) -> int:
    """Return how many different places the schools are in."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    shapes = shapes[~shapely.is_missing(shapes)]
    place = np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)]).round(5)
    return len(np.unique(place, axis=0))
