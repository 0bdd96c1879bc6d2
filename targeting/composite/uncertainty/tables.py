"""From a drawn value to its part by look-up: the city a value is held against stays as it is.

A normalizer's ends and ranks are those of the values as they stand, so that its answer is a fixed
function of one number: known at the city's own values, and a straight line between two of them
(with a jump at each end where it counts ranks). Treatment is a fixed function in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from targeting.composite._compiled import njit

_SAME = 1e-12


@dataclass(frozen=True)
class Table:
    """A function of one number as straight lines between nodes.

    Parameters
    ----------
    node : ndarray
        Rising.
    at, after, before : ndarray
        The function at each node, just after it and just before it.
    guide : ndarray of int64
        Cell of the range of the nodes to the last node at or below its beginning.
    """

    node: np.ndarray
    at: np.ndarray
    after: np.ndarray
    before: np.ndarray
    guide: np.ndarray


@njit
def look_up(
    values: np.ndarray,
    node: np.ndarray,
    at: np.ndarray,
    after: np.ndarray,
    before: np.ndarray,
    guide: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill `out` with a table's function of `values`; beyond the ends it stays as at the ends."""
    last = len(node) - 1
    low, high = node[0], node[last]
    scale = (len(guide) - 1) / (high - low) if high > low else 0.0
    for i in range(len(values)):
        value = values[i]
        if np.isnan(value):
            out[i] = np.nan
        elif value <= low:
            out[i] = at[0]
        elif value >= high:
            out[i] = at[last]
        else:
            cell = min(int((value - low) * scale), len(guide) - 2)
            j, over = guide[cell], guide[cell + 1] + 1
            while over - j > 1:
                middle = (j + over) // 2
                if node[middle] <= value:
                    j = middle
                else:
                    over = middle
            # A cell's beginning is rounded: its guide may lie one node off.
            while node[j] > value:
                j -= 1
            while j < last and node[j + 1] <= value:
                j += 1
            if node[j] == value:
                out[i] = at[j]
            else:
                part = (value - node[j]) / (node[j + 1] - node[j])
                out[i] = after[j] + part * (before[j + 1] - after[j])


def table_of(
    values: np.ndarray,
    treated: np.ndarray,
    normalize: Callable[[np.ndarray], np.ndarray],
    ends: tuple[float, float],
) -> Table:
    """Return the table of a treatment and a normalizer.

    Parameters
    ----------
    values, treated : ndarray
        An indicator's known values, before and after treatment.
    normalize : callable
        From treated values to parts, held against the city.
    ends : (float, float)
        Smallest and largest value that may be drawn. Where nothing was treated the normalizer is
        asked beyond the city's values too; else a value beyond counts as the city's own end.

    Returns
    -------
    Table
    """
    node, first = np.unique(values, return_index=True)
    moved = treated[first]
    if np.array_equal(node, moved):
        node = moved = np.unique([*node, *(end for end in ends if np.isfinite(end))])
    after_t, before_t = moved.copy(), moved.copy()
    open_ = moved[1:] != moved[:-1]
    up = np.where(moved[1:] > moved[:-1], np.inf, -np.inf)
    after_t[:-1] = np.where(open_, np.nextafter(moved[:-1], up), moved[:-1])
    before_t[1:] = np.where(open_, np.nextafter(moved[1:], -up), moved[1:])
    asked = normalize(np.concatenate([moved, after_t, before_t]))
    at, after, before = np.split(asked, 3)
    ramp = _ramp(node, at, after, before)
    if ramp is not None:
        node, at = ramp
        after = before = at
    cells = max(1, min(4 * len(node), 2**20))
    begins = np.linspace(node[0], node[-1], cells + 1)
    guide = np.clip(np.searchsorted(node, begins, side="right") - 1, 0, max(len(node) - 2, 0))
    return Table(node, at, after, before, guide.astype(np.int64))


def _ramp(
    node: np.ndarray, at: np.ndarray, after: np.ndarray, before: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the two or fewer nodes that say it all, where the function is one cut-off line."""
    begin = int(np.flatnonzero(at == at[0])[-1])
    end = int(np.flatnonzero(at == at[-1])[0])
    if begin >= end:
        return (node[:1], at[:1]) if (at == at[0]).all() and (after == at[0]).all() else None
    ends = [begin, end]
    for side in (at, after, before):
        if np.abs(side - np.interp(node, node[ends], at[ends])).max() > _SAME:
            return None
    return node[ends], at[ends]
