"""Digits of a published number: rounded as agencies do, and given back where they were lost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.composite.columns._table import Numbers, only, series
from targeting.registry import register

# A number that is a half on paper is a half here, whatever the last bits of a division say.
_EXACT = 9


def half_up(values: Numbers, decimals: int) -> Numbers:
    """Return values rounded, a half always upwards, as a spreadsheet and most agencies do.

    Parameters
    ----------
    values : ndarray
        Numbers; NaN stays.
    decimals : int
        Digits after the point.

    Returns
    -------
    ndarray
        The rounded numbers.

    Examples
    --------
    >>> half_up(np.array([0.12345, 2.5, -2.5]), 0).tolist()
    [0.0, 3.0, -2.0]
    >>> half_up(np.array([0.12345, 1.005]), 4).tolist()
    [0.1235, 1.005]
    """
    power = 10.0**decimals
    rounded: Numbers = np.floor(np.round(values * power, _EXACT) + 0.5) / power
    return rounded


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def round_half_up(columns: pd.DataFrame, *, decimals: int = 0) -> pd.Series[float]:
    """One column rounded, a half upwards.

    Parameters
    ----------
    columns : DataFrame
        One column.
    decimals : int
        Digits after the point; −1 rounds to tens.

    Returns
    -------
    Series
        The rounded values; missing where the value is.

    Examples
    --------
    >>> round_half_up(pd.DataFrame({"x": [0.5, 1.5, 2.4999]})).tolist()
    [1.0, 2.0, 2.0]
    """
    return series(half_up(only(columns).to_numpy(float), decimals), columns)


@register("column", laws=("rows", "missing", "ties"), unit=False)
def sharpened(columns: pd.DataFrame, *, decimals: int) -> pd.Series[float]:
    """Give back the digits a published column lost: the second column where it rounds to the first.

    Where it does not (it was made of inputs that are rounded themselves), or where there is no
    second column, the first stands as it is.

    Parameters
    ----------
    columns : DataFrame
        The published column, then (if there is one) the same quantity with more digits.
    decimals : int
        Digits after the point of the published column.

    Returns
    -------
    Series
        The published values, with more digits where they are known; missing where they are.

    Examples
    --------
    >>> table = pd.DataFrame({"published": [33.33, 66.67], "exact": [33.3333, 66.7]})
    >>> sharpened(table, decimals=2).tolist()
    [33.3333, 66.67]
    """
    given = columns.iloc[:, 0].astype(float)
    if columns.shape[1] < 2:
        return given
    exact = columns.iloc[:, 1].astype(float)
    same = (exact - given).abs() <= 0.5 * 10.0**-decimals * (1 + 1e-9)
    return given.mask(same, exact)
