"""INEGI's census by AGEB and block (RESAGEBURB): five row levels, masks as intervals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from targeting.model import Counts, Loss
from targeting.problems import TargetingError
from targeting.registry import register
from targeting.sources.files import choose_member
from targeting.sources.layer import Layer, content_ranks, examples, missing_column, repeats
from targeting.sources.tables import TextTable, read_text_table

PARTS = {"ENTIDAD": 2, "MUN": 3, "LOC": 4, "AGEB": 4, "MZA": 3}
LABELS = (*PARTS, "NOM_ENT", "NOM_MUN", "NOM_LOC")
LEVELS = ("state", "municipality", "locality", "area", "block")
PEOPLE, DWELLINGS = "POBTOT", "VIVTOT"
NEVER_MASKED = (PEOPLE, DWELLINGS, "TVIVHAB")
# Means, ratios and years: a mask says nothing about them.
NOT_COUNTS = (
    "REL_H_M",
    "PROM_HNV",
    "GRAPROES",
    "GRAPROES_F",
    "GRAPROES_M",
    "PROM_OCUP",
    "PRO_OCUP_C",
)
MASK, MASK_LOW, MASK_HIGH = "*", 1.0, 2.0
_WHOLE_ROW = 0.9


@register("reader")
def inegi_census(
    path: Path,
    *,
    columns: tuple[str, ...] | None = None,
    municipalities: tuple[str, ...] = (),
    sheet: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's census by AGEB and block.

    Parameters
    ----------
    path : Path
        CSV or Excel, folder, or the state's zip as published.
    columns : tuple of str, optional
        Counts to keep, besides the population. Default: all.
    municipalities : tuple of str
        Keep only these (5 characters). Default: all.
    sheet : str, optional
        Sheet of a workbook.
    encoding : str, optional
        Default: found out (UTF-8 with a mark at its start; Jalisco's is latin-1).

    Returns
    -------
    Layer
        `counts` by `block` (16 characters) and by `area` (13), and as data the population of
        both. A lone mask `*` leaves 1 to 2; a row masked almost whole (one or two dwellings)
        leaves anything from 0 to its population or its dwellings. Where an AGEB's population is
        that of its blocks, what the AGEB says of a count bounds its masked blocks further. Masks
        of means, `N/D`, `N/A` and blanks are missing.

    Raises
    ------
    TargetingError
        `missing-column`, `no-member`, `several-members` and what `read_text_table` raises.

    References
    ----------
    INEGI, Censo de Población y Vivienda 2020, Principales resultados por AGEB y manzana urbana;
    confidentiality by the Ley del SNIEG, art. 37.
    """
    member = choose_member(
        path,
        r"(ageb_urbana_\d+_cpv2020|resageburb.*|ageb_mza.*)\.csv$",
        unlike=r"dicc|bit[aá]cora|metadat|catalog",
    )
    read = read_text_table(member, sheet=sheet, encoding=encoding)
    if "AGEB" not in read.table.column_names and read.table.column_names:
        read = _upper(read)
    found = [str(name) for name in read.table.column_names]
    wanted = list(dict.fromkeys([PEOPLE, *(columns or ())]))
    if columns is None:
        wanted += [name for name in found if name not in (*LABELS, PEOPLE)]
    problems = [missing_column(name, found) for name in (*PARTS, *wanted) if name not in found]
    if problems:
        raise TargetingError(problems)
    units, padded = _units(read)
    losses = read.losses
    keep, differs = _unique(read, units, losses)
    if municipalities:
        keep &= units["municipality_id"].isin(municipalities).to_numpy()
    keep &= units["level"].isin(LEVELS[3:]).to_numpy()
    chosen = units[keep]
    counts, masked, whole_rows = _counts(read, wanted, keep)
    for array in counts:
        array[differs[keep]] = np.nan
    by_level = {}
    for level in ("block", "area"):
        rows = (chosen["level"] == level).to_numpy()
        keys = pd.Index(chosen.loc[rows, "key"], dtype="str", name=None)
        order = np.argsort(keys.to_numpy(object), kind="stable")
        value, low, high = (array[rows][order] for array in counts)
        by_level[level] = _Cells(value, low, high, keys[order])
    blocks = _bounded(by_level["block"], by_level["area"], wanted)
    tables = {"block": blocks.as_counts(wanted), "area": by_level["area"].as_counts(wanted)}
    levels = units["level"].value_counts()
    of_blocks = (chosen["level"] == "block").to_numpy()
    notes: dict[str, Any] = {
        "rows_by_level": {level: int(levels.get(level, 0)) for level in LEVELS},
        "masked_share": round(float(masked[of_blocks].mean()), 6) if of_blocks.any() else 0.0,
        "wholly_masked_blocks": int((whole_rows & of_blocks).sum()),
    }
    if padded:
        notes["keys_padded"] = padded
    data = pd.DataFrame({"population": tables["block"].value[PEOPLE]})
    data["municipality_id"] = data.index.str.slice(0, 5)
    files = (member.container,) if member.container != path else ()
    return Layer(
        data,
        read.rows_read,
        tuple(losses),
        encoding=read.encoding,
        notes=notes,
        counts=tables,
        files=files,
    )


