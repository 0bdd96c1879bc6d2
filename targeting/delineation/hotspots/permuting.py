"""Conditional permutations: what the neighbors' sum would be if values lay anywhere.

The value of a block stays, the values of all others are dealt anew among the other places (Anselin
1995). With equal weights the sum over k neighbors is then the sum over the first k of a random
order of all blocks but this one. One set of random orders serves all blocks: where the block itself
is among the first k, it is taken out and the next in the order comes in, which leaves a random
order of the others. So sums are added up once for each number of neighbors, and only the few orders
a block is in are looked at one by one.

Nothing here knows the order of the rows or the ids: blocks with the same value, the same number of
neighbors and the same sum get the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CHUNK = 2_000_000
SLACK = 8
ROUNDING = 1e-12


def tails(
    deviation: np.ndarray,
    count: np.ndarray,
    lag: np.ndarray,
    *,
    permutations: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Count the permutations in which a block's neighbors sum to as much, and to as little.

    Parameters
    ----------
    deviation : ndarray
        Value of each block, less the mean.
    count : ndarray of int64
        Neighbors of each block.
    lag : ndarray
        Sum of the neighbors' deviations. Sums nearer than rounding are equal.
    permutations : int
        How many.
    seed : int
        Which chance.

    Returns
    -------
    at_least, at_most : ndarray of int64
        How many permutations give at least, and at most, the sum observed.

    Examples
    --------
    >>> value = np.array([-1.5, -0.5, 0.5, 1.5])
    >>> count, lag = np.array([1, 1, 1, 1]), np.array([1.5, 1.5, 1.5, -1.5])
    >>> at_least, at_most = tails(value, count, lag, permutations=99, seed=1)
    >>> at_most.tolist()[:3], bool((20 < at_least[:3]).all() and (at_least[:3] < 46).all())
    ([99, 99, 99], True)
    """
    at_least, at_most = np.zeros((2, len(count)), dtype=np.int64)
    longest = int(count.max(initial=0))
    if longest == 0:
        return at_least, at_most
    ordered = np.sort(deviation)
    # Whichever of several equal values is taken out, the same values remain.
    rank = np.searchsorted(ordered, deviation)
    by_count = [(int(k), np.flatnonzero(count == k)) for k in np.unique(count[count > 0])]
    length = min(longest + 1, len(deviation))
    for drawn in orders(len(deviation), length, permutations, seed):
        sums = np.cumsum(ordered[drawn[:, :longest]], axis=1)
        for neighbors, blocks in by_count:
            more, less = _compared(
                ordered, drawn, sums[:, neighbors - 1], neighbors, rank[blocks], lag[blocks]
            )
            at_least[blocks] += more
            at_most[blocks] += less
    return at_least, at_most


def _compared(
    ordered: np.ndarray,
    drawn: np.ndarray,
    total: np.ndarray,
    neighbors: int,
    rank: np.ndarray,
    lag: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Count for blocks with so many neighbors how many orders sum to as much and as little."""
    near = ROUNDING * (neighbors + 1) * max(abs(ordered[0]), abs(ordered[-1]))
    line = np.sort(total)
    more = len(line) - np.searchsorted(line, lag - near, "left")
    less = np.searchsorted(line, lag + near, "right")
    here = np.zeros(len(ordered), dtype=bool)
    here[rank] = True
    row, column = np.nonzero(here[drawn[:, :neighbors]])
    taken = drawn[row, column]
    by_rank = np.argsort(taken, kind="stable")
    row, taken = row[by_rank], taken[by_rank]
    start = np.searchsorted(taken, rank, "left")
    often = np.searchsorted(taken, rank, "right") - start
    block = np.repeat(np.arange(len(rank)), often)
    within = np.arange(len(block)) - np.repeat(np.cumsum(often) - often, often)
    row = row[np.repeat(start, often) + within]
    before = total[row]
    after = before - ordered[rank[block]] + ordered[drawn[row, neighbors]]
    high, low = lag[block] - near, lag[block] + near
    change = (after >= high).astype(np.int64) - (before >= high)
    more = more + np.bincount(block, change, minlength=len(rank)).astype(np.int64)
    change = (after <= low).astype(np.int64) - (before <= low)
    less = less + np.bincount(block, change, minlength=len(rank)).astype(np.int64)
    return more, less


def orders(count: int, length: int, permutations: int, seed: int) -> Iterator[np.ndarray]:
    """Give random orders of 0 … count − 1, their first `length` only, in pieces of rows.

    Examples
    --------
    >>> drawn = np.concatenate(list(orders(5, 3, 4, seed=1)))
    >>> drawn.shape, all(len(set(row)) == 3 for row in drawn.tolist())
    ((4, 3), True)
    """
    chance = np.random.default_rng(np.random.SeedSequence(seed))
    width = count if 2 * length > count else length
    step = max(1, CHUNK // width)
    for start in range(0, permutations, step):
        rows = min(step, permutations - start)
        if 2 * length > count:
            whole = np.tile(np.arange(count), (rows, 1))
            yield chance.permuted(whole, axis=1, out=whole)[:, :length]
        else:
            yield _distinct(chance, count, length, rows)


def _distinct(chance: np.random.Generator, count: int, length: int, rows: int) -> np.ndarray:
    """Draw with repeats and keep the first time each comes: a random order of what came."""
    out = np.empty((rows, length), dtype=np.int64)
    missing = np.arange(rows)
    wide = length + length * length // count + SLACK
    while len(missing):
        drawn = chance.integers(0, count, (len(missing), wide))
        order = np.argsort(drawn, axis=1, kind="stable")
        ordered = np.take_along_axis(drawn, order, axis=1)
        again = np.zeros(drawn.shape, dtype=bool)
        np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
        first = np.argsort(again, axis=1, kind="stable")[:, :length]
        enough = wide - again.sum(axis=1) >= length
        out[missing[enough]] = np.take_along_axis(drawn, first, axis=1)[enough]
        missing = missing[~enough]
    return out
