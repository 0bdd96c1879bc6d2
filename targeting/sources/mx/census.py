"""INEGI's census by AGEB and block (RESAGEBURB): five row levels, masks as intervals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from targeting.model import Loss
from targeting.problems import TargetingError
from targeting.registry import register
from targeting.sources.depth import reads
from targeting.sources.files import Member
from targeting.sources.layer import Layer, content_ranks, examples, missing_columns, repeats
from targeting.sources.mx.census_sums import mask_notes, sum_notes
from targeting.sources.mx.masks import (
    DWELLINGS,
    NOT_COUNTS,
    PEOPLE,
    as_intervals,
    bounded,
    read_figures,
)
from targeting.sources.mx.members import choose_members
from targeting.sources.tables import TextTable, read_text_table

__all__ = ["NOT_COUNTS", "inegi_census"]

PARTS = {"ENTIDAD": 2, "MUN": 3, "LOC": 4, "AGEB": 4, "MZA": 3}
LABELS = (*PARTS, "NOM_ENT", "NOM_MUN", "NOM_LOC")
LEVELS = ("state", "municipality", "locality", "area", "block")
# As published in 2020 and 2010, as SCITEL hands it out, and as people rename it.
_NAMES = (
    r"ageb_urbana_(?P<state>\d\d)_cpv20\d\d\.csv",
    r"resageburb_?(?P<state>\d\d)[^/]*\.(csv|xlsx?)",
    r"ageb_mza[^/]*?_(?P<state>\d\d)_[^/]*\.(csv|xlsx?)",
)
_OTHERS = r"dicc|bit[aá]cora|metadat|catalog"
# Columns of 2020 that the census of 2010 did not have.
_ONLY_2020 = ("VIVPARH_CV", "POB_AFRO")


@register("reader")
def inegi_census(
    path: Path,
    *,
    columns: tuple[str, ...] | None = None,
    municipalities: tuple[str, ...] = (),
    state: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's census of 2020 or 2010 by AGEB and block.

    Parameters
    ----------
    path : Path
        CSV or Excel, folder, or the state's zip as published.
    columns : tuple of str, optional
        Counts to keep, besides the population. Default: all.
    municipalities : tuple of str
        Keep only these (5 characters). Default: all.
    state : str, optional
        Of several states in one folder or archive, this one (2 characters). Default: those of
        `municipalities`.
    sheet : str, optional
        Sheet of a workbook.
    encoding : str, optional
        Default: found out (UTF-8 with a mark at its start; Jalisco's is latin-1).

    Returns
    -------
    Layer
        `counts` by `block` (16 characters) and by `area` (13), and as data the population of
        the blocks. A lone mask `*` leaves 1 to 2; a row masked almost whole (one or two
        dwellings) leaves anything from 0 to its population or its dwellings. Where no block of an
        AGEB is missing, what the AGEB says of a count bounds its masked blocks further. Masks of
        means, `N/D`, `N/A` and blanks are missing, and so are negative numbers (counted).

    Raises
    ------
    TargetingError
        `missing-column`, `no-member`, `several-members`, `archive-in-archive` and what
        `read_text_table` raises.

    References
    ----------
    INEGI, Censo de Población y Vivienda 2010 and 2020, Principales resultados por AGEB y manzana
    urbana; confidentiality by the Ley del SNIEG, art. 37 and 38.
    """
    states = (state,) if state else tuple(sorted({code[:2] for code in municipalities}))
    members = choose_members(path, _NAMES, unlike=_OTHERS, states=states)
    read = _together([read_text_table(one, sheet=sheet, encoding=encoding) for one in members])
    found = [str(name) for name in read.table.column_names]
    figures = [name for name in found if name not in LABELS]
    wanted = list(dict.fromkeys([PEOPLE, *(figures if columns is None else columns)]))
    absent = [name for name in (*PARTS, *wanted) if name not in found]
    if absent:
        raise TargetingError(missing_columns(absent, found))
    units, padded = _units(read)
    losses = read.losses
    keep, differs = _unique(read, units, losses)
    if municipalities:
        keep &= units["municipality_id"].isin(municipalities).to_numpy()
    if state:
        keep &= (units["key"].str.slice(0, 2) == state).to_numpy()
    chosen = units[keep].sort_values(["level", "key"])
    rows = chosen.index.to_numpy()
    read_numbers = read_figures(read.table, figures, wanted, rows)
    rows_read, encoding = read.rows_read, read.encoding
    del read  # its texts take as much memory as the numbers
    cells, account = as_intervals(read_numbers, pd.Index(chosen["key"], dtype="str"))
    for array in (cells.low, cells.high, cells.people, cells.dwellings):
        array[differs[rows]] = np.nan
    of = {level: (chosen["level"] == level).to_numpy() for level in LEVELS}
    areas = cells.part(of["area"])
    blocks = bounded(cells.part(of["block"]), areas, wanted)
    totals = chosen.assign(**{PEOPLE: cells.people, DWELLINGS: cells.dwellings})
    levels = units["level"].value_counts()
    notes: dict[str, Any] = {"rows_by_level": {one: int(levels.get(one, 0)) for one in LEVELS}}
    notes |= mask_notes(account, of["block"], cells.people, wanted)
    if not reads("head"):
        notes |= sum_notes(totals)
    if padded:
        notes["keys_padded"] = padded
    if year := _year(members, found):
        notes["census_year"] = year
    tables = {"block": blocks.as_counts(wanted), "area": areas.as_counts(wanted)}
    data = pd.DataFrame({"population": tables["block"].value[PEOPLE]})
    data["municipality_id"] = data.index.str.slice(0, 5)
    return Layer(
        data,
        rows_read,
        tuple(losses),
        encoding=encoding,
        notes=notes,
        counts=tables,
        files=tuple(one.container for one in members if one.container != path),
    )


