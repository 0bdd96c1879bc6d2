"""One column moved, bent, cut, measured from a number, or held against one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.composite.columns._table import only, series
from targeting.registry import register


@register("column", laws=("rows", "missing", "ties"), unit=False)
def line(columns: pd.DataFrame, *, times: float = 1.0, plus: float = 0.0) -> pd.Series[float]:
    """One column times a number, plus a number: reverse it, or change its unit.

    Parameters
    ----------
    columns : DataFrame
        One column.
    times : float
        What each value is multiplied by; −1 reverses.
    plus : float
        What is added afterwards, in the unit of the result.

    Returns
    -------
    Series
        `times` · value + `plus`; missing where the value is.

    Examples
    --------
    >>> line(pd.DataFrame({"share": [0.0, 0.25]}), times=-1.0, plus=1.0).tolist()
    [1.0, 0.75]
    """
    return only(columns) * times + plus


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def logarithm(columns: pd.DataFrame) -> pd.Series[float]:
    """Natural logarithm of one column.

    Parameters
    ----------
    columns : DataFrame
        One column.

    Returns
    -------
    Series
        The logarithm; missing where the value is, or is 0 or less.

    Examples
    --------
    >>> logarithm(pd.DataFrame({"income": [1.0, 0.0]})).tolist()
    [0.0, nan]
    """
    values = only(columns)
    return pd.Series(np.log(values.where(values > 0).to_numpy(float)), index=columns.index)


@register("column", laws=("rows", "missing", "ties"), unit=False)
def power(columns: pd.DataFrame, *, exponent: float, times: float = 1.0) -> pd.Series[float]:
    """One column to a power, times a number.

    Parameters
    ----------
    columns : DataFrame
        One column.
    exponent : float
        The power: −1 is one over the value, 0.5 its square root.
    times : float
        What the power is multiplied by.

    Returns
    -------
    Series
        `times` · value^`exponent`; missing where the value is, or where that is no finite number.

    Examples
    --------
    >>> power(pd.DataFrame({"deaths": [20.0, 0.0]}), exponent=-1.0, times=10.0).tolist()
    [0.5, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        raised = only(columns).to_numpy(float) ** exponent * times
    return series(np.where(np.isfinite(raised), raised, np.nan), columns)


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def clip(
    columns: pd.DataFrame, *, low: float | None = None, high: float | None = None
) -> pd.Series[float]:
    """One column with what lies beyond the ends set to the ends.

    Parameters
    ----------
    columns : DataFrame
        One column.
    low : float, optional
        Smallest value left, in the unit of the column. Default: no end below.
    high : float, optional
        Largest value left, in the unit of the column. Default: no end above.

    Returns
    -------
    Series
        The values between the ends; missing where the value is.

    Examples
    --------
    >>> clip(pd.DataFrame({"deaths": [3.0, 50.0, None]}), low=10.0, high=1000.0).tolist()
    [10.0, 50.0, nan]
    """
    return only(columns).clip(low, high)


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def scale_by_max(columns: pd.DataFrame, *, times: float = 1.0) -> pd.Series[float]:
    """One column over its largest value, times a number.

    Parameters
    ----------
    columns : DataFrame
        One column.
    times : float
        What the largest value becomes.

    Returns
    -------
    Series
        Without a unit, at most `times`; all missing where the largest value is not above 0.

    Examples
    --------
    >>> scale_by_max(pd.DataFrame({"burden": [20.0, 80.0]}), times=10.0).tolist()
    [2.5, 10.0]
    """
    values = only(columns)
    top = float(values.max())
    return values / (top if top > 0 else np.nan) * times


@register("column", laws=("rows", "missing", "ties"), unit=False)
def apart(columns: pd.DataFrame, *, origin: float) -> pd.Series[float]:
    """How far one column lies from a number, on either side.

    Parameters
    ----------
    columns : DataFrame
        One column.
    origin : float
        The number, in the unit of the column.

    Returns
    -------
    Series
        The distance, 0 or more, in the unit of the column; missing where the value is.

    Examples
    --------
    >>> apart(pd.DataFrame({"parity": [0.75, 1.25]}), origin=1.0).tolist()
    [0.25, 0.25]
    """
    return (only(columns) - origin).abs()


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def at_least(columns: pd.DataFrame, *, threshold: float) -> pd.Series[float]:
    """Whether one column reaches a threshold.

    Parameters
    ----------
    columns : DataFrame
        One column.
    threshold : float
        Smallest value that counts, in the unit of the column.

    Returns
    -------
    Series
        1 where the value reaches the threshold, 0 where it does not, missing where it is missing.

    Examples
    --------
    >>> at_least(pd.DataFrame({"place": [0.9, 0.8999, None]}), threshold=0.9).tolist()
    [1.0, 0.0, nan]
    """
    values = only(columns)
    return (values >= threshold).astype(float).where(values.notna())
