"""From an indicator's own unit to a part between 0 and 1. Direction is applied afterwards."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.registry import register


@register("normalizer")
def minmax(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
) -> pd.Series[float]:
    """Straight line from `low` (0) to `high` (1), cut off at both ends.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        Where the ends are looked for. Default: the values themselves.
    low, high : float, optional
        Ends of the line, in the indicator's unit. Default: the smallest and largest value.

    Returns
    -------
    Series
        Same index as `values`, between 0 and 1; 0.5 everywhere when both ends are equal.

    Examples
    --------
    >>> minmax(pd.Series([10, 20, 30])).tolist()
    [0.0, 0.5, 1.0]
    """
    ends = values if reference is None else reference
    low = float(ends.min()) if low is None else low
    high = float(ends.max()) if high is None else high
    if not high > low:
        return values.astype(float).where(values.isna(), 0.5)
    return ((values.astype(float) - low) / (high - low)).clip(0.0, 1.0)


@register("normalizer")
def rank(values: pd.Series[float], reference: pd.Series[float] | None = None) -> pd.Series[float]:
    """Share of the city's blocks below, ties counted half: 0.9 is worse than nine in ten.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        The city to stand in. Default: the values themselves.

    Returns
    -------
    Series
        Same index as `values`: (blocks below + half the blocks equal − ½) / (blocks − 1), cut off
        at 0 and 1. Without ties the lowest block gets 0 and the highest 1.

    Examples
    --------
    >>> rank(pd.Series([5.0, 1.0, 1.0, 9.0])).round(3).tolist()
    [0.667, 0.167, 0.167, 1.0]
    """
    city = np.sort((values if reference is None else reference).dropna().to_numpy(float))
    given = values.to_numpy(float)
    if len(city) < 2:
        return pd.Series(np.where(np.isnan(given), np.nan, 0.5), index=values.index)
    below = np.searchsorted(city, given, side="left")
    up_to = np.searchsorted(city, given, side="right")
    place = ((below + up_to) / 2 - 0.5) / (len(city) - 1)
    place = np.where(np.isnan(given), np.nan, np.clip(place, 0.0, 1.0))
    return pd.Series(place, index=values.index)
