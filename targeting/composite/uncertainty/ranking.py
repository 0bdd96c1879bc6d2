"""Ranks and their order statistics on bare arrays: rank 1 is the most urgent block.

Scores are first put on a grid of 2⁻⁴⁰ (about 1e-12), so that two blocks that are equal on paper
stay equal whatever the last digit of a sum says. A block without a score gets rank 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from targeting.compiled import njit

GRID = 2.0**40
# The rule for blocks with equal scores, and how many steps of a stored rank make one place.
TIES = {"min": 1, "average": 2}
_CROWD = 48


@njit
def _sort_bucket(keys: np.ndarray, blocks: np.ndarray, begin: int, end: int) -> None:
    """Order one bucket from the highest key down."""
    if end - begin > _CROWD:
        first, same = keys[begin], True
        for i in range(begin + 1, end):
            if keys[i] != first:
                same = False
                break
        if not same:
            order = np.argsort(-keys[begin:end])
            keys[begin:end] = keys[begin:end][order]
            blocks[begin:end] = blocks[begin:end][order]
        return
    for i in range(begin + 1, end):
        key, block, j = keys[i], blocks[i], i - 1
        while j >= begin and keys[j] < key:
            keys[j + 1], blocks[j + 1] = keys[j], blocks[j]
            j -= 1
        keys[j + 1], blocks[j + 1] = key, block


@njit
def _ordered(scores: np.ndarray, keys: np.ndarray, blocks: np.ndarray, bucket: np.ndarray) -> int:
    """Fill `keys` and `blocks` from the highest score down; return how many have a score."""
    count, low, high = 0, np.inf, -np.inf
    for score in scores:
        if not np.isnan(score):
            count += 1
            low, high = min(low, score), max(high, score)
    if count == 0:
        return 0
    # `floor` and the product keep the order, so a bucket holds nothing of another's range.
    top = np.floor(high * GRID + 0.5)
    scale = count / max(top - np.floor(low * GRID + 0.5), 1.0)
    starts = np.zeros(count + 2, dtype=np.int32)
    for block in range(len(scores)):
        if not np.isnan(scores[block]):
            own = np.int32((top - np.floor(scores[block] * GRID + 0.5)) * scale)
            bucket[block] = own
            starts[own + 1] += np.int32(1)
    for place in range(count + 1):
        starts[place + 1] += starts[place]
    for block in range(len(scores)):
        if not np.isnan(scores[block]):
            place = starts[bucket[block]]
            keys[place], blocks[place] = np.floor(scores[block] * GRID + 0.5), block
            starts[bucket[block]] += np.int32(1)
    begin = np.int32(0)
    for place in range(count + 1):
        if starts[place] - begin > 1:
            _sort_bucket(keys, blocks, int(begin), int(starts[place]))
        begin = starts[place]
    return count


@njit
def rank_rows(scores: np.ndarray, steps: int, out: np.ndarray, counts: np.ndarray) -> None:
    """Rank each row of `scores`; `out` holds ranks times `steps`, `counts` the ranked blocks."""
    blocks_all = scores.shape[1]
    keys = np.empty(blocks_all)
    blocks = np.empty(blocks_all, dtype=np.int32)
    bucket = np.empty(blocks_all, dtype=np.int32)
    for row in range(scores.shape[0]):
        count = _ordered(scores[row], keys, blocks, bucket)
        counts[row] = count
        if count < blocks_all:
            out[row, :] = 0
        begin = 0
        while begin < count:
            end = begin + 1
            while end < count and keys[end] == keys[begin]:
                end += 1
            rank = begin + 1 if steps == 1 else begin + 1 + end
            for i in range(begin, end):
                out[row, blocks[i]] = rank
            begin = end


@njit
def _binned(sample: np.ndarray, counts: np.ndarray, held: np.ndarray) -> None:
    """Put whole numbers into bins: `held` bin by bin, `counts` where each bin ends."""
    low, high = sample[0], sample[0]
    for value in sample:
        low, high = min(low, value), max(high, value)
    bins, shift = len(counts) - 1, 0
    while (np.int64(high) - np.int64(low)) >> shift >= bins:
        shift += 1
    counts[:] = 0
    for value in sample:
        counts[((np.int64(value) - np.int64(low)) >> shift) + 1] += 1
    for place in range(bins):
        counts[place + 1] += counts[place]
    for value in sample:
        own = (np.int64(value) - np.int64(low)) >> shift
        held[counts[own]] = value
        counts[own] += 1


@njit
def _order_statistic(place: int, counts: np.ndarray, held: np.ndarray) -> Any:
    """Return the number at `place` (from 0) of a binned sample; its bin is put in order."""
    first, over = 0, len(counts) - 1
    while first < over:  # the first bin that ends beyond the place
        middle = (first + over) // 2
        if counts[middle] > place:
            over = middle
        else:
            first = middle + 1
    begin = counts[first - 1] if first > 0 else 0
    for i in range(begin + 1, counts[first]):
        value, j = held[i], i - 1
        while j >= begin and held[j] > value:
            held[j + 1] = held[j]
            j -= 1
        held[j + 1] = value
    return held[place]


@njit
def quantiles(stored: np.ndarray, shares: np.ndarray, missing: int, out: np.ndarray) -> None:
    """Quantiles of each column over the rows, straight lines between order statistics.

    `stored` draws by blocks, whole numbers; `missing` marks no value; `out` shares by blocks.
    """
    draws, blocks = stored.shape
    tile = 128
    turned = np.empty((tile, draws), dtype=stored.dtype)
    held = np.empty(draws, dtype=stored.dtype)
    counts = np.empty(1025, dtype=np.int32)
    for begin in range(0, blocks, tile):
        size = min(tile, blocks - begin)
        for draw in range(draws):
            for i in range(size):
                turned[i, draw] = stored[draw, begin + i]
        for i in range(size):
            filled = 0
            for draw in range(draws):
                value = turned[i, draw]
                turned[i, filled] = value
                filled += value != missing
            if filled == 0:
                out[:, begin + i] = np.nan
                continue
            _binned(turned[i, :filled], counts, held)
            for j in range(len(shares)):
                place = shares[j] * (filled - 1)
                lower = int(np.floor(place))
                below = np.float64(_order_statistic(lower, counts, held))
                above = np.float64(_order_statistic(min(lower + 1, filled - 1), counts, held))
                out[j, begin + i] = below + (place - lower) * (above - below)


def ranks(scores: np.ndarray, *, ties: str = "min") -> np.ndarray:
    """Rank blocks, the highest score first.

    Parameters
    ----------
    scores : ndarray
        One number a block, 0 to 1 (last axis); missing stays missing.
    ties : str
        `"min"`: blocks with equal scores share the best of their places; `"average"`: the middle.

    Returns
    -------
    ndarray
        Rank of each block, 1 the most urgent.

    Examples
    --------
    >>> ranks(np.array([0.1, 0.7, np.nan, 0.7])).tolist()
    [3.0, 1.0, nan, 1.0]
    >>> ranks(np.array([0.1, 0.7, 0.7]), ties="average").tolist()
    [3.0, 1.5, 1.5]
    """
    rows = np.atleast_2d(np.asarray(scores, dtype=float))
    out = np.empty(rows.shape, dtype=np.int64)
    rank_rows(rows, TIES[ties], out, np.empty(len(rows), dtype=np.int64))
    found = np.where(out > 0, out / TIES[ties], np.nan)
    return np.asarray(found.reshape(np.shape(scores)))
