"""Taking a few groups apart and growing them again."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit_lean, njit_lean_inner
from targeting.delineation.searching._groups import (
    BLOCKS,
    DRIFT,
    EXACT,
    FIXED,
    FREE,
    MIX,
    NEED,
    PAID,
    PRICE,
    REQUIRED,
    RUINED,
    STEEP,
    WILD,
    add_up,
    apart,
    draw,
    how_far,
)
from targeting.delineation.searching._growing import grow_one
from targeting.delineation.searching._moves import anneal


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
        root = inside[int(draw(chance) * size)]
        if totals[group, BLOCKS] == 0:
            born = number
            bounds[number] = used
            continue
        while owner[root] != group:
            root = inside[int(draw(chance) * size)]
        keep = max(int(totals[group, BLOCKS] * RUINED * draw(chance)), 1)
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
    root = inside[int(draw(chance) * size)]
    fits = born == len(subset) - 1 and owner[root] == FREE
    if fits and near_starts[-1] > 0:
        fits = apart(root, subset[born], owner, near_starts, near)
    if fits:
        place[used] = root
        owner[root] = subset[born]
        bounds[born] = used + 1


@njit_lean_inner
def _return(
    size: int,
    before: int,
    column: int,
    subset: np.ndarray,
    owner: np.ndarray,
    starts: np.ndarray,
    neighbor: np.ndarray,
    facing: np.ndarray,
    paid: np.ndarray,
    blocks: np.ndarray,
    totals: np.ndarray,
    plan: np.ndarray,
    inside: np.ndarray,
    saved: np.ndarray,
) -> int:
    """Go back to a saved state: blocks in this column, groups in the next."""
    first = blocks.shape[1] - len(plan)
    for group in subset:
        for share in range(len(plan)):
            plan[share] -= totals[group, first + share]
    for spot in range(size):
        owner[inside[spot]] = FREE
    for spot in range(before):
        inside[spot] = saved[spot, column]
        owner[inside[spot]] = saved[spot, column + 1]
    add_up(before, subset, inside, owner, starts, neighbor, facing, paid, blocks, totals)
    for group in subset:
        for share in range(len(plan)):
            plan[share] += totals[group, first + share]
    return before


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
    pull: np.ndarray,
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
    follow : ndarray, shape (blocks, 2)
        Need as the growth sees it, of the block and around it.
    shared, pull, order, saved, bounds : ndarray
        Work space: zeros, and any; `saved` has four columns.

    All others, and what is returned, are as for `anneal`.
    """
    first = blocks.shape[1] - len(plan)
    many = len(subset)
    best = -np.inf
    best_size = -1
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
                if turn == 1:
                    saved[spot, 2] = inside[spot]
                    saved[spot, 3] = owner[inside[spot]]
            for group in subset:
                old_worth += totals[group, NEED] - rule[PRICE] * totals[group, PAID]
                old_breach += how_far(totals[group], rule, wanted[group])
                for share in range(len(plan)):
                    plan[share] -= totals[group, first + share]
            if turn == 1:
                best = old_worth
                best_size = size
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
            meter = prices[0] * np.exp(STEEP * draw(chance))
            person = prices[1] * max(draw(chance) * 2 - 1, 0.0)
            mix = MIX * max(draw(chance) * 2 - 1, 0.0)
            wild = WILD * max(draw(chance) * 2 - 1, 0.0)
            salt = int(draw(chance) * 1e9)
            turned = int(draw(chance) * many)
            size = 0
            for number in range(many):
                which = (number + turned) % many
                start = bounds[which - 1] if which > 0 else 0
                given = bounds[which] - start
                if given == 0:
                    continue
                for spot in range(given):
                    order[spot] = place[start + spot]
                grown = grow_one(
                    given,
                    follow,
                    meter,
                    person,
                    mix,
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
                    pull,
                    queue,
                    order,
                )
                for spot in range(grown):
                    owner[order[spot]] = subset[which]
                    inside[size + spot] = order[spot]
                size += grown
            add_up(size, subset, inside, owner, starts, neighbor, facing, paid, blocks, totals)
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
            breach += how_far(totals[group], rule, wanted[group])
        for share in range(len(plan)):
            short += max(-plan[share], 0.0)
        good = short <= old_short + EXACT and breach <= max(old_breach, EXACT)
        for spot in range(before):
            good &= lock[saved[spot, 0]] != REQUIRED or owner[saved[spot, 0]] >= 0
        if old_breach <= EXACT:
            late = 1 - turn / times
            drift = DRIFT * late * late * draw(chance) * abs(old_worth)
            good &= worth > old_worth + 1e-9 * abs(old_worth) - drift
        if not good:
            size = _return(
                size,
                before,
                size * 0,
                subset,
                owner,
                starts,
                neighbor,
                facing,
                paid,
                blocks,
                totals,
                plan,
                inside,
                saved,
            )
        elif old_breach > EXACT or worth > best + 1e-9 * abs(best):
            best = worth
            best_size = size
            for spot in range(size):
                saved[spot, 2] = inside[spot]
                saved[spot, 3] = owner[inside[spot]]
    if times > 0 and best_size >= 0:
        size = _return(
            size,
            best_size,
            size * 0 + 2,
            subset,
            owner,
            starts,
            neighbor,
            facing,
            paid,
            blocks,
            totals,
            plan,
            inside,
            saved,
        )
    prices[2] = 0.0
    for group in subset:
        prices[2] += how_far(totals[group], rule, wanted[group])
    return size
