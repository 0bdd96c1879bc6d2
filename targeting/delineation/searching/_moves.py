"""Annealing a few groups side by side, move by move."""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit_lean_inner
from targeting.delineation.searching._groups import (
    CALM,
    EXACT,
    FIXED,
    FREE,
    HOPELESS,
    NEED,
    PAID,
    PRICE,
    SLACK,
    STERN,
    SWAPS,
    WEIGHT,
    add_up,
    apart,
    draw,
    how_far,
    settle_block,
    shift,
    whole_without,
)


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
    add_up(size, subset, inside, owner, starts, neighbor, facing, paid, blocks, totals)
    now = 0.0
    broken = 0.0
    for group in subset:
        now += totals[group, NEED] - rule[PRICE] * totals[group, PAID]
        broken += how_far(totals[group], rule, wanted[group])
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
        one = inside[int(draw(chance) * size)]
        group = owner[one]
        links = starts[one + 1] - starts[one]
        if links == 0:
            continue
        block = neighbor[starts[one] + int(draw(chance) * links)]
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
            if draw(chance) < SWAPS:
                leaver = inside[int(draw(chance) * size)]
                if owner[leaver] != group or lock[leaver] > 0:
                    leaver = -1
        else:
            continue
        if taker >= 0 and near_starts[-1] > 0 and not apart(block, group, owner, near_starts, near):
            continue
        was = 0.0
        value = 0.0
        breach = 0.0
        kept = 0.0
        row = spare
        if taker >= 0:
            was += how_far(totals[taker], rule, wanted[taker])
            value -= totals[taker, NEED] - rule[PRICE] * totals[taker, PAID]
            shift(
                block, taker, 1.0, taker, row, owner, starts, neighbor, facing, paid, blocks, totals
            )
            if leaver >= 0:
                owner[block] = taker
                shift(
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
            breach += how_far(totals[row], rule, wanted[taker])
            value += totals[row, NEED] - rule[PRICE] * totals[row, PAID]
        if giver >= 0:
            was += how_far(totals[giver], rule, wanted[giver])
            value -= totals[giver, NEED] - rule[PRICE] * totals[giver, PAID]
            row = spare + 1
            shift(
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
            breach += how_far(totals[row], rule, wanted[giver])
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
        if gain < 0:
            luck = draw(chance)
            # What chance never grants but at 0 needs no exponential.
            if luck > 0 and gain < HOPELESS * warmth:
                continue
            if luck >= np.exp(gain / warmth):
                continue
        if giver >= 0 and not whole_without(block, giver, owner, starts, neighbor, mark, queue):
            continue
        if leaver >= 0:
            owner[block] = taker
            whole = whole_without(leaver, taker, owner, starts, neighbor, mark, queue)
            owner[block] = giver
            if not whole:
                continue
        size = settle_block(block, taker, size, owner, inside, place)
        journal[written, 0] = block
        journal[written, 1] = giver
        written += 1
        if leaver >= 0:
            size = settle_block(leaver, FREE, size, owner, inside, place)
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
                broken += how_far(totals[other], rule, wanted[other])
            if broken <= EXACT:
                best = now
                best_short = short
                written = 0
    while written > 0:
        written -= 1
        size = settle_block(journal[written, 0], journal[written, 1], size, owner, inside, place)
    for group in subset:
        for share in range(shares):
            plan[share] -= totals[group, first + share]
    add_up(size, subset, inside, owner, starts, neighbor, facing, paid, blocks, totals)
    for group in subset:
        for share in range(shares):
            plan[share] += totals[group, first + share]
    return size
