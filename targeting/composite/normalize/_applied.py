"""One way to put a kernel on a column: reference, groups, missing values, names of problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
# Values (NaN where missing) and the known values of the reference, None when it is the values.
Kernel: TypeAlias = Callable[[Array, Array | None], Array]


def numbers(values: pd.Series[float], where: str | None = None) -> Array:
    """Return a column's numbers, NaN where missing.

    Raises
    ------
    TargetingError
        `infinite-value`.

    Examples
    --------
    >>> numbers(pd.Series([1, None], dtype="Int64")).tolist()
    [1.0, nan]
    """
    held: Array = np.asarray(values)
    if held.dtype != np.float64:
        held = np.asarray(values.to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
    if np.isinf(held).any():
        raise refused("infinite-value", where or place(values), given=int(np.isinf(held).sum()))
    return held


def known(values: Array) -> Array:
    """Return the values that are not missing."""
    missing = np.isnan(values)
    return values[~missing] if missing.any() else values


def place(values: pd.Series[float]) -> str:
    """Return where a problem of this column lies: its name."""
    return str(values.name) if values.name is not None else "values"


def refused(code: str, where: str, **given: object) -> TargetingError:
    """Return the error of one problem."""
    return TargetingError([Problem(code, where, given)])


def applied(
    values: pd.Series[float],
    reference: pd.Series[float] | None,
    groups: pd.Series[str] | None,
    kernel: Kernel,
) -> pd.Series[float]:
    """Return the kernel's answer, within each group where there are groups.

    Parameters
    ----------
    values : Series
        One number per block.
    reference : Series or None
        Where ends, moments or ranks are taken.
    groups : Series or None
        Group of every index label of the values and of the reference.
    kernel : callable
        Array function of values and reference.

    Raises
    ------
    TargetingError
        `infinite-value`; `no-group` when a row has no group.

    Examples
    --------
    >>> best = lambda x, other: x / known(x if other is None else other).max()
    >>> values = pd.Series([1.0, 2.0, 10.0])
    >>> applied(values, None, pd.Series(["a", "a", "b"]), best).tolist()
    [0.5, 1.0, 1.0]
    """
    given = numbers(values)
    other = None if reference is None else numbers(reference, place(values))
    if other is not None and _same(given, other):
        other = None
    if groups is None:
        answer = kernel(given, None if other is None else known(other))
        return pd.Series(answer, index=values.index, name=values.name)
    codes = _codes(groups, values, place(values))
    answer = np.full(len(given), np.nan)
    parts = _rows(codes)
    if other is None or reference is None:
        for rows in parts.values():
            answer[rows] = kernel(given[rows], None)
        return pd.Series(answer, index=values.index, name=values.name)
    elsewhere = _rows(_codes(groups, reference, place(values)))
    nothing = np.empty(0)
    for code, rows in parts.items():
        there = known(other[elsewhere[code]]) if code in elsewhere else nothing
        answer[rows] = kernel(given[rows], there)
    return pd.Series(answer, index=values.index, name=values.name)


def _same(given: Array, other: Array) -> bool:
    """Two views of one column: its ranks need one sort, not two."""
    return (
        given.shape == other.shape
        and given.strides == other.strides
        and given.__array_interface__["data"] == other.__array_interface__["data"]
    )


def _codes(groups: pd.Series[str], values: pd.Series[float], where: str) -> np.ndarray:
    """Group number of each row; the same group has the same number for every call."""
    own = groups if groups.index.equals(values.index) else groups.reindex(values.index)
    labels = pd.Index(groups.dropna().unique())
    codes = labels.get_indexer(pd.Index(own))
    without = int((codes < 0).sum())
    if without:
        raise refused("no-group", where, given=without)
    return np.asarray(codes)


def _rows(codes: np.ndarray) -> dict[int, np.ndarray]:
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    parts = np.split(order, ends) if len(order) else []
    return {int(codes[part[0]]): part for part in parts}
