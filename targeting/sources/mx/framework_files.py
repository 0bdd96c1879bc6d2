"""How INEGI's Marco Geoestadístico is laid out: files, keys, states, municipalities, names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.sources.facilities import NO_NAME
from targeting.sources.files import Member, file_format, parts
from targeting.sources.layer import Layer, missing_column
from targeting.sources.mx.members import choose_members, state_of
from targeting.sources.text import clean_keys, clean_names
from targeting.sources.vectors import VectorTable, layer_info, layer_names, read_vector

KEY_PARTS = {"CVE_ENT": 2, "CVE_MUN": 3, "CVE_LOC": 4, "CVE_AGEB": 4, "CVE_MZA": 3}
MUNICIPALITY = 5
# What CVEGEO of a layer is made of.
KEYS: Mapping[str, tuple[str, ...]] = {
    "m": ("CVE_ENT", "CVE_MUN", "CVE_LOC", "CVE_AGEB", "CVE_MZA"),
    "a": ("CVE_ENT", "CVE_MUN", "CVE_LOC", "CVE_AGEB"),
    "ar": ("CVE_ENT", "CVE_MUN", "CVE_AGEB"),
    "l": ("CVE_ENT", "CVE_MUN", "CVE_LOC"),
    "mun": ("CVE_ENT", "CVE_MUN"),
    "ent": ("CVE_ENT",),
}
# What the layers are called besides `19m` and `2020_1_19_M`: in SCINCE 2010 and 2020, and in the
# framework of 2010 (version 5).
_OTHER_NAMES: Mapping[str, str] = {
    "m": r"manzanas?(_localidad|_urbanas?)?|mza_urb",
    "a": r"ageb_urb(anas?)?(_2010_5[a-z]?)?",
    "ar": r"ageb_rur(al|ales)?(_2010_5[a-z]?)?",
    "l": r"loc(alidades)?_urb(anas?)?(_2010_5[a-z]?)?",
    "mun": r"municip(al|ios)(_2010_5[a-z]?)?",
    "ent": r"(estatal|entidades|estados)(_2010_5[a-z]?)?",
    "e": r"ejes?_vial(es)?",
    "fm": r"frentes?(_de)?_manzanas?",
    "sip": r"servicios_p",
    "sia": r"servicios_a",
    "sil": r"servicios_l",
}


@dataclass(frozen=True)
class FrameworkTable:
    """A layer of the framework as read: the rows of the municipalities asked for.

    Parameters
    ----------
    table : VectorTable
    rows_in_files : int
        Rows of every file read, those of other municipalities among them.
    files : tuple of Path
        Files read, where they are not the one the study names.
    municipalities : tuple of str
        Codes asked for; empty for all.
    """

    table: VectorTable
    rows_in_files: int
    files: tuple[Path, ...]
    municipalities: tuple[str, ...]

    @property
    def frame(self) -> gpd.GeoDataFrame:
        """Rows read."""
        return self.table.frame

    def column(self, names: Sequence[str]) -> pd.Series[str] | None:
        """Return the first of some columns that is there, without regard to case."""
        found = {str(column).upper(): column for column in self.frame.columns}
        first = next((found[name] for name in names if name in found), None)
        return None if first is None else self.frame[first].astype("str").str.strip()

    def account(self, layer: Layer, *, other: int = 0, **notes: Any) -> Layer:
        """Return a layer with the rows of its files, and those not read counted."""
        unread = self.rows_in_files - len(self.frame) + other
        told = dict(layer.notes) | notes
        if unread:
            told["other_municipalities"] = unread
        return replace(layer, rows_read=self.rows_in_files, notes=told, files=self.files)


def framework_names(suffix: str) -> tuple[str, ...]:
    r"""Return the names a layer of the framework goes by, without their ending.

    Parameters
    ----------
    suffix : str
        INEGI's letters for it, such as `m` (blocks) or `sip` (services as points).

    Examples
    --------
    >>> framework_names("m")[0]
    '(?P<state>\\d\\d)m'
    """
    return (
        rf"(?P<state>\d\d){suffix}",
        rf"\d{{4}}_\d+_(?P<state>\d\d)_{suffix}",
        f"({_OTHER_NAMES[suffix]})",
    )


def framework_members(path: Path, suffix: str, states: Sequence[str] = ()) -> list[Member]:
    """Return the file of a layer in a folder or archive of the framework; of several states, each.

    Parameters
    ----------
    path : Path
        File, folder or zip archive.
    suffix : str
        INEGI's letters for the layer.
    states : sequence of str
        States wanted (two characters); empty where there is but one.

    Raises
    ------
    TargetingError
        As `choose_members`.

    Examples
    --------
    >>> framework_members(Path("19sip.shp"), "sip")[0].container.name
    '19sip.shp'
    """
    names = [rf"{name}\.(shp|gpkg)" for name in framework_names(suffix)]
    return choose_members(path, names, states=states)


def read_framework(
    path: Path,
    suffix: str,
    *,
    municipalities: tuple[str, ...] = (),
    state: str | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> FrameworkTable:
    """Read a layer of the framework, of some municipalities only where the file can tell.

    Parameters
    ----------
    path : Path
        File, folder or zip archive.
    suffix : str
        INEGI's letters for the layer.
    municipalities, state, layer, crs, encoding : optional
        As for `inegi_blocks`.

    Raises
    ------
    TargetingError
        `archive-in-archive` and what `choose_members` and `read_vector` raise.
    """
    states = (state,) if state else tuple(sorted({code[:2] for code in municipalities}))
    members = framework_members(path, suffix, states)
    tables, rows = [], 0
    for member in members:
        chosen = layer or _layer_of(member, suffix)
        fields, features = _fields(member, chosen)
        table = _read(member, chosen, crs, encoding, _where(fields, municipalities, state))
        tables.append(table)
        rows += max(features, table.rows_read)
    beside = tuple(one.container for one in members if one.container != path)
    files = tuple(part for one in dict.fromkeys(beside) for part in parts(one))
    return FrameworkTable(_together(tables), rows, files, municipalities)


def _together(tables: Sequence[VectorTable]) -> VectorTable:
    """Return the tables of several states as one, in the first one's coordinates."""
    first = tables[0]
    if len(tables) == 1:
        return first
    frames = [one.frame.to_crs(first.frame.crs) for one in tables]
    frame = pd.concat(frames, ignore_index=True)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    names = (dict.fromkeys(one.crs_in for one in tables), dict.fromkeys(t.encoding for t in tables))
    crs_in, encoding = (", ".join(name for name in found if name) for found in names)
    return VectorTable(frame, crs_in, encoding)


