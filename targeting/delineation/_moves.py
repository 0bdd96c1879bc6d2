"""The loops of the search: growing groups block by block, and annealing a few side by side.

A group's totals stand in a row: need, people, area, outline, paid outline, blocks, seeds, then a
column for each dimension that may lead and one for each share. `owner` is the group of a block,
`FREE`, or `BARRED`. No loop makes an array of its own, so that compiling stays quick.
"""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit_lean, njit_lean_inner

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
RUINED = 0.9
STEEP = 3.4
CALM = 0.8
STERN = 3.0
FAR = 9.0
TOUCHED = 1e-9


@njit_lean_inner
def _draw(chance: np.ndarray) -> float:
    """Return a number from 0 to 1 (a linear congruential generator, Knuth's MMIX)."""
    chance[0] = chance[0] * 6364136223846793005 + 1442695040888963407
    return float((chance[0] >> 33) & 0x7FFFFFFF) / 2147483648.0


@njit_lean_inner
def _breach(row: np.ndarray, rule: np.ndarray, wanted: int) -> float:
    """How far a group is from keeping the rules: relative excesses, added up."""
    if row[BLOCKS] == 0:
        return 0.0
    people, area = row[PEOPLE], row[AREA]
    far = max(people / rule[PEOPLE_MAX] - 1, 0.0) + max(1 - people / rule[PEOPLE_MIN], 0.0)
    far += max(area / rule[AREA_MAX] - 1, 0.0)
    if rule[COMPACTNESS_MIN] > 0:
        round_ = rule[COMPACTNESS_MIN] * row[OUTLINE] * row[OUTLINE]
        far += min(max(round_ / max(CIRCLE * area, 1e-9) - 1, 0.0), 9.0)
    far += max(row[BLOCKS] / rule[BLOCKS_MAX] - 1, 0.0)
    far += max(1 - row[BLOCKS] / rule[BLOCKS_MIN], 0.0)
    if row[SEEDS] < rule[SEEDED]:
        far += 1.0
    if wanted >= 0:
        mine = row[MORE + wanted]
        for other in range(int(rule[DIMENSIONS])):
            lead = row[MORE + other] - mine
            if lead > 0 or (lead == 0 and other < wanted):
                far += 0.01 + lead / (abs(mine) + abs(row[MORE + other]) + 1e-300)
    return float(far)


