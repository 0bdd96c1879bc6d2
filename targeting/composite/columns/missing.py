"""What a recipe does about values that are not there."""

from __future__ import annotations

import pandas as pd

from targeting.composite.columns._table import Count, series
from targeting.registry import register


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def first_known(columns: pd.DataFrame) -> pd.Series[float]:
    """Take the first column's value, or where it is missing the next one's.

    Parameters
    ----------
    columns : DataFrame
        Columns in one unit, the preferred one first.

    Returns
    -------
    Series
        The first value of each row that is not missing; missing where all are.

    Examples
    --------
    >>> first_known(pd.DataFrame({"own": [1.0, None], "other": [5.0, 6.0]})).tolist()
    [1.0, 6.0]
    """
    return series(columns.bfill(axis=1).iloc[:, 0].to_numpy(float), columns)


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def where_enough(columns: pd.DataFrame, *, missing_max: Count) -> pd.Series[float]:
    """First column, but only where enough of the others are known.

    Parameters
    ----------
    columns : DataFrame
        The column to keep, then those that must be known.
    missing_max : int
        How many of the others may be missing in a row.

    Returns
    -------
    Series
        The first column; missing where more of the others are, or where it is missing itself.

    Examples
    --------
    >>> table = pd.DataFrame({"score": [1.0, 2.0], "a": [1.0, None], "b": [None, None]})
    >>> where_enough(table, missing_max=1).tolist()
    [1.0, nan]
    """
    few = columns.iloc[:, 1:].isna().sum(axis=1) <= missing_max
    return columns.iloc[:, 0].astype(float).where(few)
