"""Growing groups block by block."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit_lean, njit_lean_inner
from targeting.delineation.searching._groups import (
    AREA,
    AREA_MAX,
    FAR,
    FREE,
    GROWING,
    NEED,
    PAID,
    PEOPLE,
    PEOPLE_MAX,
    PRICE,
    TOUCHED,
    WEIGHT,
    apart,
    how_far,
    shift,
)


@njit_lean_inner
def grow_one(
    given: int,
    follow: np.ndarray,
    meter: float,
    person: float,
    mix: float,
    wild: float,
    salt: int,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    facing: np.ndarray,
    paid: np.ndarray,
    blocks: np.ndarray,
    totals: np.ndarray,
    near_starts: np.ndarray,
    near: np.ndarray,
    rule: np.ndarray,
    wanted: int,
    shared: np.ndarray,
    pull: np.ndarray,
    rim: np.ndarray,
    order: np.ndarray,
) -> int:
    """Grow a group whose first `given` blocks stand in `order`.

    Return how many of `order` are its best part; its worth and breach stand in the last row.
    """
    spare = len(totals) - 2
    for column in range(blocks.shape[1]):
        totals[spare, column] = 0.0
    size = 0
    beside = 0
    best = 0
    most = -np.inf
    block = order[0]
    while block >= 0:
        order[size] = block
        size += 1
        shift(
            block, GROWING, 1.0, spare, spare, owner, starts, neighbor, facing, paid, blocks, totals
        )
        owner[block] = GROWING
        for link in range(starts[block], starts[block + 1]):
            other = neighbor[link]
            if owner[other] == FREE:
                if shared[other] == 0.0:
                    rim[beside] = other
                    beside += 1
                    shared[other] = TOUCHED
                shared[other] += paid[link]
                gain = follow[other, 0] + mix * follow[other, 1]
                if wild > 0:
                    stir = ((other * 2654435761 + salt) * 6364136223846793005 >> 40) & 0xFFFF
                    gain += wild * (stir / 65536.0 - 0.5) * abs(gain)
                gain -= person * blocks[other, PEOPLE]
                pull[other] = gain - meter * (blocks[other, PAID] - 2 * shared[other])
        breach = how_far(totals[spare], rule, wanted)
        value = totals[spare, NEED] - rule[PRICE] * totals[spare, PAID]
        if size >= given and value - FAR * rule[WEIGHT] * breach > most:
            most = value - FAR * rule[WEIGHT] * breach
            best = size
            totals[spare + 1, 0] = value
            totals[spare + 1, 1] = breach
        if size == len(order):
            break
        if size < given:
            block = order[size]
            continue
        people = rule[PEOPLE_MAX] - totals[spare, PEOPLE]
        area = rule[AREA_MAX] - totals[spare, AREA]
        block = -1
        top = -np.inf
        spot = 0
        while spot < beside:
            other = rim[spot]
            gain = pull[other]
            if gain < top or (gain == top and other >= block):
                spot += 1
                continue
            # What does not fit now never will: the group only grows.
            fits = blocks[other, PEOPLE] <= people and blocks[other, AREA] <= area
            if fits and near_starts[-1] > 0:
                fits = apart(other, GROWING, owner, near_starts, near)
            if owner[other] != FREE or not fits:
                beside -= 1
                rim[spot] = rim[beside]
                continue
            top = gain
            block = other
            spot += 1
    for spot in range(size):
        block = order[spot]
        owner[block] = FREE
        shared[block] = 0.0
        for link in range(starts[block], starts[block + 1]):
            shared[neighbor[link]] = 0.0
    return best


@njit_lean
def grow_groups(
    seeds: np.ndarray,
    given: np.ndarray,
    tries: np.ndarray,
    follow: np.ndarray,
    cover_max: int,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    facing: np.ndarray,
    paid: np.ndarray,
    blocks: np.ndarray,
    totals: np.ndarray,
    near_starts: np.ndarray,
    near: np.ndarray,
    rule: np.ndarray,
    covered: np.ndarray,
    shared: np.ndarray,
    pull: np.ndarray,
    rim: np.ndarray,
    order: np.ndarray,
    members: np.ndarray,
    ends: np.ndarray,
    values: np.ndarray,
    done: np.ndarray,
) -> int:
    """Grow a group from each start at each price; keep the best part of each, from its start on.

    Parameters
    ----------
    seeds : ndarray of int64
        Blocks to start from, those of the most promising start first, each beside one before it.
    given : ndarray of int64
        Where each start ends in `seeds`.
    tries : ndarray, shape (tries, 4)
        Price of a meter while growing, price of a resident, weight of the need around, and how
        much chance stirs.
    follow : ndarray, shape (blocks, 2)
        Need as the growth sees it, of the block and around it.
    cover_max : int
        A start whose first block is in this many best groups of earlier starts is skipped.
    owner, starts, neighbor, facing, paid, blocks, totals, near_starts, near, rule
        As in `Board`; only the spare rows of `totals` are changed.
    covered, shared, pull, rim, order : ndarray
        Work space: counts, zeros, and three of any content.
    members, ends, values : ndarray
        Filled: blocks one group after the other, where each ends, worth and breach.
    done : ndarray of int64
        Starts worked off, before and after; the loop stops when `members` may be full.

    Returns
    -------
    int
        How many groups were written.
    """
    spare = len(totals) - 2
    none = len(seeds) * 0
    used = 0
    groups = 0
    for at in range(done[0], len(given)):
        begin = given[at - 1] if at > 0 else 0
        seed = seeds[begin]
        done[0] = at
        if groups + len(tries) > len(ends) or used + len(tries) * len(order) > len(members):
            return groups
        fits = covered[seed] < cover_max and given[at] - begin <= len(order)
        people = 0.0
        area = 0.0
        for place in range(begin, given[at]):
            block = seeds[place]
            people += blocks[block, PEOPLE]
            area += blocks[block, AREA]
            fits &= owner[block] == FREE
            if fits and near_starts[-1] > 0:
                fits = apart(block, GROWING, owner, near_starts, near)
        if not fits or people > rule[PEOPLE_MAX] or area > rule[AREA_MAX]:
            continue
        covered[seed] += 1
        top = -1
        most = -np.inf
        for turn in range(len(tries)):
            for place in range(begin, given[at]):
                order[place - begin] = seeds[place]
            size = grow_one(
                none + given[at] - begin,
                follow,
                tries[turn, 0],
                tries[turn, 1],
                tries[turn, 2],
                tries[turn, 3],
                none + 0,
                owner,
                starts,
                neighbor,
                facing,
                paid,
                blocks,
                totals,
                near_starts,
                near,
                rule,
                none - 1,
                shared,
                pull,
                rim,
                order,
            )
            for place in range(size):
                members[used + place] = order[place]
            used += size
            ends[groups] = used
            values[groups, 0] = totals[spare + 1, 0]
            values[groups, 1] = totals[spare + 1, 1]
            if values[groups, 0] - FAR * rule[WEIGHT] * values[groups, 1] > most:
                most = values[groups, 0] - FAR * rule[WEIGHT] * values[groups, 1]
                top = groups
            groups += 1
        for place in range(ends[top - 1] if top > 0 else 0, ends[top]):
            covered[members[place]] += 1
    done[0] = len(given)
    return groups


@njit_lean
def thin(
    order: np.ndarray,
    members: np.ndarray,
    ends: np.ndarray,
    cover_max: int,
    seen: np.ndarray,
    kept: np.ndarray,
) -> None:
    """Mark groups, best first, that have a block in fewer than `cover_max` marked before."""
    for group in order:
        start = ends[group - 1] if group > 0 else 0
        fresh = False
        for place in range(start, ends[group]):
            fresh |= seen[members[place]] < cover_max
        kept[group] = fresh
        if fresh:
            for place in range(start, ends[group]):
                seen[members[place]] += 1