@dataclass(frozen=True)
class _Cells:
    """Counts of one level as arrays, rows by key."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    keys: pd.Index[str]

    def as_counts(self, columns: list[str]) -> Counts:
        return Counts(
            *(
                pd.DataFrame(array, index=self.keys, columns=columns)
                for array in (self.value, self.low, self.high)
            )
        )


def _upper(read: TextTable) -> TextTable:
    names = [str(name).upper() for name in read.table.column_names]
    return TextTable(read.table.rename_columns(names), read.encoding, read.malformed)


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


def _counts(
    read: TextTable, wanted: list[str], rows: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """Return value, low and high by row and column; each row's masked share; rows masked whole."""
    table = read.table.filter(pa.array(rows))
    cells = [n for n in table.column_names if n not in LABELS]
    maskable = [n for n in cells if n not in NEVER_MASKED]
    masked_cells = np.zeros(table.num_rows, dtype=np.int64)
    for name in maskable:
        masked_cells += _is_mask(table.column(name))
    whole = masked_cells > _WHOLE_ROW * max(len(maskable), 1)
    people = _numbers(table.column(PEOPLE))[0]
    has_dwellings = DWELLINGS in table.column_names
    dwellings = _numbers(table.column(DWELLINGS))[0] if has_dwellings else people
    low = np.empty((table.num_rows, len(wanted)))
    high = np.empty_like(low)
    for position, name in enumerate(wanted):
        numbers, masked = _numbers(table.column(name))
        low[:, position] = high[:, position] = numbers
        if name in NOT_COUNTS or not masked.any():
            continue
        of_dwellings = name.startswith(("VIV", "TVIV", "VPH"))
        most = dwellings if of_dwellings else people
        low[masked, position] = np.where(whole, 0.0, MASK_LOW)[masked]
        high[masked, position] = np.where(whole, np.nan_to_num(most, nan=MASK_HIGH), MASK_HIGH)[
            masked
        ]
    return ((low + high) / 2, low, high), masked_cells / max(len(cells), 1), whole


def _is_mask(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.equal(column, MASK).to_numpy(zero_copy_only=False), dtype=bool)


def _numbers(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of a column (missing where there is none) and where it is masked."""
    masked = _is_mask(column)
    trimmed = pc.utf8_trim_whitespace(column)
    number = pc.match_substring_regex(trimmed, r"^[-+]?[0-9]+(\.[0-9]*)?$")
    cleaned = pc.if_else(number, trimmed, pa.scalar(None, pa.string()))
    values = pc.cast(cleaned, pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=float), masked


def _bounded(blocks: _Cells, areas: _Cells, wanted: list[str]) -> _Cells:
    """Narrow the masked blocks of an AGEB by its own count less that of its other blocks.

    Only where the AGEB has as many people as its blocks together, where every block of it has a
    number or a mask, and where the AGEB's count can be met at all.
    """
    area_of = areas.keys.get_indexer(blocks.keys.str.slice(0, 13))
    there = area_of >= 0
    group = area_of[there]
    low, high = blocks.low.copy(), blocks.high.copy()
    people = wanted.index(PEOPLE)
    size = len(areas.keys)

    def by_area(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, weights=values[there], minlength=size)

    whole = by_area(blocks.value[:, people]) == areas.value[:, people]
    for position, name in enumerate(wanted):
        if name in NOT_COUNTS or not (high[:, position] > low[:, position]).any():
            continue
        least, most = by_area(blocks.low[:, position]), by_area(blocks.high[:, position])
        floor, ceiling = areas.low[:, position], areas.high[:, position]
        fits = whole & (least <= ceiling) & (floor <= most)
        use = there.copy()
        use[there] = fits[group]
        own_low, own_high = blocks.low[:, position], blocks.high[:, position]
        at = area_of[use]
        high[use, position] = np.minimum(own_high[use], ceiling[at] - (least[at] - own_low[use]))
        low[use, position] = np.maximum(own_low[use], floor[at] - (most[at] - own_high[use]))
    return _Cells((low + high) / 2, low, high, blocks.keys)
