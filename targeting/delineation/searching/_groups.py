"""Steps all loops of the search share: totals of a group, and what it breaks.

A group's totals stand in a row: need, people, area, outline, paid outline, blocks, seeds, then a
column for each dimension that may lead and one for each share. `owner` is the group of a block,
`FREE`, or `BARRED`. No loop makes an array of its own, so that compiling stays quick.
"""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit_lean_inlined, njit_lean_inner

FREE, BARRED, GROWING = -1, -2, -3
REQUIRED, FIXED = 1, 2
NEED, PEOPLE, AREA, OUTLINE, PAID, BLOCKS, SEEDS, MORE = range(8)
(
    PEOPLE_MIN,
    PEOPLE_MAX,
    AREA_MAX,
    COMPACTNESS_MIN,
    PRICE,
    BLOCKS_MIN,
    BLOCKS_MAX,
    SEEDED,
    DIMENSIONS,
    SHARES,
    WEIGHT,
    SLACK,
    RULE_COUNT,
) = range(13)
CIRCLE = 4 * np.pi
EXACT = 1e-10
SWAPS = 0.25
WILD = 2.0
MIX = 3.0
DRIFT = 0.4
RUINED = 0.9
STEEP = 3.4
CALM = 0.8
STERN = 3.0
FAR = 9.0
TOUCHED = 1e-9
# Below this power of e lies the least chance above 0 that `draw` gives: 2 to the −31.
HOPELESS = -22.0


@njit_lean_inner
def draw(chance: np.ndarray) -> float:
    """Return a number from 0 to 1 (a linear congruential generator, Knuth's MMIX)."""
    chance[0] = chance[0] * 6364136223846793005 + 1442695040888963407
    return float((chance[0] >> 33) & 0x7FFFFFFF) / 2147483648.0


@njit_lean_inlined
def how_far(row: np.ndarray, rule: np.ndarray, wanted: int) -> float:
    """How far a group is from keeping the rules: relative excesses, added up."""
    if row[BLOCKS] == 0:
        return 0.0
    people, area, many = row[PEOPLE], row[AREA], row[BLOCKS]
    far = 0.0
    # Divided only where it counts: a division costs more than all the comparing.
    if people > rule[PEOPLE_MAX]:
        far += people / rule[PEOPLE_MAX] - 1
    if people < rule[PEOPLE_MIN]:
        far += 1 - people / rule[PEOPLE_MIN]
    if area > rule[AREA_MAX]:
        far += area / rule[AREA_MAX] - 1
    round_ = rule[COMPACTNESS_MIN] * row[OUTLINE] * row[OUTLINE]
    ground = max(CIRCLE * area, 1e-9)
    if round_ > ground:
        far += min(round_ / ground - 1, 9.0)
    if many > rule[BLOCKS_MAX]:
        far += many / rule[BLOCKS_MAX] - 1
    if many < rule[BLOCKS_MIN]:
        far += 1 - many / rule[BLOCKS_MIN]
    if row[SEEDS] < rule[SEEDED]:
        far += 1.0
    if wanted >= 0:
        mine = row[MORE + wanted]
        for other in range(int(rule[DIMENSIONS])):
            lead = row[MORE + other] - mine
            if lead > 0 or (lead == 0 and other < wanted):
                far += 0.01 + lead / (abs(mine) + abs(row[MORE + other]) + 1e-300)
    return float(far)


@njit_lean_inlined
def shift(
    block: int,
    group: int,
    sign: float,
    base: int,
    into: int,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    facing: np.ndarray,
    paid: np.ndarray,
    blocks: np.ndarray,
    totals: np.ndarray,
) -> None:
    """Write into a row what a group's totals would be with the block more or less."""
    shared = 0.0
    saved = 0.0
    for link in range(starts[block], starts[block + 1]):
        if owner[neighbor[link]] == group:
            shared += facing[link]
            saved += paid[link]
    for column in range(MORE):
        totals[into, column] = totals[base, column] + sign * blocks[block, column]
    for column in range(MORE, blocks.shape[1]):
        totals[into, column] = totals[base, column] + sign * blocks[block, column]
    totals[into, OUTLINE] -= 2 * sign * shared
    totals[into, PAID] -= 2 * sign * saved


@njit_lean_inner
def whole_without(
    block: int,
    group: int,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    mark: np.ndarray,
    queue: np.ndarray,
) -> bool:
    """Tell whether a group stays in one piece without one of its blocks."""
    tick = mark[-1] + 1
    mark[-1] = tick + 1
    wanted = 0
    for link in range(starts[block], starts[block + 1]):
        other = neighbor[link]
        if owner[other] == group:
            wanted += 1
            mark[other] = tick
            queue[0] = other
    if wanted < 2:
        return wanted == 1
    mark[block] = tick + 1
    mark[queue[0]] = tick + 1
    wanted -= 1
    head, tail = 0, 1
    while head < tail:
        here = queue[head]
        head += 1
        for link in range(starts[here], starts[here + 1]):
            other = neighbor[link]
            if owner[other] != group or mark[other] == tick + 1:
                continue
            if mark[other] == tick:
                wanted -= 1
                if wanted == 0:
                    return True
            mark[other] = tick + 1
            queue[tail] = other
            tail += 1
    return False


@njit_lean_inner
def apart(
    block: int, group: int, owner: np.ndarray, near_starts: np.ndarray, near: np.ndarray
) -> bool:
    """Tell whether no block too close belongs to another group."""
    for place in range(near_starts[block], near_starts[block + 1]):
        other = owner[near[place]]
        if other >= 0 and other != group:
            return False
    return True


@njit_lean_inner
def add_up(
    size: int,
    subset: np.ndarray,
    inside: np.ndarray,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    facing: np.ndarray,
    paid: np.ndarray,
    blocks: np.ndarray,
    totals: np.ndarray,
) -> None:
    """Add up the totals of some groups afresh."""
    for group in subset:
        for column in range(blocks.shape[1]):
            totals[group, column] = 0.0
    for place in range(size):
        block = inside[place]
        group = owner[block]
        for column in range(blocks.shape[1]):
            totals[group, column] += blocks[block, column]
        for link in range(starts[block], starts[block + 1]):
            if owner[neighbor[link]] == group:
                totals[group, OUTLINE] -= facing[link]
                totals[group, PAID] -= paid[link]


@njit_lean_inner
def settle_block(
    block: int, to: int, size: int, owner: np.ndarray, inside: np.ndarray, place: np.ndarray
) -> int:
    """Give a block to a group or set it free; return how many blocks are inside."""
    if to < 0:
        size -= 1
        last = inside[size]
        inside[place[block]] = last
        place[last] = place[block]
    elif owner[block] < 0:
        inside[size] = block
        place[block] = size
        size += 1
    owner[block] = to
    return size
