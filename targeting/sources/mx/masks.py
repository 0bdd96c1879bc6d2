"""What INEGI's confidentiality mask leaves open: intervals, narrowed by the area's own count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from targeting.model import Counts
from targeting.sources.tables import to_numbers
from targeting.sources.text import MISSING_TEXTS
from targeting.sources.workers import in_parallel

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
        value = np.empty_like(self.low)

        def fill(at: int) -> None:
            np.add(self.low[:, at], self.high[:, at], out=value[:, at])
            value[:, at] /= 2

        in_parallel(fill, range(value.shape[1]), rows=len(value))
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


@dataclass(frozen=True)
class Figures:
    """The figures of a table as numbers, before its masks are told as intervals.

    Parameters
    ----------
    wanted : tuple of str
        Columns asked for.
    numbers, masked : array
        A row for each unit, a column for each one asked for (one after the other in memory): its
        number, missing where there is none, and whether it is masked.
    masked_cells : array of int
        Masked cells of each row, over all columns of the file.
    cells, maskable : int
        Columns of figures in the file, and those of them that may be masked.
    totals : mapping
        People, dwellings and inhabited dwellings of each row.
    unreadable, negative : int
        As `MaskAccount` counts them.
    """

    wanted: tuple[str, ...]
    numbers: np.ndarray
    masked: np.ndarray
    masked_cells: np.ndarray
    cells: int
    maskable: int
    totals: Mapping[str, np.ndarray]
    unreadable: int
    negative: int


def read_figures(
    table: pa.Table, cells: Sequence[str], wanted: Sequence[str], rows: np.ndarray
) -> Figures:
    """Return the figures of a table of texts as numbers.

    Parameters
    ----------
    table : pyarrow.Table
        All columns of the file, as text.
    cells : sequence of str
        Columns that hold figures.
    wanted : sequence of str
        Those to return.
    rows : array of int
        Which rows of the table to return, in this order.
    """
    place = {name: position for position, name in enumerate(wanted)}
    maskable = [name for name in cells if name not in NEVER_MASKED]
    # A count is read whole before the next: column after column is several times as fast.
    numbers = np.empty((len(rows), len(wanted)), order="F")
    masked = np.empty(numbers.shape, dtype=bool, order="F")

    def read(name: str) -> tuple[int, int]:
        at = place[name]
        return _numbers(table.column(name), rows, numbers[:, at], masked[:, at])

    def hidden(name: str) -> np.ndarray:
        return _is_masked(table.column(name), rows)

    strange = in_parallel(read, wanted, rows=len(rows))
    masked_cells = np.zeros(len(rows), dtype=np.int64)
    for name in maskable:
        if name in place:
            masked_cells += masked[:, place[name]]
    others = [name for name in maskable if name not in place]
    for part in in_parallel(hidden, others, rows=len(rows)):
        masked_cells += part
    return Figures(
        tuple(wanted),
        numbers,
        masked,
        masked_cells,
        len(cells),
        len(maskable),
        {name: _total(table, name, rows) for name in NEVER_MASKED},
        sum(odd for odd, _ in strange),
        sum(below for _, below in strange),
    )


def as_intervals(figures: Figures, keys: pd.Index[str]) -> tuple[Cells, MaskAccount]:
    """Return counts as intervals; the numbers given are used up.

    A lone mask stands for 1 or 2. A unit of one or two inhabited dwellings is masked in all but
    its totals: each of its counts may be anything from 0 to its people or its dwellings. So may
    the counts of dwellings of a unit where nobody lives: they are masked however many stand there.

    Parameters
    ----------
    figures : Figures
    keys : Index
        Of its rows.

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
    totals, masked_cells = figures.totals, figures.masked_cells
    few = (totals[INHABITED] >= 1) & (totals[INHABITED] <= FEW_DWELLINGS) & (masked_cells > 0)
    whole = few | (masked_cells > _WHOLE_ROW * max(figures.maskable, 1))
    vacant = (totals[PEOPLE] == 0) & (totals[DWELLINGS] > 0)
    anything = whole | vacant
    high = figures.numbers
    low = np.empty_like(high)

    def tell(position: int) -> int:
        """Set the bounds of one column; return how many of its numbers exceed the total."""
        name = figures.wanted[position]
        least, most = low[:, position], high[:, position]
        least[:] = most
        if name in NOT_COUNTS:
            return 0
        total = totals[DWELLINGS if of_dwellings(name) else PEOPLE]
        above = int((most > total).sum())
        at = np.flatnonzero(figures.masked[:, position])
        own, free = total[at], anything[at]
        lone = np.where(own >= MASK_LOW, np.minimum(own, MASK_HIGH), MASK_HIGH)
        # Where the unit's total is not known, nothing bounds a row masked whole: missing.
        least[at] = np.where(free, own * 0.0, MASK_LOW)
        most[at] = np.where(free, own, lone)
        return above

    above = sum(in_parallel(tell, range(len(figures.wanted)), rows=len(high)))
    counted = Cells(low, high, keys, totals[PEOPLE], totals[DWELLINGS])
    return counted, MaskAccount(
        masked_cells / max(figures.cells, 1),
        whole,
        figures.masked,
        figures.unreadable,
        figures.negative,
        above,
    )


