"""Incidents by neighborhood or area: one row an incident, or counts, long or wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from targeting.model import Loss
from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.dates import DateOrder, Period, read_period
from targeting.sources.incident_grouping import where_columns
from targeting.sources.incidents import chosen_rows, dated, tell_period
from targeting.sources.layer import Layer, against, drop, examples, require_columns
from targeting.sources.mx.sesnsp import has_municipal_head, municipal_problem
from targeting.sources.tables import read_text_table, to_numbers
from targeting.sources.text import clean_keys, clean_names

PlaceBy = Literal["place_name", "place_id", "area_id"]
# Column of the month that month columns are made of; no file has it.
_MONTH = " month"


@register("reader")
def incident_table(
    path: Path,
    *,
    place: str,
    by: PlaceBy,
    level: str = "neighborhood",
    municipality: str | None = None,
    id_width: int | None = None,
    kind: str | None = None,
    kinds: Mapping[str, Sequence[str]] | Literal["mexico"] | None = None,
    kind_changes: Mapping[str, Sequence[str]] | None = None,
    all_of_kind: str | None = None,
    count: str | None = None,
    count_columns: Mapping[str, Sequence[str]] | None = None,
    month_columns: tuple[str, ...] = (),
    year_column: str | None = None,
    date: str | None = None,
    date_order: DateOrder = "day-month",
    start: str | None = None,
    end: str | None = None,
    keep_where: Mapping[str, Sequence[str]] | None = None,
    covers: tuple[str, ...] = (),
    absent: Literal["missing", "zero"] = "missing",
    sheet: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read incidents known by neighborhood or area; the intake shares them out among its blocks.

    Parameters
    ----------
    path : Path
        CSV, Parquet or Excel.
    place : str
        Column of the place: its name, its id, or the id of an area.
    by : str
        `place_name` or `place_id`, of the input `places`; `area_id`, of the blocks.
    level : str
        Level of the places meant, as the input `places` gives it.
    municipality : str, optional
        Column of the municipality's code or name, to tell places of one name apart.
    id_width : int, optional
        Characters of a whole id; shorter all-digit ids get their zeros back.
    kind, kinds, kind_changes : optional
        Column and grouping of what happened, as for `points`.
    all_of_kind : str, optional
        The one kind of all rows, where no column says it.
    count : str, optional
        Column of the number of incidents. Default: each row is one.
    count_columns : mapping, optional
        Kind to the columns that hold its number of incidents.
    month_columns : tuple of str
        Columns of January to December, or as many as there are, each a number of incidents.
    year_column : str, optional
        Column of the year: of `month_columns`, or of the whole row where nothing says the day.
    date : str, optional
        Column of the day or the month.
    date_order, start, end, keep_where : optional
        As for `points`.
    covers : tuple of str
        Codes of the municipalities whose incidents the file holds in full: their blocks have none
        where it tells none. Default: only the places that occur in it.
    absent : str
        What a place of the level that does not occur in the table means: `missing`, nobody says;
        `zero`, none happened (look at the names not found first: they may be such a place's).
    sheet, encoding : str, optional
        As for `points`.

    Returns
    -------
    Layer
        Columns `place`, `municipality` (missing where not given), `kind`, `date`, `count`.

    Raises
    ------
    TargetingError
        `said-twice`, `municipal-incidents`, `missing-column`, `no-kind-found` and what
        `read_text_table` raises.
    """
    period = read_period(start, end)
    _refuse_two_ways(
        {"count": count, "count_columns": count_columns, "month_columns": month_columns},
        {"kind": kind, "count_columns": count_columns, "all_of_kind": all_of_kind},
        {"date": date, "month_columns": month_columns},
    )
    read = read_text_table(path, encoding=encoding, sheet=sheet)
    if has_municipal_head(read.table.column_names):
        raise TargetingError([municipal_problem(path)])
    columns = {"place": place, "municipality": municipality, "kind": kind, "count": count}
    columns |= {"date": date, "year_column": year_column} | where_columns(keep_where)
    for key, names in (count_columns or {}).items():
        columns |= {f"count_columns.{key}[{i}]": name for i, name in enumerate(names)}
    columns |= {f"month_columns[{i}]": name for i, name in enumerate(month_columns)}
    require_columns(read.table.column_names, columns)
    whole = read.frame()
    frame, notes = chosen_rows(whole, kind, kinds, kind_changes, keep_where)
    losses, of = read.losses, len(frame)
    listed, padded = _places(whole[place], by, id_width)
    if padded:
        notes["keys_padded"] = padded
    towns = clean_names(whole[municipality]) if municipality else listed.mask(listed.notna())
    frame = frame.assign(
        place=listed[frame.index],
        municipality=towns[frame.index],
        kind=all_of_kind if all_of_kind is not None else frame["kind"],
    )
    frame = drop(frame, frame["place"].isna(), "no-place", losses, of=of)
    if month_columns:
        frame, date = _by_month(frame, month_columns, year_column, period), _MONTH
    elif count_columns is not None:
        frame = _by_kind(frame, count_columns)
    else:
        frame = frame.assign(count=to_numbers(frame[count])[0] if count else 1.0)
    known = frame["kind"].unique()
    years = date is None and year_column is not None
    date = year_column if years else date
    frame, dates = dated(frame, date, None, date_order, notes, years=years)
    frame = _drop_cells(frame, ~(frame["count"] >= 0), "no-count", losses, notes, of=of)
    if period.asked:
        frame = _drop_cells(frame, frame["date"].isna(), "no-date", losses, notes, of=of)
        other = ~period.holds(frame["date"])
        frame = _drop_cells(frame, other, "outside-period", losses, notes, of=of)
    tell_period(notes, frame["date"], period, dates)
    totals = frame.groupby("kind")["count"].sum().reindex(sorted(known), fill_value=0.0)
    notes["incidents_by_kind"] = {str(key): float(total) for key, total in totals.items()}
    data = frame[["place", "municipality", "kind", "date", "count"]]
    data = _with_listed(data, listed, towns)
    fallen = against(losses, read.rows_read - notes.get("not_chosen", 0))
    return Layer(data, read.rows_read, fallen, "", read.encoding, notes)


