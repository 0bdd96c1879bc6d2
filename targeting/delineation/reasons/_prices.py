"""The loops behind the price of a block: groups grown around it, and what its leaving parts."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit_lean

CIRCLE = 4 * np.pi
COVERED_ENOUGH = 3


@njit_lean
def best_worth(
    seeds: np.ndarray,
    meters: np.ndarray,
    held: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    saved: np.ndarray,
    bounds: np.ndarray,
    free: np.ndarray,
    whole: np.ndarray,
    real: np.ndarray,
    best: np.ndarray,
) -> None:
    """Find, for every block, the worth of the best group with it that was grown from a seed.

    Parameters
    ----------
    seeds : ndarray of int64
        Blocks to grow from, in this order; one in three groups already is skipped.
    meters : ndarray
        Prices of a meter while growing; the worth is told at the true one.
    held : ndarray, shape (blocks, 5)
        Need, people, area, outline, outline to be paid.
    starts, neighbor : ndarray of int64
        Links in rows.
    saved : ndarray, shape (links, 2)
        Outline two neighbors save, and the one they need not pay.
    bounds : ndarray
        People from and to, area to, compactness from, blocks from and to, price of a meter.
    free : ndarray of bool
        Blocks that may be used.
    whole : ndarray of int64, shape (4, blocks)
        Work space, zeros.
    real : ndarray, shape (3, blocks)
        Work space, zeros.
    best : ndarray
        Gets the worths; −inf stays where no group keeps the bounds.
    """
    covered, status, order, rim = whole[0], whole[1], whole[2], whole[3]
    shared, unpaid, worth = real[0], real[1], real[2]
    for seed in seeds:
        if not free[seed] or covered[seed] >= COVERED_ENOUGH:
            continue
        for meter in meters:
            size = 0
            beside = 0
            people = area = length = paid = need = 0.0
            block = seed
            while block >= 0:
                order[size] = block
                status[block] = 1
                need += held[block, 0]
                people += held[block, 1]
                area += held[block, 2]
                length += held[block, 3] - 2 * shared[block]
                paid += held[block, 4] - 2 * unpaid[block]
                size += 1
                fits = (
                    bounds[0] <= people <= bounds[1]
                    and area <= bounds[2]
                    and bounds[4] <= size <= bounds[5]
                    and CIRCLE * area >= bounds[3] * length * length
                )
                worth[size - 1] = need - bounds[6] * paid if fits else -np.inf
                for link in range(starts[block], starts[block + 1]):
                    other = neighbor[link]
                    if not free[other]:
                        continue
                    if status[other] == 0:
                        status[other] = 2
                        rim[beside] = other
                        beside += 1
                    shared[other] += saved[link, 0]
                    unpaid[other] += saved[link, 1]
                block = -1
                gain_most = -np.inf
                place = 0
                while place < beside and size < bounds[5]:
                    other = rim[place]
                    over = people + held[other, 1] > bounds[1] or area + held[other, 2] > bounds[2]
                    if status[other] == 1 or over:
                        beside -= 1
                        rim[place] = rim[beside]
                        continue
                    gain = held[other, 0] - meter * (held[other, 4] - 2 * unpaid[other])
                    if gain > gain_most or (gain == gain_most and other < block):
                        gain_most = gain
                        block = other
                    place += 1
            most = -np.inf
            for place in range(size - 1, -1, -1):
                member = order[place]
                most = max(most, worth[place])
                if most > best[member]:
                    best[member] = most
                if most > -np.inf:
                    covered[member] += 1
                status[member] = 0
                shared[member] = unpaid[member] = 0.0
                for link in range(starts[member], starts[member + 1]):
                    status[neighbor[link]] = 0
                    shared[neighbor[link]] = unpaid[neighbor[link]] = 0.0


@njit_lean
def joints(
    member: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    whole: np.ndarray,
    joint: np.ndarray,
) -> None:
    """Find which blocks part their polygon when they leave it (Tarjan 1972).

    Parameters
    ----------
    member : ndarray of int64
        Polygon of each block, 0 for none.
    starts, neighbor : ndarray of int64
        Links in rows.
    whole : ndarray of int64, shape (4, blocks)
        Work space, zeros.
    joint : ndarray of bool
        Gets the answer; all False before.
    """
    found, lowest, cursor, stack = whole[0], whole[1], whole[2], whole[3]
    clock = 1
    for root in range(len(member)):
        if member[root] == 0 or found[root] > 0:
            continue
        found[root] = lowest[root] = clock
        clock += 1
        stack[0] = root
        depth = 1
        branches = 0
        while depth > 0:
            block = stack[depth - 1]
            if starts[block] + cursor[block] < starts[block + 1]:
                other = neighbor[starts[block] + cursor[block]]
                cursor[block] += 1
                if member[other] != member[block]:
                    continue
                if found[other] == 0:
                    found[other] = lowest[other] = clock
                    clock += 1
                    stack[depth] = other
                    depth += 1
                else:
                    lowest[block] = min(lowest[block], found[other])
                continue
            depth -= 1
            if depth > 0:
                above = stack[depth - 1]
                lowest[above] = min(lowest[above], lowest[block])
                if above == root:
                    branches += 1
                elif lowest[block] >= found[above]:
                    joint[above] = True
        joint[root] = branches > 1
