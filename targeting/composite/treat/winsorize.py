"""Far values moved to the nearest value that is not far."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le

from targeting.composite.fences import tukey_fences
from targeting.composite.normalize._applied import known, numbers, place, refused
from targeting.composite.treat._stepwise import winsorized_to_pass
from targeting.composite.treat.result import Treated, pulled_in
from targeting.composite.treat.shape import is_skewed, skew_and_kurtosis
from targeting.composite.treat.transform import box_cox, log_from_lowest
from targeting.registry import register

_ALL = ("rows", "scale", "monotone", "range", "missing", "ties")
Count = Annotated[int, Ge(0)]
Share = Annotated[float, Ge(0), Le(0.5)]


def _by_points(values: pd.Series[float], low: int, high: int, method: str) -> Treated:
    given = numbers(values)
    held = known(given)
    size = len(held)
    if size and low + high >= size:
        raise refused("too-many-points", place(values), given=low + high, known=size)
    if not size or not (low or high):
        return pulled_in(values, given, method, None, None)
    parted = np.partition(held, sorted({low, size - 1 - high}))
    return pulled_in(
        values,
        given,
        method,
        float(parted[low]) if low else None,
        float(parted[size - 1 - high]) if high else None,
    )


@register("treatment", laws=_ALL, unit=False)
def winsorize_points(values: pd.Series[float], *, low: Count = 0, high: Count = 0) -> Treated:
    """Move so many of the lowest and highest values to the next one that stays.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    low, high : int
        How many at each end. Values equal to the next one stay where they are.

    Returns
    -------
    Treated

    Raises
    ------
    TargetingError
        `too-many-points` when none would stay; `infinite-value`.

    Examples
    --------
    >>> winsorize_points(pd.Series([1.0, 5.0, 6.0, 90.0]), high=1).values.tolist()
    [1.0, 5.0, 6.0, 6.0]
    """
    return _by_points(values, low, high, "winsorize_points")


@register("treatment", laws=_ALL, unit=False)
def winsorize_share(values: pd.Series[float], *, low: Share = 0.0, high: Share = 0.01) -> Treated:
    """Move a share of the lowest and highest values to the next one that stays.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    low, high : float
        Share at each end, 0 to 0.5; the number is rounded down.

    Returns
    -------
    Treated

    Raises
    ------
    TargetingError
        `too-many-points` when none would stay; `infinite-value`.

    Examples
    --------
    >>> winsorize_share(pd.Series([1.0, 5.0, 6.0, 90.0]), high=0.25).values.tolist()
    [1.0, 5.0, 6.0, 6.0]
    """
    size = int(values.notna().sum())
    return _by_points(values, _points(low, size), _points(high, size), "winsorize_share")


def _points(share: float, size: int) -> int:
    # 0.29 · 100 is 28.999999999999996 to a computer: the 29th counts.
    return int(np.floor(share * size + 1e-9))


@register("treatment", laws=_ALL, unit=False)
def winsorize_fences(
    values: pd.Series[float],
    *,
    reach: Annotated[float, Ge(0)] = 1.5,
    ends: Literal["both", "low", "high"] = "both",
    to: Literal["value", "fence"] = "value",
) -> Treated:
    """Move what lies outside the fences of a boxplot.

    The fences lie `reach` times the distance between the hinges outside them (R's
    `boxplot.stats`).

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reach : float
        Hinge distances.
    ends : str
        At which end.
    to : str
        To the last value inside (`value`, as CONAPO) or to the fence itself.

    Returns
    -------
    Treated
        Notes: `fences`.

    Raises
    ------
    TargetingError
        `infinite-value`.

    Examples
    --------
    >>> winsorize_fences(pd.Series([1.0, 2.0, 3.0, 4.0, 90.0])).values.tolist()
    [1.0, 2.0, 3.0, 4.0, 4.0]
    """
    given = numbers(values)
    held = known(given)
    if not len(held):
        return pulled_in(values, given, "winsorize_fences", None, None, fences=None)
    fences = tukey_fences(held, reach)
    low, high = fences
    if to == "value":
        low, high = float(held[held >= low].min()), float(held[held <= high].max())
    return pulled_in(
        values,
        given,
        "winsorize_fences",
        low if ends != "high" else None,
        high if ends != "low" else None,
        fences=fences,
    )


@register("treatment", laws=("rows", "scale", "missing", "ties"), unit=False)
def winsorize_skew(
    values: pd.Series[float],
    *,
    skew_max: Annotated[float, Gt(0)] = 2.0,
    kurtosis_max: float = 3.5,
    points_max: Annotated[int, Ge(0)] | None = 5,
    share_max: Share | None = None,
    otherwise: Literal["log", "log_by_skew", "box_cox", "none"] = "log",
) -> Treated:
    """Where a column is skewed, pull in its extreme values one by one until it no longer is.

    A column is skewed when |skewness| ≥ `skew_max` and excess kurtosis ≥ `kurtosis_max`, both
    adjusted for the sample's size. Then the value at the end of the skewness (equal values
    together) is moved to the next one, again and again; when so many points do not suffice, the
    original values are transformed instead.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    skew_max, kurtosis_max : float
        Limits, no unit.
    points_max : int, optional
        Stop when so many points are moved. It may be passed by values that are equal. Without it
        and `share_max`: no limit.
    share_max : float, optional
        The same as a share of the values, rounded down; it replaces `points_max`. In a city of
        60,000 blocks five points are nothing.
    otherwise : str
        What to do where that does not suffice: `log` (`log_from_lowest`), `log_by_skew` (from the
        end of the skewness), `box_cox` (most likely exponent, from a lowest value of 1), or `none`
        (keep what was pulled in).

    Returns
    -------
    Treated
        A column that is not skewed, is constant or has fewer than four values is left as it is.

    Raises
    ------
    TargetingError
        `infinite-value`.

    Notes
    -----
    The rule of the JRC's COIN Tool and of COINr's `Treat`.

    Examples
    --------
    >>> held = pd.Series([*range(1, 11), 30, 100], dtype=float)
    >>> made = winsorize_skew(held)
    >>> made.values.tolist()[-2:], made.notes["high_points"]
    ([30.0, 30.0], 1)
    """
    given = numbers(values)
    held = known(given)
    before = skew_and_kurtosis(held)
    if not is_skewed(*before, skew_max, kurtosis_max):
        return pulled_in(values, given, "none", None, None, before=before)
    limit = len(held) if points_max is None else points_max
    if share_max is not None:
        limit = _points(share_max, len(held))
    low, high, passes = winsorized_to_pass(held, skew_max, kurtosis_max, limit)
    if passes or otherwise == "none":
        return pulled_in(values, given, "winsorize_skew", low, high, before=before)
    if otherwise == "box_cox":
        return box_cox(values, lowest=1.0)
    return log_from_lowest(values, end="low" if otherwise == "log" else "by_skew")