@njit_lean_inner
def _shift(
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
    for column in range(blocks.shape[1]):
        totals[into, column] = totals[base, column] + sign * blocks[block, column]
    totals[into, OUTLINE] -= 2 * sign * shared
    totals[into, PAID] -= 2 * sign * saved


@njit_lean_inner
def _whole_without(
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
def _apart(
    block: int, group: int, owner: np.ndarray, near_starts: np.ndarray, near: np.ndarray
) -> bool:
    """Tell whether no block too close belongs to another group."""
    for place in range(near_starts[block], near_starts[block + 1]):
        other = owner[near[place]]
        if other >= 0 and other != group:
            return False
    return True


@njit_lean_inner
def _tally(
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
def _set(
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


@njit_lean_inner
def anneal(
    size: int,
    subset: np.ndarray,
    heat: np.ndarray,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    facing: np.ndarray,
    paid: np.ndarray,
    blocks: np.ndarray,
    lock: np.ndarray,
    near_starts: np.ndarray,
    near: np.ndarray,
    totals: np.ndarray,
    wanted: np.ndarray,
    plan: np.ndarray,
    rule: np.ndarray,
    inside: np.ndarray,
    place: np.ndarray,
    mark: np.ndarray,
    queue: np.ndarray,
    journal: np.ndarray,
    chance: np.ndarray,
) -> int:
    """Move blocks in, out of and between a few groups; end at the best state that keeps all rules.

    Parameters
    ----------
    size, inside
        How many blocks the groups have together, and these blocks; changed.
    subset : ndarray of int64
        The groups.
    heat : ndarray
        Moves tried, first and last temperature (in need).
    owner, totals, plan : ndarray
        Group of each block, totals of each group (two spare rows) and of the shares over all
        groups; changed.
    starts, neighbor, facing, paid, blocks, lock, near_starts, near, wanted, rule
        As in `Board`.
    place, mark, queue, journal, chance : ndarray
        Work space; the last is the state of chance.

    Returns
    -------
    int
        How many blocks the groups have now. Without a state that keeps all rules, nothing changed.
    """
    spare = len(totals) - 2
    shares = len(plan)
    first = blocks.shape[1] - shares
    weight = rule[WEIGHT]
    for place_ in range(size):
        place[inside[place_]] = place_
    _tally(size, subset, inside, owner, starts, neighbor, facing, paid, blocks, totals)
    now = 0.0
    broken = 0.0
    for group in subset:
        now += totals[group, NEED] - rule[PRICE] * totals[group, PAID]
        broken += _breach(totals[group], rule, wanted[group])
    short = 0.0
    for share in range(shares):
        short += max(-plan[share], 0.0)
    best = now if broken <= EXACT else -np.inf
    eps = 1e-9 * (abs(now) + 1e-9)
    best_short = short
    written = 0
    warmth = heat[1]
    steps = int(heat[0])
    cooling = (heat[2] / heat[1]) ** (1.0 / max(steps, 1))
    loose = rule[SLACK]
    stricter = rule[SLACK] / max(CALM * steps, 1.0)
    dearer = STERN * weight / max(steps, 1)
    for _ in range(steps):
        warmth *= cooling
        loose = max(loose - stricter, 0.0)
        weight += dearer
        one = inside[int(_draw(chance) * size)]
        group = owner[one]
        links = starts[one + 1] - starts[one]
        if links == 0:
            continue
        block = neighbor[starts[one] + int(_draw(chance) * links)]
        giver = owner[block]
        taker = group
        leaver = -1
        if giver == group:
            block = one
            taker = FREE
            if lock[block] > 0:
                continue
        elif giver >= 0:
            known = False
            for other in subset:
                known |= other == giver
            if not known or lock[block] == FIXED:
                continue
        elif giver == FREE:
            if _draw(chance) < SWAPS:
                leaver = inside[int(_draw(chance) * size)]
                if owner[leaver] != group or lock[leaver] > 0:
                    leaver = -1
        else:
            continue
        if (
            taker >= 0
            and near_starts[-1] > 0
            and not _apart(block, group, owner, near_starts, near)
        ):
            continue
        was = 0.0
        value = 0.0
        breach = 0.0
        kept = 0.0
        row = spare
        if taker >= 0:
            was += _breach(totals[taker], rule, wanted[taker])
            value -= totals[taker, NEED] - rule[PRICE] * totals[taker, PAID]
            _shift(
                block, taker, 1.0, taker, row, owner, starts, neighbor, facing, paid, blocks, totals
            )
            if leaver >= 0:
                owner[block] = taker
                _shift(
                    leaver,
                    taker,
                    -1.0,
                    row,
                    row,
                    owner,
                    starts,
                    neighbor,
                    facing,
                    paid,
                    blocks,
                    totals,
                )
                owner[block] = giver
            breach += _breach(totals[row], rule, wanted[taker])
            value += totals[row, NEED] - rule[PRICE] * totals[row, PAID]
        if giver >= 0:
            was += _breach(totals[giver], rule, wanted[giver])
            value -= totals[giver, NEED] - rule[PRICE] * totals[giver, PAID]
            row = spare + 1
            _shift(
                block,
                giver,
                -1.0,
                giver,
                row,
                owner,
                starts,
                neighbor,
                facing,
                paid,
                blocks,
                totals,
            )
            breach += _breach(totals[row], rule, wanted[giver])
            value += totals[row, NEED] - rule[PRICE] * totals[row, PAID]
        for share in range(shares):
            more = plan[share]
            if taker >= 0:
                more += totals[spare, first + share] - totals[taker, first + share]
            if giver >= 0:
                more += totals[spare + 1, first + share] - totals[giver, first + share]
            kept += max(-more, 0.0)
        if breach > was and breach > loose:
            continue
        gain = value - weight * (breach - was + kept - short)
        if gain < 0 and _draw(chance) >= np.exp(gain / warmth):
            continue
        if giver >= 0 and not _whole_without(block, giver, owner, starts, neighbor, mark, queue):
            continue
        if leaver >= 0:
            owner[block] = taker
            whole = _whole_without(leaver, taker, owner, starts, neighbor, mark, queue)
            owner[block] = giver
            if not whole:
                continue
        size = _set(block, taker, size, owner, inside, place)
        journal[written, 0] = block
        journal[written, 1] = giver
        written += 1
        if leaver >= 0:
            size = _set(leaver, FREE, size, owner, inside, place)
            journal[written, 0] = leaver
            journal[written, 1] = taker
            written += 1
        for column in range(blocks.shape[1]):
            if column >= first:
                if taker >= 0:
                    plan[column - first] += totals[spare, column] - totals[taker, column]
                if giver >= 0:
                    plan[column - first] += totals[spare + 1, column] - totals[giver, column]
            if taker >= 0:
                totals[taker, column] = totals[spare, column]
            if giver >= 0:
                totals[giver, column] = totals[spare + 1, column]
        now += value
        short = kept
        if now > best + eps and short <= best_short + EXACT:
            broken = 0.0
            for other in subset:
                broken += _breach(totals[other], rule, wanted[other])
            if broken <= EXACT:
                best = now
                best_short = short
                written = 0
    while written > 0:
        written -= 1
        size = _set(journal[written, 0], journal[written, 1], size, owner, inside, place)
    for group in subset:
        for share in range(shares):
            plan[share] -= totals[group, first + share]
    _tally(size, subset, inside, owner, starts, neighbor, facing, paid, blocks, totals)
    for group in subset:
        for share in range(shares):
            plan[share] += totals[group, first + share]
    return size


@njit_lean_inner
def _grow(
    given: int,
    follow: np.ndarray,
    meter: float,
    person: float,
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
        _shift(
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
        breach = _breach(totals[spare], rule, wanted)
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
            fits = blocks[other, PEOPLE] <= people and blocks[other, AREA] <= area
            if fits and near_starts[-1] > 0:
                fits = _apart(other, GROWING, owner, near_starts, near)
            if owner[other] != FREE or not fits:
                beside -= 1
                rim[spot] = rim[beside]
                continue
            gain = follow[other]
            if wild > 0:
                stir = ((other * 2654435761 + salt) * 6364136223846793005 >> 40) & 0xFFFF
                gain += wild * (stir / 65536.0 - 0.5) * abs(gain)
            gain -= person * blocks[other, PEOPLE]
            gain -= meter * (blocks[other, PAID] - 2 * shared[other])
            if gain > top or (gain == top and other < block):
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
    rim: np.ndarray,
    order: np.ndarray,
    members: np.ndarray,
    ends: np.ndarray,
    values: np.ndarray,
    done: np.ndarray,
) -> int:
    """Grow a group from each seed at each price; keep the best part of each, from its seed on.

    Parameters
    ----------
    seeds : ndarray of int64
        Where to start, most promising first.
    tries : ndarray, shape (tries, 2)
        Price of a meter while growing, price of a resident.
    follow : ndarray
        Need as the growth sees it.
    cover_max : int
        A seed in this many best groups of earlier seeds is skipped.
    owner, starts, neighbor, facing, paid, blocks, totals, near_starts, near, rule
        As in `Board`; only the spare rows of `totals` are changed.
    covered, shared, rim, order : ndarray
        Work space: counts, zeros, and two of any content.
    members, ends, values : ndarray
        Filled: blocks one group after the other, where each ends, worth and breach.
    done : ndarray of int64
        Seeds worked off, before and after; the loop stops when `members` may be full.

    Returns
    -------
    int
        How many groups were written.
    """
    spare = len(totals) - 2
    used = 0
    groups = 0
    for at in range(done[0], len(seeds)):
        seed = seeds[at]
        done[0] = at
        if groups + len(tries) > len(ends) or used + len(tries) * len(order) > len(members):
            return groups
        heavy = blocks[seed, PEOPLE] > rule[PEOPLE_MAX] or blocks[seed, AREA] > rule[AREA_MAX]
        if owner[seed] != FREE or covered[seed] >= cover_max or heavy:
            continue
        if near_starts[-1] > 0 and not _apart(seed, GROWING, owner, near_starts, near):
            continue
        covered[seed] += 1
        top = -1
        most = -np.inf
        for turn in range(len(tries)):
            order[0] = seed
            size = _grow(
                1,
                follow,
                tries[turn, 0],
                tries[turn, 1],
                0.0,
                0,
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
                -1,
                shared,
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
    done[0] = len(seeds)
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


@njit_lean_inner
def _part(
    root: int,
    keep: int,
    group: int,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    mark: np.ndarray,
    order: np.ndarray,
) -> int:
    """Put into `order` the `keep` blocks of a group nearest to the root; return how many."""
    tick = mark[-1] + 1
    mark[-1] = tick
    order[0] = root
    mark[root] = tick
    size = 1
    head = 0
    while head < size and size < keep:
        for link in range(starts[order[head]], starts[order[head] + 1]):
            other = neighbor[link]
            if owner[other] == group and mark[other] != tick and size < keep:
                mark[other] = tick
                order[size] = other
                size += 1
        head += 1
    return size


@njit_lean_inner
def _ruin(
    size: int,
    subset: np.ndarray,
    lock: np.ndarray,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    near_starts: np.ndarray,
    near: np.ndarray,
    totals: np.ndarray,
    inside: np.ndarray,
    place: np.ndarray,
    mark: np.ndarray,
    queue: np.ndarray,
    chance: np.ndarray,
    bounds: np.ndarray,
) -> None:
    """Leave of each group a part around one of its blocks: in `place`, up to `bounds`.

    The last group may be empty: then it begins with a block another has left.
    """
    used = 0
    born = -1
    for number in range(len(subset)):
        group = subset[number]
        root = inside[int(_draw(chance) * size)]
        if totals[group, BLOCKS] == 0:
            born = number
            bounds[number] = used
            continue
        while owner[root] != group:
            root = inside[int(_draw(chance) * size)]
        keep = max(int(totals[group, BLOCKS] * RUINED * _draw(chance)), 1)
        for spot in range(size):
            if owner[inside[spot]] == group and lock[inside[spot]] == FIXED:
                keep = size
        keep = _part(root, keep, group, owner, starts, neighbor, mark, queue)
        for spot in range(keep):
            place[used + spot] = queue[spot]
        used += keep
        bounds[number] = used
    for spot in range(size):
        owner[inside[spot]] = FREE
    used = 0
    for number in range(len(subset)):
        for spot in range(used, bounds[number]):
            owner[place[spot]] = subset[number]
        used = bounds[number]
    root = inside[int(_draw(chance) * size)]
    fits = born == len(subset) - 1 and owner[root] == FREE
    if fits and near_starts[-1] > 0:
        fits = _apart(root, subset[born], owner, near_starts, near)
    if fits:
        place[used] = root
        owner[root] = subset[born]
        bounds[born] = used + 1


@njit_lean
def renew(
    size: int,
    times: int,
    subset: np.ndarray,
    heat: np.ndarray,
    prices: np.ndarray,
    follow: np.ndarray,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    facing: np.ndarray,
    paid: np.ndarray,
    blocks: np.ndarray,
    lock: np.ndarray,
    near_starts: np.ndarray,
    near: np.ndarray,
    totals: np.ndarray,
    wanted: np.ndarray,
    plan: np.ndarray,
    rule: np.ndarray,
    inside: np.ndarray,
    place: np.ndarray,
    mark: np.ndarray,
    queue: np.ndarray,
    journal: np.ndarray,
    chance: np.ndarray,
    shared: np.ndarray,
    order: np.ndarray,
    saved: np.ndarray,
    bounds: np.ndarray,
) -> int:
    """Anneal some groups, then take them apart and grow them again, so many times; keep the best.

    Parameters
    ----------
    times : int
        How often the groups are grown again.
    heat : ndarray, shape (2, 3)
        As for `anneal`: at first, and after each renewal.
    prices : ndarray
        While growing: the usual price of a meter, and of a resident. The third is filled: how far
        the groups are from keeping the rules at the end.
    follow : ndarray
        Need as the growth sees it.
    shared, order, saved, bounds : ndarray
        Work space: zeros, and any; `saved` has two columns.

    All others, and what is returned, are as for `anneal`.
    """
    first = blocks.shape[1] - len(plan)
    many = len(subset)
    for turn in range(times + 1):
        old_short = 0.0
        old_breach = 0.0
        old_worth = 0.0
        before = size
        for share in range(len(plan)):
            old_short += max(-plan[share], 0.0)
        if turn > 0:
            for spot in range(size):
                saved[spot, 0] = inside[spot]
                saved[spot, 1] = owner[inside[spot]]
            for group in subset:
                old_worth += totals[group, NEED] - rule[PRICE] * totals[group, PAID]
                old_breach += _breach(totals[group], rule, wanted[group])
                for share in range(len(plan)):
                    plan[share] -= totals[group, first + share]
            _ruin(
                size,
                subset,
                lock,
                owner,
                starts,
                neighbor,
                near_starts,
                near,
                totals,
                inside,
                place,
                mark,
                queue,
                chance,
                bounds,
            )
            meter = prices[0] * np.exp(STEEP * _draw(chance))
            person = prices[1] * max(_draw(chance) * 2 - 1, 0.0)
            wild = WILD * max(_draw(chance) * 2 - 1, 0.0)
            salt = int(_draw(chance) * 1e9)
            turned = int(_draw(chance) * many)
            size = 0
            for number in range(many):
                which = (number + turned) % many
                start = bounds[which - 1] if which > 0 else 0
                given = bounds[which] - start
                if given == 0:
                    continue
                for spot in range(given):
                    order[spot] = place[start + spot]
                grown = _grow(
                    given,
                    follow,
                    meter,
                    person,
                    wild,
                    salt,
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
                    wanted[subset[which]],
                    shared,
                    queue,
                    order,
                )
                for spot in range(grown):
                    owner[order[spot]] = subset[which]
                    inside[size + spot] = order[spot]
                size += grown
            _tally(size, subset, inside, owner, starts, neighbor, facing, paid, blocks, totals)
            for group in subset:
                for share in range(len(plan)):
                    plan[share] += totals[group, first + share]
        size = anneal(
            size,
            subset,
            heat[min(turn, 1)],
            owner,
            starts,
            neighbor,
            facing,
            paid,
            blocks,
            lock,
            near_starts,
            near,
            totals,
            wanted,
            plan,
            rule,
            inside,
            place,
            mark,
            queue,
            journal,
            chance,
        )
        if turn == 0:
            continue
        worth = 0.0
        breach = 0.0
        short = 0.0
        for group in subset:
            worth += totals[group, NEED] - rule[PRICE] * totals[group, PAID]
            breach += _breach(totals[group], rule, wanted[group])
        for share in range(len(plan)):
            short += max(-plan[share], 0.0)
        good = short <= old_short + EXACT and breach <= max(old_breach, EXACT)
        if old_breach <= EXACT:
            good &= worth > old_worth + 1e-9 * abs(old_worth)
        for spot in range(before):
            good &= lock[saved[spot, 0]] != REQUIRED or owner[saved[spot, 0]] >= 0
        if good:
            continue
        for group in subset:
            for share in range(len(plan)):
                plan[share] -= totals[group, first + share]
        for spot in range(size):
            owner[inside[spot]] = FREE
        size = before
        for spot in range(size):
            inside[spot] = saved[spot, 0]
            owner[saved[spot, 0]] = saved[spot, 1]
        _tally(size, subset, inside, owner, starts, neighbor, facing, paid, blocks, totals)
        for group in subset:
            for share in range(len(plan)):
                plan[share] += totals[group, first + share]
    prices[2] = 0.0
    for group in subset:
        prices[2] += _breach(totals[group], rule, wanted[group])
    return size
