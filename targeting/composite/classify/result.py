"""What a classifier gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from targeting.composite.normalize._applied import Array, known, numbers, place, refused

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Classes:
    """Classes of values.

    Parameters
    ----------
    codes : Series
        Whole numbers, 1 for the class of the lowest values; missing where the value is.
    bounds : tuple of float
        Limits between the classes, rising, one fewer than there are classes.
    notes : mapping
        `counts`, the number of values in each class, and what the method tells of itself.
    """

    codes: pd.Series[int]
    bounds: tuple[float, ...]
    notes: Mapping[str, Any]


def cut(values: pd.Series[float], bounds: Array, *, closed: Side = "left", **notes: Any) -> Classes:
    """Return the classes that rising limits make.

    Parameters
    ----------
    values : Series
        One number per block.
    bounds : ndarray
        Rising limits.
    closed : str
        A value on a limit belongs above it (`left`: the class is closed on its left) or below it.
    **notes
        What the method tells of itself.

    Examples
    --------
    >>> cut(pd.Series([1.0, 2.0, 3.0]), np.array([2.0])).codes.tolist()
    [1, 2, 2]
    """
    held = numbers(values)
    codes = np.searchsorted(bounds, held, side="right" if closed == "left" else "left") + 1
    return coded(values, codes, tuple(float(one) for one in bounds), closed=closed, **notes)


def coded(
    values: pd.Series[float], codes: np.ndarray, bounds: tuple[float, ...], **notes: Any
) -> Classes:
    """Return classes whose numbers are known; missing where the value is missing."""
    missing = values.isna().to_numpy()
    held = pd.arrays.IntegerArray(np.where(missing, 1, codes).astype(np.int64), missing)
    counts = np.bincount(np.asarray(codes)[~missing].astype(np.int64), minlength=len(bounds) + 2)
    return Classes(
        pd.Series(held, index=values.index, name=values.name),
        bounds,
        {"counts": tuple(int(one) for one in counts[1:]), **notes},
    )


def enough(values: pd.Series[float], classes: int) -> Array:
    """Return the known values once it is sure that there are at least as many different ones.

    Raises
    ------
    TargetingError
        `few-different-values`, `infinite-value`.
    """
    held = known(numbers(values))
    different = len(np.unique(held))
    if different < classes:
        raise refused("few-different-values", place(values), given=different, classes=classes)
    return held
