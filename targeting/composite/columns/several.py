"""One column out of several: their sum, their mean, their product, their ratio."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.composite.columns._table import Count, Numbers, demand, numbers, series
from targeting.registry import register


def _weights(columns: pd.DataFrame, weights: pd.Series[float] | None) -> Numbers:
    if weights is None:
        return np.ones(columns.shape[1])
    return weights.reindex(columns.columns).to_numpy(float)


@register("column", laws=("rows", "columns", "missing", "ties"), unit=False)
def total(
    columns: pd.DataFrame,
    weights: pd.Series[float] | None = None,
    *,
    missing_max: Count = 0,
) -> pd.Series[float]:
    """Weighted sum; the weights are used as they stand, whatever they add up to.

    Parameters
    ----------
    columns : DataFrame
        Columns to add.
    weights : Series, optional
        Weight of each column by its name, any sign. Default: 1 each.
    missing_max : int
        How many values of a row may be missing; those count as 0.

    Returns
    -------
    Series
        The sum; missing where more values are, or all.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, 2.0], "b": [10.0, None]})
    >>> total(table, pd.Series({"a": 1.0, "b": 0.5})).tolist()
    [6.0, nan]
    """
    held = numbers(columns)
    known = ~np.isnan(held)
    added = (np.where(known, held, 0.0) * _weights(columns, weights)).sum(axis=1)
    enough = ((~known).sum(axis=1) <= missing_max) & known.any(axis=1)
    return series(np.where(enough, added, np.nan), columns)


@register(
    "column",
    laws=("rows", "columns", "monotone", "homogeneous", "range", "missing", "ties"),
    unit=False,
)
def mean(
    columns: pd.DataFrame,
    weights: pd.Series[float] | None = None,
    *,
    exponent: float = 1.0,
    missing_max: Count = 0,
) -> pd.Series[float]:
    """Weighted power mean of the values as they are: no scale of 0 to 1, no direction.

    Parameters
    ----------
    columns : DataFrame
        Columns in one unit; 0 or more where the exponent is not 1.
    weights : Series, optional
        Weight of each column by its name, 0 or more. Default: equal.
    exponent : float
        1 arithmetic, 0 geometric, −1 harmonic.
    missing_max : int
        How many values of a row may be missing; their weight goes to the others.

    Returns
    -------
    Series
        The mean, in the unit of the columns; missing where more values are, or all.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0], "b": [4.0]})
    >>> [float(mean(table, exponent=e)[0].round(3)) for e in (1.0, 0.0, -1.0)]
    [2.5, 2.0, 1.6]
    """
    held = numbers(columns)
    known = ~np.isnan(held)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.log(held) if exponent == 0 else held**exponent
        shares = np.where(known, _weights(columns, weights), 0.0)
        shares = shares / shares.sum(axis=1, keepdims=True)
        middle = (np.where(shares > 0, moved, 0.0) * shares).sum(axis=1)
        value = np.exp(middle) if exponent == 0 else middle ** (1 / exponent)
    return series(np.where((~known).sum(axis=1) <= missing_max, value, np.nan), columns)


@register("column", laws=("rows", "columns", "missing", "ties"), unit=False)
def product(columns: pd.DataFrame) -> pd.Series[float]:
    """Product of the columns.

    Parameters
    ----------
    columns : DataFrame
        Columns to multiply.

    Returns
    -------
    Series
        The product; missing where any value is.

    Examples
    --------
    >>> product(pd.DataFrame({"a": [2.0, 3.0], "b": [4.0, None]})).tolist()
    [8.0, nan]
    """
    return series(numbers(columns).prod(axis=1), columns)


@register("column", laws=("rows", "missing", "ties"), unit=False)
def ratio(columns: pd.DataFrame, *, times: float = 1.0) -> pd.Series[float]:
    """First column over the second, times a number.

    Parameters
    ----------
    columns : DataFrame
        Two columns: what is divided, and by what.
    times : float
        What the quotient is multiplied by: 100 for a percentage, 1 000 for a rate per thousand.

    Returns
    -------
    Series
        The ratio; missing where either value is, or the second is 0.

    Examples
    --------
    >>> ratio(pd.DataFrame({"cases": [3.0, 1.0], "people": [2000.0, 0.0]}), times=1000).tolist()
    [1.5, nan]
    """
    demand(columns, 2)
    above, below = numbers(columns).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return series(np.where(below == 0, np.nan, above / below * times), columns)
