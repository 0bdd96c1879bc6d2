"""INEGI's street environment by block (entorno urbano): lighting, pavement, sidewalks and more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.depth import reading
from targeting.sources.files import VECTOR, archive_names, choose_member, file_format
from targeting.sources.layer import Layer, missing_column
from targeting.sources.mx.framework import BLOCK, MUNICIPALITY
from targeting.sources.mx.framework_files import KEY_PARTS
from targeting.sources.mx.published_tables import PublishedTable, read_published
from targeting.sources.tables import unique_keys
from targeting.sources.text import clean_keys, fold
from targeting.sources.vectors import read_vector

THEMES = {
    "ALUMPUB": "street_lighting",
    "RECUCALL": "street_pavement",
    "BANQUETA": "sidewalks",
    "GUARNICI": "curbs",
    "RAMPAS": "wheelchair_ramps",
    "LETRERO": "street_name_signs",
    "TELPUB": "public_telephones",
    "ARBOLES": "trees",
    "DRENAJEP": "storm_drains",
    "TRANSCOL": "public_transport",
    "PASOPEAT": "pedestrian_crossings",
    "SEMAPEAT": "pedestrian_signals",
    "SEMAAUDI": "audible_signals",
    "CICLOVIA": "bicycle_paths",
    "CICLOCAR": "bicycle_lanes",
    "ACESOPER": "restricted_to_people",
    "ACESOAUT": "restricted_to_cars",
    "PUESSEMI": "semi_fixed_stalls",
    "PUESAMBU": "street_vendors",
}
"""INEGI's themes and our columns: the part of the streets around a block that have the thing."""
RANKS = {"todas": 1.0, "alguna": 0.5, "algunas": 0.5, "ninguna": 0.0}
CODES = {"1": 1.0, "2": 0.5, "3": 0.0}
"""Codes of the themes that ask for a thing: 1 all streets, 2 some, 3 none."""
NOT_TOLD = {"7": "conjunto habitacional", "8": "no aplica", "9": "no especificado"}
# Whether the codes 1 to 3 of the restrictions run as those of the things is not known.
_TEXT_ONLY = ("ACESOPER", "ACESOAUT")
_ENDS = ("_C", "_D", "_", "")
_BLOCK_KEY = r"\d{12}[0-9A-Za-z]\d{3}|\d{11}[0-9A-Za-z]\d{3}"


@register("reader")
def inegi_street_environment(
    path: Path, *, sheet: str | None = None, encoding: str | None = None
) -> Layer:
    """Read INEGI's street environment by block, of the inventory of dwellings (INV) or the census.

    Each theme says whether all the streets around a block, some or none have a thing. That is an
    order, not a measure: it is given as 1 (all), 0.5 (some), 0 (none), where 0.5 only says "between
    the two". Use it with a normalizer by ranks, or read the two ends; a mean of codes 1 to 9 would
    be nonsense and is not offered.

    Parameters
    ----------
    path : Path
        CSV, Excel or Parquet, or a layer of blocks that has these columns (shapefile, GeoPackage);
        or the zip or folder with one of them.
    sheet : str, optional
        Sheet of the workbook. Default: the first that holds keys of blocks.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Index `key` (CVEGEO of 16 characters); a column for each theme in the file, under its
        English name (`street_lighting`, `street_pavement`, `sidewalks` …), 0, 0.5 or 1. Housing
        estates asked as a whole, what does not apply and what is not specified is missing and
        counted, by theme; so is any code or text that is none of the known ones.

    Raises
    ------
    TargetingError
        `missing-column`, `no-theme-found` and what `read_published` raises.

    Notes
    -----
    Column families `_C` (the answer, as code or text) and `_D` (the answer in words); where both
    stand the words are read. Texts "Todas las vialidades", "Alguna vialidad", "Ninguna vialidad",
    "Conjunto habitacional", "No aplica", "No especificado" and codes 1, 2, 3, 7, 8, 9 were found in
    use for lighting and pavement, and are taken to hold for the other things. Of the restrictions
    of access only the texts ("Restricción en …") are read: 1 is restriction in all streets.
    """
    read = _read(path, sheet, encoding)
    keys, padded = _keys(read)
    chosen = _columns(read)
    losses = list(read.losses)
    texts = pd.DataFrame({ours: read.frame[column] for ours, (_, column) in chosen.items()})
    texts = unique_keys(texts, keys, losses, rows_read=read.rows_read)
    frame = pd.DataFrame(index=texts.index)
    not_told: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for ours, (theme, _) in chosen.items():
        values, without, strange = _rank(texts[ours], codes=theme not in _TEXT_ONLY)
        frame[ours] = values
        not_told |= {ours: without} if without else {}
        unknown |= {ours: strange} if strange else {}
    frame["municipality_id"] = frame.index.str.slice(0, MUNICIPALITY)
    told = {ours: int(frame[ours].notna().sum()) for ours in chosen}
    notes: dict[str, Any] = {"answers_told": told}
    if not_told:
        notes["answers_not_told"] = not_told
    if unknown:
        notes["answers_unknown"] = unknown
    if padded:
        notes["keys_padded"] = padded
    return Layer(frame, read.rows_read, tuple(losses), encoding=read.encoding, notes=notes)


