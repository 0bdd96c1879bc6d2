"""Tables as Mexico's publishers set them: titles above the header, notes below, a zip around."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from targeting.model import Loss
from targeting.problems import Problem, TargetingError
from targeting.sources.depth import HEAD_ROWS, reads
from targeting.sources.files import Member, choose_member, require_format, unreadable
from targeting.sources.tables import read_text_table, require_sheet, unique_names
from targeting.sources.text import clean_keys, fold

AREA_KEY = r"\d{11,12}[0-9A-Za-z]"
MUNICIPALITY_KEY = r"\d{4,5}"
TABLES = r"\.(csv|xlsx|xls|parquet)$"
NOT_DATA = r"dicc|catalogo|metadat|nota|leeme|bitacora"
# A line of notes fills one cell, or two where the sheet numbers its notes.
_CELLS_OF_A_ROW = 3
_WORKBOOK = (".xls", ".xlsx")


@dataclass(frozen=True)
class PublishedTable:
    """A table of text with its header found.

    Parameters
    ----------
    frame : DataFrame
        Text, under the file's names; the index counts the rows of data from 1.
    key : str
        Column of the unit's key, where the search looked for one.
    rows_read : int
        Rows of data.
    encoding : str
        As found; empty for a workbook.
    losses : list of Loss
    other_lines : int
        Lines above the header and below the data: titles, notes, source.
    """

    frame: pd.DataFrame
    key: str
    rows_read: int
    encoding: str
    losses: list[Loss]
    other_lines: int = 0

    @property
    def names(self) -> list[str]:
        """Columns of the file."""
        return [str(name) for name in self.frame.columns]


def read_published(
    path: Path,
    *,
    key: str,
    named: str,
    sheet: str | None = None,
    encoding: str | None = None,
) -> PublishedTable:
    """Read a table, its header found by what stands below it and not by a row number.

    Parameters
    ----------
    path : Path
        CSV, Parquet or Excel; a folder or zip that holds one of them.
    key : str
        Regular expression of a whole key.
    named : str
        Regular expression found in the heading of the key's column (folded).
    sheet : str, optional
        Sheet of a workbook. Default: the first that has such keys.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    PublishedTable

    Raises
    ------
    TargetingError
        `no-member`, `several-members`, `unknown-sheet` and what `read_text_table` raises.
    """
    member = choose_member(path, TABLES, unlike=NOT_DATA)
    with _on_disk(member) as file:
        if isinstance(file, Path) and require_format(file, "CSV", "Parquet", "Excel") == "Excel":
            return _from_workbook(file, key, named, sheet)
        read = read_text_table(file, sheet=sheet, encoding=encoding)
        frame = read.frame()
    found = [c for c in frame.columns if re.search(named, fold(str(c)))]
    return PublishedTable(
        frame, _best(frame, found, key), read.rows_read, read.encoding, read.losses
    )


@contextmanager
def _on_disk(member: Member) -> Iterator[Path | Member]:
    """Give a workbook inside an archive a place of its own for as long as it is read."""
    if not member.name:
        yield member.container
    elif not member.name.lower().endswith(_WORKBOOK):
        yield member
    else:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / member.name.rsplit("/", 1)[-1]
            file.write_bytes(member.read())
            yield file


def _from_workbook(path: Path, key: str, named: str, sheet: str | None) -> PublishedTable:
    grids = sheets_of_text(path, sheet)
    tables = (_below_header(grid, key, named) for grid in grids)
    found = next((table for table in tables if table is not None), None)
    if found is not None:
        return found
    # Nothing like a key anywhere: the first line is the header, and the reader names what lacks.
    grid = grids[0]
    if len(grid) < 2:
        raise TargetingError([Problem("empty-layer", "", {"given": path.name})])
    frame = grid.iloc[1:].set_axis(unique_names(_one_line(grid.iloc[0].tolist())), axis=1)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return PublishedTable(frame, "", len(frame), "", [])


def sheets_of_text(path: Path, sheet: str | None = None) -> list[pd.DataFrame]:
    """Return the cells of each sheet of a workbook as text, without a header.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Only this one. Default: all, in the workbook's order.

    Raises
    ------
    TargetingError
        `unknown-sheet` or `unreadable-file`.
    """
    try:
        with pd.ExcelFile(path, engine="calamine") as book:
            names = require_sheet(book, sheet)
            rows = HEAD_ROWS if reads("head") else None
            read = [
                pd.read_excel(
                    book,
                    sheet_name=name,
                    header=None,
                    nrows=rows,
                    dtype=str,
                    keep_default_na=False,
                    na_filter=False,
                )
                for name in (names if sheet is None else [sheet])
            ]
    except TargetingError:
        raise
    except Exception as error:  # the library raises its own kinds for every broken workbook
        raise unreadable(path, error) from error
    return [grid.astype("str").fillna("") for grid in read]


def _below_header(grid: pd.DataFrame, key: str, named: str) -> PublishedTable | None:
    """Return the rows of a sheet from its first key on, each column under its lowest heading."""
    best: tuple[int, int, int] | None = None
    for place, column in enumerate(grid.columns):
        cells = grid[column].str.strip()
        fits = cells.str.fullmatch(key).to_numpy(bool)
        if not fits.any():
            continue
        first = int(np.argmax(fits))
        heading = next((cell for cell in reversed(cells.iloc[:first].tolist()) if cell), "")
        if re.search(named, fold(heading)) and (best is None or fits.sum() > best[0]):
            best = (int(fits.sum()), place, first)
    if best is None:
        return None
    _, place, first = best
    above = grid.iloc[:first]
    heads = [next((c.strip() for c in reversed(above[k].tolist()) if c.strip()), "") for k in above]
    names = unique_names(_one_line(heads))
    frame = grid.iloc[first:].set_axis(names, axis=1)
    filled = (frame != "").sum(axis=1).to_numpy()
    keyed = frame[names[place]].str.strip().str.fullmatch(key).to_numpy(bool)
    frame = frame[keyed | (filled >= _CELLS_OF_A_ROW)]
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    other = len(grid) - len(frame)
    return PublishedTable(frame, names[place], len(frame), "", [], other)


def _one_line(heads: list[str]) -> list[str]:
    """Return headings without line ends and double spaces."""
    return [" ".join(str(head).split()) for head in heads]


def _best(frame: pd.DataFrame, columns: list[str], key: str) -> str:
    """Return the column with the most keys among some, or nothing."""
    fits = {c: int(frame[c].astype("str").str.strip().str.fullmatch(key).sum()) for c in columns}
    good = [c for c in columns if fits[c]]
    return max(good, key=lambda c: fits[c]) if good else ""


def municipality_keys(read: PublishedTable) -> tuple[pd.Series[str], int]:
    """Return the codes of the municipalities, whole also where the state stands apart.

    Parameters
    ----------
    read : PublishedTable

    Returns
    -------
    keys : Series of text
        Five characters.
    padded : int
        How many got zeros back.
    """
    keys, padded = clean_keys(read.frame[read.key])
    if keys.dropna().str.len().max() <= 3:
        states = [name for name in read.names if fold(name) in ("cve_ent", "ent", "clave entidad")]
        if states:
            state = clean_keys(read.frame[states[0]], 2)[0]
            return state + clean_keys(read.frame[read.key], 3)[0], 0
    return clean_keys(keys, 5) if not padded else (keys, padded)
