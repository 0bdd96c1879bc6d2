"""The loop of the exact solver: every connected set worth more than a line, each once.

A set is grown from its root by taking a block beside it in or leaving it out for good, as long as
the bound of `_flow` says that it can still be worth enough.
"""

from __future__ import annotations

import numpy as np

from targeting.compiled import njit, njit_inner
from targeting.delineation.exact._flow import (
    IN,
    OPEN,
    OUT,
    PRICE_STEPS,
    Desk,
    Net,
    Prices,
    augment,
    bridges,
    room_worth,
    settle,
    settle_up,
)

CIRCLE = 4 * np.pi
SLACK = 1e-9


@njit_inner
def _within_reach(
    size: int, total: float, count: int, trail: int, net: Net, at: Desk
) -> tuple[int, float, int]:
    """Leave out what no path short enough joins to the set; people and seeds left to reach."""
    room = net.bounds[7] - total
    for place in range(count):
        at.distance[at.ball[place]] = np.inf
        at.stamp[at.ball[place]] = 0
    length = len(at.queue)
    head, tail = 0, 0
    for place in range(size):
        at.distance[at.member[place]] = 0.0
        at.queue[tail] = at.member[place]
        tail += 1
    while head != tail:
        block = at.queue[head]
        head = (head + 1) % length
        at.stamp[block] = 0
        for link in range(net.starts[block], net.starts[block + 1]):
            other = net.neighbor[link]
            if at.status[other] != OPEN:
                continue
            far = at.distance[block] + net.size[other]
            if far < at.distance[other] and far <= room:
                at.distance[other] = far
                if at.stamp[other] == 0:
                    at.stamp[other] = 1
                    at.queue[tail] = other
                    tail = (tail + 1) % length
    people, seeds = 0.0, 0
    for place in range(count):
        block = at.ball[place]
        if at.status[block] == OPEN:
            if at.distance[block] == np.inf:
                at.status[block] = OUT
                at.trail[trail] = block
                trail += 1
            else:
                people += net.population[block]
                seeds += net.seed[block]
    return trail, people, seeds


@njit_inner
def _ball(root: int, net: Net, at: Desk) -> int:
    """All blocks that may be in a set with the root; all others are out."""
    at.status[:] = OUT
    count = 1
    at.ball[0] = root
    at.status[root] = IN
    place = 0
    while place < count:
        block = at.ball[place]
        place += 1
        for link in range(net.starts[block], net.starts[block + 1]):
            other = net.neighbor[link]
            if at.status[other] == OUT and not at.dead[other]:
                at.status[other] = OPEN
                at.ball[count] = other
                count += 1
    return count


@njit_inner
def _keeps(size: int, held: np.ndarray, seeds: int, net: Net) -> bool:
    """Whether a set keeps every bound; `held` is its worth, people, area, perimeter and size."""
    bounds = net.bounds
    if held[1] < bounds[0] or size < bounds[4] or seeds == 0:
        return False
    return bool(CIRCLE * held[2] >= bounds[3] * held[3] * held[3] * (1 - SLACK))


@njit_inner
def _shut(size: int, net: Net, at: Desk) -> bool:
    total = 0
    for place in range(size):
        total += net.code[at.member[place]]
    for other in net.shut:
        if other == total:
            return True
    return False


@njit_inner
def _led(size: int, net: Net, at: Desk) -> int:
    best, leads = -np.inf, 0
    for dimension in range(net.leading.shape[0]):
        total = 0.0
        for place in range(size):
            total += net.leading[dimension, at.member[place]]
        if total > best:
            best, leads = total, dimension
    return leads


