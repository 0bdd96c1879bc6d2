"""The loops of the search: growing a group block by block, and polishing it move by move."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np

from targeting.compiled import njit, njit_inner
from targeting.delineation.graph import City, Limits

NEITHER, INSIDE, BESIDE = 0, 1, 2
CIRCLE = 4 * np.pi
# A plain 0 or 1 as an argument would be compiled twice: as a constant and as a number.
ONE = cast(int, np.int64(1))


class Bench(NamedTuple):
    """Work space of one search: who is inside or beside, and what they share with the group."""

    status: np.ndarray
    shared: np.ndarray
    touches: np.ndarray
    order: np.ndarray
    rim: np.ndarray
    found: np.ndarray
    lowest: np.ndarray
    cursor: np.ndarray
    joint: np.ndarray
    near: np.ndarray


def bench(count: int) -> Bench:
    """Return clean work space for a city of `count` blocks."""
    return Bench(
        status=np.zeros(count, dtype=np.int8),
        shared=np.zeros(count),
        touches=np.zeros(count, dtype=np.int64),
        order=np.empty(count, dtype=np.int64),
        rim=np.empty(count, dtype=np.int64),
        found=np.full(count, -1, dtype=np.int64),
        lowest=np.empty(count, dtype=np.int64),
        cursor=np.empty(count, dtype=np.int64),
        joint=np.zeros(count, dtype=np.bool_),
        near=np.full(count, -1.0),
    )


@njit_inner
def take(block: int, city: City, free: np.ndarray, at: Bench, beside: int) -> int:
    """Put a block inside; its free neighbors come to lie beside. Return how many lie beside."""
    at.status[block] = INSIDE
    for link in range(city.starts[block], city.starts[block + 1]):
        other = city.neighbor[link]
        if not free[other]:
            continue
        if at.status[other] == NEITHER:
            at.status[other] = BESIDE
            at.rim[beside] = other
            beside += 1
        at.shared[other] += city.facing[link]
        at.touches[other] += 1
    return beside


@njit_inner
def clear(size: int, city: City, at: Bench) -> None:
    for place in range(size):
        block = at.order[place]
        at.status[block] = NEITHER
        at.shared[block] = 0.0
        at.touches[block] = 0
        for link in range(city.starts[block], city.starts[block + 1]):
            other = city.neighbor[link]
            at.status[other] = NEITHER
            at.shared[other] = 0.0
            at.touches[other] = 0


@njit_inner
def _most_wanted(
    city: City,
    wish: np.ndarray,
    meter: float,
    person: float,
    room: tuple[float, float],
    at: Bench,
    beside: int,
) -> tuple[int, int]:
    """Return the block beside the group that gains most (−1: none fits), and the shorter rim."""
    chosen = -1
    best = -np.inf
    place = 0
    while place < beside:
        other = at.rim[place]
        too_much = city.population[other] > room[0] or city.area[other] > room[1]
        if at.status[other] == INSIDE or too_much:
            beside -= 1
            at.rim[place] = at.rim[beside]
            continue
        gain = wish[other] - person * city.population[other]
        gain -= meter * (city.outline[other] - 2 * at.shared[other])
        if gain > best or (gain == best and other < chosen):
            best = gain
            chosen = other
        place += 1
    return chosen, beside


@njit_inner
def grow(
    given: int,
    wish: np.ndarray,
    meter: float,
    person: float,
    city: City,
    limits: Limits,
    free: np.ndarray,
    at: Bench,
) -> tuple[int, int, float]:
    """Grow the group whose first `given` blocks stand in `at.order`.

    Return its size, its best prefix that keeps all limits (0: none) and what that is worth.
    """
    size = beside = 0 * given
    people = 0.0
    ground = 0.0
    length = 0.0
    need = 0.0
    best = 0
    best_value = 0.0
    block = at.order[0]
    while block >= 0:
        at.order[size] = block
        size += 1
        people += city.population[block]
        ground += city.area[block]
        length += city.outline[block] - 2 * at.shared[block]
        need += city.need[block]
        value = need - limits.price_per_m * length
        round_enough = CIRCLE * ground >= limits.compactness_min * length * length
        if people >= limits.population_min and value > best_value and round_enough:
            best = size
            best_value = value
        beside = take(block, city, free, at, beside)
        if size < given:
            block = at.order[size]
            continue
        room = (limits.population_max - people, limits.area_max_m2 - ground)
        block, beside = _most_wanted(city, wish, meter, person, room, at, beside)
    return size, best, best_value


@njit
def grow_groups(
    seeds: np.ndarray,
    tries: np.ndarray,
    wishes: np.ndarray,
    city: City,
    limits: Limits,
    free: np.ndarray,
    work: tuple[int, int],
    at: Bench,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grow a group from each seed under each try; keep the best prefix that fits all rules.

    Parameters
    ----------
    seeds : ndarray of int64
        Where to start, most promising first.
    tries : ndarray, shape (tries, 3)
        Row of `wishes` to follow, price of a meter while growing, price of a resident.
    wishes : ndarray, shape (rows, blocks)
        Need as the growth sees it (row 0 the true one, others disturbed).
    city, limits : City, Limits
        The blocks, and what a group must keep.
    free : ndarray of bool
        Blocks that may be used.
    work : tuple of int
        A seed in this many groups is skipped; at most this many seeds are grown.
    at : Bench
        Clean work space.

    Returns
    -------
    members, ends, values : ndarray
        Blocks of all groups one after the other, where each group ends, and its objective.
    """
    covered = np.zeros(len(free), dtype=np.int64)
    members = np.empty(4096, dtype=np.int64)
    ends = np.empty(len(seeds) * len(tries), dtype=np.int64)
    values = np.empty(len(seeds) * len(tries))
    used = 0
    groups = 0
    grown = 0
    for seed in seeds:
        if city.population[seed] > limits.population_max or city.area[seed] > limits.area_max_m2:
            continue
        if not free[seed] or covered[seed] >= work[0]:
            continue
        if grown >= work[1]:
            break
        grown += 1
        covered[seed] += 1
        top = -1
        for turn in range(len(tries)):
            wish = wishes[int(tries[turn, 0])]
            at.order[0] = seed
            size, best, value = grow(
                ONE, wish, tries[turn, 1], tries[turn, 2], city, limits, free, at
            )
            if best > 0:
                if used + best > len(members):
                    wider = np.empty(2 * (used + best), dtype=np.int64)
                    for place in range(used):
                        wider[place] = members[place]
                    members = wider
                for place in range(best):
                    members[used + place] = at.order[place]
                used += best
                ends[groups] = used
                values[groups] = value
                if top < 0 or value > values[top]:
                    top = groups
                groups += 1
            clear(size, city, at)
        if top >= 0:
            for place in range(ends[top - 1] if top > 0 else 0, ends[top]):
                covered[members[place]] += 1
    return members[:used], ends[:groups], values[:groups]
