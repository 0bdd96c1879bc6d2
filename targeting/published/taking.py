"""From a publisher's table to the columns of a record: headings, missing codes, who is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError, closest, few
from targeting.published.record import Column, Record
from targeting.sources.files import require_format
from targeting.sources.mx.published_tables import sheets_of_text
from targeting.sources.tables import read_text_table, to_numbers, unique_names
from targeting.sources.text import MISSING_TEXTS, clean_keys, fold, folded

KEY = "key"
_HEAD_ROWS, _HEADING_LINES = 40, 3
_CELLS_OF_A_ROW = 3
_NO_VALUE = ("..", "...", "-", "–")  # as statistical offices write that there is none


@dataclass(frozen=True)
class Taken:
    """A publisher's table under the names of a record.

    Parameters
    ----------
    columns : DataFrame
        Index the units' keys; the record's columns that the table has, as numbers or texts.
        Units left out of the index are not in it.
    given : DataFrame
        Same units: the table's own columns, as they are.
    headings : mapping of str to str
        Column of the record to heading of the table.
    left_out : tuple of str
        Keys of the units left out.
    unreadable : mapping of str to int
        Cells that are neither a number nor a word for missing, by heading.
    found : tuple of str
        All headings of the table.
    """

    columns: pd.DataFrame
    given: pd.DataFrame
    headings: Mapping[str, str]
    left_out: tuple[str, ...]
    unreadable: Mapping[str, int]
    found: tuple[str, ...] = ()


def plain(heading: str) -> str:
    """Return a heading without case, accents, dots, spaces and underscores.

    Examples
    --------
    >>> plain("PL.5000") == plain("pl 5000")
    True
    >>> plain("% Población")
    '%poblacion'
    """
    return re.sub(r"[\s._\-–—,;:'\"()]+", "", fold(heading))


def take(
    record: Record,
    table: pd.DataFrame | Path,
    *,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    elsewhere: Sequence[str] = (),
) -> Taken:
    """Return what a record needs of a table.

    Parameters
    ----------
    record : Record
    table : DataFrame or Path
        CSV, Parquet or Excel; titles may stand above the header of a sheet.
    columns : mapping, optional
        For a copy with other headings: the record's column, or the publisher's heading, to the
        heading in this table.
    sheet : str, optional
        Sheet of a workbook. Default: the one whose header has most of the columns.
    elsewhere : sequence of str
        Headings that `columns` may name as well: those of another table.

    Returns
    -------
    Taken

    Raises
    ------
    TargetingError
        `missing-column` for every column that is needed and not there, with the nearest heading;
        `several-columns`, `unknown-name` (in `columns`), `repeated-units`, `another-edition`,
        `nothing-left`, and what the reader raises.
    """
    given, found = read_given(record, table, columns=columns, sheet=sheet)
    problems: list[Problem] = []
    _demand_known(record, columns or {}, [*found, *elsewhere], problems)
    finder = Finder(list(given.columns), choices(record, columns or {}))
    headings = {}
    for name, column in record.columns.items():
        heading = finder.find(column.names, name, problems)
        if heading is not None:
            headings[name] = heading
        elif not column.optional:
            problems.append(_missing(name, column, found))
    problems += _of_another_edition(record, finder, found)
    if problems:
        raise TargetingError(problems)
    taken = _taken(record, given, headings, finder, found)
    if taken.left_out and taken.columns.empty:
        values = {"given": len(taken.left_out), "expected": record.year}
        raise TargetingError([Problem("nothing-left", record.key, values)])
    return taken


def _of_another_edition(record: Record, finder: Finder, found: Sequence[str]) -> list[Problem]:
    """Tell a table whose units are those of another edition, unless it has the record's as well."""
    others = {plain(one) for one in record.units.others}
    named = [heading for heading in found if plain(heading) in others]
    if not named or finder.find(record.units.names, KEY) is not None:
        return []
    values = {"given": named[0], "expected": record.units.names[0]}
    return [Problem("another-edition", record.key, values)]


def absent_columns(record: Record, taken: Taken) -> list[Problem]:
    """Return a `missing-column` for each optional column that the table lacks."""
    return [
        _missing(name, column, list(taken.found))
        for name, column in record.columns.items()
        if name not in taken.headings
    ]


