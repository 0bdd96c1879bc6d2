"""How long two blocks look at each other across a street."""

from __future__ import annotations

import numpy as np
import shapely

from targeting.compiled import njit
from targeting.delineation.links._pairs import AT_ONCE, TOUCHING_M, Edges, Pairs, lines_between

STEEPEST = 0.7
NEAR_M = 8.0
CORNER_M = 25.0
PIECE_M = 25.0


def facing(pairs: Pairs, shapes: np.ndarray, outline: Edges) -> tuple[np.ndarray, np.ndarray]:
    """Length over which each pair faces each other, and how much of each outline faces somebody.

    Blocks that touch face each other over what they share.

    Parameters
    ----------
    pairs : Pairs
        Neighbors by position in `shapes`.
    shapes : ndarray of geometry
        All blocks.
    outline : Edges
        Their outlines.

    Returns
    -------
    ndarray, ndarray
        Meters of each pair, and of each block.
    """
    edges, starts = outline.edges, outline.starts
    apart = pairs.gap_m > TOUCHING_M
    many = np.empty(len(edges), dtype=np.int32)
    for start in range(0, len(edges), 4 * AT_ONCE):
        rows = slice(start, start + 4 * AT_ONCE)
        many[rows] = np.maximum(np.ceil(_lengths(edges[rows]) / PIECE_M), 1.0)
    piece = np.zeros(len(edges) + 1, dtype=np.int64)
    np.cumsum(many, out=piece[1:])
    faced = np.zeros(piece[-1], dtype=np.bool_)
    span = np.empty((2 * int(np.diff(piece[starts]).max(initial=0)), 2))
    facing_m = np.zeros(len(pairs))
    for start in range(0, len(pairs), 4 * AT_ONCE):
        rows = slice(start, start + 4 * AT_ONCE)
        some = pairs.keep(rows)
        lines = lines_between(outline, some)
        facing_lengths(
            *(some.first, some.second, lines, apart[rows]),
            *(edges, starts, many, piece, span, faced, facing_m[rows]),
        )
    seen = np.add.reduceat(faced.view(np.int8), piece[:-1], dtype=np.int32) / many
    del piece, many, faced
    seen *= _lengths(edges)
    covered = np.zeros(len(shapes))
    drawn = np.diff(starts) > 0
    covered[drawn] = np.add.reduceat(seen, starts[:-1][drawn])
    if apart.all():
        return facing_m, covered
    one, two = pairs.first[~apart], pairs.second[~apart]
    shared = shapely.intersection(shapes[one], shapes[two])
    over = shapely.length(shared) * np.where(shapely.get_dimensions(shared) == 2, 0.5, 1)
    facing_m[~apart] = over
    for side in (one, two):
        covered += np.bincount(side, over, minlength=len(shapes))
    return facing_m, covered


def _lengths(edges: np.ndarray) -> np.ndarray:
    """Length of each edge in meters."""
    length = edges[:, 2] - edges[:, 0]
    return np.asarray(np.hypot(length, edges[:, 3] - edges[:, 1], out=length))


@njit
def facing_lengths(
    first: np.ndarray,
    second: np.ndarray,
    lines: np.ndarray,
    apart: np.ndarray,
    edges: np.ndarray,
    starts: np.ndarray,
    many: np.ndarray,
    piece: np.ndarray,
    span: np.ndarray,
    faced: np.ndarray,
    facing: np.ndarray,
) -> None:
    """Measure the facing length of each pair of blocks, and which pieces of outline face somebody.

    Each outline is seen along the shortest line between the two blocks. Only edges that lie near
    the street (within half its width, at least 8 m) and run along it (at most 35° off) count; the
    answer is the overlap of the stretches the two blocks hold. Blocks that only see each other's
    corner get 0.

    Parameters
    ----------
    first, second : ndarray of int32
        Positions of the two blocks of each pair.
    lines : ndarray, shape (pairs, 4)
        Shortest line from the first to the second: x0, y0, x1, y1.
    apart : ndarray of bool
        Pairs to measure.
    edges : ndarray, shape (edges, 4)
        Outline edges of all blocks, block after block.
    starts : ndarray of int64
        Edges of block `i` are `edges[starts[i]:starts[i + 1]]`.
    many : ndarray of int32
        Equal pieces each edge counts in.
    piece : ndarray of int64
        First piece of each edge.
    span : ndarray, shape (twice the most pieces of a block, 2)
        Room to work in.
    faced : ndarray of bool
        Gets which pieces face a neighbor.
    facing : ndarray
        Gets meters.
    """
    half = len(span) // 2
    for pair in range(len(first)):
        if not apart[pair]:
            continue
        x, y = lines[pair, 2] - lines[pair, 0], lines[pair, 3] - lines[pair, 1]
        gap = (x * x + y * y) ** 0.5
        x, y = x / gap, y / gap
        near = max(gap / 2, NEAR_M)
        margin = min(gap, CORNER_M)
        low, high = -np.inf, np.inf
        for side in range(2):
            # Depths count into the block; places count along the street, the same for both.
            block = second[pair] if side else first[pair]
            way = 1.0 if side else -1.0
            slot = half * side
            least, most = np.inf, -np.inf
            for edge in range(starts[block], starts[block + 1]):
                from_x = edges[edge, 0] - lines[pair, 2 * side]
                from_y = edges[edge, 1] - lines[pair, 2 * side + 1]
                step_x = (edges[edge, 2] - edges[edge, 0]) / many[edge]
                step_y = (edges[edge, 3] - edges[edge, 1]) / many[edge]
                deeper = way * (step_x * x + step_y * y)
                further = step_x * y - step_y * x
                deep = way * (from_x * x + from_y * y)
                along = from_x * y - from_y * x
                for _ in range(many[edge]):
                    span[slot, 0], span[slot, 1] = np.inf, -np.inf
                    one, two = along, along + further
                    if min(deep, deep + deeper) <= near and abs(deeper) <= STEEPEST * abs(further):
                        if deep > near:
                            one -= further * (deep - near) / deeper
                        elif deep + deeper > near:
                            two -= further * (deep + deeper - near) / deeper
                        span[slot, 0], span[slot, 1] = min(one, two), max(one, two)
                        least, most = min(least, one, two), max(most, one, two)
                    slot += 1
                    along += further
                    deep += deeper
            low, high = max(low, least), min(high, most)
        facing[pair] = max(high - low, 0.0)
        for side in range(2):
            block = second[pair] if side else first[pair]
            slot = half * side
            for at in range(piece[starts[block]], piece[starts[block + 1]]):
                if span[slot, 0] <= high + margin and span[slot, 1] >= low - margin:
                    faced[at] = True
                slot += 1