def _read(
    member: Member, layer: str | None, crs: str | None, encoding: str | None, where: str | None
) -> VectorTable:
    if where is not None:
        try:
            return read_vector(member, layer=layer, crs=crs, encoding=encoding, where=where)
        except TargetingError as error:
            if [one.code for one in error.problems] != ["empty-layer"]:
                raise
    # None of these municipalities, or their codes are written in another way: the rows decide.
    return read_vector(member, layer=layer, crs=crs, encoding=encoding)


def _layer_of(member: Member, suffix: str) -> str | None:
    """Return the layer of a GeoPackage of several that bears the layer's name."""
    if member.name or file_format(member.container) != "GeoPackage":
        return None
    names = layer_names(member)
    fit = [name for name in names if state_of(name, framework_names(suffix)) is not None]
    if len(names) > 1 and len(fit) != 1:
        values = {"given": member.container.name, "found": ", ".join(fit or names)}
        raise TargetingError([Problem("several-layers", "layer", values)])
    return fit[0] if len(names) > 1 else None


def _fields(member: Member, layer: str | None) -> tuple[dict[str, str], int]:
    """Return the names of a file's columns of text by their capitals, and its number of rows."""
    if not member.container.is_file() or file_format(member.container) == "Parquet":
        return {}, 0
    info = layer_info(member, layer)
    if not info:
        return {}, 0
    texts = {
        str(name).upper(): str(name)
        for name, kind in zip(info["fields"], info["dtypes"], strict=True)
        if str(kind) == "object"
    }
    return texts, max(int(info["features"]), 0)