def _refuse_two_ways(*ways: Mapping[str, Any]) -> None:
    problems = []
    for settings in ways:
        given = [name for name, value in settings.items() if value]
        if len(given) > 1:
            problems.append(Problem("said-twice", given[1], {"given": " + ".join(given)}))
    if problems:
        raise TargetingError(problems)


def _places(texts: pd.Series[Any], by: PlaceBy, width: int | None) -> tuple[pd.Series[Any], int]:
    if by == "place_name":
        return clean_names(texts), 0
    return clean_keys(texts, width)


def _by_month(
    frame: pd.DataFrame, columns: Sequence[str], year_column: str | None, period: Period
) -> pd.DataFrame:
    """Return a row for each month's number, with the text of the month."""
    if year_column is None and period.start is None:
        values = {"method": "incident_table", "given": "year_column"}
        raise TargetingError([Problem("missing-setting", "", values)])
    pieces = []
    for number, column in enumerate(columns, start=1):
        year = frame[year_column].str.strip() if year_column else str(_year(period))
        piece = frame.assign(count=to_numbers(frame[column])[0])
        pieces.append(piece.assign(**{_MONTH: year + f"-{number:02d}"}))
    return pd.concat(pieces)


def _year(period: Period) -> int:
    return 0 if period.start is None else int(period.start.year)


def _by_kind(frame: pd.DataFrame, columns: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return a row for each kind's number."""
    return pd.concat(
        [
            frame.assign(kind=kind, count=to_numbers(frame[column])[0])
            for kind, names in columns.items()
            for column in names
        ]
    )


def _drop_cells(
    frame: pd.DataFrame,
    bad: Any,
    reason: str,
    losses: list[Loss],
    notes: dict[str, Any],
    *,
    of: int,
) -> pd.DataFrame:
    """Drop numbers; a row of the file is lost when none of its numbers is left."""
    mask = np.asarray(bad, dtype=bool)
    gone = frame.index[mask].unique().difference(frame.index[~mask].unique())
    if len(gone):
        losses.append(Loss("", reason, len(gone), of, examples(gone)))
    if frame.index.has_duplicates and mask.any():
        notes["cells_set_aside"] = notes.get("cells_set_aside", 0) + int(mask.sum())
    return frame[~mask]


def _with_listed(data: pd.DataFrame, listed: pd.Series[Any], towns: pd.Series[Any]) -> pd.DataFrame:
    """Add the places that occur in the file with nothing chosen: they were looked at too."""
    seen = pd.DataFrame({"place": listed, "municipality": towns}).dropna(subset="place")
    seen = seen.drop_duplicates()
    held = pd.MultiIndex.from_frame(data[["place", "municipality"]].astype("str").fillna(""))
    pairs = pd.MultiIndex.from_frame(seen.astype("str").fillna(""))
    more = seen[~pairs.isin(held)]
    if not len(more):
        return data
    more = more.assign(kind=None, date=None, count=0.0).set_index(pd.Index([0] * len(more)))
    return pd.concat([data, more.astype(data.dtypes.to_dict())])
