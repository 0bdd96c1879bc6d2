"""Incidents: points with a kind and a date, as any publisher gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.incident_kinds import incident_kinds
from targeting.model import Loss
from targeting.problems import TargetingError
from targeting.registry import register
from targeting.sources.coordinates import mend_swapped, piled_up
from targeting.sources.dates import (
    DateOrder,
    Period,
    ReadDates,
    read_dates,
    read_period,
    read_times,
)
from targeting.sources.incident_grouping import (
    group_kinds,
    keep_rows,
    refusing_municipal,
    where_columns,
)
from targeting.sources.layer import Layer, against, content_ranks, drop
from targeting.sources.points import keep_points, kinds_counted, read_points, repeated_rows


@register("reader")
def points(
    path: Path,
    *,
    x: str | None = None,
    y: str | None = None,
    crs: str | None = None,
    kind: str | None = None,
    kinds: Mapping[str, Sequence[str]] | Literal["mexico"] | None = None,
    kind_changes: Mapping[str, Sequence[str]] | None = None,
    date: str | None = None,
    date_order: DateOrder = "day-month",
    time: str | None = None,
    start: str | None = None,
    end: str | None = None,
    keep_where: Mapping[str, Sequence[str]] | None = None,
    case_id: str | None = None,
    one_per_case: bool = False,
    repeated: Literal["keep", "drop"] = "keep",
    repair_swapped: bool = False,
    covers: tuple[str, ...] = (),
    layer: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read incidents: points with a kind and a date.

    Parameters
    ----------
    path : Path
        CSV, Excel, or any vector file.
    x, y : str
        Columns of the coordinates of a table.
    crs : str, optional
        Their system. Default: longitude and latitude (EPSG:4326).
    kind : str, optional
        Column that says what happened.
    kinds : mapping or "mexico", optional
        Kind to the texts of that column that mean it; `mexico` takes the table of Mexican texts.
        Texts of no kind are not chosen: they are counted and the most frequent are named.
        Default: every text is its own kind.
    kind_changes : mapping, optional
        With `kinds: mexico`: kind to texts that are that kind whatever the table says. The kind
        `leave_out` sets texts aside.
    date : str, optional
        Column of the day: ISO, day/month/year, yyyymmdd, 03-ene-2014, or a spreadsheet's number.
        A year of two digits is refused and counted.
    date_order : str
        `day-month` or `month-day`: which comes first in 03/04/2014.
    time : str, optional
        Column of the hour, in any usual form.
    start, end : str, optional
        First and last day of the period, ISO. Rows outside are counted as `outside-period`, rows
        without a date as `no-date`. Default: the first and last date of the file.
    keep_where : mapping, optional
        Column to the texts to keep, such as the closing codes of an emergency line; other rows are
        not chosen.
    case_id : str, optional
        Column of the case. Cases with several rows (victims, offenses) are counted.
    one_per_case : bool
        Keep one row a case, that of the kind with the highest severity weight.
    repeated : str
        Rows that repeat another in every column are counted. `keep`: without a case number they
        may be two victims of one event; `drop`: they are one case entered twice.
    repair_swapped : bool
        Exchange latitude and longitude where they are swapped. Otherwise those rows are a loss.
    covers : tuple of str
        Codes of the municipalities whose incidents the file holds. Blocks elsewhere have no data,
        which is not the same as none. Default: the whole study.
    layer, sheet, encoding : str, optional
        Which layer, which sheet, which encoding; by default the first, and found out.

    Returns
    -------
    Layer
        Columns `kind`, `date` (with the hour, where known), `geometry`.

    Raises
    ------
    TargetingError
        `no-kind-found`, `kind-without-rows`, `text-in-two-kinds`, `no-row-kept`, `not-a-date`,
        `coordinates-swapped`, `municipal-incidents` and what `read_points` raises.
    """
    period = read_period(start, end)
    columns = {"kind": kind, "date": date, "time": time, "case_id": case_id}
    try:
        read = read_points(
            path,
            columns=columns | where_columns(keep_where),
            x=x,
            y=y,
            crs=crs,
            layer=layer,
            sheet=sheet,
            encoding=encoding,
        )
    except TargetingError as error:
        raise refusing_municipal(path, error) from error
    frame, notes = chosen_rows(read.frame, kind, kinds, kind_changes, keep_where)
    known = frame["kind"].unique()
    losses, of = read.losses, len(frame)
    frame, repaired = mend_swapped(frame, losses, of=of, repair=repair_swapped, given=path.name)
    frame, converted = keep_points(frame, losses, of=of)
    again = repeated_rows(frame)
    if repeated == "drop":
        frame = drop(frame, again, "duplicate-row", losses, of=of)
    elif again.any():
        notes["repeated_rows"] = int(again.sum())
    if repaired:
        notes["swapped_repaired"] = repaired
    if converted:
        notes["areas_to_points"] = converted
    frame, dates = dated(frame, date, time, date_order, notes)
    frame = in_period(frame, period, losses, of=of)
    if case_id is not None:
        frame = by_case(frame, case_id, losses, notes, of=of, one_per_case=one_per_case)
    tell_period(notes, frame["date"], period, dates)
    if piles := piled_up(frame.geometry):
        notes["piled_up_share"] = piles
    if kinds is not None:
        notes["kinds"] = dict.fromkeys(sorted(known), 0) | kinds_counted(frame)
    data = frame[["kind", "date", "geometry"]]
    fallen = against(losses, read.rows_read - notes.get("not_chosen", 0))
    return Layer(data, read.rows_read, fallen, read.crs_in, read.encoding, notes)


