"""Ends that know of skewness: the adjusted boxplot of Hubert and Vandervieren."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge

from targeting.composite.fences import hinges
from targeting.composite.normalize._applied import Array, applied, known
from targeting.composite.normalize.ends import between
from targeting.registry import register

_HALVINGS = 80


def medcouple(values: Array) -> float:
    """Return a robust skewness, −1 to 1: median of ((b − m) − (m − a)) / (b − a) around the median.

    Takes pairs a ≤ m ≤ b. O(n log n): the pairs are counted, never listed.

    Parameters
    ----------
    values : ndarray
        At least one, none missing.

    Returns
    -------
    float
        0 for symmetric values, and for fewer than three.

    Notes
    -----
    Brys, Hubert and Struyf, “A robust measure of skewness”, *Journal of Computational and
    Graphical Statistics* 13, 2004. Values equal to the median are paired among each other by the
    sign of their places, as there.

    Examples
    --------
    >>> medcouple(np.array([1.0, 2.0, 3.0])), round(medcouple(np.array([1.0, 2.0, 3.0, 9.0])), 4)
    (0.0, 0.3125)
    """
    from targeting.composite.normalize._medcouple import pairs_up_to

    shifted = np.sort(values - np.median(values))[::-1]
    if len(shifted) < 3 or shifted[0] == shifted[-1]:
        return 0.0
    shifted = shifted / max(shifted[0], -shifted[-1])
    high, low = shifted[shifted > 0], shifted[shifted < 0]
    even = len(shifted) - len(high) - len(low)
    # A value at the median gives 1 with each higher one, −1 with each lower one; among
    # themselves k of them give k (k − 1) / 2 times 1 and −1, and k times 0.
    own = even * (even - 1) // 2
    total = (len(high) + even) * (len(low) + even)

    def at_most(level: float) -> int:
        count = int(pairs_up_to(high, low, level)) + even * len(low) + own
        count += even if level >= 0 else 0
        return count + (even * len(high) + own if level >= 1 else 0)

    def placed(which: int) -> float:
        floor, ceiling = -1.0, 1.0
        if at_most(floor) >= which:
            return floor
        if even and at_most(0.0) >= which > at_most(np.nextafter(0.0, -1.0)):
            return 0.0
        for _ in range(_HALVINGS):
            middle = (floor + ceiling) / 2
            if middle in (floor, ceiling):
                break
            if at_most(middle) >= which:
                ceiling = middle
            else:
                floor = middle
        return ceiling

    lower, upper = (total - 1) // 2 + 1, total // 2 + 1
    return placed(lower) if lower == upper else (placed(lower) + placed(upper)) / 2


def adjusted_fences(values: Array, reach: float) -> tuple[float, float]:
    """Return the fences of the adjusted boxplot.

    Parameters
    ----------
    values : ndarray
        At least one, none missing.
    reach : float
        1.5 as in any boxplot.

    Examples
    --------
    >>> adjusted_fences(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 1.5)
    (-1.0, 7.0)
    """
    low, high = hinges(values)
    lean = medcouple(values)
    down, up = (-4.0, 3.0) if lean >= 0 else (-3.0, 4.0)
    spread = reach * (high - low)
    return low - spread * float(np.exp(down * lean)), high + spread * float(np.exp(up * lean))


@register("normalizer", laws=("rows", "scale", "range", "missing", "ties"))
def adjusted_boxplot(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    reach: Annotated[float, Ge(0)] = 1.5,
) -> pd.Series[float]:
    """Straight line between the whiskers of a boxplot that knows of skewness, cut off beyond them.

    The fences lie at Q1 − reach · e^(−4 MC) · IQR and Q3 + reach · e^(3 MC) · IQR where the
    medcouple MC is 0 or more, e^(−3 MC) and e^(4 MC) where it is negative; the whiskers are the
    last values inside them.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        Where the whiskers are looked for. Default: the values themselves.
    groups : Series, optional
        Look within each group.
    reach : float
        Quartile distances from the box to the fence, where there is no skewness.

    Returns
    -------
    Series
        Same index as `values`, between 0 and 1; 0.5 everywhere when both whiskers are equal.
        Raising one value moves the fences and may lower its own result.

    Raises
    ------
    TargetingError
        `infinite-value`.

    Notes
    -----
    Hubert and Vandervieren, “An adjusted boxplot for skewed distributions”, *Computational
    Statistics & Data Analysis* 52, 2008.

    Examples
    --------
    >>> adjusted_boxplot(pd.Series([1.0, 2.0, 3.0, 4.0, 5.0, 90.0])).round(3).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def kernel(given: Array, other: Array | None) -> Array:
        held = known(given if other is None else other)
        if not len(held):
            return np.where(np.isnan(given), np.nan, 0.5)
        low, high = adjusted_fences(held, reach)
        inside = held[(held >= low) & (held <= high)]
        return np.clip(between(given, float(inside.min()), float(inside.max())), 0.0, 1.0)

    return applied(values, reference, groups, kernel)
