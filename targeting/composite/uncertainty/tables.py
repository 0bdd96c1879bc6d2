"""From a drawn value to its part by look-up: the city a value is held against stays as it is.

A normalizer's ends and ranks are those of the values as they stand, so that its answer is a fixed
function of one number: known at the city's own values, and a straight line between two of them
(with a jump at each end where it counts ranks). Treatment is a fixed function in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from targeting.compiled import njit

_SAME = 1e-12
_CROWD = 8


@dataclass(frozen=True)
class Table:
    """A function of one number as straight lines between nodes.

    Parameters
    ----------
    rows : ndarray
        A row a node, rising: the node, the function there and just after it, and its slope from
        there to just before the next node.
    guide : ndarray of int32
        Cell of the range of the nodes to the last node at or below its beginning.
    """

    rows: np.ndarray
    guide: np.ndarray

    @property
    def nbytes(self) -> int:
        """Room it takes."""
        return self.rows.nbytes + self.guide.nbytes


@njit
def look_up(
    values: np.ndarray, at: np.ndarray, rows: np.ndarray, guide: np.ndarray, out: np.ndarray
) -> None:
    """Put a table's function of `values` into `out[at]`; beyond the ends it stays as there."""
    last = len(rows) - 1
    low, high = rows[0, 0], rows[last, 0]
    scale = (len(guide) - 1) / (high - low) if high > low else 0.0
    for i in range(len(values)):
        value = values[i]
        if value <= low:
            out[at[i]] = rows[0, 1]
            continue
        if value >= high:
            out[at[i]] = rows[last, 1]
            continue
        cell = int((value - low) * scale)
        j, over = np.int64(guide[cell]), np.int64(guide[min(cell + 1, len(guide) - 1)]) + 1
        while over - j > _CROWD:
            middle = (j + over) // 2
            if rows[middle, 0] <= value:
                j = middle
            else:
                over = middle
        # A cell's beginning is rounded: its guide may lie one node off.
        while rows[j, 0] > value:
            j -= 1
        while rows[j + 1, 0] <= value:
            j += 1
        beyond = value - rows[j, 0]
        out[at[i]] = rows[j, 1] if beyond == 0.0 else rows[j, 2] + beyond * rows[j, 3]


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
    slope = np.append((before[1:] - after[:-1]) / np.diff(node), 0.0)
    cells = max(1, min(16 * len(node), 2**20)) if len(node) > 2 else 1
    begins = np.linspace(node[0], node[-1], cells + 1)
    guide = np.clip(np.searchsorted(node, begins, side="right") - 1, 0, max(len(node) - 2, 0))
    return Table(np.column_stack([node, at, after, slope]), guide.astype(np.int32))


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
