"""Distance from the middle, in spreads."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Gt

from targeting.composite.normalize._applied import Array, applied, known, place, refused
from targeting.registry import register


def standardized(
    values: Array, middle: float, spread: float, *, still: bool, code: str, where: str
) -> Array:
    """Return (value − middle) / spread; 0 where the reference stands still and so do the values."""
    if not still and spread > 0:
        return (values - middle) / spread
    if not still or (known(values) != middle).any():
        raise refused(code, where)
    return np.where(np.isnan(values), np.nan, 0.0)


@register("normalizer", laws=("rows", "scale", "monotone", "missing", "ties"), unit=False)
def zscore(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    ddof: Literal[0, 1] = 1,
    mean_to: float = 0.0,
    deviation_to: Annotated[float, Gt(0)] = 1.0,
) -> pd.Series[float]:
    """Count standard deviations from the mean.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        Where mean and deviation are taken. Default: the values themselves.
    groups : Series, optional
        Take them within each group.
    ddof : int
        1 the deviation of a sample, 0 of a population (CONAPO's DP2).
    mean_to, deviation_to : float
        What mean and deviation become (100 and 10 in Mazziotta–Pareto).

    Returns
    -------
    Series
        Same index as `values`; `mean_to` everywhere when all values are equal.

    Raises
    ------
    TargetingError
        `constant-reference` when the reference does not vary and the values differ from it;
        `infinite-value`.

    Examples
    --------
    >>> zscore(pd.Series([1.0, 2.0, 3.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    where = place(values)

    def kernel(given: Array, other: Array | None) -> Array:
        held = known(given if other is None else other)
        if not len(held):
            return _nothing(given, where)
        still = bool(held.min() == held.max())
        middle = float(held[0] if still else held.mean())
        spread = 0.0 if still else float(held.std(ddof=ddof))
        parts = standardized(
            given, middle, spread, still=still, code="constant-reference", where=where
        )
        return mean_to + deviation_to * parts

    return applied(values, reference, groups, kernel)


@register("normalizer", laws=("rows", "scale", "monotone", "missing", "ties"), unit=False)
def robust(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    consistency: Annotated[float, Gt(0)] = 1.4826,
) -> pd.Series[float]:
    """Count median absolute deviations from the median: far values do not move the scale.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        Where median and deviation are taken. Default: the values themselves.
    groups : Series, optional
        Take them within each group.
    consistency : float
        Times the median absolute deviation: 1.4826 makes it the standard deviation of normal
        values.

    Returns
    -------
    Series
        Same index as `values`; 0 everywhere when all values are equal.

    Raises
    ------
    TargetingError
        `no-middle-spread` when more than half the values are equal and others differ;
        `constant-reference`, `infinite-value`.

    Examples
    --------
    >>> robust(pd.Series([1.0, 2.0, 3.0, 100.0]), consistency=1.0).tolist()
    [-1.5, -0.5, 0.5, 97.5]
    """
    where = place(values)

    def kernel(given: Array, other: Array | None) -> Array:
        held = known(given if other is None else other)
        if not len(held):
            return _nothing(given, where)
        still = bool(held.min() == held.max())
        middle = float(np.median(held))
        spread = consistency * float(np.median(np.abs(held - middle)))
        code = "constant-reference" if still else "no-middle-spread"
        return standardized(given, middle, spread, still=still, code=code, where=where)

    return applied(values, reference, groups, kernel)


def _nothing(values: Array, where: str) -> Array:
    """Nothing known in the reference: right where there is nothing to place."""
    if len(known(values)):
        raise refused("empty-reference", where)
    return np.full(len(values), np.nan)
