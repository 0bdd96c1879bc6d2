"""The counting inside the medcouple, compiled."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit


@njit
def pairs_up_to(high: np.ndarray, low: np.ndarray, level: float) -> int:
    """Count the pairs whose kernel (h + l) / (h − l) is at most a level, h > 0 > l.

    Parameters
    ----------
    high : ndarray
        Distances above the median (positive), falling.
    low : ndarray
        Distances below it (negative), falling.
    level : float
        Between −1 and 1.
    """
    count = 0
    first = 0  # the kernel falls along both: the staircase only goes one way
    for i in range(len(high) - 1, -1, -1):
        while first < len(low) and (high[i] + low[first]) / (high[i] - low[first]) > level:
            first += 1
        count += len(low) - first
    return count
