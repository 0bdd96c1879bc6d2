"""Days and hours as publishers write them, and the period a study asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.sources.text import MISSING_TEXTS, folded

DateOrder = Literal["day-month", "month-day"]
Grain = Literal["day", "month", "year"]
DAYS_A_YEAR = 365.25
_MONTHS = {
    name[:3]: number
    for names in (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "january february march april may june july august september october november december",
    )
    for number, name in enumerate(names.split(), start=1)
} | {"set": 9}
# Days since 1899-12-30 of a spreadsheet: 1954 to 2119, so that no year is taken for one.
_SERIAL = (20_000.0, 80_000.0)
_CLOCK = (
    r"^(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?"
    r"\s*([ap])?\.?\s*m?\.?(?:z|[+-]\d{2}:?\d{2})?$"
)


@dataclass(frozen=True)
class ReadDates:
    """Dates as read.

    Parameters
    ----------
    dates : Series of datetime64
        Missing where there is none or it cannot be read; with the hour where the text has one.
    unreadable : int
        Texts that are no date.
    short_years : int
        Dates whose year has two digits: refused, for nobody can tell the century nor, at times,
        which number is the year.
    serials : int
        Numbers of days, as a spreadsheet counts them.
    grain : str
        `day`; `month` or `year` where no text names a day or a month: each then stands for its
        first day.
    """

    dates: pd.Series[Any]
    unreadable: int = 0
    short_years: int = 0
    serials: int = 0
    grain: Grain = "day"

    @property
    def notes(self) -> dict[str, int]:
        """Figures worth telling."""
        found = {
            "dates_unreadable": self.unreadable,
            "two_digit_years": self.short_years,
            "spreadsheet_dates": self.serials,
        }
        return {name: count for name, count in found.items() if count}


def read_dates(
    texts: pd.Series[Any], *, order: DateOrder = "day-month", years: bool = False
) -> ReadDates:
    """Read dates: ISO, day/month/year, yyyymmdd, 03-ene-2014, a spreadsheet's numbers, months.

    Parameters
    ----------
    texts : Series
        Text, or dates already.
    order : str
        Which comes first where both are numbers: `day-month` or `month-day`.
    years : bool
        Take four digits for a year.

    Returns
    -------
    ReadDates

    Examples
    --------
    >>> read = read_dates(pd.Series(["31/12/2014", "2014-12-31 10:30", "3 de ene de 2014", "ayer"]))
    >>> read.dates.dt.strftime("%d.%m.%Y %H:%M").fillna("–").tolist(), read.unreadable
    (['31.12.2014 00:00', '31.12.2014 10:30', '03.01.2014 00:00', '–'], 1)
    >>> read_dates(pd.Series(["03/01/14"])).short_years
    1
    """
    if pd.api.types.is_datetime64_any_dtype(texts):
        return ReadDates(texts.dt.tz_localize(None).astype("datetime64[us]"))
    days, hours = _halves(texts.astype("str"))
    codes, unique = pd.factorize(days)
    plain = folded(pd.Series(unique, dtype="str"))
    parts = _parts(plain, order, years=years)
    moments = _moments(parts)
    numeric = plain.str.fullmatch(r"\d{5}(\.\d+)?").astype(bool)
    serial = pd.to_numeric(plain.where(numeric), errors="coerce")
    serial = serial.where(serial.between(*_SERIAL))
    counted_days = pd.to_datetime(serial, unit="D", origin="1899-12-30").dt.round("s")
    moments = moments.fillna(counted_days.astype("datetime64[us]"))
    short = plain.str.match(r"\d{1,2}[/.-](\d{1,2}|[a-z]{3,})[/.-]\d{2}$")
    short = short & moments.isna()
    empty = plain.isin(MISSING_TEXTS)
    lost = moments.isna() & ~short & ~empty
    held = codes >= 0
    counted = np.bincount(codes[held], minlength=len(plain))
    values = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    values[held] = moments.to_numpy("datetime64[us]")[codes[held]]
    known = moments.notna().to_numpy()
    dates = pd.Series(values, index=texts.index)
    if hours is not None:
        dates = dates + hours.fillna(pd.Timedelta(0))
    return ReadDates(
        dates,
        unreadable=int(counted[lost.to_numpy()].sum()),
        short_years=int(counted[short.to_numpy()].sum()),
        serials=int(counted[serial.notna().to_numpy() & known].sum()),
        grain=_grain(parts[known], serial),
    )


def _grain(parts: pd.DataFrame, serial: pd.Series[float]) -> Grain:
    """Return the finest thing any text names."""
    if not len(parts) or serial.notna().any() or parts["day"].notna().any():
        return "day"
    return "month" if parts["month"].notna().any() else "year"


def _halves(texts: pd.Series[str]) -> tuple[pd.Series[str], pd.Series[Any] | None]:
    """Return the text of the day, and the hour where any text has one.

    There are far fewer days and hours than moments, and each is read once.
    """
    if not texts.str.contains(":", regex=False).any():
        return texts, None
    halves = texts.str.strip().str.extract(r"^(.*?)(?:[tT,\s]\s*(\d{1,2}:\d{2}.*))?$")
    return halves[0], read_times(halves[1])[0]


def _parts(plain: pd.Series[str], order: DateOrder, *, years: bool) -> pd.DataFrame:
    """Return year, month and day; missing where no form fits."""
    first, second = ("day", "month") if order == "day-month" else ("month", "day")
    month = r"(?P<month>[a-z]{3})[a-z]*\.?"
    forms = (
        r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})$",
        rf"^(?P<{first}>\d{{1,2}})[/.-](?P<{second}>\d{{1,2}})[/.-](?P<year>\d{{4}})$",
        r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})$",
        rf"^(?P<day>\d{{1,2}})(?:[\s/.-]+|\s+de\s+){month}(?:[\s/.-]+|\s+del?\s+)(?P<year>\d{{4}})$",
        r"^(?P<year>\d{4})[-/](?P<month>\d{1,2})$",
        r"^(?P<month>\d{1,2})[-/](?P<year>\d{4})$",
        rf"^{month}(?:[\s/.-]+|\s+del?\s+)(?P<year>\d{{4}})$",
        r"^(?P<year>\d{4})$" if years else r"^(?P<year>$.)",
    )
    found = pd.DataFrame(index=plain.index, columns=["year", "month", "day"], dtype=object)
    open_ = np.ones(len(plain), dtype=bool)
    for form in forms:
        held = plain[open_].str.extract(form)
        held = held[held["year"].notna()]
        if len(held):
            found.loc[held.index, list(held.columns)] = held.astype(object)
            open_[held.index] = False
    return found


def _moments(parts: pd.DataFrame) -> pd.Series[Any]:
    named = parts["month"].map(_MONTHS)
    month = named.fillna(pd.to_numeric(parts["month"].where(named.isna()), errors="coerce"))
    table = pd.DataFrame(
        {
            "year": pd.to_numeric(parts["year"]),
            "month": month.astype(float).where(parts["month"].notna(), 1),
            "day": pd.to_numeric(parts["day"]).fillna(1),
        }
    )
    whole = table.notna().all(axis=1)
    days = pd.Series(pd.NaT, index=parts.index, dtype="datetime64[us]")
    days[whole] = pd.to_datetime(table[whole].astype(int), errors="coerce").astype("datetime64[us]")
    return days


def read_times(texts: pd.Series[Any]) -> tuple[pd.Series[Any], int]:
    """Read hours: 18:48:00, 18:48, 6:48 p.m., 1848, 18, a spreadsheet's part of a day.

    Returns
    -------
    times : Series of timedelta64
        Missing where there is none or it cannot be read.
    unreadable : int

    Examples
    --------
    >>> times, unreadable = read_times(pd.Series(["7:15", "1848", "6:48 p. m.", "0.75", "25:00"]))
    >>> (times.dt.total_seconds() / 60).fillna(-1).tolist(), unreadable
    ([435.0, 1128.0, 1128.0, 1080.0, -1.0], 1)
    """
    codes, unique = pd.factorize(texts.astype("str"))
    plain = folded(pd.Series(unique, dtype="str"))
    tidy = plain.str.replace(r"\s*(hrs?|horas?|h)\.?$", "", regex=True)
    clock = tidy.str.extract(_CLOCK)
    compact = tidy.str.extract(r"^(\d{1,2}?)(\d{2})?$")
    hour = pd.to_numeric(clock[0].fillna(compact[0]), errors="coerce")
    minute = pd.to_numeric(clock[1].fillna(compact[1]), errors="coerce").fillna(0)
    second = pd.to_numeric(clock[2], errors="coerce").fillna(0)
    half = clock[3]
    twelve = half.notna()
    hour = hour.mask(twelve & ~hour.between(1, 12))
    hour = hour.mask(twelve, hour % 12 + 12 * (half == "p"))
    good = hour.between(0, 23) & minute.between(0, 59) & second.between(0, 59)
    seconds = (3600 * hour + 60 * minute + second).where(good)
    part = pd.to_numeric(tidy.where(tidy.str.fullmatch(r"0?\.\d{3,}|0\.\d+")), errors="coerce")
    seconds = seconds.where(part.isna(), (part * 86_400).round())
    lost = seconds.isna() & ~plain.isin(MISSING_TEXTS)
    held = codes >= 0
    values = np.full(len(texts), np.nan)
    values[held] = seconds.to_numpy(float)[codes[held]]
    unreadable = np.bincount(codes[held], minlength=len(plain))[lost.to_numpy()].sum()
    times = pd.to_timedelta(pd.Series(values, index=texts.index), unit="s")
    return times.astype("timedelta64[us]"), int(unreadable)


@dataclass(frozen=True)
class Period:
    """The days a study asks for, both ends included; None where it does not say.

    Parameters
    ----------
    start, end : Timestamp or None
    """

    start: pd.Timestamp | None
    end: pd.Timestamp | None

    @property
    def asked(self) -> bool:
        """Whether the study names an end."""
        return self.start is not None or self.end is not None

    def holds(self, dates: pd.Series[Any]) -> np.ndarray:
        """Tell which dates lie in the period; a missing date does not."""
        fits = dates.notna()
        if self.start is not None:
            fits = fits & (dates >= self.start)
        if self.end is not None:
            fits = fits & (dates < self.end + pd.Timedelta(days=1))
        return np.asarray(fits, dtype=bool)

    def years(self, dates: pd.Series[Any], *, grain: Grain = "day") -> float | None:
        """Return the length of the period in years, from the dates where the study is silent.

        Examples
        --------
        >>> days = read_dates(pd.Series(["2014-01-01", "2014-03-31"])).dates
        >>> round(Period(None, None).years(days), 3)
        0.246
        """
        known = dates.dropna()
        if (self.start is None or self.end is None) and not len(known):
            return None
        first = self.start if self.start is not None else known.min().normalize()
        last = self.end if self.end is not None else known.max().normalize()
        if self.end is None and grain != "day":
            last = last + (pd.offsets.MonthEnd(0) if grain == "month" else pd.offsets.YearEnd(0))
        return round(((last - first).days + 1) / DAYS_A_YEAR, 6)


def read_period(start: str | None, end: str | None) -> Period:
    """Return the period of two ISO dates.

    Raises
    ------
    TargetingError
        `not-a-date` for each that is none; `period-reversed`.

    Examples
    --------
    >>> read_period("2014-01-01", None).asked
    True
    """
    problems, ends = [], []
    for where, text in (("start", start), ("end", end)):
        try:
            ends.append(None if text is None else pd.Timestamp(date.fromisoformat(str(text))))
        except ValueError:
            problems.append(Problem("not-a-date", where, {"given": text}))
            ends.append(None)
    first, last = ends
    if first is not None and last is not None and first > last:
        values = {"given": str(first.date()), "expected": str(last.date())}
        problems.append(Problem("period-reversed", "start", values))
    if problems:
        raise TargetingError(problems)
    return Period(first, last)
