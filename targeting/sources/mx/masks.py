"""What INEGI's confidentiality mask leaves open: intervals, narrowed by the area's own count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from targeting.model import Counts
from targeting.sources.tables import to_numbers
from targeting.sources.text import MISSING_TEXTS

PEOPLE, DWELLINGS, INHABITED = "POBTOT", "VIVTOT", "TVIVHAB"
NEVER_MASKED = (PEOPLE, DWELLINGS, INHABITED)
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
FEW_DWELLINGS = 2
# INEGI hides counts below three.
CLASS = 3
_WHOLE_ROW = 0.9
AREA = 13


@dataclass(frozen=True)
class Cells:
    """Counts of one level as arrays, rows by key.

    Parameters
    ----------
    low, high : array
        A row for each unit, a column for each count (one column after the other in memory); equal
        where the count is published, missing in both where nothing is known.
    keys : Index
        Of the units.
    people, dwellings : array
        Published totals of each unit, missing where the file lacks them.
    """

    low: np.ndarray
    high: np.ndarray
    keys: pd.Index[str]
    people: np.ndarray
    dwellings: np.ndarray

    def as_counts(self, columns: Sequence[str]) -> Counts:
        """Return the counts, with the middle of each interval as its value."""
        value = self.low + self.high
        value /= 2
        return Counts(
            *(
                pd.DataFrame(array, index=self.keys, columns=list(columns), copy=False)
                for array in (value, self.low, self.high)
            )
        )

    def part(self, rows: np.ndarray) -> Cells:
        """Return the cells of rows that follow each other, in the same memory."""
        start = int(rows.argmax()) if len(rows) else 0
        part = slice(start, start + int(rows.sum()))
        return Cells(
            self.low[part],
            self.high[part],
            self.keys[part],
            self.people[part],
            self.dwellings[part],
        )


@dataclass(frozen=True)
class MaskAccount:
    """How much of a table is masked, and what in it cannot be.

    Parameters
    ----------
    share : array
        Masked part of each row's cells, over all columns of the file.
    whole : array of bool
        Rows masked as units of one or two inhabited dwellings are.
    by_column : array
        For each column asked for, which rows are masked.
    unreadable, negative, above_total : int
        Cells of the columns asked for that are no number, that are below zero (both become
        missing), and that exceed the people or dwellings of their unit (left as they are).
    """

    share: np.ndarray
    whole: np.ndarray
    by_column: np.ndarray
    unreadable: int
    negative: int
    above_total: int


def of_dwellings(column: str) -> bool:
    """Tell whether a column counts dwellings; the others count people or households.

    Examples
    --------
    >>> of_dwellings("VPH_INTER"), of_dwellings("OCUPVIVPAR")
    (True, False)
    """
    return column.startswith(("VIV", "TVIV", "VPH"))


def read_cells(
    table: pa.Table,
    cells: Sequence[str],
    wanted: Sequence[str],
    keys: pd.Index[str],
    rows: np.ndarray,
) -> tuple[Cells, MaskAccount]:
    """Return the counts of a table of texts as intervals.

    A lone mask stands for 1 or 2. A unit of one or two inhabited dwellings is masked in all but
    its totals: each of its counts may be anything from 0 to its people or its dwellings. So may
    the counts of dwellings of a unit where nobody lives: they are masked however many stand there.

    Parameters
    ----------
    table : pyarrow.Table
        All columns of the file, as text.
    cells : sequence of str
        Columns that hold figures.
    wanted : sequence of str
        Those to return.
    keys : Index
        Of the rows to return.
    rows : array of int
        Which rows of the table to return, in this order.

    Returns
    -------
    cells : Cells
    account : MaskAccount

    References
    ----------
    INEGI, Censo de Población y Vivienda 2020, descriptor of the files by AGEB and block. In the
    blocks of Aguascalientes all 427 rows with `TVIVHAB` 1 or 2 are masked whole, and no other; the
    84 without people and with dwellings (up to 80) mask every count of dwellings but `VIVTOT`.
    """
    maskable = [name for name in cells if name not in NEVER_MASKED]
    # A count is read whole before the next: column after column is several times as fast.
    high = np.empty((len(rows), len(wanted)), order="F")
    by_column = np.zeros(high.shape, dtype=bool, order="F")
    unreadable = negative = above = 0
    for position, name in enumerate(wanted):
        numbers, masked, strange = _numbers(table.column(name), rows)
        below = numbers < 0
        numbers[below] = np.nan
        unreadable, negative = unreadable + strange, negative + int(below.sum())
        high[:, position], by_column[:, position] = numbers, masked
    masked_cells = np.zeros(len(rows), dtype=np.int64)
    place = {name: position for position, name in enumerate(wanted)}
    for name in maskable:
        known = name in place
        masked_cells += (
            by_column[:, place[name]] if known else _numbers(table.column(name), rows)[1]
        )
    totals = {name: _total(table, name, rows) for name in NEVER_MASKED}
    few = (totals[INHABITED] >= 1) & (totals[INHABITED] <= FEW_DWELLINGS) & (masked_cells > 0)
    whole = few | (masked_cells > _WHOLE_ROW * max(len(maskable), 1))
    vacant = (totals[PEOPLE] == 0) & (totals[DWELLINGS] > 0)
    low = high.copy(order="F")
    for position, name in enumerate(wanted):
        if name in NOT_COUNTS:
            continue
        most = totals[DWELLINGS if of_dwellings(name) else PEOPLE]
        above += int((high[:, position] > most).sum())
        masked = by_column[:, position]
        lone = np.where(most >= MASK_LOW, np.minimum(most, MASK_HIGH), MASK_HIGH)
        # Where the unit's total is not known, nothing bounds a row masked whole: missing.
        low[masked, position] = np.where(whole | vacant, most * 0.0, MASK_LOW)[masked]
        high[masked, position] = np.where(whole | vacant, most, lone)[masked]
    counted = Cells(low, high, keys, totals[PEOPLE], totals[DWELLINGS])
    share = masked_cells / max(len(cells), 1)
    return counted, MaskAccount(share, whole, by_column, unreadable, negative, above)


def _total(table: pa.Table, name: str, rows: np.ndarray) -> np.ndarray:
    if name not in table.column_names:
        return np.full(len(rows), np.nan)
    numbers = _numbers(table.column(name), rows)[0]
    numbers[numbers < 0] = np.nan
    return numbers


def _numbers(column: pa.ChunkedArray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the numbers (missing where there is none), where it is masked, how many are odd.

    Each text is read once: a count has some hundred different ones in a hundred thousand rows.
    """
    coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    of = coded.indices.to_numpy(zero_copy_only=False)[rows]
    trimmed = pc.fill_null(pc.utf8_trim_whitespace(coded.dictionary), "")
    masked = np.asarray(pc.equal(trimmed, MASK).to_numpy(zero_copy_only=False), dtype=bool)
    number = pc.match_substring_regex(trimmed, r"^[-+]?[0-9]+(\.[0-9]*)?$")
    cleaned = pc.if_else(number, trimmed, pa.scalar(None, pa.string()))
    values = np.array(pc.cast(cleaned, pa.float64()).to_numpy(zero_copy_only=False), dtype=float)
    odd = np.isnan(values) & ~masked
    if odd.any():
        rest = pd.Series(trimmed.filter(pa.array(odd)).to_pylist(), dtype="str")
        values[odd] = to_numbers(rest)[0]
        odd[odd] = np.isnan(values[odd]) & ~rest.str.lower().isin(MISSING_TEXTS)
    return values[of], masked[of], int(odd[of].sum())


