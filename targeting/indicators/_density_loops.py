"""The loops of a kernel density: near points, the ground studied, paths between blocks."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from targeting.compiled import njit


@njit
def add_near(
    places: np.ndarray,
    points: np.ndarray,
    weights: np.ndarray,
    starts: np.ndarray,
    columns: int,
    side: float,
    reach: float,
    sigma: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of weight · shape, and of their squares, over the points within reach.

    The points are sorted by the squares of a grid they lie in, row by row. The shape is 1 at
    distance 0: quartic where sigma is 0, else of a normal distribution.
    """
    first, second = np.zeros(len(places)), np.zeros(len(places))
    rows = (len(starts) - 1) // columns
    for place in range(len(places)):
        x, y = places[place, 0], places[place, 1]
        west = max(int((x - reach) // side), 0)
        east = min(int((x + reach) // side), columns - 1)
        south = max(int((y - reach) // side), 0)
        north = min(int((y + reach) // side), rows - 1)
        if east < west:
            continue
        total, squares = 0.0, 0.0
        for row in range(south, north + 1):
            for point in range(starts[row * columns + west], starts[row * columns + east + 1]):
                dx, dy = points[point, 0] - x, points[point, 1] - y
                square = dx * dx + dy * dy
                if square >= reach * reach:
                    continue
                if sigma > 0:
                    shape = np.exp(-square / (2 * sigma * sigma))
                else:
                    rest = 1 - square / (reach * reach)
                    shape = rest * rest
                one = weights[point] * shape
                total += one
                squares += one * one
        first[place], second[place] = total, squares
    return first, second


@njit
def wind(grid: np.ndarray, corners: np.ndarray, ends: np.ndarray, turns: np.ndarray) -> None:
    """Add how often rings go round the middle of each cell, as differences along its row.

    `corners` are in cells; ring k has those up to `ends[k]` and counts `turns[k]` times.
    """
    start = 0
    for ring in range(len(ends)):
        for corner in range(start, ends[ring] - 1):
            x0, y0 = corners[corner, 0], corners[corner, 1]
            x1, y1 = corners[corner + 1, 0], corners[corner + 1, 1]
            sign = turns[ring]
            if y0 > y1:
                x0, y0, x1, y1, sign = x1, y1, x0, y0, -sign
            low = max(int(np.ceil(y0 - 0.5)), 0)
            high = min(int(np.ceil(y1 - 0.5)), grid.shape[0])
            for row in range(low, high):
                at = x0 + (x1 - x0) * (row + 0.5 - y0) / (y1 - y0)
                cell = min(max(int(np.ceil(at - 0.5)), 0), grid.shape[1] - 1)
                grid[row, cell] += sign
        start = ends[ring]


@njit
def add_along(
    starts: np.ndarray,
    ends: np.ndarray,
    lengths: np.ndarray,
    events: np.ndarray,
    squared: np.ndarray,
    area: np.ndarray,
    reach: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Spread the events of each block over the blocks within reach along the graph.

    Quartic in the length of the shortest path, and so that what arrives, per area times area,
    sums to what was sent. Also the sum of squares, from the events' squared weights.
    """
    size = len(area)
    first, second = np.zeros(size), np.zeros(size)
    far = np.full(size, np.inf)
    for source in range(size):
        if events[source] == 0:
            continue
        far[source] = 0.0
        reached = [source]
        heap = [(0.0, source)]
        whole = 0.0
        while len(heap) > 0:
            at, block = heappop(heap)
            if at > far[block]:
                continue
            rest = 1 - (at / reach) ** 2
            whole += rest * rest * area[block]
            for link in range(starts[block], starts[block + 1]):
                other, there = ends[link], at + lengths[link]
                if there < reach and there < far[other]:
                    if far[other] == np.inf:
                        reached.append(other)
                    far[other] = there
                    heappush(heap, (there, other))
        for block in reached:
            rest = 1 - (far[block] / reach) ** 2
            shape = rest * rest / whole
            first[block] += events[source] * shape
            second[block] += squared[source] * shape * shape
            far[block] = np.inf
    return first, second