def chosen_rows(
    frame: Any,
    kind: str | None,
    kinds: Mapping[str, Sequence[str]] | Literal["mexico"] | None,
    kind_changes: Mapping[str, Sequence[str]] | None,
    keep_where: Mapping[str, Sequence[str]] | None,
) -> tuple[Any, dict[str, Any]]:
    """Return the rows a study asks for, with their kind, and what was not chosen."""
    frame, notes = group_kinds(frame, kind, kinds, kind_changes)
    frame, set_aside, texts = keep_rows(frame, keep_where)
    if set_aside:
        notes["not_chosen"] = notes.get("not_chosen", 0) + set_aside
        notes["set_aside_where"] = texts
    return frame, notes


def dated(
    frame: Any,
    date: str | None,
    time: str | None,
    order: DateOrder,
    notes: dict[str, Any],
    *,
    years: bool = False,
) -> tuple[Any, ReadDates]:
    """Return rows with the column `date`, the hour in it, and note what could not be read."""
    if date is None:
        nothing = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]")
        return frame.assign(date=nothing), ReadDates(nothing)
    read = read_dates(frame[date], order=order, years=years)
    notes.update(read.notes)
    moments = read.dates
    if time is not None:
        hours, unreadable = read_times(frame[time])
        moments = moments.where(hours.isna(), moments.dt.normalize() + hours)
        if unreadable:
            notes["hours_unreadable"] = unreadable
    return frame.assign(date=moments.astype("datetime64[us]")), read


def in_period(frame: Any, period: Period, losses: list[Loss], *, of: int) -> Any:
    """Return the rows of the period a study asks for; all where it asks for none."""
    if not period.asked:
        return frame
    frame = drop(frame, frame["date"].isna(), "no-date", losses, of=of)
    return drop(frame, ~period.holds(frame["date"]), "outside-period", losses, of=of)


def tell_period(
    notes: dict[str, Any], dates: pd.Series[Any], period: Period, read: ReadDates
) -> None:
    """Note the first and last date, and for how many years the incidents stand."""
    if dates.notna().any():
        notes["first_date"] = str(dates.min().date())
        notes["last_date"] = str(dates.max().date())
    years = period.years(dates, grain=read.grain)
    if years is not None:
        notes["exposure_years"] = years


def by_case(
    frame: Any,
    case_id: str,
    losses: list[Loss],
    notes: dict[str, Any],
    *,
    of: int,
    one_per_case: bool,
) -> Any:
    """Count the cases with several rows, and keep one row of each where the study says so.

    Examples
    --------
    >>> rows = pd.DataFrame({"folio": ["1", "1", "2", ""], "kind": ["injury", "homicide"] * 2})
    >>> kept = by_case(rows, "folio", lost := [], {}, of=4, one_per_case=True)
    >>> kept["kind"].tolist(), lost[0].reason
    (['homicide', 'injury', 'homicide'], 'same-case')
    """
    case = frame[case_id].astype("str").fillna("").str.strip()
    several = (case != "") & case.duplicated(keep=False)
    if not several.any():
        return frame
    if not one_per_case:
        notes["cases_of_several_rows"] = int(case[several].nunique())
        return frame
    table = incident_kinds()
    weight = frame["kind"].map({key: one.weight for key, one in table.items()}).fillna(0.0)
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    place = frame.geometry.to_wkb(hex=True) if isinstance(frame, gpd.GeoDataFrame) else ""
    content = content_ranks(plain.assign(geometry=place))
    order = np.lexsort((content, frame["kind"].to_numpy(str), -weight.to_numpy(float)))
    again = np.zeros(len(frame), dtype=bool)
    again[order] = case.iloc[order].duplicated().to_numpy()
    again &= several.to_numpy()
    return drop(frame, again, "same-case", losses, of=of)
