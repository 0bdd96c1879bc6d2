"""The dynamic program of natural breaks, compiled."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit


@njit
def least_squares_starts(values: np.ndarray, weights: np.ndarray, classes: int) -> np.ndarray:
    """Return where each class starts, for the least weighted sum of squares.

    The best last start never moves back as the end moves on, so each row is solved at its middle
    first and the halves only look on their own side.

    Parameters
    ----------
    values : ndarray
        Different values, rising, around 0.
    weights : ndarray
        How often each occurs.
    classes : int
        At most as many as there are values.
    """
    size = len(values)
    amount = np.zeros(size + 1)
    first = np.zeros(size + 1)
    second = np.zeros(size + 1)
    for i in range(size):
        amount[i + 1] = amount[i] + weights[i]
        first[i + 1] = first[i] + weights[i] * values[i]
        second[i + 1] = second[i] + weights[i] * values[i] * values[i]
    before = np.empty(size + 1)  # least cost of the first i values in the classes so far
    before[0] = np.inf
    for i in range(1, size + 1):
        before[i] = second[i] - first[i] * first[i] / amount[i]
    dust = 1e-12 * second[size]  # ways as good on paper: the one with the lowest limits
    chosen = np.zeros((classes, size + 1), dtype=np.int32)
    stack = np.empty((128, 4), dtype=np.int64)
    for row in range(1, classes):
        now = np.full(size + 1, np.inf)
        stack[0] = np.array([row + 1, size, row, size - 1])
        depth = 1
        while depth > 0:
            depth -= 1
            low, high, from_, to = stack[depth]
            if low > high:
                continue
            middle = (low + high) // 2
            best = -1
            for start in range(max(from_, row), min(to, middle - 1) + 1):
                inside = first[middle] - first[start]
                cost = (
                    before[start]
                    + second[middle]
                    - second[start]
                    - inside * inside / (amount[middle] - amount[start])
                )
                if cost < now[middle] - dust:
                    now[middle] = cost
                    best = start
            chosen[row, middle] = best
            stack[depth] = np.array([low, middle - 1, from_, best])
            stack[depth + 1] = np.array([middle + 1, high, best, to])
            depth += 2
        before = now
    starts = np.zeros(classes, dtype=np.int64)
    end = size
    for row in range(classes - 1, 0, -1):
        end = chosen[row, end]
        starts[row] = end
    return starts
