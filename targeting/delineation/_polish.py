"""The loop of the polish: one block in, one out, or one for another, while that pays."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit, njit_inner
from targeting.delineation._search import BESIDE, CIRCLE, INSIDE, NEITHER, Bench, clear, grow, take
from targeting.delineation.graph import City, Limits

PAYS = 1e-9


@njit_inner
def _find_joints(size: int, city: City, at: Bench) -> None:
    """Mark the blocks of the group whose leaving would part it (Tarjan 1972)."""
    for place in range(size):
        block = at.order[place]
        at.joint[block] = False
        at.found[block] = -1
        at.cursor[block] = city.starts[block]
    stack = np.empty(size, dtype=np.int64)
    root = at.order[0]
    at.found[root] = at.lowest[root] = 0
    clock = 1
    branches = 0
    stack[0] = root
    depth = 1
    while depth > 0:
        block = stack[depth - 1]
        if at.cursor[block] < city.starts[block + 1]:
            other = city.neighbor[at.cursor[block]]
            at.cursor[block] += 1
            if at.status[other] != INSIDE:
                continue
            if at.found[other] < 0:
                at.found[other] = at.lowest[other] = clock
                clock += 1
                stack[depth] = other
                depth += 1
            else:
                at.lowest[block] = min(at.lowest[block], at.found[other])
        else:
            depth -= 1
            if depth > 0:
                above = stack[depth - 1]
                at.lowest[above] = min(at.lowest[above], at.lowest[block])
                if above == root:
                    branches += 1
                elif at.lowest[block] >= at.found[above]:
                    at.joint[above] = True
    at.joint[root] = branches > 1


@njit_inner
def _tidy(beside: int, at: Bench) -> int:
    """Keep on the rim only blocks that lie beside the group."""
    place = 0
    while place < beside:
        block = at.rim[place]
        if at.status[block] == BESIDE and at.touches[block] > 0:
            place += 1
            continue
        if at.status[block] == BESIDE:
            at.status[block] = NEITHER
        beside -= 1
        at.rim[place] = at.rim[beside]
    return beside


@njit_inner
def _leave(place: int, size: int, city: City, free: np.ndarray, at: Bench, beside: int) -> int:
    """Put the block at a place of the group out of it. Return how many lie beside."""
    block = at.order[place]
    at.order[place] = at.order[size - 1]
    at.status[block] = BESIDE
    at.rim[beside] = block
    for link in range(city.starts[block], city.starts[block + 1]):
        other = city.neighbor[link]
        if free[other]:
            at.shared[other] -= city.facing[link]
            at.touches[other] -= 1
    return beside + 1


@njit_inner
def _allowed(people: float, ground: float, length: float, limits: Limits) -> bool:
    return (
        people >= limits.population_min
        and people <= limits.population_max
        and ground <= limits.area_max_m2
        and CIRCLE * ground >= limits.compactness_min * length * length
    )


@njit_inner
def _best_move(
    size: int,
    beside: int,
    held: tuple[float, float, float],
    pays: float,
    locked: np.ndarray,
    city: City,
    limits: Limits,
    at: Bench,
) -> tuple[int, int]:
    """Return the block to take and the place to leave (−1: none), the best single move."""
    people, ground, length = held
    best = pays
    enter = -1
    leave = -1
    for place in range(beside):
        block = at.rim[place]
        more = city.outline[block] - 2 * at.shared[block]
        gain = city.need[block] - limits.price_per_m * more
        if gain > best or (gain == best and block < enter):
            now = people + city.population[block]
            if _allowed(now, ground + city.area[block], length + more, limits):
                best = gain
                enter = block
    for place in range(size):
        block = at.order[place]
        if at.joint[block] or locked[block] or size == 1:
            continue
        less = city.outline[block] - 2 * at.shared[block]
        gain = limits.price_per_m * less - city.need[block]
        if gain > best:
            now = people - city.population[block]
            if _allowed(now, ground - city.area[block], length - less, limits):
                best = gain
                enter = -1
                leave = place
    return enter, leave


@njit_inner
def _best_exchange(
    size: int,
    beside: int,
    held: tuple[float, float, float],
    pays: float,
    locked: np.ndarray,
    city: City,
    limits: Limits,
    at: Bench,
) -> tuple[int, int]:
    """Return the block to take and the place to leave for it (−1, −1: none)."""
    people, ground, length = held
    most = -np.inf
    for place in range(size):
        block = at.order[place]
        if not (at.joint[block] or locked[block]):
            less = city.outline[block] - 2 * at.shared[block]
            most = max(most, limits.price_per_m * less - city.need[block])
    best = pays
    enter = -1
    leave = -1
    for spot in range(beside):
        new = at.rim[spot]
        more = city.outline[new] - 2 * at.shared[new]
        gain = city.need[new] - limits.price_per_m * more
        if gain + most <= best:
            continue
        for link in range(city.starts[new], city.starts[new + 1]):
            at.near[city.neighbor[link]] = city.facing[link]
        for place in range(size):
            old = at.order[place]
            linked = at.near[old] >= 0
            if at.joint[old] or locked[old] or (linked and at.touches[new] == 1):
                continue
            less = city.outline[old] - 2 * (at.shared[old] + max(at.near[old], 0.0))
            both = gain + limits.price_per_m * less - city.need[old]
            if both <= best:
                continue
            now = people + city.population[new] - city.population[old]
            area = ground + city.area[new] - city.area[old]
            if _allowed(now, area, length + more - less, limits):
                best = both
                enter = new
                leave = place
        for link in range(city.starts[new], city.starts[new + 1]):
            at.near[city.neighbor[link]] = -1.0
    return enter, leave


@njit
def polish_group(
    members: np.ndarray,
    locked: np.ndarray,
    city: City,
    limits: Limits,
    free: np.ndarray,
    moves_max: int,
    at: Bench,
) -> tuple[np.ndarray, float]:
    """Improve a group that keeps all rules, move by move; return its blocks and its worth.

    Parameters
    ----------
    members : ndarray of int64
        Blocks of the group: connected, within the limits.
    locked : ndarray of bool
        Blocks that must not leave.
    city, limits : City, Limits
        The blocks, and what a group must keep.
    free : ndarray of bool
        Blocks that may be used; the members are among them.
    moves_max : int
        After so many moves the search stops.
    at : Bench
        Clean work space.
    """
    size = beside = 0 * len(members)
    people = 0.0
    ground = 0.0
    length = 0.0
    need = 0.0
    scale = 0.0
    for block in members:
        people += city.population[block]
        ground += city.area[block]
        length += city.outline[block] - 2 * at.shared[block]
        need += city.need[block]
        scale += abs(city.need[block])
        at.order[size] = block
        size += 1
        beside = take(block, city, free, at, beside)
    pays = PAYS * (scale + limits.price_per_m * length)
    for _ in range(moves_max):
        beside = _tidy(beside, at)
        _find_joints(size, city, at)
        held = (people, ground, length)
        enter, leave = _best_move(size, beside, held, pays, locked, city, limits, at)
        if enter < 0 and leave < 0:
            enter, leave = _best_exchange(size, beside, held, pays, locked, city, limits, at)
        if enter < 0 and leave < 0:
            break
        if enter >= 0:
            people += city.population[enter]
            ground += city.area[enter]
            need += city.need[enter]
            length += city.outline[enter] - 2 * at.shared[enter]
            at.order[size] = enter
            size += 1
            beside = take(enter, city, free, at, beside)
        if leave >= 0:
            beside = _tidy(beside, at)
            old = at.order[leave]
            people -= city.population[old]
            ground -= city.area[old]
            need -= city.need[old]
            length -= city.outline[old] - 2 * at.shared[old]
            beside = _leave(leave, size, city, free, at, beside)
            size -= 1
    kept = np.empty(size, dtype=np.int64)
    for place in range(size):
        kept[place] = at.order[place]
    clear(size, city, at)
    for place in range(beside):
        at.status[at.rim[place]] = NEITHER
        at.shared[at.rim[place]] = 0.0
        at.touches[at.rim[place]] = 0
    return kept, need - limits.price_per_m * length


@njit_inner
def _walk_from(root: int, members: np.ndarray, keep: int, city: City, at: Bench) -> int:
    """Put into `at.order` the `keep` members nearest to the root, step by step."""
    for block in members:
        at.near[block] = 1.0
    at.order[0] = root
    at.near[root] = -1.0
    size = 1
    reached = 0
    while reached < size:
        block = at.order[reached]
        reached += 1
        for link in range(city.starts[block], city.starts[block + 1]):
            other = city.neighbor[link]
            if at.near[other] > 0:
                at.near[other] = -1.0
                at.order[size] = other
                size += 1
    return min(size, keep)


@njit
def renew_group(
    members: np.ndarray,
    draws: np.ndarray,
    locked: np.ndarray,
    city: City,
    limits: Limits,
    free: np.ndarray,
    moves_max: int,
    at: Bench,
) -> tuple[np.ndarray, float]:
    """Take a group apart and grow it again, once for each row of chances; keep the best.

    Parameters
    ----------
    members : ndarray of int64
        Blocks of the group: connected, within the limits.
    draws : ndarray, shape (times, 3)
        Chances from 0 to 1: which block stays, how many around it, how dear a meter is.
    locked, city, limits, free, moves_max, at
        As in `polish_group`.
    """
    best, worth = polish_group(members, locked, city, limits, free, moves_max, at)
    for row in range(len(draws)):
        root = best[int(draws[row, 0] * len(best))]
        keep = max(1, int(len(best) * (0.1 + 0.8 * draws[row, 1])))
        meter = limits.price_per_m * 30.0 ** draws[row, 2]
        given = _walk_from(root, best, keep, city, at)
        size, part, _ = grow(given, city.need, meter, 0.0, city, limits, free, at)
        again = np.empty(part, dtype=np.int64)
        for place in range(part):
            again[place] = at.order[place]
        clear(size, city, at)
        if part == 0:
            continue
        again, value = polish_group(again, locked, city, limits, free, moves_max, at)
        if value > worth * (1 + PAYS):
            best = again
            worth = value
    return best, worth
