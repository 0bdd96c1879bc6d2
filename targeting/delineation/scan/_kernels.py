"""The loops of the scan statistics: connected sets listed one by one, windows weighed in lanes."""

from __future__ import annotations

import math

import numpy as np

from targeting.compiled import njit, njit_inner

# A window is looked at closely only when a quick bound says it may beat the best one.
MARGIN = 0.999
LARGEST_SET = 15
NO = np.int32(0)
# A plain 0.0 would make the lanes double numbers, and half as many would fit.
NOTHING = np.float32(0.0)


@njit_inner
def likelihood_ratio(cases: float, expected: float, total: float) -> float:
    """Logarithm of the likelihood ratio of one window, whichever side its rate is on."""
    found = 0.0
    if cases > 0:
        found += cases * math.log(cases / expected)
    if total - cases > 0:
        found += (total - cases) * math.log((total - cases) / (total - expected))
    return found


@njit
def raise_best(
    start: np.ndarray,
    steps: np.ndarray,
    expected: np.ndarray,
    single: np.ndarray,
    counts: np.ndarray,
    best: np.ndarray,
    total: float,
    fewest: float,
) -> None:
    """Raise the best log-likelihood ratio of every replicate by the windows of some centers.

    A window is another one and one block more: its cases are those kept in the slot it comes from
    plus the block's, and are kept in the slot it goes to (never the same). Replicates run side by
    side, so that the processor adds many at once. With d cases too many, the ratio is never above
    d² (1 / 2 expected + 1 / (total − expected)), and with d too few never above
    d² (1 / expected + 1 / 2 (total − expected)): only where that beats the best are logarithms
    taken.

    Parameters
    ----------
    start : ndarray of int64
        The windows of center `i` are `start[i]` … `start[i + 1]` − 1.
    steps : ndarray of int64, shape (4, windows)
        The block each window adds, the slots it comes from and goes to; the last row is not used.
    expected : ndarray of float64
        Expected cases of each window.
    single : ndarray of float32, shape (3, windows)
        The same, and what d² is multiplied with when there are too many, and too few; 0 where the
        window does not count.
    counts : ndarray of float32, shape (groups, blocks, lanes)
        Cases of each block in each replicate.
    best : ndarray of float64, shape (groups, lanes)
        Raised in place.
    total, fewest : float
        All cases, and the fewest of a window with too many.
    """
    lanes = counts.shape[2]
    held = np.zeros((LARGEST_SET + 1, lanes), dtype=np.float32)
    bar = np.empty(lanes, dtype=np.float32)
    for group in range(counts.shape[0]):
        for lane in range(lanes):
            bar[lane] = best[group, lane] * MARGIN
        for step in range(start[0], start[-1]):
            before, after = held[steps[1, step]], held[steps[2, step]]
            more = counts[group, steps[0, step]]
            mean, high, low = single[0, step], single[1, step], single[2, step]
            hit = NO
            for lane in range(lanes):
                now = before[lane] + more[lane]
                after[lane] = now
                over = now - mean
                square = over * over * (high if over > NOTHING else low)
                hit |= np.int32(square > bar[lane])
            if not hit:
                continue
            for lane in range(lanes):
                over = after[lane] - mean
                if not over * over * (high if over > NOTHING else low) > bar[lane]:
                    continue
                cases = float(after[lane])
                if over > NOTHING and cases < fewest:
                    continue
                found = likelihood_ratio(cases, expected[step], total)
                if found > best[group, lane]:
                    best[group, lane] = found
                    bar[lane] = found * MARGIN


@njit
def list_sets(
    first: int,
    near: np.ndarray,
    beside: np.ndarray,
    allowed: np.ndarray,
    values: np.ndarray,
    start: np.ndarray,
    steps: np.ndarray,
    sums: np.ndarray,
) -> int:
    """List the connected sets that hold a center, each once, each one block more than another.

    Depth first: a block that was tried is not tried again beside or below, so no set comes twice.
    What a set of `d` blocks sums to lies in slot `d`.

    Parameters
    ----------
    first : int
        Center to begin with.
    near : ndarray of int64, shape (centers, k)
        Blocks near each center, itself first.
    beside : ndarray of int64, shape (centers, k)
        Which of them are neighbors of each: a bit for every place in the row.
    allowed : ndarray of int64
        Which of them may be used.
    values : ndarray of float64, shape (2, blocks)
        Cases and expected cases of each block.
    start : ndarray of int64
        Filled with where the sets of each center begin; one place more than centers.
    steps : ndarray of int64, shape (4, capacity)
        Filled for each set: the block it adds, the slots it comes from and goes to, and its bits.
    sums : ndarray of float64, shape (2, capacity)
        Filled with the cases and expected cases of each set.

    Returns
    -------
    int
        The center that did not fit any more; the number of centers when none was left.
    """
    width = near.shape[1]
    one = np.int64(1)
    room = steps.shape[1] - (one << (width - 1))
    level = np.zeros((3, width + 1), dtype=np.int64)
    held = np.zeros((2, width + 1))
    inside, wanted, tried = level[0], level[1], level[2]
    filled = 0
    for center in range(first, len(near)):
        start[center - first] = filled
        if filled > room:
            return center
        inside[0] = tried[0] = 0
        wanted[0] = allowed[center] & one
        depth = 0
        while depth >= 0:
            if wanted[depth] == 0:
                depth -= 1
                continue
            bit = wanted[depth] & -wanted[depth]
            place = 0
            while (bit >> place) != one:
                place += 1
            block = near[center, place]
            wanted[depth] ^= bit
            tried[depth] |= bit
            deeper = depth + 1
            inside[deeper] = inside[depth] | bit
            tried[deeper] = tried[depth]
            fresh = (wanted[depth] | beside[center, place]) & allowed[center]
            wanted[deeper] = fresh & ~tried[depth]
            steps[0, filled] = block
            steps[1, filled] = depth
            steps[2, filled] = deeper
            steps[3, filled] = inside[deeper]
            for side in range(2):
                held[side, deeper] = held[side, depth] + values[side, block]
                sums[side, filled] = held[side, deeper]
            filled += 1
            depth = deeper
        start[center - first + 1] = filled
    return len(near)
