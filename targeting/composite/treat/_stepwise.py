"""Extreme values moved one step after another, all steps of one end reckoned at once."""

from __future__ import annotations

import numpy as np

from targeting.composite.fences import Array
from targeting.composite.treat.shape import DUST, adjusted, is_skewed


class _Moments:
    """Skewness and kurtosis of values whose ends are in order and are moved inwards.

    The powers are summed from the middle outwards, so that no far value, once it has been pulled
    in, leaves its rounding behind.
    """

    def __init__(self, values: Array, reach_low: int, reach_high: int) -> None:
        size = len(values)
        first, last = min(reach_low, size // 2), max(size - reach_high, size // 2)
        core = values[first:last]
        self.size, self.first, self.last = size, first, last
        self.middle = float(core.mean()) if len(core) else float(values[size // 2])
        off = core - self.middle
        self.scale = float(max(off.max(), -off.min())) if len(core) else 0.0
        self.scale = self.scale or 1.0
        self.core = _power_sums(off / self.scale)
        self.low = (values[: reach_low + 1] - self.middle) / self.scale
        self.high = (values[size - reach_high - 1 :][::-1] - self.middle) / self.scale
        powers = np.arange(1, 5)[:, None]
        above = (values[last:] - self.middle) / self.scale
        below = (values[:first][::-1] - self.middle) / self.scale
        nothing = np.zeros((4, 1))
        self.above = np.concatenate([nothing, np.cumsum(above**powers, axis=1)], axis=1)
        self.below = np.concatenate([nothing, np.cumsum(below**powers, axis=1)], axis=1)

    def shape(self, low: np.ndarray, high: np.ndarray) -> tuple[Array, Array]:
        """Return skewness and kurtosis with so many values moved at each end."""
        powers = np.arange(1, 5)[:, None]
        kept_above = self.size - high - self.last
        kept_below = self.first - low
        sums = self.core[:, None] + self.above[:, kept_above] + self.below[:, kept_below]
        sums = sums + high * self.high[high] ** powers
        sums = (sums + low * self.low[low] ** powers) / self.size
        mean, second, third, fourth = sums
        return adjusted(
            second - mean**2,
            third - 3 * mean * second + 2 * mean**3,
            fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4,
            self.size,
        )


def _power_sums(off: Array) -> Array:
    squares = off * off
    cubes = off * squares
    sums = [off.sum(), squares.sum(), cubes.sum()]
    squares *= squares
    return np.array([*sums, squares.sum()])


def _steps(window: Array, limit: int) -> np.ndarray:
    """Return how many of the highest values each step moves in all: equal ones go together.

    The last step starts below the limit and may pass it.
    """
    different = np.flatnonzero(window[:-1] < window[1:]) + 1
    steps = len(window) - different[::-1]
    return steps[: int(np.searchsorted(steps, limit, side="left")) + 1]


def _ordered_ends(values: Array, limit: int) -> tuple[Array, int]:
    """Return the values with both ends in order, and how many values an end is wide."""
    size = len(values)
    width = limit + 2
    if 2 * width < size:
        parted = np.partition(values, (width - 1, size - width))
        parted[:width].sort()
        parted[size - width :].sort()
        low, high = parted[:width], parted[size - width :]
        # Equal values may reach further in than the window: then all are put in order.
        if _wide_enough(high, limit) and _wide_enough(-low[::-1], limit):
            return parted, width
    return np.sort(values), size


def _wide_enough(window: Array, limit: int) -> bool:
    steps = _steps(window, limit)
    return bool(len(steps) and steps[-1] >= limit)


def winsorized_to_pass(
    values: Array, skew_max: float, kurtosis_max: float, limit: int
) -> tuple[float | None, float | None, bool]:
    """Move the extreme of the skewed end, step by step, until the shape passes or none is left.

    Parameters
    ----------
    values : ndarray
        None missing, not all equal, at least four.
    skew_max, kurtosis_max : float
        The shape passes when |skewness| or the kurtosis is below its limit.
    limit : int
        No step is begun once so many values are moved.

    Returns
    -------
    (float or None, float or None, bool)
        What the low and the high end were moved to, and whether the shape passes.

    Examples
    --------
    >>> winsorized_to_pass(np.array([*range(1, 11), 30.0, 100.0]), 2.0, 3.5, 5)
    (None, 30.0, True)
    """
    size = len(values)
    ready, width = _ordered_ends(values, limit)
    steps = {
        "high": _steps(ready[size - width :], limit),
        "low": _steps(-ready[:width][::-1], limit),
    }
    most = {end: int(one[-1]) if len(one) else 0 for end, one in steps.items()}
    moments = _Moments(ready, most["low"], most["high"])
    low = high = 0
    passes = False
    while True:
        skew, kurtosis = moments.shape(np.array([low]), np.array([high]))
        passes = not is_skewed(float(skew[0]), float(kurtosis[0]), skew_max, kurtosis_max)
        if passes or low + high >= limit:
            break
        end = "high" if skew[0] >= 0 else "low"
        done, other = (high, low) if end == "high" else (low, high)
        ahead = steps[end][np.searchsorted(steps[end], done, side="right") :]
        ahead = ahead[ahead + other < size]
        if not len(ahead):
            break
        same = np.full(len(ahead), other)
        lows, highs = (same, ahead) if end == "high" else (ahead, same)
        skews, kurtoses = moments.shape(lows, highs)
        stop = ~((np.abs(skews) >= skew_max - DUST) & (kurtoses >= kurtosis_max - DUST))
        stop |= ahead + other >= limit
        stop |= (skews < 0) if end == "high" else (skews >= 0)
        chosen = int(np.argmax(stop)) if stop.any() else len(ahead) - 1
        low, high = int(lows[chosen]), int(highs[chosen])
    return (
        float(ready[low]) if low else None,
        float(ready[size - 1 - high]) if high else None,
        bool(passes),
    )
