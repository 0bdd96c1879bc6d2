"""What a treatment gives back: the values, and what was done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from targeting.composite.fences import Array
from targeting.composite.normalize._applied import known
from targeting.composite.treat.shape import skew_and_kurtosis


@dataclass(frozen=True)
class Treated:
    """A column after treatment.

    Parameters
    ----------
    values : Series
        Same index as given; missing stays missing.
    moved : Series
        −1 where a value was lifted at the low end, 1 where one was lowered at the high end, else
        0. A transformation changes all values and moves none.
    notes : mapping
        `method`; `low_points`, `high_points` (values moved at each end); `low`, `high` (what they
        were moved to, in the values' unit, None where nothing was); `skew_before`,
        `kurtosis_before`, `skew_after`, `kurtosis_after` (sample-adjusted, excess, no unit); and
        what a transformation was done with.
    """

    values: pd.Series[float]
    moved: pd.Series[int]
    notes: Mapping[str, Any]


@dataclass(frozen=True)
class TreatedTable:
    """A table after treatment.

    Parameters
    ----------
    values : DataFrame
        Same index and columns as given.
    moved : DataFrame
        `Treated.moved` of each column.
    notes : DataFrame
        `Treated.notes` of each column: one row a column.
    """

    values: pd.DataFrame
    moved: pd.DataFrame
    notes: pd.DataFrame


def pulled_in(
    values: pd.Series[float],
    given: Array,
    method: str,
    low: float | None,
    high: float | None,
    **notes: Any,
) -> Treated:
    """Return values with what lies beyond `low` and `high` moved to them.

    Parameters
    ----------
    values : Series
        What is treated.
    given : ndarray
        The same as numbers.
    method : str
        Its name.
    low, high : float or None
        Bounds in the values' unit; None leaves an end alone.
    **notes
        What else to tell; `before`, the shape where it is known already.

    Examples
    --------
    >>> held = pd.Series([1.0, 2.0, 9.0])
    >>> pulled_in(held, held.to_numpy(), "by hand", None, 3.0).values.tolist()
    [1.0, 2.0, 3.0]
    """
    moved = np.zeros(len(given), dtype=np.int8)
    answer = given
    counts = {"low_points": 0, "high_points": 0}
    if low is not None:
        below = given < low
        counts["low_points"] = int(below.sum())
        moved -= below
        answer = np.maximum(answer, low)
    if high is not None:
        above = given > high
        counts["high_points"] = int(above.sum())
        moved += above
        answer = np.minimum(answer, high)
    told = {
        "method": method,
        **counts,
        "low": low if counts["low_points"] else None,
        "high": high if counts["high_points"] else None,
    }
    unchanged = not any(counts.values())
    return _told(values, given, given if unchanged else answer, moved, told, notes)


def transformed(
    values: pd.Series[float], given: Array, answer: Array, method: str, **notes: Any
) -> Treated:
    """Return values that a formula changed, with their shapes before and after."""
    told = {"method": method, "low_points": 0, "high_points": 0, "low": None, "high": None}
    return _told(values, given, answer, np.zeros(len(given), dtype=np.int8), told, notes)


def _told(
    values: pd.Series[float],
    given: Array,
    answer: Array,
    moved: np.ndarray,
    told: dict[str, Any],
    notes: dict[str, Any],
) -> Treated:
    before = notes.pop("before", None) or skew_and_kurtosis(known(given))
    after = before if answer is given else skew_and_kurtosis(known(answer))
    held = values if answer is given and values.dtype == np.float64 else None
    return Treated(
        pd.Series(answer, index=values.index, name=values.name) if held is None else held,
        pd.Series(moved, index=values.index, name=values.name),
        {
            **told,
            "skew_before": before[0],
            "kurtosis_before": before[1],
            "skew_after": after[0],
            "kurtosis_after": after[1],
            **notes,
        },
    )