def _together(tables: Sequence[TextTable]) -> TextTable:
    """Return the tables of several states as one, with the publisher's names in capitals."""
    upper = [
        one.table.rename_columns([str(name).strip().upper() for name in one.table.column_names])
        for one in tables
    ]
    return TextTable(
        pa.concat_tables(upper, promote_options="default") if len(upper) > 1 else upper[0],
        ", ".join(dict.fromkeys(one.encoding for one in tables if one.encoding)),
        sum(one.malformed for one in tables),
    )


def _year(members: Sequence[Member], found: Sequence[str]) -> str:
    """Return the year of the census, by the file's name or by columns of one year alone."""
    for member in members:
        name = (member.name or member.container.name).rsplit("/", 1)[-1]
        if named := re.search(r"cpv(20\d0)|_(20\d0)(?!\d)|(?:csv|xlsx?)([12]0)(?!\d)", name, re.I):
            year = named[1] or named[2]
            return year or f"20{named[3]}"
    return "2020" if any(name in found for name in _ONLY_2020) else ""


def _units(read: TextTable) -> tuple[pd.DataFrame, int]:
    """Return level, key and municipality of each row, and how many keys got their zeros back."""
    raw = {name: read.table.column(name).to_pandas().str.strip().str.upper() for name in PARTS}
    codes = {name: raw[name].str.zfill(width) for name, width in PARTS.items()}
    short = np.zeros(read.table.num_rows, dtype=bool)
    for name in PARTS:
        short |= (raw[name].str.len() < PARTS[name]).to_numpy()
    level = np.full(read.table.num_rows, "block", dtype=object)
    for name, above in (("MZA", "area"), ("AGEB", "locality"), ("LOC", "municipality")):
        level[(codes[name].str.strip("0") == "").to_numpy()] = above
    level[(codes["MUN"].str.strip("0") == "").to_numpy()] = "state"
    area = codes["ENTIDAD"] + codes["MUN"] + codes["LOC"] + codes["AGEB"]
    units = pd.DataFrame(
        {
            "level": level,
            "key": (area + codes["MZA"]).where(level == "block", area),
            "municipality_id": codes["ENTIDAD"] + codes["MUN"],
        }
    )
    return units, int(short.sum())


def _unique(
    read: TextTable, units: pd.DataFrame, losses: list[Loss]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows stay, one of each unit, and which units' rows do not say the same."""
    again, differs = np.zeros((2, len(units)), dtype=bool)
    several = units.duplicated(["level", "key"], keep=False).to_numpy()
    if several.any():
        cells = [name for name in read.table.column_names if name not in LABELS]
        rows = read.table.select(cells).filter(pa.array(several)).to_pandas()
        names = units.loc[several, "level"] + " " + units.loc[several, "key"]
        again[several], differs[several] = repeats(names, content_ranks(rows))
    for reason, fallen in (
        ("duplicate-key", again & ~differs),
        ("duplicate-key-differs", again & differs),
    ):
        if fallen.any():
            keys = examples(units.loc[fallen, "key"])
            losses.append(Loss("", reason, int(fallen.sum()), read.rows_read, keys))
    return ~again, differs
