"""The loop of the hold-out: polygons of chance, grown block by block."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit, njit_inner

# Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators: SplitMix64.
STEP = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
A30, A27, A31, A11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
UNIT = 2.0**-53
TRIES = 50
SLACK = 1 + 1e-9


@njit_inner
def chance(state: np.ndarray) -> float:
    """Return a number from 0 to below 1; the state moves on."""
    state[0] += STEP
    mixed = state[0]
    mixed = (mixed ^ (mixed >> A30)) * FIRST
    mixed = (mixed ^ (mixed >> A27)) * SECOND
    return float((mixed ^ (mixed >> A31)) >> A11) * UNIT


@njit_inner
def start_at(summed: np.ndarray, state: np.ndarray) -> int:
    """Return a block by chance, each as likely as its share of what is summed up."""
    wanted = chance(state) * summed[-1]
    low, high = 0, len(summed) - 1
    while low < high:
        middle = (low + high) // 2
        if summed[middle] > wanted:
            high = middle
        else:
            low = middle + 1
    return low


@njit
def draw_groups(
    starts: np.ndarray,
    neighbor: np.ndarray,
    free: np.ndarray,
    values: np.ndarray,
    summed: np.ndarray,
    room: np.ndarray,
    wanted: np.ndarray,
    state: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Grow disjoint connected groups of about the wanted size, each from a block of chance.

    A block beside the group is taken by chance until the size is reached; the last one stays out
    where that comes nearer. A start in too small a part of the city, or a group that gets stuck,
    is tried again elsewhere.

    Parameters
    ----------
    starts, neighbor : ndarray of int64
        Links in rows.
    free : ndarray of bool
        Blocks that may be in a group.
    values : ndarray of float64, shape (2, blocks)
        What the size is told in (people), and what is counted.
    summed : ndarray of float64
        The first of them, summed up from the first block on; 0 where not free.
    room : ndarray of float64
        Size of the connected part of the city each block is in.
    wanted : ndarray of float64
        Size of each group, in the order they are grown.
    state : ndarray of uint64
        Of the chance; moved on in place.
    sums : ndarray of float64, shape (draws, 3)
        Filled with the size of all groups, what was counted in them, and how many there are.
    """
    count = len(free)
    taken, seen = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    rim, inside = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    attempt = 0
    for draw in range(len(sums)):
        sums[draw] = 0.0
        for group in range(len(wanted)):
            target = wanted[group]
            for _ in range(TRIES):
                block = start_at(summed, state)
                if taken[block] == draw or room[block] * SLACK < target:
                    continue
                attempt += 1
                seen[block] = attempt
                rim[0] = block
                beside, size = 1, 0
                held = 0.0
                done = False
                while beside > 0 and not done:
                    place = int(chance(state) * beside)
                    block = rim[place]
                    beside -= 1
                    rim[place] = rim[beside]
                    more = values[0, block]
                    if size > 0 and held + more - target > target - held:
                        done = True
                        continue
                    inside[size] = block
                    size += 1
                    held += more
                    done = held * SLACK >= target
                    for link in range(starts[block], starts[block + 1]):
                        other = neighbor[link]
                        if free[other] and seen[other] != attempt and taken[other] != draw:
                            seen[other] = attempt
                            rim[beside] = other
                            beside += 1
                if done:
                    for place in range(size):
                        taken[inside[place]] = draw
                        sums[draw, 1] += values[1, inside[place]]
                    sums[draw, 0] += held
                    sums[draw, 2] += 1
                    break
