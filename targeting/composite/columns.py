"""Plain arithmetic between columns, as the recipes of published indices write it down.

A brick takes some columns of a table (in the order named) and gives one new column on the same
rows. Nothing is scaled to 0–1 and nothing is cut off unless the brick says so; a missing value
gives a missing result unless `missing_max` allows for some.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt

from targeting.problems import Problem, TargetingError
from targeting.registry import register

Count = Annotated[int, Ge(0)]
Numbers: TypeAlias = np.ndarray[Any, np.dtype[Any]]

# A number that is a half on paper is a half here, whatever the last bits of a division say.
_EXACT = 9


def half_up(values: Numbers, decimals: int) -> Numbers:
    """Return values rounded, a half always upwards, as a spreadsheet and most agencies do.

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


def _numbers(columns: pd.DataFrame) -> Numbers:
    return columns.to_numpy(float)


def _demand(columns: pd.DataFrame, count: int) -> None:
    """Refuse a table with another number of columns than the brick takes."""
    if columns.shape[1] != count:
        values = {"given": columns.shape[1], "expected": count}
        where = ", ".join(str(name) for name in columns.columns) or "columns"
        raise TargetingError([Problem("columns-needed", where, values)])


def _one(columns: pd.DataFrame) -> pd.Series[float]:
    """Return the only column there is."""
    _demand(columns, 1)
    return columns.iloc[:, 0].astype(float)


def _weights(columns: pd.DataFrame, weights: pd.Series[float] | None) -> Numbers:
    if weights is None:
        return np.ones(columns.shape[1])
    return weights.reindex(columns.columns).to_numpy(float)


def _series(values: Numbers, columns: pd.DataFrame) -> pd.Series[float]:
    return pd.Series(values, index=columns.index, dtype=float)


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
        Weight of each column, any sign. Default: 1 each.
    missing_max : int
        A row with more missing values than this, or nothing else, is missing; fewer count as 0.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, 2.0], "b": [10.0, None]})
    >>> total(table, pd.Series({"a": 1.0, "b": 0.5})).tolist()
    [6.0, nan]
    """
    held = _numbers(columns)
    known = ~np.isnan(held)
    added = (np.where(known, held, 0.0) * _weights(columns, weights)).sum(axis=1)
    enough = ((~known).sum(axis=1) <= missing_max) & known.any(axis=1)
    return _series(np.where(enough, added, np.nan), columns)


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
        Columns in one unit; above 0 where the exponent is not 1.
    weights : Series, optional
        Weight of each column, 0 or more. Default: equal.
    exponent : float
        1 arithmetic, 0 geometric, −1 harmonic.
    missing_max : int
        A row with more missing values than this is missing; the weight of fewer goes to the
        others.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0], "b": [4.0]})
    >>> [float(mean(table, exponent=e)[0].round(3)) for e in (1.0, 0.0, -1.0)]
    [2.5, 2.0, 1.6]
    """
    held = _numbers(columns)
    known = ~np.isnan(held)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.log(held) if exponent == 0 else held**exponent
        shares = np.where(known, _weights(columns, weights), 0.0)
        shares = shares / shares.sum(axis=1, keepdims=True)
        middle = (np.where(shares > 0, moved, 0.0) * shares).sum(axis=1)
        value = np.exp(middle) if exponent == 0 else middle ** (1 / exponent)
    return _series(np.where((~known).sum(axis=1) <= missing_max, value, np.nan), columns)


@register("column", laws=("rows", "columns", "missing", "ties"), unit=False)
def product(columns: pd.DataFrame) -> pd.Series[float]:
    """Product of the columns; missing where one is.

    Examples
    --------
    >>> product(pd.DataFrame({"a": [2.0, 3.0], "b": [4.0, None]})).tolist()
    [8.0, nan]
    """
    return _series(_numbers(columns).prod(axis=1), columns)


@register("column", laws=("rows", "missing", "ties"), unit=False)
def ratio(columns: pd.DataFrame, *, times: float = 1.0) -> pd.Series[float]:
    """First column over the second, times a number; missing where the second is 0.

    Examples
    --------
    >>> ratio(pd.DataFrame({"cases": [3.0, 1.0], "people": [2000.0, 0.0]}), times=1000).tolist()
    [1.5, nan]
    """
    _demand(columns, 2)
    above, below = _numbers(columns).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return _series(np.where(below == 0, np.nan, above / below * times), columns)


@register("column", laws=("rows", "missing", "ties"), unit=False)
def line(columns: pd.DataFrame, *, times: float = 1.0, plus: float = 0.0) -> pd.Series[float]:
    """One column times a number, plus a number: reverse it, or change its unit.

    Examples
    --------
    >>> line(pd.DataFrame({"share": [0.0, 0.25]}), times=-1.0, plus=1.0).tolist()
    [1.0, 0.75]
    """
    return _one(columns) * times + plus


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def logarithm(columns: pd.DataFrame) -> pd.Series[float]:
    """Natural logarithm of one column; missing where it is 0 or less.

    Examples
    --------
    >>> logarithm(pd.DataFrame({"income": [1.0, 0.0]})).tolist()
    [0.0, nan]
    """
    values = _one(columns)
    return pd.Series(np.log(values.where(values > 0).to_numpy(float)), index=columns.index)


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def clip(
    columns: pd.DataFrame, *, low: float | None = None, high: float | None = None
) -> pd.Series[float]:
    """One column with what lies beyond the ends set to the ends.

    Examples
    --------
    >>> clip(pd.DataFrame({"deaths": [3.0, 50.0, None]}), low=10.0, high=1000.0).tolist()
    [10.0, 50.0, nan]
    """
    return _one(columns).clip(low, high)


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def round_half_up(columns: pd.DataFrame, *, decimals: int = 0) -> pd.Series[float]:
    """One column rounded, a half upwards.

    Examples
    --------
    >>> round_half_up(pd.DataFrame({"x": [0.5, 1.5, 2.4999]})).tolist()
    [1.0, 2.0, 2.0]
    """
    return _series(half_up(_one(columns).to_numpy(float), decimals), columns)


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def scale_by_max(columns: pd.DataFrame, *, times: float = 1.0) -> pd.Series[float]:
    """One column over its largest value, times a number; missing where that is not above 0.

    Examples
    --------
    >>> scale_by_max(pd.DataFrame({"burden": [20.0, 80.0]}), times=10.0).tolist()
    [2.5, 10.0]
    """
    values = _one(columns)
    top = float(values.max())
    return values / (top if top > 0 else np.nan) * times