def _where(
    fields: Mapping[str, str], municipalities: Sequence[str], state: str | None
) -> str | None:
    r"""Return the condition that picks the rows of municipalities, where the columns allow it.

    Examples
    --------
    >>> _where({"CVEGEO": "CVEGEO"}, ["01001"], None)
    '"CVEGEO" LIKE \'01001%\''
    """
    codes = [code for code in municipalities if code.isalnum()] or ([state] if state else [])
    if not codes or len(codes) < len(municipalities):
        return None
    if "CVEGEO" in fields:
        return " OR ".join(f"\"{fields['CVEGEO']}\" LIKE '{code}%'" for code in codes)
    if {"CVE_ENT", "CVE_MUN"} <= set(fields):
        entity, municipality = f'"{fields["CVE_ENT"]}"', f'"{fields["CVE_MUN"]}"'
        return " OR ".join(
            f"({entity} = '{code[:2]}' AND {municipality} LIKE '{code[2:]}%')" for code in codes
        )
    return None


def framework_keys(read: FrameworkTable, suffix: str) -> tuple[pd.Series[str], int]:
    """Return CVEGEO, or put it together from its parts where a file lacks it.

    Returns
    -------
    keys : Series of text
    padded : int
        How many got back the zeros a spreadsheet took.

    Raises
    ------
    TargetingError
        `missing-column`.
    """
    needed = KEYS[suffix]
    whole = read.column(("CVEGEO",))
    if whole is not None:
        return clean_keys(whole, sum(KEY_PARTS[name] for name in needed))
    own = [read.column((name,)) for name in needed]
    if any(one is None for one in own):
        raise TargetingError([missing_column("CVEGEO", [str(c) for c in read.frame.columns])])
    pieces = [
        clean_keys(one, KEY_PARTS[name])[0]
        for name, one in zip(needed, own, strict=True)
        if one is not None
    ]
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = joined + piece
    return joined.astype("str"), 0


def whole_texts(texts: pd.Series[str]) -> tuple[pd.Series[str], int]:
    """Return texts whose UTF-8 was read as another encoding as they were meant.

    A `.cpg` may name the wrong encoding: then every accent has become two letters.

    Examples
    --------
    >>> whole_texts(pd.Series(["PEÃ‘UELAS", "JESÚS MARÍA"]))[0].tolist()
    ['PEÑUELAS', 'JESÚS MARÍA']
    """
    meant: dict[str, str] = {}
    for text in texts.dropna().unique():
        if "Ã" in text or "Â" in text:
            for encoding in ("cp1252", "latin-1"):
                try:
                    meant[text] = text.encode(encoding).decode("utf-8")
                except UnicodeError:
                    continue
                break
    return texts.replace(meant) if meant else texts, int(texts.isin(list(meant)).sum())


def named(read: FrameworkTable, columns: tuple[str, ...]) -> tuple[pd.Series[str], dict[str, Any]]:
    """Return the names of rows, missing where there is none, and notes on them."""
    raw = read.column(columns)
    if raw is None:
        return pd.Series(None, index=read.frame.index, dtype="str"), {}
    names, mended = whole_texts(raw)
    names = clean_names(names, NO_NAME)
    notes: dict[str, Any] = {"names_mended": mended} if mended else {}
    if missing := int(names.isna().sum()):
        notes["without_name"] = missing
    return names, notes


def of_municipalities(frame: Any, municipalities: tuple[str, ...]) -> tuple[Any, int]:
    """Return the rows of the municipalities asked for, if there are any, and how many fell."""
    own = frame["municipality_id"].isin(municipalities).to_numpy()
    if not municipalities or not own.any():
        return frame, 0  # the intake says which are not found
    return frame[own], int((~own).sum())
