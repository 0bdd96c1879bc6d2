"""DENUE, INEGI's directory of establishments, as facilities."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.facilities import NO_NAME, facility_layer, facility_names, require_kinds
from targeting.sources.files import Member, archive_names, choose_member, file_format
from targeting.sources.layer import Layer, drop
from targeting.sources.mx.headers import find_columns
from targeting.sources.points import PointTable
from targeting.sources.tables import TextTable, read_text_table, to_numbers
from targeting.strict_yaml import read_yaml

# Both header variants. No other column is read: telephone, e-mail and the owner's legal name
# (razón social) never enter.
_COLUMNS = {
    "code": ("codigo_act", "Código de la clase de actividad SCIAN"),
    "name": ("nom_estab", "Nombre de la Unidad Económica"),
    "latitude": ("latitud",),
    "longitude": ("longitud",),
    "reference": ("id",),
    "state": ("cve_ent", "Clave entidad"),
    "municipality": ("cve_mun", "Clave municipio"),
    "locality": ("cve_loc", "Clave localidad"),
    "area": ("ageb", "Área geoestadística básica"),
    "block": ("manzana",),
}
_REQUIRED = ("code", "name", "latitude", "longitude")
_KEY = {"state": 2, "municipality": 3, "locality": 4, "area": 4, "block": 3}
_NOT_DATA = r"dicc|metadat|catalog|bitacora|modelo_?entidad"


@cache
def activity_kinds() -> dict[str, str]:
    """Return the kind of facility of each beginning of a SCIAN code.

    Examples
    --------
    >>> activity_kinds()["61112"]
    'primary_school'
    """
    text = (resources.files("targeting") / "sources" / "mx" / "scian.yaml").read_text("utf-8")
    return dict(read_yaml(text, where="scian.yaml"))


def kinds_of_codes(codes: pd.Series[str]) -> pd.Series[str]:
    """Return the kind of each SCIAN code: the longest beginning in the table decides.

    Examples
    --------
    >>> kinds_of_codes(pd.Series(["611122", "624191", "115111"])).fillna("–").tolist()
    ['primary_school', 'addiction_care', '–']
    """
    table = activity_kinds()
    different = {}
    for code in codes.dropna().unique():
        starts = (table.get(code[:length]) for length in range(len(code), 1, -1))
        different[code] = next((kind for kind in starts if kind is not None), None)
    return codes.map(different).astype("str")


@register("reader")
def denue(path: Path, *, encoding: str | None = None) -> Layer:
    """Read DENUE's establishments that are facilities.

    Parameters
    ----------
    path : Path
        CSV with short or long headers, folder, or the zip as published, in several parts too.
    encoding : str, optional
        Default: found out (the publisher writes latin-1).

    Returns
    -------
    Layer
        Columns `kind`, `name`, `reference` (DENUE's id), `stated_block` (the block of the row's
        own key), `geometry`. Establishments of other activities are not chosen: the most frequent
        codes among them are named.

    Raises
    ------
    TargetingError
        `missing-column`, `no-facility-found`, `no-member`, `several-members` and what
        `read_text_table` raises.
    """
    require_kinds(sorted(set(activity_kinds().values())))
    members = data_members(path)
    reads = [_read(member, encoding) for member in members]
    table = pd.concat([own for _, own in reads], ignore_index=True)
    table.index = pd.RangeIndex(1, len(table) + 1)
    rows_read = sum(read.rows_read for read, _ in reads)
    losses = [loss for read, _ in reads for loss in read.losses]
    if len(members) > 1 and "reference" in table.columns:
        again = table["reference"].duplicated() & table["reference"].ne("")
        table = drop(table, again, "other-edition", losses, of=rows_read)
    kinds = kinds_of_codes(table["code"].str.strip())
    chosen = kinds.notna()
    others = table.loc[~chosen, "code"].value_counts()
    ranked = sorted(others.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    notes: dict[str, Any] = {
        "not_chosen": int((~chosen).sum()),
        "not_chosen_texts": {str(code): int(count) for code, count in ranked},
    }
    if len(members) > 1:
        notes["members"] = len(members)
    if not chosen.any():
        values = {"given": _COLUMNS["code"][0], "known": ", ".join(str(c) for c, _ in ranked)}
        raise TargetingError([Problem("no-facility-found", "", values)])
    table = table[chosen].assign(kind=kinds[chosen])
    frame = _points(table)
    damaged = int(frame["name"].str.contains("\ufffd", regex=False, na=False).sum())
    if damaged:
        notes["damaged_names"] = damaged
    point_table = PointTable(frame, rows_read, "EPSG:4326", reads[0][0].encoding, losses)
    files = tuple(dict.fromkeys(m.container for m in members if m.container != path))
    return facility_layer(point_table, frame, losses, notes, files)


def data_members(path: Path) -> tuple[Member, ...]:
    """Return the files of data of a folder or archive, without dictionaries.

    The archive of a large state holds several. In a folder they must be parts of one name
    (`denue_inegi_15_1.csv`, `denue_inegi_15_2.csv`): two editions would count everything twice.

    Raises
    ------
    TargetingError
        `no-member`, `several-members`, and what `choose_member` raises.
    """
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.is_file())
        inside = {one.relative_to(path).as_posix(): Member(one) for one in files}
    elif path.is_file() and file_format(path) == "ZIP":
        inside = {name: Member(path, name) for name in sorted(archive_names(path))}
    else:
        return (Member(path),)
    for pattern in (r"conjunto.de.datos.*\.csv$", r"denue[^/]*\.csv$", r"\.csv$"):
        names = [n for n in inside if _fits(n, pattern) and not _fits(n, _NOT_DATA)]
        stems = {re.sub(r"(?<=\d)_\d_?$", "", Path(n).stem.lower()) for n in names}
        if names and (not path.is_dir() or len(stems) == 1):
            return tuple(inside[name] for name in names)
    return (choose_member(path, r"\.csv$", unlike=_NOT_DATA),)


def _fits(name: str, pattern: str) -> bool:
    return re.search(pattern, name, re.IGNORECASE) is not None


def _read(member: Member, encoding: str | None) -> tuple[TextTable, pd.DataFrame]:
    """Return one file's columns under our names; no other column is read."""

    def ours(names: Sequence[str]) -> Sequence[str]:
        return list(find_columns(names, _COLUMNS, required=_REQUIRED).values())

    read = read_text_table(member, columns=ours, encoding=encoding)
    chosen = find_columns(read.table.column_names, _COLUMNS)
    return read, read.frame(list(chosen.values())).set_axis(list(chosen), axis=1)


def _points(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the establishments as points, with the block each says it is in."""
    x, y = to_numbers(table["longitude"])[0], to_numbers(table["latitude"])[0]
    geometry = gpd.GeoSeries.from_xy(x, y, index=table.index, crs=4326)
    geometry = geometry.where(x.notna() & y.notna(), None)
    frame = gpd.GeoDataFrame(table[["kind"]], geometry=gpd.GeoSeries(geometry, crs=4326))
    frame["name"] = facility_names(table["name"], frame, NO_NAME)
    if "reference" in table.columns:
        reference = table["reference"].str.strip()
        frame["reference"] = reference.mask(reference == "")
    if set(_KEY) <= set(table.columns):
        frame["stated_block"] = _stated_block(table)
    return frame


def _stated_block(table: pd.DataFrame) -> pd.Series[str]:
    """Return the key of the block each row says it is in, zeros put back, missing where partial."""
    key = pd.Series("", index=table.index, dtype="str")
    for column, width in _KEY.items():
        part = (
            table[column].astype("str").str.strip().str.upper().str.replace(r"\.0$", "", regex=True)
        )
        key = key + part.where(part == "", part.str.zfill(width))
    return key.where(key.str.len() == sum(_KEY.values()))