@register("column", laws=("rows", "missing", "ties"), unit=False)
def ranking(
    columns: pd.DataFrame,
    *,
    first: Literal["highest", "lowest"] = "highest",
    ties: Literal["min", "max", "average", "dense"] = "min",
) -> pd.Series[float]:
    """Place of each value of one column, 1 first; missing values have none.

    Parameters
    ----------
    columns : DataFrame
        One column.
    first : str
        Which value gets 1.
    ties : str
        Place of equal values: the smallest of theirs (`min`), the largest, their mean, or
        without gaps (`dense`).

    Examples
    --------
    >>> ranking(pd.DataFrame({"score": [3.0, 9.0, 9.0]})).tolist()
    [3.0, 1.0, 1.0]
    """
    return _one(columns).rank(method=ties, ascending=first == "lowest")


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def rank_groups(
    columns: pd.DataFrame,
    *,
    groups: Annotated[int, Gt(0)] = 10,
    rule: Literal["ceiling", "floor"] = "ceiling",
) -> pd.Series[float]:
    """Tenth (or other equal part) of the units that a rank falls in; rank 1 is in group 1.

    Parameters
    ----------
    columns : DataFrame
        One column of ranks from 1.
    groups : int
        How many groups.
    rule : str
        With N ranked units, `ceiling` is ⌈groups · rank / N⌉ and `floor` is
        ⌊groups · (rank − 1) / N⌋ + 1: they differ where N is no multiple of `groups`.

    Examples
    --------
    >>> ranks = pd.DataFrame({"rank": [1.0, 2.0, 3.0]})
    >>> rank_groups(ranks, groups=2).tolist(), rank_groups(ranks, groups=2, rule="floor").tolist()
    ([1.0, 2.0, 2.0], [1.0, 1.0, 2.0])
    """
    ranks = _one(columns)
    count = int(ranks.notna().sum())
    if rule == "ceiling":
        return _series(np.ceil((ranks.to_numpy() * groups) / count), columns)
    return _series(np.floor((ranks.to_numpy() - 1) * groups / count) + 1, columns)


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def at_least(columns: pd.DataFrame, *, threshold: float) -> pd.Series[float]:
    """1 where one column reaches the threshold, 0 where it does not.

    Examples
    --------
    >>> at_least(pd.DataFrame({"place": [0.9, 0.8999, None]}), threshold=0.9).tolist()
    [1.0, 0.0, nan]
    """
    values = _one(columns)
    return (values >= threshold).astype(float).where(values.notna())


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def first_known(columns: pd.DataFrame) -> pd.Series[float]:
    """Take the first column's value, or where it is missing the next one's.

    Examples
    --------
    >>> first_known(pd.DataFrame({"own": [1.0, None], "other": [5.0, 6.0]})).tolist()
    [1.0, 6.0]
    """
    return _series(columns.bfill(axis=1).iloc[:, 0].to_numpy(float), columns)


@register("column", laws=("rows", "missing", "ties"), unit=False)
def power(columns: pd.DataFrame, *, exponent: float, times: float = 1.0) -> pd.Series[float]:
    """One column to a power, times a number; missing where that is not a number.

    Examples
    --------
    >>> power(pd.DataFrame({"deaths": [20.0, 0.0]}), exponent=-1.0, times=10.0).tolist()
    [0.5, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        raised = _one(columns).to_numpy(float) ** exponent * times
    return _series(np.where(np.isfinite(raised), raised, np.nan), columns)


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def where_enough(columns: pd.DataFrame, *, missing_max: Count) -> pd.Series[float]:
    """First column, missing where more than so many of the others are.

    Examples
    --------
    >>> table = pd.DataFrame({"score": [1.0, 2.0], "a": [1.0, None], "b": [None, None]})
    >>> where_enough(table, missing_max=1).tolist()
    [1.0, nan]
    """
    few = columns.iloc[:, 1:].isna().sum(axis=1) <= missing_max
    return columns.iloc[:, 0].astype(float).where(few)


@register("column", laws=("rows", "missing", "ties"), unit=False)
def apart(columns: pd.DataFrame, *, origin: float) -> pd.Series[float]:
    """How far one column lies from a number, on either side.

    Examples
    --------
    >>> apart(pd.DataFrame({"parity": [0.75, 1.25]}), origin=1.0).tolist()
    [0.25, 0.25]
    """
    return (_one(columns) - origin).abs()


@register("column", laws=("rows", "missing", "ties"), unit=False)
def sharpened(columns: pd.DataFrame, *, decimals: int) -> pd.Series[float]:
    """Give back the digits a published column lost: the second column where it rounds to the first.

    Where it does not (it was made of inputs that are rounded themselves), or where there is no
    second column, the first stands as it is.

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
