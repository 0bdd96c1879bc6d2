"""The boxplot's hinges and fences, which treatment, scales and classes share."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def hinges(values: Array) -> tuple[float, float]:
    """Return the lower and upper hinge: Tukey's quartiles, as in R's `fivenum`.

    Parameters
    ----------
    values : ndarray
        At least one, none missing.

    Examples
    --------
    >>> hinges(np.array([1.0, 2.0, 3.0, 4.0]))
    (1.5, 3.5)
    """
    size = len(values)
    depth = (size + 3) // 2 / 2
    low, high = int(np.floor(depth)) - 1, int(np.ceil(depth)) - 1
    picks = (low, high, size - 1 - high, size - 1 - low)
    parted = np.partition(values, sorted(set(picks)))
    return (
        float(parted[low] + parted[high]) / 2,
        float(parted[picks[2]] + parted[picks[3]]) / 2,
    )


def tukey_fences(values: Array, reach: float) -> tuple[float, float]:
    """Return the fences: `reach` times the distance between the hinges, outside them.

    Parameters
    ----------
    values : ndarray
        At least one, none missing.
    reach : float
        1.5 in R's `boxplot.stats` and in Tukey.

    Examples
    --------
    >>> tukey_fences(np.array([1.0, 2.0, 3.0, 4.0]), 1.5)
    (-1.5, 6.5)
    """
    low, high = hinges(values)
    spread = reach * (high - low)
    return low - spread, high + spread
