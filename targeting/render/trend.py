"""How recorded incidents have changed, polygon by polygon, as an index that tells no count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from targeting.indicators.spans import covered_between, longest_span
from targeting.model import Result, Territory
from targeting.render import public

FEWEST_PERIODS = 3
MOST_PERIODS = 12
STEP = 5
"""Points of the index in one step; 100 is the mean of the periods."""
# Where sources do not say which days they cover, a period may begin or end this much without one.
_SLACK = pd.Timedelta(days=15)
_DAY = pd.Timedelta(days=1)


def trend_record(result: Result) -> dict[str, Any] | None:
    """Return the index of recorded incidents by year, or by half-year where years are too few.

    The index of a period is its incidents a day over those of all periods told, times 100, to
    `STEP` points. A polygon is told when every period has at least `publish.incidents_min`
    incidents and at least a thousand people live in it; otherwise nothing of it is told, so that
    nothing can be worked out from the rest.

    Parameters
    ----------
    result : Result
        A study carried out; its incidents with dates.

    Returns
    -------
    dict or None
        `periods` (`year`, and `half`: 0 whole year, 1 or 2), `city` (the index of each), and
        `polygons` (number as text: the index, or None where not told). None where fewer than
        `FEWEST_PERIODS` periods are covered whole.
    """
    territory = result.territory
    points = territory.incidents
    if points is None or "date" not in points or not points["date"].notna().any():
        return None
    kinds = tuple(sorted(str(kind) for kind in points["kind"].dropna().unique()))
    span = longest_span(territory, kinds)
    if span is None:
        return None
    periods = _periods(*span, slack=territory.incident_spans is None)
    if len(periods) < FEWEST_PERIODS:
        return None
    counts = _counts(territory, periods)
    covered = _covered(territory, kinds, periods)
    days = np.array([(end - start).days + 1 for start, end in periods], float)
    member = result.polygons.membership.to_numpy(np.int64)
    least = 1 if public.is_internal(result) else result.study.publish.incidents_min
    told = {}
    for place, number in enumerate(result.polygons.polygons.index):
        mine = member == number
        small = _too_few_people(result, place)
        known = bool(covered[mine].all()) and not small
        told[str(int(number))] = _index(counts[mine].sum(axis=0), days, least) if known else None
    city = _index(counts[covered].sum(axis=0), days, least)
    if city is None:
        return None
    return {
        "periods": [_named(start, end) for start, end in periods],
        "city": city,
        "polygons": told,
    }


def _too_few_people(result: Result, place: int) -> bool:
    people = float(result.polygons.polygons["population"].iloc[place])
    return not public.is_internal(result) and people < public.VIOLENCE_PEOPLE_FLOOR


def _index(counts: np.ndarray, days: np.ndarray, least: int) -> list[int] | None:
    """Return the index of each period, or None where one has too few incidents.

    Examples
    --------
    >>> _index(np.array([10, 20, 30]), np.array([365.0, 365.0, 365.0]), 5)
    [50, 100, 150]
    >>> _index(np.array([4, 20, 30]), np.array([365.0, 365.0, 365.0]), 5) is None
    True
    """
    if counts.min() < least:
        return None
    a_day = counts / days
    mean = counts.sum() / days.sum()
    return [int(v) for v in np.floor(100 * a_day / mean / STEP + 0.5 + 1e-9) * STEP]


def _periods(
    first: pd.Timestamp, last: pd.Timestamp, *, slack: bool
) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the whole years between two days, or the half-years where years are too few.

    Examples
    --------
    >>> days = pd.to_datetime(["2019-06-01", "2023-12-31"])
    >>> [start.year for start, _ in _periods(*days, slack=False)]
    [2020, 2021, 2022, 2023]
    >>> days = pd.to_datetime(["2022-01-01", "2023-08-31"])
    >>> [str(start.date()) for start, _ in _periods(*days, slack=False)]
    ['2022-01-01', '2022-07-01', '2023-01-01']
    """
    room = _SLACK if slack else pd.Timedelta(0)
    for months in (12, 6):
        starts = pd.date_range(
            pd.Timestamp(first.year, 1, 1), last, freq=pd.DateOffset(months=months)
        )
        held = [(start, start + pd.DateOffset(months=months) - _DAY) for start in starts]
        held = [one for one in held if first - room <= one[0] and one[1] <= last + room]
        if len(held) >= FEWEST_PERIODS:
            return held[-MOST_PERIODS:]
    return []


def _named(start: pd.Timestamp, end: pd.Timestamp) -> dict[str, int]:
    whole = (end - start).days > 300
    return {"year": start.year, "half": 0 if whole else 1 + (start.month > 6)}


def _counts(territory: Territory, periods: list[tuple[pd.Timestamp, pd.Timestamp]]) -> np.ndarray:
    """Return the incidents of each block in each period."""
    points = territory.incidents
    assert points is not None
    at = territory.blocks.index.get_indexer(pd.Index(points["block_id"]))
    date = points["date"].dt.normalize()
    out = np.zeros((len(territory.blocks), len(periods)))
    for place, (start, end) in enumerate(periods):
        held = at[(date >= start).to_numpy() & (date <= end).to_numpy() & (at >= 0)]
        out[:, place] = np.bincount(held, minlength=len(out))
    return out


def _covered(
    territory: Territory, kinds: tuple[str, ...], periods: list[tuple[pd.Timestamp, pd.Timestamp]]
) -> np.ndarray:
    """Tell which blocks the sources look at all the time; of silent sources, those they do."""
    coverage = territory.incident_coverage
    looked = np.ones(len(territory.blocks), bool) if coverage is None else coverage.to_numpy(bool)
    if territory.incident_spans is None:
        return looked
    held = covered_between(territory, kinds, periods[0][0], periods[-1][1])
    return np.asarray(looked & held)