@njit
def search_tree(
    root: int,
    asked: np.ndarray,
    net: Net,
    prices: Prices,
    at: Desk,
    out_member: np.ndarray,
    out_end: np.ndarray,
    out_worth: np.ndarray,
    told: np.ndarray,
) -> None:
    """Find the sets with this root that keep every bound and are worth more than a line.

    Parameters
    ----------
    root : int
        Block every set holds; blocks of `at.dead` are in none.
    asked : ndarray
        The line; how far to raise it to every set found (0 to find all, 1 only better ones);
        nodes at most; the largest bonus.
    net, prices, at : Net, Prices, Desk
        City, prices and work space.
    out_member, out_end, out_worth : ndarray
        Filled with the blocks of the sets one after the other, where each ends, and its worth.
    told : ndarray
        Filled: nodes, sets, blocks written, 1 if all was searched, a bound on every set's worth.
    """
    cutoff = asked[0]
    sets, written, nodes = 0, 0, 0
    told[:] = 0.0
    told[3] = 1.0
    told[4] = -np.inf
    bounds, held = net.bounds, at.saved[0].copy()
    count = _ball(root, net, at)
    depth, trail, size, seeds, lifts = 0, 0, 0, 0, 0
    held[:] = 0.0
    taking = root
    first = True
    pruned = False
    while True:
        if taking >= 0:
            # Take a block in.
            gain = prices.lone[taking]
            longer = net.outline[taking]
            for link in range(net.starts[taking], net.starts[taking + 1]):
                if at.status[net.neighbor[link]] == IN and net.neighbor[link] != taking:
                    gain += prices.saved[link]
                    longer -= 2 * net.facing[link]
            for place in range(net.clique_starts[taking], net.clique_starts[taking + 1]):
                clique = net.clique[place]
                if at.touched[clique] == 0:
                    gain -= prices.charge[clique]
                at.touched[clique] += 1
            at.status[taking] = IN
            at.member[size] = taking
            size += 1
            seeds += net.seed[taking]
            held[0] += gain
            held[1] += net.population[taking]
            held[2] += net.area[taking]
            held[3] += longer
            held[4] += net.size[taking]
            taking = -1
            pruned = held[1] > bounds[1] or held[2] > bounds[2] or size > bounds[5]
            if not pruned and _keeps(size, held, seeds, net):
                worth = held[0]
                if len(prices.bonus) > 1:
                    worth += prices.bonus[_led(size, net, at)]
                if worth > cutoff and not (len(net.shut) and _shut(size, net, at)):
                    if sets == len(out_end) or written + size > len(out_member):
                        told[3] = 0.0
                        break
                    out_member[written : written + size] = at.member[:size]
                    written += size
                    out_end[sets] = written
                    out_worth[sets] = worth
                    sets += 1
                    cutoff = max(cutoff, asked[0] + asked[1] * (worth - asked[0]))
        if not pruned:
            nodes += 1
            trail, people, more = _within_reach(size, held[4], count, trail, net, at)
            pruned = held[1] + people < bounds[0] or seeds + more == 0
        if not pruned:
            line = cutoff - asked[3]
            if first:
                bound = settle(count, PRICE_STEPS, line, net, at)
            else:
                room = room_worth(net, at)
                bound = augment(count, 3, line - room, net, at) + room
            if bound > line:
                room = room_worth(net, at)
                lifts = bridges(count, lifts, net, at)
                bound = augment(count, 3, line - room, net, at) + room
            if first:
                told[4] = bound + asked[3]
            pruned = bound <= line
            first = False
        if not pruned and nodes > asked[2]:
            told[3] = 0.0
            break
        chosen = -1
        if not pruned:
            # Leave out what would cost too much; then choose the block beside that gives most.
            most = -np.inf
            for place in range(count):
                block = at.ball[place]
                if at.status[block] == OPEN and bound + at.excess[block] <= line:
                    at.status[block] = OUT
                    at.trail[trail] = block
                    trail += 1
            for place in range(count):
                block = at.ball[place]
                if at.status[block] != OPEN:
                    continue
                beside = False
                for link in range(net.starts[block], net.starts[block + 1]):
                    if at.status[net.neighbor[link]] == IN:
                        beside = True
                        break
                if beside and at.excess[block] > most:
                    most, chosen = at.excess[block], block
        if chosen >= 0:
            at.chosen[depth] = chosen
            at.phase[depth] = 0
            at.mark[depth] = trail
            at.lifted[depth] = lifts
            at.saved[depth] = held
            depth += 1
            taking = chosen
            continue
        # Back to the last block that was taken in and may still be left out.
        while depth > 0:
            depth -= 1
            block = at.chosen[depth]
            while trail > at.mark[depth]:
                trail -= 1
                at.status[at.trail[trail]] = OPEN
            lifts = settle_up(lifts, at.lifted[depth], at)
            if at.phase[depth] == 0:
                size -= 1
                seeds -= net.seed[block]
                for place in range(net.clique_starts[block], net.clique_starts[block + 1]):
                    at.touched[net.clique[place]] -= 1
                held[:] = at.saved[depth]
                at.status[block] = OUT
                at.phase[depth] = 1
                at.mark[depth] = trail
                depth += 1
                pruned = False
                break
            at.status[block] = OPEN
        if depth == 0:
            break
    settle_up(lifts, 0, at)
    for place in range(size):
        block = at.member[place]
        for spot in range(net.clique_starts[block], net.clique_starts[block + 1]):
            at.touched[net.clique[spot]] -= 1
    told[0] = nodes
    told[1] = sets
    told[2] = written
