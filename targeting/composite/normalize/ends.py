"""Straight lines between two ends: found, pooled, theoretical or goalposts."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from targeting.composite.normalize._applied import Array, applied, known, place, refused
from targeting.registry import register


def between(values: Array, low: float, high: float) -> Array:
    """Return the place of each value between two ends, not cut off; ½ where the ends are equal.

    Examples
    --------
    >>> between(np.array([0.0, 5.0, 20.0]), 0.0, 10.0).tolist()
    [0.0, 0.5, 2.0]
    """
    if not high > low:
        return np.where(np.isnan(values), np.nan, 0.5)
    return (values - low) / (high - low)


def _ends(
    values: Array, reference: Array | None, low: float | None, high: float | None, where: str
) -> tuple[float, float]:
    known_ = known(values if reference is None else reference)
    if low is None:
        low = float(known_.min()) if len(known_) else np.nan
    if high is None:
        high = float(known_.max()) if len(known_) else np.nan
    if low > high:
        raise refused("ends-reversed", where, low=f"{low:g}", high=f"{high:g}")
    return low, high


@register("normalizer", laws=("rows", "scale", "monotone", "range", "missing", "ties"))
def minmax(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
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
    groups : Series, optional
        Look for the ends within each group.
    low, high : float, optional
        Ends of the line, in the indicator's unit: goalposts, or the least and the most that can
        be. Default: the smallest and largest value.

    Returns
    -------
    Series
        Same index as `values`, between 0 and 1; 0.5 everywhere when both ends are equal.

    Raises
    ------
    TargetingError
        `ends-reversed` when the low end lies above the high one; `infinite-value`.

    Examples
    --------
    >>> minmax(pd.Series([10, 20, 30])).tolist()
    [0.0, 0.5, 1.0]
    """
    where = place(values)

    def kernel(given: Array, other: Array | None) -> Array:
        ends = _ends(given, other, low, high, where)
        return np.clip(between(given, *ends), 0.0, 1.0)

    return applied(values, reference, groups, kernel)


@register("normalizer", laws=("rows", "scale", "monotone", "missing", "ties"), unit=False)
def scaled(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    low_to: float = 0.0,
    high_to: float = 100.0,
    cut: Literal["none", "low", "high", "both"] = "none",
) -> pd.Series[float]:
    """Straight line that sends `low` to `low_to` and `high` to `high_to`.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        Where the ends are looked for. Default: the values themselves.
    groups : Series, optional
        Look for the ends within each group.
    low, high : float, optional
        Ends of the line, in the indicator's unit. Default: the smallest and largest value.
    low_to, high_to : float
        What the ends become: 1 and 100 for a geometric mean; 100 and 0 turn the line around.
    cut : str
        At which ends to cut off what lies beyond them.

    Returns
    -------
    Series
        Same index as `values`; the middle of `low_to` and `high_to` everywhere when both ends are
        equal.

    Raises
    ------
    TargetingError
        `ends-reversed` when the low end lies above the high one; `infinite-value`.

    Examples
    --------
    >>> scaled(pd.Series([10, 20, 30]), low_to=1.0).tolist()
    [1.0, 50.5, 100.0]
    """
    where = place(values)

    def kernel(given: Array, other: Array | None) -> Array:
        parts = between(given, *_ends(given, other, low, high, where))
        if cut in ("low", "both"):
            parts = np.maximum(parts, 0.0)
        if cut in ("high", "both"):
            parts = np.minimum(parts, 1.0)
        return low_to + parts * (high_to - low_to)

    return applied(values, reference, groups, kernel)