def read_cells(
    table: pa.Table,
    cells: Sequence[str],
    wanted: Sequence[str],
    keys: pd.Index[str],
    rows: np.ndarray,
) -> tuple[Cells, MaskAccount]:
    """Return the counts of a table of texts as intervals: `read_figures`, then `as_intervals`."""
    return as_intervals(read_figures(table, cells, wanted, rows), keys)


def _total(table: pa.Table, name: str, rows: np.ndarray) -> np.ndarray:
    numbers = np.full(len(rows), np.nan)
    if name in table.column_names:
        _numbers(table.column(name), rows, numbers, np.empty(len(rows), dtype=bool))
    return numbers


def _numbers(
    column: pa.ChunkedArray, rows: np.ndarray, numbers: np.ndarray, masked: np.ndarray
) -> tuple[int, int]:
    """Fill in the numbers and the masks of some rows; return how many are odd or below zero.

    Each text is read once: a count has some hundred different ones in a hundred thousand rows.
    What is odd or below zero is missing.
    """
    of, trimmed, hidden = _different(column, rows)
    number = pc.match_substring_regex(trimmed, r"^[-+]?[0-9]+(\.[0-9]*)?$")
    cleaned = pc.if_else(number, trimmed, pa.scalar(None, pa.string()))
    values = np.array(pc.cast(cleaned, pa.float64()).to_numpy(zero_copy_only=False), dtype=float)
    odd = np.isnan(values) & ~hidden
    if odd.any():
        rest = pd.Series(trimmed.filter(pa.array(odd)).to_pylist(), dtype="str")
        values[odd] = to_numbers(rest)[0]
        odd[odd] = np.isnan(values[odd]) & ~rest.str.lower().isin(MISSING_TEXTS)
    below = values < 0
    values[below] = np.nan
    np.take(values, of, out=numbers, mode="clip")
    np.take(hidden, of, out=masked, mode="clip")
    strange = odd.any() or below.any()
    held = np.bincount(of, minlength=len(values)) if strange else np.zeros(len(values), np.int64)
    return int(held[odd].sum()), int(held[below].sum())


def _is_masked(column: pa.ChunkedArray, rows: np.ndarray) -> np.ndarray:
    of, _, hidden = _different(column, rows)
    return np.asarray(hidden[of], dtype=bool)


def _different(
    column: pa.ChunkedArray, rows: np.ndarray
) -> tuple[np.ndarray, pa.Array, np.ndarray]:
    """Return which text each row has, the different texts, and which of them are the mask."""
    coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    of = np.take(coded.indices.to_numpy(zero_copy_only=False), rows)
    trimmed = pc.fill_null(pc.utf8_trim_whitespace(coded.dictionary), "")
    hidden = np.array(pc.equal(trimmed, MASK).to_numpy(zero_copy_only=False), dtype=bool)
    return of, trimmed, hidden


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
    group, size = area_of[there], len(areas.keys)

    def by_area(values: np.ndarray) -> np.ndarray:
        own = values if len(group) == len(values) else values[there]
        return np.bincount(group, weights=own, minlength=size)

    people_whole = by_area(blocks.people) == areas.people
    dwellings_whole = people_whole & (by_area(blocks.dwellings) == areas.dwellings)

    def narrow(position: int) -> None:
        name = wanted[position]
        low, high = blocks.low[:, position], blocks.high[:, position]
        use = np.flatnonzero((high > low) & there)
        if name in NOT_COUNTS or not len(use):
            return
        least, most = by_area(low), by_area(high)
        floor, ceiling = areas.low[:, position], areas.high[:, position]
        whole = dwellings_whole if of_dwellings(name) else people_whole
        fits = whole & (least <= ceiling) & (floor <= most)
        use = use[fits[area_of[use]]]
        at, own_low, own_high = area_of[use], low[use], high[use]
        top = ceiling[at] - (least[at] - own_low)
        bottom = floor[at] - (most[at] - own_high)
        top = CLASS * np.floor(top / CLASS) + CLASS - 1
        bottom = CLASS * np.floor(bottom / CLASS)
        high[use] = np.minimum(own_high, top)
        low[use] = np.maximum(own_low, bottom)

    in_parallel(narrow, range(len(wanted)), rows=len(blocks.high))
    return blocks