def bounded(blocks: Cells, areas: Cells, wanted: Sequence[str]) -> Cells:
    """Narrow the masked blocks of an area by its own count less that of its other blocks.

    Only where no block of the area is missing from the file. People are compared for counts of
    people, and dwellings for counts of dwellings: a block where nobody lives may still hold vacant
    dwellings. Every block of the area must have a number or a mask in that column, and the area's
    count must be one its blocks can add up to.

    A mask is never solved. What the remainder leaves is told in classes of three (0 to 2, 3 to 5,
    …), so that a lone mask stays 1 or 2, and nothing computed from the counts, however finely it is
    written, says more of a household than that.

    Parameters
    ----------
    blocks, areas : Cells
        Of the same columns.
    wanted : sequence of str
        The columns.

    Returns
    -------
    Cells
        Of the blocks, in the same memory; no interval is wider than it was.
    """
    area_of = areas.keys.get_indexer(blocks.keys.str.slice(0, AREA))
    there = area_of >= 0
    group = area_of[there]
    size = len(areas.keys)

    def by_area(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, weights=values[there], minlength=size)

    people_whole = by_area(blocks.people) == areas.people
    dwellings_whole = people_whole & (by_area(blocks.dwellings) == areas.dwellings)
    low, high = blocks.low, blocks.high
    for position, name in enumerate(wanted):
        if name in NOT_COUNTS or not (high[:, position] > low[:, position]).any():
            continue
        own_low, own_high = low[:, position].copy(), high[:, position].copy()
        least, most = by_area(own_low), by_area(own_high)
        floor, ceiling = areas.low[:, position], areas.high[:, position]
        whole = dwellings_whole if of_dwellings(name) else people_whole
        fits = whole & (least <= ceiling) & (floor <= most)
        use = there.copy()
        use[there] = fits[group]
        at = area_of[use]
        top = ceiling[at] - (least[at] - own_low[use])
        bottom = floor[at] - (most[at] - own_high[use])
        top = CLASS * np.floor(top / CLASS) + CLASS - 1
        bottom = CLASS * np.floor(bottom / CLASS)
        high[use, position] = np.minimum(own_high[use], top)
        low[use, position] = np.maximum(own_low[use], bottom)
    return blocks