def _read(path: Path, sheet: str | None, encoding: str | None) -> PublishedTable:
    """Return the table, out of a layer of blocks too: only its cells are read, not its shapes."""
    named = r"(^|/)[^/]*\.(shp|gpkg|geojson)$"
    if path.is_dir() or file_format(path) == "ZIP":
        inside = archive_names(path) if path.is_file() else [p.name for p in path.rglob("*")]
        shapes = any(re.search(named, name, re.IGNORECASE) for name in inside)
    else:
        shapes = file_format(path) in VECTOR and file_format(path) != "Parquet"
    if not shapes:
        return read_published(path, key=_BLOCK_KEY, named="cvegeo", sheet=sheet, encoding=encoding)
    with reading("keys"):
        layer = read_vector(choose_member(path, named), encoding=encoding)
    frame = pd.DataFrame(layer.frame).drop(columns="geometry", errors="ignore")
    frame = frame.astype("str").fillna("")
    found = [str(c) for c in frame.columns if str(c).upper() == "CVEGEO"]
    return PublishedTable(frame, found[0] if found else "", len(frame), layer.encoding, [])


def _keys(read: PublishedTable) -> tuple[pd.Series[str], int]:
    """Return CVEGEO, or put it together from its parts."""
    if read.key:
        return clean_keys(read.frame[read.key], BLOCK)
    found = {column.upper(): column for column in read.names}
    whole = found.get("CVEGEO")
    if whole is not None:
        return clean_keys(read.frame[whole], BLOCK)
    other = {f"CVE_{name}": found[name] for name in ("ENT", "MUN", "LOC", "AGEB", "MZA", "MANZANA")
             if name in found}  # fmt: skip
    names = {part: found.get(part, other.get(part, "")) for part in KEY_PARTS}
    if not all(names.values()):
        raise TargetingError([missing_column("CVEGEO", read.names)])
    pieces = [clean_keys(read.frame[names[part]], width)[0] for part, width in KEY_PARTS.items()]
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = joined + piece
    return joined.astype("str"), 0


def _columns(read: PublishedTable) -> dict[str, tuple[str, str]]:
    """Return our name to the theme and the file's column: of two families the one in words."""
    found = {column.upper(): column for column in read.names}
    chosen: dict[str, tuple[str, str]] = {}
    for theme, ours in THEMES.items():
        there = [found[theme + end] for end in _ENDS if theme + end in found]
        if there:
            words = [c for c in there if read.frame[c].astype("str").str.contains("[a-z]").any()]
            chosen[ours] = (theme, (words or there)[0])
    if not chosen:
        values = {"known": ", ".join(f"{theme}_C" for theme in THEMES)}
        raise TargetingError([Problem("no-theme-found", "", values)])
    return chosen


def _rank(answers: pd.Series[str], *, codes: bool) -> tuple[np.ndarray, int, int]:
    """Return 1, 0.5 or 0 for each answer, how many are not told, and how many are not known."""
    different = {str(text): _rank_of(str(text), codes=codes) for text in answers.dropna().unique()}
    plain = answers.astype(object).map(lambda text: different.get(str(text), ""))
    values = pd.to_numeric(plain, errors="coerce").to_numpy(float)
    return values, int((plain == "not told").sum()), int((plain == "unknown").sum())


def _rank_of(text: str, *, codes: bool) -> float | str:
    """Return what one answer means.

    Examples
    --------
    >>> _rank_of("Alguna vialidad", codes=True), _rank_of("3.0", codes=True)
    (0.5, 0.0)
    >>> _rank_of("Restricción en ninguna vialidad", codes=False), _rank_of("1", codes=False)
    (0.0, 'unknown')
    """
    plain = fold(text)
    code = plain.removesuffix(".0")
    if plain in ("", "*", "n/d", "nan"):
        return "not told"
    if code in NOT_TOLD or plain in NOT_TOLD.values():
        return "not told"
    if codes and code in CODES:
        return CODES[code]
    words = plain.replace("restriccion en ", "").split()
    if len(words) >= 2 and words[0] in RANKS and words[-1] in ("vialidad", "vialidades"):
        return RANKS[words[0]]
    return "unknown"
