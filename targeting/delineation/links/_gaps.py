"""The loop that finds the shortest line between two blocks."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit

TINY = 1e-300


@njit
def shortest_lines(
    first: np.ndarray,
    second: np.ndarray,
    edges: np.ndarray,
    starts: np.ndarray,
    boxes: np.ndarray,
    within: float,
    lines: np.ndarray,
) -> None:
    """Find the shortest line between the outlines of each pair, NaN where longer than `within`.

    Outlines that do not cross are nearest at a corner of one of them, so each corner is held
    against each edge of the other; edges whose boxes lie further than the best so far are skipped.

    Parameters
    ----------
    first, second : ndarray of int32
        Positions of the two blocks of each pair.
    edges : ndarray, shape (edges, 4)
        Closed outlines of all blocks, block after block: x0, y0, x1, y1.
    starts : ndarray of int64
        Edges of block `i` are `edges[starts[i]:starts[i + 1]]`.
    boxes : ndarray, shape (blocks, 4)
        Bounds of each block.
    within : float
        Longest line of interest, in meters.
    lines : ndarray, shape (pairs, 4)
        Gets a point of the first block, then the nearest one of the second; where the outlines
        cross, that place twice.
    """
    for pair in range(len(first)):
        one, two = first[pair], second[pair]
        best = within * within * (1 + 1e-12)
        from_x = from_y = to_x = to_y = np.nan
        for i in range(starts[one], starts[one + 1]):
            ax, ay, bx, by = edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3]
            ux, uy = bx - ax, by - ay
            west, east, south, north = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
            x = max(west - boxes[two, 2], boxes[two, 0] - east, 0.0)
            y = max(south - boxes[two, 3], boxes[two, 1] - north, 0.0)
            if x * x + y * y > best:
                continue
            for j in range(starts[two], starts[two + 1]):
                cx, cy, dx, dy = edges[j, 0], edges[j, 1], edges[j, 2], edges[j, 3]
                x = max(west - max(cx, dx), min(cx, dx) - east, 0.0)
                y = max(south - max(cy, dy), min(cy, dy) - north, 0.0)
                if x * x + y * y > best:
                    continue
                px, py, vx, vy = cx - ax, cy - ay, dx - cx, dy - cy
                turn = ux * vy - uy * vx
                if x + y == 0.0 and turn != 0.0:
                    s = (px * vy - py * vx) / turn
                    t = (px * uy - py * ux) / turn
                    if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
                        from_x = to_x = ax + s * ux
                        from_y = to_y = ay + s * uy
                        best = -1.0
                        break
                t = max(min(-(px * vx + py * vy) / max(vx * vx + vy * vy, TINY), 1.0), 0.0)
                x, y = cx + t * vx, cy + t * vy
                far = (x - ax) ** 2 + (y - ay) ** 2
                if far < best:
                    best, from_x, from_y, to_x, to_y = far, ax, ay, x, y
                t = max(min((px * ux + py * uy) / max(ux * ux + uy * uy, TINY), 1.0), 0.0)
                x, y = ax + t * ux, ay + t * uy
                far = (x - cx) ** 2 + (y - cy) ** 2
                if far < best:
                    best, from_x, from_y, to_x, to_y = far, x, y, cx, cy
            if best < 0.0:
                break
        lines[pair, 0], lines[pair, 1] = from_x, from_y
        lines[pair, 2], lines[pair, 3] = to_x, to_y
