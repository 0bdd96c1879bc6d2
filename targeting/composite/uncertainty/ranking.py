"""Ranks and their order statistics on bare arrays: rank 1 is the most urgent block.

Scores are first put on a grid of 2⁻⁴⁰ (about 1e-12), so that two blocks that are equal on paper
stay equal whatever the last digit of a sum says. A block without a score gets rank 0.
"""

from __future__ import annotations

import numpy as np

from targeting.composite._compiled import njit

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
def _ordered(scores: np.ndarray, keys: np.ndarray, blocks: np.ndarray) -> int:
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
    buckets = 2 * count
    scale = buckets / max(top - np.floor(low * GRID + 0.5), 1.0)
    starts = np.zeros(buckets + 2, dtype=np.int64)
    for score in scores:
        if not np.isnan(score):
            starts[int((top - np.floor(score * GRID + 0.5)) * scale) + 1] += 1
    for bucket in range(buckets + 1):
        starts[bucket + 1] += starts[bucket]
    for block in range(len(scores)):
        if not np.isnan(scores[block]):
            key = np.floor(scores[block] * GRID + 0.5)
            bucket = int((top - key) * scale)
            place = starts[bucket]
            keys[place], blocks[place] = key, block
            starts[bucket] += 1
    begin = 0
    for bucket in range(buckets + 1):
        _sort_bucket(keys, blocks, begin, starts[bucket])
        begin = starts[bucket]
    return count


@njit
def rank_rows(scores: np.ndarray, steps: int, out: np.ndarray, counts: np.ndarray) -> None:
    """Rank each row of `scores`; `out` holds ranks times `steps`, `counts` the ranked blocks."""
    blocks_all = scores.shape[1]
    keys = np.empty(blocks_all)
    blocks = np.empty(blocks_all, dtype=np.int64)
    for row in range(scores.shape[0]):
        count = _ordered(scores[row], keys, blocks)
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
def _select(sample: np.ndarray, wanted: np.ndarray, found: np.ndarray) -> None:
    """Find the order statistics `wanted` (counted from 0, rising) of whole numbers."""
    low, high = sample[0], sample[0]
    for value in sample:
        low, high = min(low, value), max(high, value)
    shift = 0
    while (high - low) >> shift > 255:
        shift += 1
    counts = np.zeros(257, dtype=np.int64)
    for value in sample:
        counts[((value - low) >> shift) + 1] += 1
    for bin_ in range(256):
        counts[bin_ + 1] += counts[bin_]
    held = np.empty(len(sample), dtype=np.int64)
    bin_, sorted_bin = 0, -1
    for place in range(len(wanted)):
        while counts[bin_ + 1] <= wanted[place]:
            bin_ += 1
        if shift == 0:
            found[place] = low + bin_
            continue
        if bin_ != sorted_bin:
            filled = 0
            for value in sample:
                if (value - low) >> shift == bin_:
                    held[filled] = value
                    filled += 1
            held[:filled].sort()
            sorted_bin = bin_
        found[place] = held[wanted[place] - counts[bin_]]


@njit
def quantiles(stored: np.ndarray, shares: np.ndarray, missing: int, out: np.ndarray) -> None:
    """Quantiles of each column over the rows, straight lines between order statistics.

    `stored` draws by blocks, whole numbers; `missing` marks no value; `out` shares by blocks.
    """
    draws, blocks = stored.shape
    tile = 64
    held = np.empty((tile, draws), dtype=np.int64)
    filled = np.zeros(tile, dtype=np.int64)
    wanted = np.empty(2 * len(shares), dtype=np.int64)
    found = np.empty(2 * len(shares), dtype=np.int64)
    for begin in range(0, blocks, tile):
        size = min(tile, blocks - begin)
        filled[:] = 0
        for draw in range(draws):
            for i in range(size):
                value = np.int64(stored[draw, begin + i])
                if value != missing:
                    held[i, filled[i]] = value
                    filled[i] += 1
        for i in range(size):
            if filled[i] == 0:
                out[:, begin + i] = np.nan
                continue
            for j in range(len(shares)):
                wanted[2 * j] = int(np.floor(shares[j] * (filled[i] - 1)))
                wanted[2 * j + 1] = min(wanted[2 * j] + 1, filled[i] - 1)
            # Rising within each pair; the pairs rise too, but neighbors may cross by one.
            order = np.argsort(wanted)
            _select(held[i, : filled[i]], wanted[order], found)
            for j in range(len(shares)):
                place = shares[j] * (filled[i] - 1)
                below = found[np.argmax(order == 2 * j)]
                above = found[np.argmax(order == 2 * j + 1)]
                part = place - np.floor(place)
                out[j, begin + i] = below + part * (above - below)


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
