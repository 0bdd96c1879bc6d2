"""Distances to a point that is named: the best, a target, another unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd

from targeting.composite.normalize._applied import (
    Array,
    applied,
    known,
    numbers,
    place,
    refused,
)
from targeting.registry import register

Point = Literal["max", "min", "mean", "median"]
_POINTS: dict[str, Callable[[Array], float]] = {
    "max": np.max,
    "min": np.min,
    "mean": np.mean,
    "median": np.median,
}


def _point(values: Array, reference: Array | None, name: Point, where: str) -> float:
    held = known(values if reference is None else reference)
    if not len(held):
        if len(known(values)):
            raise refused("empty-reference", where)
        return np.nan
    return float(_POINTS[name](held))


@register("normalizer", laws=("rows", "scale", "missing", "ties"), unit=False)
def distance_to_reference(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    target: float | None = None,
    to: Point = "max",
    per: Literal["population_deviation", "sample_deviation", "range", "one"] = (
        "population_deviation"
    ),
) -> pd.Series[float]:
    """How far from a reference point, either side, in spreads: the partial indicator of DP2.

    |value − point| / spread. The point may be pooled over several years, the spread is of the
    values themselves, as CONAPO does.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        Where the point is looked for. Default: the values themselves.
    groups : Series, optional
        Do it within each group.
    target : float, optional
        The point itself, in the indicator's unit.
    to : str
        Without `target`: the point to look for.
    per : str
        Spread of the values: standard deviation of a population (0) or a sample (1), range, or
        none (`one`: the distance in the indicator's unit).

    Returns
    -------
    Series
        Same index as `values`, 0 or more. It falls as values rise towards the point.

    Raises
    ------
    TargetingError
        `constant-column` when the values do not vary (except by `one`); `empty-reference`,
        `infinite-value`.

    Notes
    -----
    Pena Trapero, *Problemas de la medición del bienestar y conceptos afines*, INE, 1977.

    Examples
    --------
    >>> distance_to_reference(pd.Series([1.0, 3.0, 5.0]), per="range").tolist()
    [1.0, 0.5, 0.0]
    """
    where = place(values)

    def kernel(given: Array, other: Array | None) -> Array:
        point = _point(given, other, to, where) if target is None else target
        return np.abs(given - point) / _spread(known(given), per, where)

    return applied(values, reference, groups, kernel)


def _spread(held: Array, per: str, where: str) -> float:
    if per == "one" or not len(held):
        return 1.0
    low, high = float(held.min()), float(held.max())
    if low == high:
        raise refused("constant-column", where, given=f"{low:g}")
    if per == "range":
        return high - low
    return float(held.std(ddof=1 if per == "sample_deviation" else 0))


@register("normalizer", laws=("rows", "scale", "monotone", "missing", "ties"), unit=False)
def distance_to_target(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    target: float | None = None,
    unit: str | None = None,
    low: float | None = None,
    cap: bool = False,
) -> pd.Series[float]:
    """Share of the way from the smallest value to a target that has been gone.

    1 − (target − value) / (target − low).

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        Where the smallest value, the largest and the unit are looked for. Default: the values.
    groups : Series, optional
        Do it within each group; `unit` stands for all of them.
    target : float, optional
        Where the way ends, in the indicator's unit. Default: the value of `unit`, else the
        largest.
    unit : str, optional
        The unit whose value is the target, by its index label.
    low : float, optional
        Where the way begins. Default: the smallest value.
    cap : bool
        Whoever is beyond the target gets 1.

    Returns
    -------
    Series
        Same index as `values`; 0 at the beginning, 1 at the target; 0.5 everywhere when all values
        are equal and no target is given.

    Raises
    ------
    TargetingError
        `target-not-above` when the target is not above the beginning; `unknown-unit` when there
        is no such unit, or its value is missing; `infinite-value`.

    Examples
    --------
    >>> distance_to_target(pd.Series([0.0, 3.0, 6.0]), target=4.0).tolist()
    [0.0, 0.75, 1.5]
    """
    where = place(values)
    stated = target
    if stated is None and unit is not None:
        stated = _of_unit(values if reference is None else reference, unit, where)

    def kernel(given: Array, other: Array | None) -> Array:
        start = _point(given, other, "min", where) if low is None else low
        end = _point(given, other, "max", where) if stated is None else stated
        if stated is None and low is None and start == end:
            return np.where(np.isnan(given), np.nan, 0.5)
        if end <= start:
            raise refused("target-not-above", where, given=f"{end:g}", low=f"{start:g}")
        parts = (given - start) / (end - start)
        return np.minimum(parts, 1.0) if cap else parts

    return applied(values, reference, groups, kernel)


def _of_unit(values: pd.Series[float], unit: str, where: str) -> float:
    found = numbers(values)[values.index.astype(str) == unit]
    if len(found) != 1 or np.isnan(found[0]):
        raise refused("unknown-unit", where, given=unit)
    return float(found[0])


@register("normalizer", laws=("rows", "missing", "ties"), unit=False)
def fraction_of_reference(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    of: Point = "max",
    target: float | None = None,
) -> pd.Series[float]:
    """Value over a reference value: the largest, the mean, a stated one.

    Parameters
    ----------
    values : Series
        One number per block, on a scale whose 0 means none; missing stays missing.
    reference : Series, optional
        Where the reference value is looked for. Default: the values themselves.
    groups : Series, optional
        Look within each group.
    of : str
        Reference value to look for.
    target : float, optional
        The reference value itself, in the indicator's unit.

    Returns
    -------
    Series
        Same index as `values`. Below a negative reference value the order is turned around.

    Raises
    ------
    TargetingError
        `zero-reference` when the reference value is 0; `empty-reference`, `infinite-value`.

    Examples
    --------
    >>> fraction_of_reference(pd.Series([1.0, 2.0, 4.0])).tolist()
    [0.25, 0.5, 1.0]
    """
    where = place(values)

    def kernel(given: Array, other: Array | None) -> Array:
        point = _point(given, other, of, where) if target is None else target
        if point == 0:
            raise refused("zero-reference", where)
        return given / point

    return applied(values, reference, groups, kernel)
