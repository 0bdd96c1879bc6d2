"""How much of each cell of a grid a polygon covers: exact, compiled on first use."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit

# What rounding leaves in a cell that is only touched.
_DUST = 1e-9


@njit
def add_edge(
    held: np.ndarray, west: int, north: int, x0: float, y0: float, x1: float, y1: float
) -> None:
    """Add the area between one edge and the east, as differences from cell to cell of a row.

    The signed areas of all edges of a polygon add up to the part of each cell inside it.
    """
    if y0 == y1:
        return
    sign = 1.0
    if y0 > y1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -1.0
    slope = (x1 - x0) / (y1 - y0)
    low, high = min(x0, x1), max(x0, x1)
    first = max(int(np.floor(y0)), north)
    last = min(int(np.ceil(y1)), north + held.shape[0])
    for row in range(first, last):
        top, bottom = max(y0, float(row)), min(y1, row + 1.0)
        a = min(max(x0 + slope * (top - y0), low), high)
        b = min(max(x0 + slope * (bottom - y0), low), high)
        height = sign * (bottom - top)
        left, right = min(a, b) - west, max(a, b) - west
        cells = held[row - north]
        start = int(np.floor(left))
        end = int(np.ceil(right))
        if end <= start + 1:
            middle = 0.5 * (left + right) - start
            cells[start] += height * (1.0 - middle)
            cells[start + 1] += height * middle
            continue
        # Part of each cell east of the edge, and what the next cell has more.
        before = 0.0
        for cell in range(start, end):
            from_x, to_x = max(left, float(cell)), min(right, cell + 1.0)
            passed = (to_x - left) / (right - left)
            until = (from_x - left) / (right - left)
            # The edge has passed `until` of its height at the cell's west side, `passed` at its
            # east; between, the ground east of it grows evenly.
            part = until * (from_x - cell) + 0.5 * (until + passed) * (to_x - from_x)
            part += passed * (cell + 1.0 - to_x)
            cells[cell] += height * (part - before)
            before = part
        cells[end] += height * (1.0 - before)


@njit
def add_up(
    values: np.ndarray,
    north: int,
    xy: np.ndarray,
    rings: np.ndarray,
    polygons: np.ndarray,
    bounds: np.ndarray,
    total: np.ndarray,
    cells: np.ndarray,
) -> None:
    """Add to each polygon's total the cells of a strip of rows, by the parts inside.

    Parameters
    ----------
    values : array of float
        Rows of the strip, missing where a cell has no data.
    north : int
        Row of the strip's first row.
    xy : array of float
        Corners of all rings, columns and rows of the grid; outer rings turn one way, holes the
        other.
    rings : array of int
        Where each ring starts in `xy`, and the end.
    polygons : array of int
        Where each polygon starts in `rings`, and the end.
    bounds : array of int
        First column and row of each polygon, and those after its last.
    total, cells : array of float
        Get the sums, and how many cells' worth of data.
    """
    south = north + values.shape[0]
    for polygon in range(len(polygons) - 1):
        west, east = bounds[polygon, 0], bounds[polygon, 2]
        top, bottom = max(bounds[polygon, 1], north), min(bounds[polygon, 3], south)
        if top >= bottom or west >= east:
            continue
        held = np.zeros((bottom - top, east - west + 2))
        turn = 0.0
        for ring in range(polygons[polygon], polygons[polygon + 1]):
            for at in range(rings[ring], rings[ring + 1] - 1):
                x0, y0, x1, y1 = xy[at, 0], xy[at, 1], xy[at + 1, 0], xy[at + 1, 1]
                turn += (x0 - west) * (y1 - top) - (x1 - west) * (y0 - top)
                add_edge(held, west, top, x0, y0, x1, y1)
        sign = -1.0 if turn > 0 else 1.0
        for row in range(bottom - top):
            part = 0.0
            for column in range(east - west):
                part += held[row, column]
                value = values[top - north + row, west + column]
                if sign * part > _DUST and not np.isnan(value):
                    total[polygon] += sign * part * value
                    cells[polygon] += sign * part
