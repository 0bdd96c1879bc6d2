"""Classes by stated limits, equal widths, equal numbers, or standard deviations."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge

from targeting.composite.classify.result import Classes, Side, coded, cut, enough
from targeting.composite.normalize._applied import numbers, place, refused
from targeting.composite.normalize.ranks import ranked
from targeting.registry import register

Number = Annotated[int, Ge(2)]


@register("classifier", laws=("rows", "monotone", "missing", "ties"))
def stated_breaks(
    values: pd.Series[float], *, breaks: tuple[float, ...], closed: Side = "left"
) -> Classes:
    """Classes between stated limits.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    breaks : tuple of float
        Rising limits, in the values' unit.
    closed : str
        A value on a limit belongs above it (`left`: the class is closed on its left; UNDP's
        0.550) or below it (`right`).

    Returns
    -------
    Classes

    Raises
    ------
    TargetingError
        `breaks-not-rising`, `infinite-value`.

    Examples
    --------
    >>> stated_breaks(pd.Series([0.5, 0.55, 0.9]), breaks=(0.55, 0.7, 0.8)).codes.tolist()
    [1, 2, 4]
    """
    _demand_rising(breaks, place(values))
    return cut(values, np.array(breaks, float), closed=closed)


@register("classifier", laws=("rows", "scale", "monotone", "missing", "ties"))
def equal_width(values: pd.Series[float], *, classes: Number = 5, closed: Side = "left") -> Classes:
    """Classes of equal width between the smallest and the largest value.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    classes : int
        How many.
    closed : str
        A value on a limit belongs above it (`left`) or below it (`right`).

    Returns
    -------
    Classes
        Some may be empty.

    Raises
    ------
    TargetingError
        `few-different-values` when all values are equal; `infinite-value`.

    Examples
    --------
    >>> equal_width(pd.Series([0.0, 4.0, 5.0, 10.0]), classes=2).codes.tolist()
    [1, 1, 2, 2]
    """
    held = enough(values, 2)
    low, high = float(held.min()), float(held.max())
    steps = np.arange(1, classes)
    # Weights, not steps from one end: a limit that is a whole number on paper is one here.
    return cut(values, (low * (classes - steps) + high * steps) / classes, closed=closed)


@register("classifier", laws=("rows", "scale", "monotone", "missing", "ties"))
def quantiles(
    values: pd.Series[float],
    *,
    classes: Number = 5,
    rule: Literal["ceiling", "floor", "line"] = "ceiling",
    ties: Literal["min", "average", "max"] = "min",
) -> Classes:
    """Classes of as nearly as possible equal numbers.

    Parameters
    ----------
    values : Series
        One number per block (or its published rank); missing stays missing.
    classes : int
        How many: 10 for deciles.
    rule : str
        With rank r of N, 1 lowest: `ceiling` ⌈classes · r / N⌉ (England since 2015); `floor`
        ⌊classes · (r − 1) / N⌋ + 1 (Scotland, Wales); `line`: quantiles by a straight line between
        neighbors (R's type 7, numpy), classes closed on their left.
    ties : str
        Rank of equal values: the smallest of theirs, their mean or the largest.

    Returns
    -------
    Classes
        `bounds` are the smallest value of each class but the first (the next class's where one is
        empty); by `line`, the quantiles.

    Raises
    ------
    TargetingError
        `few-different-values` when all are missing; `infinite-value`.

    Examples
    --------
    >>> quantiles(pd.Series([1.0, 2.0, 3.0]), classes=2).codes.tolist()
    [1, 2, 2]
    >>> quantiles(pd.Series([1.0, 2.0, 3.0]), classes=2, rule="floor").codes.tolist()
    [1, 1, 2]
    """
    held = enough(values, 1)
    if rule == "line":
        return cut(values, np.quantile(held, np.arange(1, classes) / classes), rule=rule)
    given = numbers(values)
    place_ = np.nan_to_num(ranked(given, None, ties), nan=1.0)
    size = len(held)
    if rule == "ceiling":
        codes = np.ceil(place_ * classes / size)
    else:
        codes = np.floor((place_ - 1) * classes / size) + 1
    codes = np.where(np.isnan(given), 1, codes).astype(np.int64)
    lowest = np.full(classes + 2, np.inf)
    known = ~np.isnan(given)
    np.minimum.at(lowest, codes[known], given[known])
    bounds = np.minimum.accumulate(lowest[::-1])[::-1][2 : classes + 1]
    return coded(values, codes, tuple(float(one) for one in bounds), rule=rule)


@register("classifier", laws=("rows", "scale", "monotone", "missing", "ties"))
def deviation_classes(
    values: pd.Series[float],
    *,
    at: tuple[float, ...] = (-1.5, -0.5, 0.5, 1.5),
    ddof: Literal[0, 1] = 1,
    closed: Side = "left",
) -> Classes:
    """Classes between multiples of the standard deviation around the mean.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    at : tuple of float
        Rising multiples.
    ddof : int
        1 the deviation of a sample, 0 of a population.
    closed : str
        A value on a limit belongs above it (`left`) or below it (`right`).

    Returns
    -------
    Classes
        Some may be empty.

    Raises
    ------
    TargetingError
        `few-different-values` when all values are equal; `breaks-not-rising`, `infinite-value`.

    Examples
    --------
    >>> deviation_classes(pd.Series([1.0, 2.0, 3.0, 4.0, 10.0])).codes.tolist()
    [2, 2, 3, 3, 5]
    """
    _demand_rising(at, place(values))
    held = enough(values, 2)
    bounds = held.mean() + np.array(at, float) * held.std(ddof=ddof)
    return cut(values, bounds, closed=closed)


def _demand_rising(limits: tuple[float, ...], where: str) -> None:
    if not limits or any(one >= two for one, two in zip(limits, limits[1:], strict=False)):
        raise refused("breaks-not-rising", where, given=", ".join(f"{one:g}" for one in limits))
