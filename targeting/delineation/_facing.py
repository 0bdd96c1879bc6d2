"""The loop behind `facing_m`: how long two blocks look at each other across a street."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit, njit_inner

STEEPEST = 0.7
NEAR_M = 8.0
CORNER_M = 25.0


@njit_inner
def _stretch(
    block: int,
    view: tuple[float, float, float, float],
    near: float,
    edges: np.ndarray,
    starts: np.ndarray,
    span: np.ndarray,
) -> tuple[float, float]:
    """Least and most place, along the street, of the block's edges on it; `span` of each edge.

    `view` is a point of the street and the direction into the block.
    """
    least = np.inf
    most = -np.inf
    x, y, into_x, into_y = view
    for edge in range(starts[block], starts[block + 1]):
        span[edge, 0] = np.inf
        depth_a = (edges[edge, 0] - x) * into_x + (edges[edge, 1] - y) * into_y
        depth_b = (edges[edge, 2] - x) * into_x + (edges[edge, 3] - y) * into_y
        if depth_a > near and depth_b > near:
            continue
        place_a = (edges[edge, 1] - y) * into_x - (edges[edge, 0] - x) * into_y
        place_b = (edges[edge, 3] - y) * into_x - (edges[edge, 2] - x) * into_y
        if abs(depth_b - depth_a) > STEEPEST * abs(place_b - place_a):
            continue
        if depth_a > near:
            place_a += (place_b - place_a) * (depth_a - near) / (depth_a - depth_b)
        elif depth_b > near:
            place_b += (place_a - place_b) * (depth_b - near) / (depth_b - depth_a)
        span[edge, 0] = min(place_a, place_b)
        span[edge, 1] = max(place_a, place_b)
        least = min(least, span[edge, 0])
        most = max(most, span[edge, 1])
    return least, most


@njit
def facing_lengths(
    pairs: np.ndarray, lines: np.ndarray, edges: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the facing length of each pair of blocks, and which edges face a neighbor.

    Each outline is seen along the shortest line between the two blocks. Only edges that lie near
    the street (within half its width, at least 8 m) and run along it (at most 35° off) count; the
    answer is the overlap of the stretches the two blocks hold. Blocks that only see each other's
    corner get 0.

    Parameters
    ----------
    pairs : ndarray of int64, shape (pairs, 2)
        Positions of the two blocks.
    lines : ndarray, shape (pairs, 4)
        Shortest line from the first to the second: x0, y0, x1, y1.
    edges : ndarray, shape (edges, 4)
        Outline edges of all blocks, block after block.
    starts : ndarray of int64
        Edges of block `i` are `edges[starts[i]:starts[i + 1]]`.
    """
    facing = np.zeros(len(pairs))
    faced = np.zeros(len(edges), dtype=np.bool_)
    span = np.empty((len(edges), 2))
    for pair in range(len(pairs)):
        one = pairs[pair, 0]
        two = pairs[pair, 1]
        x = lines[pair, 2] - lines[pair, 0]
        y = lines[pair, 3] - lines[pair, 1]
        gap = (x * x + y * y) ** 0.5
        x /= gap
        y /= gap
        near = max(gap / 2, NEAR_M)
        low, high = _stretch(
            one, (lines[pair, 0], lines[pair, 1], -x, -y), near, edges, starts, span
        )
        other_low, other_high = _stretch(
            two, (lines[pair, 2], lines[pair, 3], x, y), near, edges, starts, span
        )
        from_low = max(low, -other_high)
        to_high = min(high, -other_low)
        facing[pair] = max(to_high - from_low, 0.0)
        margin = min(gap, CORNER_M)
        for edge in range(starts[one], starts[one + 1]):
            if span[edge, 0] <= to_high + margin and span[edge, 1] >= from_low - margin:
                faced[edge] = True
        for edge in range(starts[two], starts[two + 1]):
            if span[edge, 0] <= margin - from_low and span[edge, 1] >= -to_high - margin:
                faced[edge] = True
    return facing, faced