def take_published(
    record: Record,
    table: pd.DataFrame | Path,
    left_out: Sequence[str],
    *,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the columns of a table that holds what was published, by unit.

    Raises
    ------
    TargetingError
        `missing-column` when nothing names the units; `repeated-units`; what the reader raises.
    """
    given, found = read_given(record, table, columns=columns)
    finder = Finder(found, choices(record, columns or {}))
    heading = finder.find(record.units.names, KEY)
    if heading is None:
        key = Column(names=record.units.names)
        raise TargetingError([_missing("key", key, found)])
    given = given.set_axis(_keys(record, given, finder), axis=0)
    given = given[~given.index.isin(list(left_out))]
    _demand_each_once(given.index, heading)
    return given


class Finder:
    """Finds headings as people read them.

    Parameters
    ----------
    headings : sequence of str
        Those of a table.
    chosen : mapping, optional
        What a map says: column of the record, published column made, or `key`, to a heading.

    Examples
    --------
    >>> Finder(["IMD Rank", "x"]).find(["imd_rank"])
    'IMD Rank'
    """

    def __init__(self, headings: Sequence[str], chosen: Mapping[str, str] | None = None) -> None:
        self._chosen = chosen or {}
        self._headings = headings
        # A heading that the map gives to one column is no other's by its looks.
        self._open = [name for name in headings if name not in self._chosen.values()]
        self._plain: dict[str, list[str]] = {}
        for heading in self._open:
            self._plain.setdefault(plain(heading), []).append(heading)

    def find(
        self, names: Sequence[str], owner: str = "", problems: list[Problem] | None = None
    ) -> str | None:
        """Return the heading that one of the names stands for, the first name first."""
        if self._chosen.get(owner) in self._headings:
            return self._chosen[owner]
        for wanted in names:
            if wanted in self._open:
                return wanted
        for wanted in names:
            found = self._plain.get(plain(wanted), [])
            if len(found) > 1 and problems is not None:
                values = {"given": wanted, "known": ", ".join(found)}
                problems.append(Problem("several-columns", owner, values))
            if found:
                return found[0]
        return None


def choices(record: Record, columns: Mapping[str, str]) -> dict[str, str]:
    """Return what a map says, by column of the record, column made, or `key`.

    A name in the map may be one of those, or a heading the publisher uses. A published column
    that is also one the recipe starts from goes with it.
    """
    chosen: dict[str, str] = {}
    for name, heading in columns.items():
        if name in record.columns:
            alike = {plain(one) for one in record.columns[name].names}
            chosen[name] = str(heading)
        else:
            alike = {plain(str(name))}
        for key, column in record.columns.items():
            if name not in record.columns and alike & {plain(one) for one in column.names}:
                chosen[key] = str(heading)
        for entry in record.publishes:
            if name == entry.made or alike & {plain(one) for one in entry.names}:
                chosen[entry.made] = str(heading)
        if name == KEY or alike & {plain(one) for one in record.units.names}:
            chosen[KEY] = str(heading)
    return chosen


def _demand_known(
    record: Record, columns: Mapping[str, str], headings: list[str], problems: list[Problem]
) -> None:
    """Tell which choices of a map name nothing, at either end."""
    known = {KEY, *record.columns, *record.made}
    known |= {one for column in record.columns.values() for one in column.names}
    known |= {one for entry in record.publishes for one in entry.names}
    known |= set(record.units.names)
    for name, heading in columns.items():
        where = f"columns.{name}"
        if not choices(record, {name: heading}):
            values = {"given": name, "hint": closest(name, known), "known": few(name, known)}
            problems.append(Problem("unknown-name", where, values))
        elif heading not in headings:
            values = {"given": heading, "hint": closest(heading, headings) or "–"}
            problems.append(
                Problem("missing-column", where, values | {"known": few(heading, headings)})
            )


def _missing(name: str, column: Column, headings: list[str]) -> Problem:
    folds = {plain(heading): heading for heading in headings}
    near = [folds.get(closest(plain(one), folds), "") for one in column.names]
    values = {"given": column.names[0], "hint": next((one for one in near if one), "–")}
    values["known"] = few(column.names[0], headings)
    return Problem("missing-column", name, values)


def _taken(
    record: Record,
    given: pd.DataFrame,
    headings: Mapping[str, str],
    finder: Finder,
    found: Sequence[str],
) -> Taken:
    given = given.set_axis(_keys(record, given, finder), axis=0)
    out = np.zeros(len(given), dtype=bool)
    for rule in record.left_out:
        if rule.column in headings:
            held, _ = _column(record, rule.column, given[headings[rule.column]])
            out |= _holds(held, rule.values)
    left_out, given = tuple(given.index[out]), given[~out]
    _demand_each_once(given.index, finder.find(record.units.names, KEY))
    unreadable: dict[str, int] = {}
    columns: dict[str, pd.Series] = {}
    for name, heading in headings.items():
        columns[name], bad = _column(record, name, given[heading])
        if bad:
            unreadable[heading] = bad
    table = pd.DataFrame(columns, index=given.index)
    return Taken(table, given, dict(headings), left_out, unreadable, tuple(found))


def _column(record: Record, name: str, values: pd.Series) -> tuple[pd.Series, int]:
    """Return a column as the record reads it, and how many of its cells could not be."""
    if record.columns[name].text:
        return texts(values), 0
    return numbers(values, record.missing)


def _holds(values: pd.Series, wanted: Sequence[float | str]) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(values):
        return values.isin([float(one) for one in wanted]).to_numpy(bool)
    return folded(values).isin([fold(str(one)) for one in wanted]).to_numpy(bool)


def _keys(record: Record, given: pd.DataFrame, finder: Finder) -> pd.Index:
    """Return the units' keys; where the table has none, the numbers of its rows."""
    heading = finder.find(record.units.names, KEY)
    if heading is None:
        return pd.Index([str(row) for row in range(1, len(given) + 1)], name="row")
    keys = clean_keys(given[heading], record.units.width)[0]
    rows = pd.Series([f"row {row}" for row in range(1, len(given) + 1)], index=keys.index)
    keys = keys.where(keys.notna(), rows)
    return pd.Index(keys, name="key")


def _demand_each_once(keys: pd.Index, heading: str | None) -> None:
    """Refuse units that stand twice among those that are no part of what is left out.

    A table of several years names each unit once a year; the record keeps one.
    """
    again = keys[keys.duplicated()].unique()
    if len(again):
        values = {"given": heading or "", "count": len(again), "known": ", ".join(again[:5])}
        raise TargetingError([Problem("repeated-units", heading or KEY, values)])


def numbers(values: pd.Series, missing: Sequence[float]) -> tuple[pd.Series[float], int]:
    """Return a column as numbers, the codes for missing as missing; and how many it could not."""
    if pd.api.types.is_numeric_dtype(values):
        found, bad = values.astype(float), 0
    else:
        none = values.astype("str").str.strip().isin(_NO_VALUE)
        found, bad = to_numbers(values.mask(none, ""))
    return found.mask(found.isin(list(missing))), bad


def texts(values: pd.Series) -> pd.Series[str]:
    """Return a column as texts without doubled spaces; empty ones are missing."""
    codes, known = pd.factorize(values.astype("str"))  # the same few words in every row
    tidy = pd.Series(known, dtype="str").str.split().str.join(" ")
    tidy = tidy.mask(tidy.str.lower().isin((*MISSING_TEXTS, *_NO_VALUE)))
    return tidy.reindex(codes).set_axis(values.index)


def read_given(
    record: Record,
    table: pd.DataFrame | Path,
    *,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Return what a record may need of a publisher's table, and all the table's headings.

    Raises
    ------
    TargetingError
        `no-such-file`, and what the readers raise.
    """
    wanted = {plain(one) for column in record.columns.values() for one in column.names}
    wanted |= {plain(one) for one in record.units.names}
    wanted |= {plain(one) for entry in record.publishes for one in entry.names}
    wanted |= {plain(str(one)) for one in (columns or {}).values()}
    found: list[str] = []

    def chosen(names: Sequence[str]) -> list[str]:
        found.extend(names)
        return [name for name in names if plain(name) in wanted] or list(names[:1])

    if isinstance(table, pd.DataFrame):
        kept = set(chosen([str(name) for name in table.columns]))
        frame = table.loc[:, [str(name) in kept for name in table.columns]]
        return frame.set_axis([str(name) for name in frame.columns], axis=1), found
    if not table.exists():
        raise TargetingError([Problem("no-such-file", "", {"given": table})])
    if require_format(table, "CSV", "Parquet", "Excel") == "Excel":
        frame = _best_sheet(table, wanted, sheet)
        return frame, [str(name) for name in frame.columns]
    return read_text_table(table, columns=chosen).frame(), found


def _best_sheet(path: Path, wanted: set[str], sheet: str | None) -> pd.DataFrame:
    """Return the rows below the header, on whichever sheet and line it is, with most headings."""
    best: tuple[int, pd.DataFrame, int] | None = None
    for grid in sheets_of_text(path, sheet):
        for row in range(min(_HEAD_ROWS, len(grid))):
            fits = len({plain(head) for head in _heads(grid, row)} & wanted)
            if best is None or fits > best[0]:
                best = (fits, grid, row)
    if best is None or len(best[1]) < 2:
        raise TargetingError([Problem("empty-layer", "", {"given": path.name})])
    _, grid, row = best
    frame = grid.iloc[row + 1 :].set_axis(unique_names(_heads(grid, row)), axis=1)
    filled = (frame != "").sum(axis=1)  # empty lines and lines of notes fill fewer cells
    return frame[filled >= min(_CELLS_OF_A_ROW, frame.shape[1])].reset_index(drop=True)


def _heads(grid: pd.DataFrame, row: int) -> list[str]:
    """Return the headings that end in a row: groups of columns may stand in the rows above."""
    lines = grid.iloc[max(0, row - _HEADING_LINES + 1) : row + 1]
    heads = []
    for place in range(grid.shape[1]):
        cells = [" ".join(str(cell).split()) for cell in lines.iloc[:, place]]
        heads.append(next((cell for cell in reversed(cells) if cell), ""))
    return heads
